/* constraint/masker.c - what is known without a lock, what is not under it. */
#include "constraint/masker.h"

#include <string.h>

#include "core/mem.h"

MtsRe mts_masker_re(MtsMasker *m, MtsRe r, unsigned byte)
{
    MtsRe to;
    if (!mts_re_known_step(m->x, r, byte, &to)) {
        pthread_mutex_lock(&m->lock);
        to = mts_re_step(m->x, r, byte);
        pthread_mutex_unlock(&m->lock);
    }
    return to;
}

MtsPlace mts_masker_step(MtsMasker *m, MtsPlace place, unsigned byte)
{
    MtsPlace to;
    if (!mts_automaton_known_step(m->a, place, byte, &to)) {
        pthread_mutex_lock(&m->lock);
        to = mts_automaton_step(m->a, place, byte);
        pthread_mutex_unlock(&m->lock);
    }
    return to;
}

uint32_t mts_masker_re_shortest(MtsMasker *m, MtsRe r)
{
    uint32_t length;
    if (!mts_re_known_shortest(m->x, r, &length)) {
        pthread_mutex_lock(&m->lock);
        length = mts_re_shortest(m->x, r);
        pthread_mutex_unlock(&m->lock);
    }
    return length;
}

uint32_t mts_masker_shortest(MtsMasker *m, MtsPlace place)
{
    uint32_t length;
    if (!mts_automaton_known_shortest(m->a, place, &length)) {
        pthread_mutex_lock(&m->lock);
        length = mts_automaton_shortest(m->a, place);
        pthread_mutex_unlock(&m->lock);
    }
    return length;
}

MtsThread *mts_masker_threads(MtsMasker *m, MtsPlace place, size_t *count)
{
    pthread_mutex_lock(&m->lock);
    const MtsThread *threads = mts_automaton_threads(m->a, place, count);
    MtsThread *copy = mts_calloc(*count, sizeof *copy);
    if (copy && *count) {
        memcpy(copy, threads, *count * sizeof *copy);
    }
    pthread_mutex_unlock(&m->lock);
    return copy;
}

uint32_t mts_masker_behind(MtsMasker *m, MtsTail tail, MtsPlace *entry)
{
    pthread_mutex_lock(&m->lock);
    uint32_t length = mts_automaton_behind(m->a, tail);
    *entry = tail == MTS_TAIL_END ? MTS_DEAD : mts_automaton_enter(m->a, tail);
    pthread_mutex_unlock(&m->lock);
    return length;
}

void mts_masker_count(MtsMasker *m, size_t more, size_t less)
{
    MTS_PUT(m->bytes, m->bytes + more - less);
}

int mts_masker_failed(MtsMasker *m)
{
    pthread_mutex_lock(&m->lock);
    int rc = mts_automaton_failed(m->a);
    pthread_mutex_unlock(&m->lock);
    return rc;
}
