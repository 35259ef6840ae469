/* The KV tree against a model that is too simple to be wrong: every text is a plain array of tokens, the "keys and
 * values" of a position are a hash of the whole text up to it, and evaluating a position first checks that all
 * the positions it may see hold exactly what they should. */
#include "../test.h"

#include "core/mem.h"
#include "core/rng.h"
#include "kv/kv.h"

enum { ROWS_TOKEN = 1000 }; /* what the plain texts hold where the tree got an embedding row */

typedef struct Fake {
    MtsKv *kv;
    MtsKvShape shape;
    uint64_t asked, evaluated; /* positions: of steps that succeeded; of all */
} Fake;

typedef struct Text {
    MtsKvMark mark;
    int32_t *tokens;
    size_t length;
} Text;

static MtsError err;

static uint64_t hash_step(uint64_t h, int32_t token)
{
    return (h ^ (uint64_t)(uint32_t)token) * 0x9E3779B97F4A7C15u + (h >> 29);
}

static void fake_new(Fake *f, size_t page_tokens, size_t pages, size_t window)
{
    memset(f, 0, sizeof *f);
    f->shape = (MtsKvShape){.page_tokens = page_tokens, .pages = pages, .window = window};
    for (int k = 0; k < MTS_KV_KINDS; k++) {
        f->shape.page_bytes[k] = page_tokens * sizeof(uint64_t);
    }
    assert_ok(mts_kv_new(&f->kv, &f->shape, &err), &err);
}

static uint64_t *slot(const Fake *f, MtsKvKind kind, uint32_t page, size_t position)
{
    assert_int_not_equal(page, MTS_KV_NO_PAGE);
    return (uint64_t *)(void *)mts_kv_page(f->kv, kind, page) + position % f->shape.page_tokens;
}

/* Evaluates positions from .. to - 1 of the text, which lie in one segment. */
static void evaluate(Fake *f, MtsKvSegment *s, const int32_t *tokens, size_t from, size_t to)
{
    size_t table_size = to / f->shape.page_tokens + 1;
    for (int kind = 0; kind < (f->shape.window ? 2 : 1); kind++) {
        uint32_t *table = mts_calloc(table_size, sizeof *table);
        mts_kv_table(f->kv, s, to, (MtsKvKind)kind, table);
        size_t low = kind == MTS_KV_WINDOW && from + 1 > f->shape.window ? from + 1 - f->shape.window : 0;
        uint64_t h = 0;
        for (size_t p = 0; p < to; p++) {
            h = hash_step(h, tokens[p]);
            if (p < from && p >= low) {
                assert_true(*slot(f, (MtsKvKind)kind, table[p / f->shape.page_tokens], p) == h);
            } else if (p >= from) {
                *slot(f, (MtsKvKind)kind, table[p / f->shape.page_tokens], p) = h;
            }
        }
        free(table);
    }
    f->evaluated += to - from;
}

/* One item of a step: what a session does with it. Positions are evaluated at most `chunk` at a time. */
static int run(Fake *f, Text *t, size_t from, size_t chunk)
{
    MtsKvSegment *s;
    size_t a, b;
    while (mts_kv_missing(&t->mark, t->length, &s, &a, &b)) {
        assert_true(s != t->mark.segment || a <= from || from == 0);
        for (size_t end; a < b; a = end) {
            end = b - a > chunk ? a + chunk : b;
            int rc = mts_kv_reserve(f->kv, s, end, &err);
            if (rc) {
                return rc;
            }
            for (size_t i = a; i < end; i++) { /* the tree knows the tokens */
                int32_t kept = *mts_kv_tokens(s, i);
                assert_int_equal(kept == -1 ? ROWS_TOKEN : kept, t->tokens[i]);
            }
            evaluate(f, s, t->tokens, a, end);
            mts_kv_commit(f->kv, s, end);
        }
    }
    return MTS_OK;
}

static Text *extend(Fake *f, const Text *prefix, const int32_t *tokens, size_t count, bool rows)
{
    Text *t = mts_calloc(1, sizeof *t);
    size_t before = prefix ? prefix->length : 0;
    t->length = before + count;
    t->tokens = mts_calloc(t->length, sizeof *t->tokens);
    for (size_t i = 0; i < t->length; i++) {
        t->tokens[i] = i < before ? prefix->tokens[i] : rows ? ROWS_TOKEN : tokens[i - before];
    }
    assert_ok(mts_kv_append(f->kv, prefix ? &prefix->mark : NULL, rows ? NULL : tokens, count, &t->mark, &err), &err);
    mts_kv_touch(f->kv, &t->mark);
    return t;
}

static void drop(Fake *f, Text **t)
{
    mts_kv_drop(f->kv, &(*t)->mark);
    free((*t)->tokens);
    free(*t);
    *t = NULL;
}

static MtsKvStats stats(const Fake *f)
{
    MtsKvStats st;
    mts_kv_stats(f->kv, &st);
    return st;
}

static void close_empty(Fake *f)
{
    MtsKvStats st = stats(f);
    assert_int_equal(st.used[0], 0);
    assert_int_equal(st.used[1], 0);
    assert_int_equal(st.segments, 0);
    mts_kv_free(&f->kv);
    assert_null(f->kv);
}

static void a_prompt_is_held_once(void **state)
{
    (void)state;
    Fake f;
    fake_new(&f, 16, 256, 0);
    int32_t prompt[1000];
    for (int i = 0; i < 1000; i++) {
        prompt[i] = i % 7;
    }
    mts_kv_begin(f.kv);
    Text *root = extend(&f, NULL, prompt, 1000, false), *branch[64];
    assert_ok(run(&f, root, 0, 512), &err);
    assert_int_equal(stats(&f).used[MTS_KV_FULL], 63);
    for (int32_t i = 0; i < 64; i++) {
        mts_kv_begin(f.kv);
        branch[i] = extend(&f, root, &i, 1, false);
        assert_ok(run(&f, branch[i], 1000, 512), &err);
    }
    /* 62 full pages are shared; the first branch writes into the partial one in place, the others copied it */
    assert_int_equal(stats(&f).used[MTS_KV_FULL], 63 + 63);
    assert_int_equal(f.evaluated, 1000 + 64);
    for (int i = 0; i < 64; i++) {
        drop(&f, &branch[i]);
    }
    assert_int_equal(stats(&f).used[MTS_KV_FULL], 63);
    drop(&f, &root);
    close_empty(&f);
}

static void a_window_goes_round(void **state)
{
    (void)state;
    Fake f;
    fake_new(&f, 16, 64, 32);
    Text *text = NULL;
    for (int32_t i = 0; i < 1000; i++) { /* one sequence, only its end is held */
        mts_kv_begin(f.kv);
        Text *longer = extend(&f, text, &i, 1, false);
        assert_ok(run(&f, longer, (size_t)i, 1), &err);
        if (text) {
            drop(&f, &text);
        }
        text = longer;
        assert_true(stats(&f).used[MTS_KV_WINDOW] <= 3);
    }
    assert_int_equal(stats(&f).used[MTS_KV_FULL], 63);
    assert_int_equal(stats(&f).bytes, 63 * 128 + 3 * 128); /* the window's memory never grew */
    drop(&f, &text);
    close_empty(&f);
}

static void a_held_place_keeps_its_window(void **state)
{
    (void)state;
    Fake f;
    fake_new(&f, 4, 64, 8);
    int32_t tokens[100] = {0};
    mts_kv_begin(f.kv);
    Text *root = extend(&f, NULL, tokens, 20, false);
    assert_ok(run(&f, root, 0, 7), &err);
    mts_kv_begin(f.kv);
    Text *end = extend(&f, root, tokens, 100, false);
    assert_ok(run(&f, end, 20, 7), &err);
    mts_kv_begin(f.kv);
    int32_t other = 5;
    Text *late = extend(&f, root, &other, 1, false); /* checks positions 13 .. 19 */
    assert_ok(run(&f, late, 20, 7), &err);
    assert_int_equal(f.evaluated, 121);
    drop(&f, &root);
    drop(&f, &end);
    drop(&f, &late);
    close_empty(&f);
}

static void too_small_is_said(void **state)
{
    (void)state;
    Fake f;
    fake_new(&f, 4, 5, 0);
    int32_t tokens[21] = {0};
    mts_kv_begin(f.kv);
    Text *t = extend(&f, NULL, tokens, 21, false);
    assert_int_equal(run(&f, t, 0, 21), MTS_ECAPACITY);
    assert_non_null(strstr(err.text, "20 tokens"));
    drop(&f, &t);
    assert_int_equal(stats(&f).used[MTS_KV_FULL], 0);
    mts_kv_begin(f.kv);
    t = extend(&f, NULL, tokens, 20, false);
    assert_ok(run(&f, t, 0, 21), &err);
    drop(&f, &t);
    close_empty(&f);
}

/* Rows cannot be evaluated again: under pressure they stay, and tokens go. */
static void rows_stay(void **state)
{
    (void)state;
    Fake f;
    fake_new(&f, 4, 8, 0);
    int32_t tokens[16] = {0};
    mts_kv_begin(f.kv);
    Text *rows = extend(&f, NULL, NULL, 15, true);
    assert_ok(run(&f, rows, 0, 4), &err);
    mts_kv_begin(f.kv);
    Text *first = extend(&f, NULL, tokens, 16, false);
    assert_ok(run(&f, first, 0, 4), &err);
    mts_kv_begin(f.kv);
    Text *second = extend(&f, NULL, tokens, 16, false);
    assert_ok(run(&f, second, 0, 4), &err);
    assert_int_equal(f.evaluated, 47);
    mts_kv_begin(f.kv);
    mts_kv_touch(f.kv, &rows->mark);
    assert_ok(run(&f, rows, 15, 4), &err);
    assert_int_equal(f.evaluated, 47);
    mts_kv_begin(f.kv);
    mts_kv_touch(f.kv, &first->mark);
    assert_ok(run(&f, first, 16, 4), &err);
    assert_int_equal(f.evaluated, 63);
    drop(&f, &rows);
    drop(&f, &first);
    drop(&f, &second);
    close_empty(&f);
}

/* Several items in one step, as a session runs them: all are appended, then all are evaluated. */
static void random_step(Fake *f, MtsRng *rng, Text **texts, size_t *count)
{
    enum { ITEMS = 6, LONGEST = 20 };
    Text *made[ITEMS];
    size_t before[ITEMS], n = 1 + mts_rng_bits(rng) % ITEMS;
    bool failed = false;
    mts_kv_begin(f->kv);
    for (size_t i = 0; i < n; i++) {
        const Text *prefix = *count && mts_rng_bits(rng) % 16 ? texts[mts_rng_bits(rng) % *count] : NULL;
        int32_t tokens[LONGEST];
        size_t length = mts_rng_bits(rng) % 4 ? 1 : 1 + mts_rng_bits(rng) % LONGEST;
        for (size_t k = 0; k < length; k++) {
            tokens[k] = (int32_t)(mts_rng_bits(rng) % 3);
        }
        before[i] = prefix ? prefix->length : 0;
        made[i] = extend(f, prefix, tokens, length, mts_rng_bits(rng) % 64 == 0);
    }
    for (size_t i = 0; i < n && !failed; i++) {
        failed = run(f, made[i], before[i], 1 + mts_rng_bits(rng) % 16) != MTS_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (failed) {
            drop(f, &made[i]);
        } else {
            f->asked += made[i]->length - before[i];
            texts[(*count)++] = made[i];
        }
    }
}

static void random_operations(void **state)
{
    (void)state;
    static const struct {
        size_t page_tokens, pages, window;
    } cases[] = {{4, 40, 0}, {4, 40, 8}, {4, 60, 9}, {16, 20, 40}, {1, 100, 5}, {3, 50, 1}, {5, 100, 7}};
    enum { MOST = 400, STEPS = 3000 };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        Fake f;
        fake_new(&f, cases[c].page_tokens, cases[c].pages, cases[c].window);
        MtsRng rng = mts_rng(7, c, 0);
        Text *texts[MOST];
        size_t count = 0;
        size_t made = 0;
        for (int step = 0; step < STEPS; step++) {
            size_t had = count;
            random_step(&f, &rng, texts, &count);
            made += count - had;
            /* drop some, more of them when there are many */
            while (count > 0 && mts_rng_bits(&rng) % MOST < 4 * count) {
                size_t i = mts_rng_bits(&rng) % count;
                drop(&f, &texts[i]);
                texts[i] = texts[--count];
            }
            MtsKvStats st = stats(&f);
            assert_true(st.used[MTS_KV_WINDOW] <= st.used[MTS_KV_FULL]);
        }
        assert_true(made > STEPS);          /* steps succeeded: something was tested */
        assert_true(f.evaluated > f.asked); /* and so was eviction */
        while (count > 0) {
            drop(&f, &texts[--count]);
        }
        close_empty(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prompt_is_held_once),
        cmocka_unit_test(a_window_goes_round),
        cmocka_unit_test(a_held_place_keeps_its_window),
        cmocka_unit_test(too_small_is_said),
        cmocka_unit_test(rows_stay),
        cmocka_unit_test(random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
