/* engine/beginnings.c - what prompts share, evaluated once for all of them.
 *
 * Prompts in order have each beginning that two of them share between two neighbours: the lengths that neighbours have
 * in common are where the tree of all prompts branches. Each such place is a branch of one session, made when the first
 * prompt asks for it and held to the end; where the ring of keys and values is full the session drops pages and
 * evaluates them again. A place that is but a few tokens behind the one before it is none: a step of its own for those
 * would cost more than it saves. */
#include "engine/beginnings.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"
#include "engine/internal.h"

enum {
    STRETCH_LEAST = 16,            /* tokens between two places, a page's */
    RING_DEFAULT_BYTES = 512 << 20 /* unless one text needs more */
};

/* What does not fit is evicted and evaluated again, to the same bits. */
size_t mts_ring_tokens(const MtsEngine *engine, size_t prompt, size_t max_tokens, size_t texts)
{
    MtsModelInfo info;
    mts_model_info(engine->model, &info);
    size_t one = prompt + max_tokens + MTS_RING_SLACK, all, most;
    if (engine->kv_tokens) {
        return engine->kv_tokens;
    }
    if (!mts_size_mul(texts, max_tokens + MTS_RING_SLACK, &all) || !mts_size_add(all, prompt, &all)) {
        all = SIZE_MAX;
    }
    most = RING_DEFAULT_BYTES / (info.kv_bytes_per_token ? info.kv_bytes_per_token : 1);
    most = most > one ? most : one;
    return all < most ? all : most;
}

static int by_tokens(const void *a, const void *b)
{
    const MtsTokens *x = a, *y = b;
    size_t most = x->count < y->count ? x->count : y->count;
    for (size_t i = 0; i < most; i++) {
        if (x->ids[i] != y->ids[i]) {
            return x->ids[i] < y->ids[i] ? -1 : 1;
        }
    }
    return (x->count > y->count) - (x->count < y->count);
}

static int by_length(const void *a, const void *b)
{
    const MtsBeginning *x = a, *y = b;
    return (x->length > y->length) - (x->length < y->length);
}

static size_t shared(const MtsTokens *a, const MtsTokens *b)
{
    size_t i = 0, most = a->count < b->count ? a->count : b->count;
    while (i < most && a->ids[i] == b->ids[i]) {
        i++;
    }
    return i;
}

/* Copies the prompts and puts them in order. */
static int take_prompts(MtsBeginnings *b, const MtsTokens *prompts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t bytes;
        int32_t *ids = mts_size_mul(prompts[i].count, sizeof *ids, &bytes) ? mts_calloc(1, bytes ? bytes : 1) : NULL;
        if (!ids) {
            return MTS_ENOMEM;
        }
        if (bytes) {
            memcpy(ids, prompts[i].ids, bytes);
        }
        b->prompts[b->prompt_count++] = (MtsTokens){.ids = ids, .count = prompts[i].count};
    }
    mts_sort(b->prompts, count, sizeof *b->prompts, by_tokens);
    return MTS_OK;
}

/* The places, each once: `open` [depth] are those on the way to the prompt at hand. */
static int find_places(MtsBeginnings *b, size_t *open)
{
    size_t depth = 0;
    for (size_t i = 0; i + 1 < b->prompt_count; i++) {
        const MtsTokens *prompt = &b->prompts[i];
        size_t length = shared(prompt, &b->prompts[i + 1]);
        while (depth > 0 && open[depth - 1] > length) {
            depth--;
        }
        if (length < (depth ? open[depth - 1] : 0) + STRETCH_LEAST) {
            continue;
        }
        if (!mts_grow(&b->all, &b->cap, b->count + 1, sizeof *b->all)) {
            return MTS_ENOMEM;
        }
        b->all[b->count++] = (MtsBeginning){.tokens = prompt->ids, .length = open[depth++] = length};
    }
    mts_sort(b->all, b->count, sizeof *b->all, by_length);
    return MTS_OK;
}

static int open_session(MtsBeginnings *b, size_t max_tokens, MtsError *err)
{
    size_t longest = 0;
    for (size_t i = 0; i < b->prompt_count; i++) {
        longest = b->prompts[i].count > longest ? b->prompts[i].count : longest;
    }
    b->kv_tokens = mts_ring_tokens(b->engine, longest, max_tokens, SIZE_MAX);
    const MtsSessionOptions options = {.kv_tokens = b->kv_tokens, .threads = b->engine->threads};
    return mts_session_new(&b->session, b->engine->model, &options, err);
}

int mts_beginnings_new(MtsBeginnings **out, const MtsEngine *engine, const MtsTokens *prompts, size_t count,
                       size_t max_tokens, MtsError *err)
{
    *out = NULL;
    if (!engine->model) {
        return mts_fail(err, MTS_EREQUEST, "%s: has no weights that prompts could be evaluated with", engine->path);
    }
    MtsBeginnings *b = mts_calloc(1, sizeof *b);
    size_t *open = mts_calloc(count ? count : 1, sizeof *open);
    int rc = MTS_ENOMEM;
    if (b && open && (b->prompts = mts_calloc(count ? count : 1, sizeof *b->prompts))) {
        b->engine = engine;
        rc = take_prompts(b, prompts, count);
        rc = rc ? rc : find_places(b, open);
    }
    rc = rc ? mts_fail(err, rc, "no memory for what %zu prompts share", count) : open_session(b, max_tokens, err);
    free(open);
    *out = b;
    if (rc) {
        mts_beginnings_free(out);
    }
    return rc;
}

void mts_beginnings_free(MtsBeginnings **out)
{
    MtsBeginnings *b = *out;
    if (b) {
        for (size_t i = 0; i < b->count; i++) {
            mts_branch_release(&b->all[i].branch);
            mts_scored_free(&b->all[i].scored);
        }
        for (size_t i = 0; i < b->prompt_count; i++) {
            free(b->prompts[i].ids);
        }
        mts_session_free(&b->session);
        free(b->all);
        free(b->prompts);
        free(b);
        *out = NULL;
    }
}

uint64_t mts_beginnings_positions(const MtsBeginnings *beginnings)
{
    MtsSessionStats stats;
    mts_session_stats(beginnings->session, &stats);
    return stats.positions;
}

MtsBeginning *mts_beginnings_next(MtsBeginnings *b, const int32_t *tokens, size_t count, size_t from)
{
    for (size_t i = 0; i < b->count && b->all[i].length < count; i++) {
        const MtsBeginning *one = &b->all[i];
        if (one->length > from && memcmp(one->tokens, tokens, one->length * sizeof *tokens) == 0) {
            return &b->all[i];
        }
    }
    return NULL;
}

int mts_beginnings_evaluate(MtsBeginnings *b, const int32_t *tokens, size_t count, MtsBranch **branch, size_t *length,
                            MtsError *err)
{
    MtsBeginning *next;
    *branch = NULL;
    *length = 0;
    while ((next = mts_beginnings_next(b, tokens, count, *length))) {
        if (!next->branch) {
            MtsExtend item = {.prefix = *branch, .tokens = tokens + *length, .count = next->length - *length};
            int rc = mts_session_extend(b->session, &item, 1, err);
            if (rc) {
                return rc;
            }
            next->branch = item.branch;
        }
        *branch = next->branch;
        *length = next->length;
    }
    return MTS_OK;
}
