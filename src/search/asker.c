/* search/asker.c - see asker.h. */
#include "search/asker.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"

struct MtsQuestion {
    MtsCandidate candidate;
    double value;
    int rc;
    MtsError err;
    bool done;
    MtsQuestion *next;          /* in the queue */
    MtsQuestion *older, *newer; /* of all that were not taken yet */
    int32_t tokens[];
};

struct MtsAsker {
    const MtsSearchReward *reward;
    pthread_mutex_t lock;
    pthread_cond_t work, answer;
    MtsQuestion *head, *tail; /* waiting for a worker */
    MtsQuestion *newest;      /* not taken */
    pthread_t *threads;
    int thread_count;
    bool closing;
};

static void answer(const MtsAsker *asker, MtsQuestion *q)
{
    double value = NAN;
    int rc = asker->reward->score(asker->reward->context, &q->candidate, &value, &q->err);
    if (!rc && !isfinite(value) && value != -HUGE_VAL) {
        rc = mts_fail(&q->err, MTS_EREWARD, "reward: the value of a candidate of %zu tokens is %s, not a finite number",
                      q->candidate.count, isnan(value) ? "NaN" : "+infinity");
    }
    q->value = value;
    q->rc = rc;
}

static void *work(void *context)
{
    MtsAsker *asker = context;
    pthread_mutex_lock(&asker->lock);
    while (!asker->closing) {
        MtsQuestion *q = asker->head;
        if (!q) {
            pthread_cond_wait(&asker->work, &asker->lock);
            continue;
        }
        asker->head = q->next;
        asker->tail = q->next ? asker->tail : NULL;
        pthread_mutex_unlock(&asker->lock);
        answer(asker, q);
        pthread_mutex_lock(&asker->lock);
        q->done = true;
        pthread_cond_broadcast(&asker->answer);
    }
    pthread_mutex_unlock(&asker->lock);
    return NULL;
}

int mts_asker_new(MtsAsker **out, const MtsSearchReward *reward, MtsError *err)
{
    int workers = reward->workers > 0 ? reward->workers : 0;
    MtsAsker *asker = *out = mts_calloc(1, sizeof *asker);
    pthread_t *threads = mts_calloc((size_t)workers, sizeof *threads);
    if (!asker || !threads) {
        free(asker);
        free(threads);
        *out = NULL;
        return mts_fail(err, MTS_ENOMEM, "search: memory for %d reward threads ran out", workers);
    }
    asker->reward = reward;
    asker->threads = threads;
    pthread_mutex_init(&asker->lock, NULL);
    pthread_cond_init(&asker->work, NULL);
    pthread_cond_init(&asker->answer, NULL);
    for (int i = 0; i < workers; i++) {
        if (pthread_create(&threads[asker->thread_count], NULL, work, asker) != 0) {
            break;
        }
        asker->thread_count++;
    }
    return MTS_OK;
}

void mts_asker_free(MtsAsker **out)
{
    MtsAsker *asker = *out;
    if (!asker) {
        return;
    }
    pthread_mutex_lock(&asker->lock);
    asker->closing = true;
    pthread_cond_broadcast(&asker->work);
    pthread_mutex_unlock(&asker->lock);
    for (int i = 0; i < asker->thread_count; i++) {
        pthread_join(asker->threads[i], NULL);
    }
    for (MtsQuestion *q = asker->newest, *older; q; q = older) {
        older = q->older;
        free(q);
    }
    pthread_cond_destroy(&asker->answer);
    pthread_cond_destroy(&asker->work);
    pthread_mutex_destroy(&asker->lock);
    free(asker->threads);
    free(asker);
    *out = NULL;
}

MtsQuestion *mts_ask(MtsAsker *asker, const MtsCandidate *candidate)
{
    size_t bytes;
    if (!mts_size_mul(candidate->count, sizeof(int32_t), &bytes) || !mts_size_add(bytes, sizeof(MtsQuestion), &bytes)) {
        return NULL;
    }
    MtsQuestion *q = mts_calloc(1, bytes);
    if (!q) {
        return NULL;
    }
    q->candidate = *candidate;
    q->candidate.tokens = q->tokens;
    if (candidate->count) {
        memcpy(q->tokens, candidate->tokens, candidate->count * sizeof *q->tokens);
    }
    q->older = asker->newest;
    if (q->older) {
        q->older->newer = q;
    }
    asker->newest = q;
    if (asker->thread_count == 0) {
        answer(asker, q);
        q->done = true;
        return q;
    }
    pthread_mutex_lock(&asker->lock);
    *(asker->tail ? &asker->tail->next : &asker->head) = q;
    asker->tail = q;
    pthread_cond_signal(&asker->work);
    pthread_mutex_unlock(&asker->lock);
    return q;
}

bool mts_ask_ready(MtsAsker *asker, const MtsQuestion *question, double seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    double whole = floor(seconds), nano = (double)until.tv_nsec + (seconds - whole) * 1e9;
    until.tv_sec += (time_t)whole + (nano >= 1e9);
    until.tv_nsec = (long)(nano >= 1e9 ? nano - 1e9 : nano);
    pthread_mutex_lock(&asker->lock);
    int rc = 0;
    while (!question->done && seconds > 0 && rc == 0) {
        rc = pthread_cond_timedwait(&asker->answer, &asker->lock, &until);
    }
    bool done = question->done;
    pthread_mutex_unlock(&asker->lock);
    return done;
}

int mts_ask_take(MtsAsker *asker, MtsQuestion **question, double *value, MtsError *err)
{
    MtsQuestion *q = *question;
    pthread_mutex_lock(&asker->lock);
    while (!q->done) {
        pthread_cond_wait(&asker->answer, &asker->lock);
    }
    pthread_mutex_unlock(&asker->lock);
    if (q->newer) {
        q->newer->older = q->older;
    } else {
        asker->newest = q->older;
    }
    if (q->older) {
        q->older->newer = q->newer;
    }
    int rc = q->rc;
    *value = q->value;
    if (rc && err) {
        *err = q->err;
    }
    free(q);
    *question = NULL;
    return rc;
}
