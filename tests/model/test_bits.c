/* A token's logits are a function of the tokens before it alone: the same bits however the work is chunked, batched,
 * split over threads, forked, evicted and rebuilt. The reference is the plainest way: one thread, one token at a time.
 */
#include "../test.h"

#include <maxts/model.h>

#include "core/rng.h"
#include "model/model.h"

enum { TEXT = MTS_IF_DEAR(40, 75), ITEMS = 4 };

static MtsError err;
static const char *const models[] = {"llama-tied", "gemma3",   "llama-rope-scaled", "qwen2",
                                     "qwen3",      "type-f16", "type-q5_1"};
enum { MODELS = MTS_IF_DEAR(2, sizeof models / sizeof models[0]) };

static MtsModel *open_model(const char *name, bool exact)
{
    char path[64];
    MtsModel *model;
    MtsModelOptions options = {.exact = exact};
    snprintf(path, sizeof path, "tests/golden/%s.gguf", name);
    assert_ok(mts_model_open(&model, test_path(path), &options, &err), &err);
    return model;
}

static MtsSession *new_session(const MtsModel *model, size_t kv_tokens, size_t max_batch, int threads)
{
    MtsSession *session;
    MtsSessionOptions options = {.kv_tokens = kv_tokens, .max_batch = max_batch, .threads = threads};
    assert_ok(mts_session_new(&session, model, &options, &err), &err);
    return session;
}

static void random_text(MtsRng *rng, size_t vocab, int32_t *tokens, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tokens[i] = (int32_t)(mts_rng_bits(rng) % vocab);
    }
}

/* logits [n][vocab] of every position of the text, `chunk` at a time. */
static void logits_of(MtsSession *session, size_t vocab, const int32_t *tokens, const float *rows, size_t width,
                      size_t n, size_t chunk, float *logits)
{
    MtsBranch *branch = NULL;
    for (size_t at = 0; at < n; at += chunk) {
        size_t count = n - at < chunk ? n - at : chunk;
        MtsExtend item = {
            .prefix = branch, .tokens = rows ? NULL : tokens + at, .count = count, .wanted = MTS_LOGITS_ALL};
        item.rows = rows ? rows + at * width : NULL;
        assert_ok(mts_session_extend(session, &item, 1, &err), &err);
        for (size_t i = 0; i < count; i++) {
            memcpy(logits + (at + i) * vocab, mts_session_logits(session, item.logits_row + i), vocab * sizeof *logits);
        }
        mts_branch_release(&branch);
        branch = item.branch;
        assert_int_equal(mts_branch_length(branch), at + count);
    }
    mts_branch_release(&branch);
}

static float *plain_logits(const MtsModel *model, size_t vocab, const int32_t *tokens, size_t n)
{
    float *logits = calloc(n * vocab, sizeof *logits);
    MtsSession *session = new_session(model, 0, 1, 1);
    logits_of(session, vocab, tokens, NULL, 0, n, 1, logits);
    mts_session_free(&session);
    return logits;
}

static void chunks_threads_and_steps(void **state)
{
    (void)state;
    static const size_t chunks[] = {1, 7, 64, TEXT}, steps[] = {1, 5, 512};
    static const int threads[] = {1, 2, 8};
    for (size_t m = 0; m < MODELS + 2; m++) { /* two of them exactly as well */
        MtsModel *model = open_model(models[m < MODELS ? m : 2 * (m - MODELS)], m >= MODELS);
        size_t vocab = model->config.vocab;
        int32_t tokens[TEXT];
        MtsRng rng = mts_rng(1, m, 0);
        random_text(&rng, vocab, tokens, TEXT);
        float *want = plain_logits(model, vocab, tokens, TEXT), *got = calloc(TEXT * vocab, sizeof *got);
        for (size_t i = 0; i < 4 * 3; i++) { /* every chunk with every number of threads */
            MtsSession *session = new_session(model, 0, steps[i / 4], threads[i % 3]);
            memset(got, 0, TEXT * vocab * sizeof *got);
            logits_of(session, vocab, tokens, NULL, 0, TEXT, chunks[i % 4], got);
            assert_memory_equal(got, want, TEXT * vocab * sizeof *got);
            mts_session_free(&session);
        }
        free(want);
        free(got);
        mts_model_free(&model);
    }
}

/* The rows that the tokens themselves would have given: [n][width]. */
static float *rows_of(const MtsModel *model, const int32_t *tokens, size_t n)
{
    size_t width = model->config.width;
    float *rows = calloc(n * width, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        mts_unpack_row(&model->embedding, (size_t)tokens[i], rows + i * width);
    }
    for (size_t i = 0; i < n * width; i++) {
        rows[i] *= model->config.embedding_scale;
    }
    return rows;
}

static void rows_in_place_of_tokens(void **state)
{
    (void)state;
    for (size_t m = 0; m < MODELS; m++) {
        MtsModel *model = open_model(models[m], false);
        size_t vocab = model->config.vocab, width = model->config.width;
        int32_t tokens[TEXT];
        MtsRng rng = mts_rng(2, m, 0);
        random_text(&rng, vocab, tokens, TEXT);
        float *rows = rows_of(model, tokens, TEXT), *got = calloc(TEXT * vocab, sizeof *got);
        float *want = plain_logits(model, vocab, tokens, TEXT);
        MtsSession *session = new_session(model, 0, 0, 2);
        logits_of(session, vocab, NULL, rows, width, TEXT, 20, got);
        assert_memory_equal(got, want, TEXT * vocab * sizeof *got);
        mts_session_free(&session);
        free(rows);
        free(want);
        free(got);
        mts_model_free(&model);
    }
}

/* Every third position a row and the others tokens, in one extension that is cut into steps of any size; then it is
 * not forgotten, whatever else the cache is asked to hold. */
static void rows_between_tokens(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 5, 512};
    for (size_t m = 0; m < MODELS * 3; m++) {
        MtsModel *model = open_model(models[m / 3], false);
        size_t vocab = model->config.vocab, width = model->config.width, count = 0;
        int32_t tokens[TEXT], mixed[TEXT];
        MtsRng rng = mts_rng(3, m, 0);
        random_text(&rng, vocab, tokens, TEXT);
        float *rows = rows_of(model, tokens, TEXT), *want = plain_logits(model, vocab, tokens, TEXT);
        for (size_t i = 0; i < TEXT; i++) {
            mixed[i] = i % 3 == 1 ? MTS_ROW_TOKEN : tokens[i];
            if (i % 3 == 1) {
                memmove(rows + count++ * width, rows + i * width, width * sizeof *rows);
            }
        }
        MtsSession *session = new_session(model, TEXT + 64, steps[m % 3], 2);
        MtsExtend item = {.tokens = mixed, .rows = rows, .count = TEXT - 1, .wanted = MTS_LOGITS_ALL};
        assert_ok(mts_session_extend(session, &item, 1, &err), &err);
        for (size_t i = 0; i + 1 < TEXT; i++) {
            assert_memory_equal(mts_session_logits(session, item.logits_row + i), want + i * vocab,
                                vocab * sizeof *want);
        }
        for (size_t i = 0; i < 4; i++) {
            MtsExtend other = {.tokens = tokens + i, .count = 32};
            assert_ok(mts_session_extend(session, &other, 1, &err), &err);
            mts_branch_release(&other.branch);
        }
        MtsExtend last = {.prefix = item.branch, .tokens = tokens + TEXT - 1, .count = 1, .wanted = MTS_LOGITS_LAST};
        assert_ok(mts_session_extend(session, &last, 1, &err), &err);
        assert_memory_equal(mts_session_logits(session, last.logits_row), want + (TEXT - 1) * vocab,
                            vocab * sizeof *want);
        mts_branch_release(&last.branch);
        mts_branch_release(&item.branch);
        item = (MtsExtend){.tokens = mixed, .count = TEXT};
        assert_int_equal(mts_session_extend(session, &item, 1, &err), MTS_EREQUEST);
        mts_session_free(&session);
        free(rows);
        free(want);
        mts_model_free(&model);
    }
}

/* ---- random trees ---- */

typedef struct Node {
    MtsBranch *branch;
    int32_t tokens[TEXT];
    size_t length;
} Node;

/* The logits of the node's last position evaluated on their own, against those of the step (NULL: it asked for none)
 * and those that the branch gives back. */
static void check_node(MtsSession *plain, size_t vocab, const Node *node, const float *step, const float *again)
{
    MtsExtend item = {.tokens = node->tokens, .count = node->length, .wanted = MTS_LOGITS_LAST};
    assert_ok(mts_session_extend(plain, &item, 1, &err), &err);
    const float *want = mts_session_logits(plain, item.logits_row);
    assert_memory_equal(again, want, vocab * sizeof *want);
    if (step) {
        assert_memory_equal(step, want, vocab * sizeof *want);
    }
    mts_branch_release(&item.branch);
}

/* The prefixes between that an item has made: one becomes a node, all have the logits of their own texts. */
static void take_between(MtsSession *session, MtsSession *plain, MtsRng *rng, size_t vocab, const MtsExtend *item,
                         const Node *end, Node *nodes, size_t *count)
{
    float *again = calloc(vocab, sizeof *again);
    size_t kept = mts_rng_bits(rng) % (item->count - 1);
    for (size_t k = 0; k + 1 < item->count; k++) {
        Node *node = &nodes[*count];
        *node = *end;
        node->branch = item->between[k];
        node->length = end->length - item->count + k + 1;
        assert_int_equal(mts_branch_length(node->branch), node->length);
        assert_ok(mts_session_branch_logits(session, node->branch, again, &err), &err);
        check_node(plain, vocab, node, NULL, again);
        if (k == kept) {
            (*count)++;
        } else {
            mts_branch_release(&node->branch);
        }
    }
    free(again);
}

/* One step of up to ITEMS random continuations of random nodes. */
static void grow(MtsSession *session, MtsSession *plain, MtsRng *rng, size_t vocab, Node *nodes, size_t *count)
{
    MtsExtend items[ITEMS] = {{0}};
    MtsBranch *between[ITEMS][12];
    size_t n = 1 + mts_rng_bits(rng) % ITEMS, parents[ITEMS];
    for (size_t i = 0; i < n; i++) {
        Node *node = &nodes[*count + i];
        parents[i] = mts_rng_bits(rng) % (*count + 1); /* == *count: a new text */
        node->length = 0;
        if (parents[i] < *count && nodes[parents[i]].length + 12 < TEXT) {
            memcpy(node->tokens, nodes[parents[i]].tokens, sizeof node->tokens);
            node->length = nodes[parents[i]].length;
            items[i].prefix = nodes[parents[i]].branch;
        }
        items[i].count = mts_rng_bits(rng) % 3 ? 1 : 1 + mts_rng_bits(rng) % 12;
        random_text(rng, vocab, node->tokens + node->length, items[i].count);
        items[i].tokens = node->tokens + node->length;
        items[i].wanted = (MtsLogitsWanted)(mts_rng_bits(rng) % 3);
        items[i].between = items[i].count > 1 && mts_rng_bits(rng) % 2 ? between[i] : NULL;
        node->length += items[i].count;
    }
    assert_ok(mts_session_extend(session, items, n, &err), &err);
    float *again = calloc(vocab, sizeof *again);
    for (size_t i = 0; i < n; i++) {
        Node *node = &nodes[*count + i];
        node->branch = items[i].branch;
        size_t row = items[i].logits_row + (items[i].wanted == MTS_LOGITS_ALL ? items[i].count - 1 : 0);
        assert_ok(mts_session_branch_logits(session, node->branch, again, &err), &err);
        check_node(plain, vocab, node, items[i].wanted ? mts_session_logits(session, row) : NULL, again);
    }
    free(again);
    size_t first = *count;
    *count += n;
    for (size_t i = 0; i < n; i++) {
        if (items[i].between) {
            take_between(session, plain, rng, vocab, &items[i], &nodes[first + i], nodes, count);
        }
    }
}

static void trees(void **state)
{
    (void)state;
    enum { STEPS = 40, NODES = 2 * ITEMS * STEPS };
    static const size_t capacity[] = {4096, 352};
    uint64_t again = 0, wasted = 0;
    for (size_t m = 0; m < 2 * MODELS; m++) {
        MtsModel *model = open_model(models[m / 2], false);
        size_t vocab = model->config.vocab, count = 0;
        MtsSession *session = new_session(model, capacity[m % 2], 20, 2), *plain = new_session(model, 0, 1, 1);
        Node *nodes = calloc(NODES, sizeof *nodes);
        MtsRng rng = mts_rng(3, m, 0);
        for (int step = 0; step < STEPS; step++) {
            grow(session, plain, &rng, vocab, nodes, &count);
            for (size_t i = 0; i < count && m % 2;) {
                if (mts_rng_bits(&rng) % 150 == 0) {
                    mts_branch_release(&nodes[i].branch);
                    nodes[i] = nodes[--count];
                } else {
                    i++;
                }
            }
        }
        MtsSessionStats stats;
        mts_session_stats(session, &stats);
        assert_true(stats.positions > STEPS);
        (m % 2 ? &again : &wasted)[0] += stats.recomputed;
        while (count > 0) {
            mts_branch_release(&nodes[--count].branch);
        }
        mts_session_stats(session, &stats);
        assert_int_equal(stats.kv_pages_used, 0);
        free(nodes);
        mts_session_free(&session);
        mts_session_free(&plain);
        mts_model_free(&model);
    }
    assert_true(again > 100); /* the small caches were under pressure, the large ones were not */
    assert_int_equal(wasted, 0);
}

/* ---- what is refused, and that it leaves no trace ---- */

static void refusals(void **state)
{
    (void)state;
    MtsModel *model = open_model("llama-tied", false);
    MtsSession *session = new_session(model, 64, 16, 1);
    int32_t tokens[64] = {0}, bad = (int32_t)model->config.vocab;
    size_t context = model->config.context;
    MtsExtend root = {.tokens = tokens, .count = 40}, item;
    assert_ok(mts_session_extend(session, &root, 1, &err), &err);

    item = (MtsExtend){.prefix = root.branch, .tokens = &bad, .count = 1};
    assert_int_equal(mts_session_extend(session, &item, 1, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "outside the vocabulary"));
    assert_null(item.branch);
    item = (MtsExtend){.prefix = root.branch, .tokens = tokens, .count = 0};
    assert_int_equal(mts_session_extend(session, &item, 1, &err), MTS_EREQUEST);
    item = (MtsExtend){.prefix = root.branch, .count = 1};
    assert_int_equal(mts_session_extend(session, &item, 1, &err), MTS_EREQUEST);
    assert_int_equal(mts_session_extend(session, NULL, 0, &err), MTS_EREQUEST);
    item = (MtsExtend){.prefix = root.branch, .tokens = tokens, .count = 25};
    assert_int_equal(mts_session_extend(session, &item, 1, &err), MTS_ECAPACITY);
    int32_t *long_text = calloc(context + 1, sizeof *long_text);
    item = (MtsExtend){.tokens = long_text, .count = context + 1};
    assert_int_equal(mts_session_extend(session, &item, 1, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "context"));
    free(long_text);

    /* together too much: 48 + 2 * 16 tokens and a copy */
    MtsExtend both[3];
    for (int i = 0; i < 3; i++) {
        both[i] = (MtsExtend){.prefix = root.branch, .tokens = tokens, .count = 20};
    }
    assert_int_equal(mts_session_extend(session, both, 3, &err), MTS_ECAPACITY);
    assert_null(both[0].branch);
    assert_null(both[2].branch);
    MtsSessionStats stats;
    mts_session_stats(session, &stats);
    assert_int_equal(stats.kv_pages_used, 3);
    assert_ok(mts_session_extend(session, both, 1, &err), &err);
    assert_null(mts_session_logits(session, 0));
    mts_branch_release(&both[0].branch);
    mts_branch_release(&root.branch);
    mts_session_free(&session);
    mts_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_threads_and_steps),
        cmocka_unit_test(rows_in_place_of_tokens),
        cmocka_unit_test(rows_between_tokens),
        cmocka_unit_test(trees),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
