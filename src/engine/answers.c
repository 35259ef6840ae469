/* engine/answers.c - see answers.h.
 *
 * Search knows runs of tokens, and several may spell one text. Such a text is one answer: its probability, policy,
 * weight and p are the sums over what was found of it, its tokens and its reward those of the first (the best one, and
 * for rewards of texts all are equal), and it ends as the best of them does. */
#include "engine/answers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "search/logs.h"
#include "search/method.h"

typedef struct Spelt { /* a run of tokens and its text */
    MtsAnswer answer;
    char *text;
    size_t size;
    size_t index; /* among the search's answers, which are sorted */
    size_t first; /* the index of the first one with this text */
} Spelt;

static int compare_texts(const void *a, const void *b)
{
    const Spelt *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);
    order = order ? order : (x->size > y->size) - (x->size < y->size);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int compare_firsts(const void *a, const void *b)
{
    const Spelt *x = a, *y = b;
    return x->first != y->first ? (x->first > y->first ? 1 : -1) : (x->index > y->index) - (x->index < y->index);
}

static bool same_text(const Spelt *x, const Spelt *y)
{
    return x->size == y->size && memcmp(x->text, y->text, x->size) == 0;
}

/* A limit on tokens ends a text that a table, a constraint or a stop string says is whole. */
static MtsAnswerEnd end_of(const MtsAnswer *a, const MtsEngine *engine, const MtsRequest *request, bool stopped)
{
    bool whole =
        stopped || (a->end == MTS_ANSWER_CUT && (engine->table || (request->constraint && a->reward != -HUGE_VAL)));
    return whole ? MTS_ANSWER_COMPLETE : a->end;
}

/* The texts of all answers, whose tokens stay the search's. */
static int spell(Spelt *all, const MtsSearchResult *search, const MtsEngine *engine, const MtsRequest *request,
                 const MtsRules *rules, const MtsSearchModel *model, MtsError *err)
{
    for (size_t i = 0; i < search->answer_count; i++) {
        const MtsAnswer *a = &search->answers[i];
        bool ended = !engine->table && a->count > 0 && model->is_end(model->context, a->tokens[a->count - 1]);
        bool stopped = false;
        int rc = mts_answer_text(engine, rules, a->tokens, a->count - (ended ? 1 : 0), false, &all[i].text,
                                 &all[i].size, &stopped, err);
        if (rc) {
            return rc;
        }
        all[i].answer = *a;
        all[i].answer.end = end_of(a, engine, request, stopped);
        all[i].index = i;
    }
    return MTS_OK;
}

/* Equal texts side by side, in the order of the first of each. */
static void group(Spelt *all, size_t count)
{
    qsort(all, count, sizeof *all, compare_texts);
    for (size_t i = 0; i < count; i++) {
        all[i].first = i > 0 && same_text(&all[i - 1], &all[i]) ? all[i - 1].first : all[i].index;
    }
    qsort(all, count, sizeof *all, compare_firsts);
}

static void join(MtsAnswer *to, const MtsAnswer *from)
{
    to->logp = mts_log_add(to->logp, from->logp);
    to->log_weight = mts_log_add(to->log_weight, from->log_weight);
    to->probability += from->probability;
    to->policy += from->policy;
    to->rollouts += from->rollouts;
    to->end = from->end < to->end ? from->end : to->end;
}

/* One answer of all[0 .. ways), which spell the same. */
static int put_answer(MtsTextResult *result, size_t at, Spelt *all, size_t ways, MtsError *err)
{
    MtsAnswer *answer = &result->search->answers[at];
    MtsTokenisations *t = &result->tokenisations[at];
    result->texts[at] = all[0].text;
    result->text_sizes[at] = all[0].size;
    all[0].text = NULL;
    *answer = all[0].answer;
    answer->tokens = NULL;
    t->ways = mts_calloc(ways, sizeof *t->ways);
    answer->tokens = mts_calloc(answer->count, sizeof *answer->tokens);
    if (!t->ways || !answer->tokens) {
        return mts_fail(err, MTS_ENOMEM, "no memory for %zu answers", ways);
    }
    memcpy(answer->tokens, all[0].answer.tokens, answer->count * sizeof *answer->tokens);
    for (size_t i = 0; i < ways; i++) {
        t->ways[t->count++] = all[i].answer;
        all[i].answer.tokens = NULL;
        if (i > 0) {
            join(answer, &t->ways[i]);
        }
    }
    return MTS_OK;
}

/* The joined answer that one of the search's own has become. */
static size_t place_of(const Spelt *all, size_t count, size_t index)
{
    size_t place = 0;
    for (size_t i = 0; i < count; i++) {
        place += i > 0 && all[i].first != all[i - 1].first;
        if (all[i].index == index) {
            return place;
        }
    }
    return 0;
}

/* The answer of the largest log p + lambda r; of a method whose answer that is, it has all of the probability. */
static void find_map(MtsSearchResult *s)
{
    double highest = -HUGE_VAL;
    s->map = 0;
    for (size_t i = 0; i < s->answer_count; i++) {
        double value = s->answers[i].logp + mts_log_tilt(s->lambda, s->answers[i].reward);
        s->map = value > highest ? i : s->map;
        highest = value > highest ? value : highest;
    }
    for (size_t i = 0; i < s->answer_count && mts_method_ops(s->method)->answers == MTS_ANSWERS_MAP; i++) {
        s->answers[i].probability = s->answers[i].policy = i == s->map;
    }
}

static int join_all(MtsTextResult *result, Spelt *all, MtsError *err)
{
    MtsSearchResult *s = result->search;
    size_t count = s->answer_count;
    int rc;
    group(all, count);
    size_t best = place_of(all, count, s->best), sampled = place_of(all, count, s->sampled);
    memset(s->answers, 0, count * sizeof *s->answers); /* the tokens are in all[] */
    s->answer_count = 0;
    for (size_t i = 0, ways; i < count; i += ways) {
        for (ways = 1; i + ways < count && all[i + ways].first == all[i].first; ways++) {
        }
        if ((rc = put_answer(result, s->answer_count++, &all[i], ways, err))) {
            return rc;
        }
    }
    s->best = best;
    s->sampled = sampled;
    find_map(s);
    return MTS_OK;
}

int mts_answers_write(MtsTextResult *result, const MtsEngine *engine, const MtsRequest *request, const MtsRules *rules,
                      const MtsSearchModel *model, MtsError *err)
{
    const size_t count = result->search->answer_count;
    int rc = MTS_OK;
    Spelt *all = mts_calloc(count, sizeof *all);
    result->texts = mts_calloc(count, sizeof *result->texts);
    result->text_sizes = mts_calloc(count, sizeof *result->text_sizes);
    result->tokenisations = mts_calloc(count, sizeof *result->tokenisations);
    if (!all || !result->texts || !result->text_sizes || !result->tokenisations) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for %zu answers", count);
    } else if (!(rc = spell(all, result->search, engine, request, rules, model, err))) {
        rc = join_all(result, all, err);
        for (size_t i = 0; i < count; i++) {
            free(all[i].answer.tokens); /* those that a failure left there */
        }
    }
    for (size_t i = 0; all && i < count; i++) {
        free(all[i].text);
    }
    free(all);
    return rc;
}

void mts_answers_free(MtsTextResult *result)
{
    for (size_t i = 0; result->search && i < result->search->answer_count; i++) {
        if (result->texts) {
            free(result->texts[i]);
        }
        for (size_t k = 0; result->tokenisations && k < result->tokenisations[i].count; k++) {
            free(result->tokenisations[i].ways[k].tokens);
        }
        if (result->tokenisations) {
            free(result->tokenisations[i].ways);
        }
    }
    free(result->texts);
    free(result->text_sizes);
    free(result->tokenisations);
}
