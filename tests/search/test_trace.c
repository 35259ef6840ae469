/* Traces and their replay, drawn answers, the tree for reading. */
#include "support.h"

#include <ctype.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/seal.h"

static const char *scratch(const char *name)
{
    static char path[4][256];
    static int turn;
    const char *dir = getenv("TMPDIR");
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/maxts-trace-%d-%s", dir ? dir : "/tmp", (int)getpid(), name);
    return path[turn];
}

static void whole_file(const char *path, char **data, size_t *size)
{
    MtsError err = {0};
    assert_ok(mts_read_file(path, 1u << 30, data, size, &err), &err);
}

static void put_file(const char *path, const char *data, size_t size)
{
    MtsError err = {0};
    assert_ok(mts_write_file_atomic(path, data, size, &err), &err);
}

static bool prefixes; /* rewards of prefixes too: any function of the tokens */
static int workers;   /* threads that answer */

static int score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    const MtsSearchReward *table = context;
    if (candidate->finished) {
        return table->score(table->context, candidate, value, err);
    }
    *value = 0;
    for (size_t i = 0; i < candidate->count; i++) {
        *value += 0.3 * ((int)(i * 7 + (size_t)candidate->tokens[i] * 5) % 11 - 5);
    }
    *value = candidate->count == 3 && candidate->tokens[1] == 1 ? -HUGE_VAL : *value;
    return MTS_OK;
}

static MtsSearchResult *search(const MtsTable *table, const MtsSearchSettings *s)
{
    MtsSearchModel model;
    MtsSearchReward inner, reward = {.context = &inner, .score = score, .prefixes = prefixes, .workers = workers};
    MtsSearchResult *result = NULL;
    MtsError err = {0};
    mts_table_model(table, &model);
    mts_table_reward(table, &inner);
    assert_ok(mts_search(&model, &reward, s, NULL, &result, &err), &err);
    return result;
}

static MtsSearchSettings settings_of(double lambda, size_t rollouts, size_t in_flight)
{
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.lambda = lambda;
    s.rollouts = rollouts;
    s.in_flight = in_flight;
    return s;
}

static size_t confirmed(const char *path)
{
    MtsError err = {0};
    size_t lines = 0;
    assert_ok(mts_replay(path, &lines, &err), &err);
    return lines;
}

static size_t lines_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += *text == '\n';
    }
    return n;
}

static void a_replay_confirms_every_line(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 4, .steps = 4, .eos = 0, .peak = 1, .spread = 1, .hole = 0.1}, 6);
    const char *path = scratch("whole");
    for (int i = 0; i < 12; i++) {
        MtsSearchSettings s = settings_of(i % 3, i % 2 ? 12 : 100000, (size_t)(1 + i % 4 * 3));
        size_t size;
        s.temperature = i % 2 ? 0.7 : 1;
        s.sweep = i % 3 ? 16 : 0;
        s.seed = (uint64_t)i;
        s.complete_sample = i > 5;
        s.trace = path;
        MtsSearchResult *result = search(table, &s);
        char *text = NULL;
        whole_file(path, &text, &size);
        assert_int_equal(confirmed(path), lines_of(text));
        assert_true(lines_of(text) > result->nfe + result->answer_count);
        free(text);
        mts_search_result_free(&result);
    }
    unlink(path);
    mts_table_free(&table);
}

/* All methods: a trace that replays, and checkpoints that lead to the same one. */
static void every_method_replays_and_resumes(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 4, .steps = 5, .eos = 0, .peak = 1, .spread = 1, .hole = 0.1}, 8);
    const char *first = scratch("first"), *second = scratch("second"), *save = scratch("save");
    for (int method = 0; method < 2 * MTS_METHOD_COUNT; method++) {
        prefixes = method >= MTS_METHOD_COUNT;
        for (size_t in_flight = MTS_IF_DEAR(4, 1); in_flight <= 4; in_flight += 3) {
            MtsSearchSettings s = settings_of(1, MTS_IF_DEAR(5, 9), in_flight);
            char *a = NULL, *b = NULL, *journal = NULL;
            size_t size, lines = 0;
            s.method = (MtsMethod)(method % MTS_METHOD_COUNT);
            s.temperature = 0.8;
            s.look_ahead = 2;
            s.reward_first = prefixes && in_flight == 4;
            s.batch = 16;
            workers = 0;
            s.trace = first;
            s.save = save;
            MtsSearchResult *result = search(table, &s);
            uint64_t calls = result->reward_calls;
            mts_search_result_free(&result);
            whole_file(first, &a, &size);
            assert_int_equal(confirmed(first), lines_of(a));
            whole_file(save, &journal, &size);
            *strstr(a, "{\"prior\"") = '\0';
            s.resume = save;
            s.save = NULL;
            s.trace = second;
            s.batch = 3;
            workers = 2;
            for (char *at = journal; (at = strchr(at, '\n')); at++, lines++) {
                put_file(save, journal, (size_t)(at + 1 - journal));
                result = search(table, &s);
                assert_int_equal(result->reward_calls, calls);
                mts_search_result_free(&result);
                whole_file(second, &b, &size);
                *strstr(b, "{\"prior\"") = '\0';
                if (strcmp(a, b) != 0) {
                    fail_msg("%s: resumed after line %zu it takes another way", mts_method_name(s.method), lines);
                }
                free(b);
            }
            assert_true(lines >= 1);
            free(a);
            free(journal);
        }
    }
    prefixes = false;
    workers = 0;
    unlink(first);
    unlink(second);
    unlink(save);
    mts_table_free(&table);
}

/* Takes the seal from every line, in front of its last brace: what is read then has to be recomputed to be judged. */
static void without_seals(char *text, size_t *size)
{
    size_t kept = 0;
    for (size_t i = 0; i < *size; i++) {
        text[kept++] = text[i];
        if (text[i] == '\n') {
            kept -= MTS_SEAL_SIZE;
            memcpy(text + kept - 2, "}\n", 2);
        }
    }
    text[kept] = '\0';
    *size = kept;
}

/* Also where nothing else depends on the token. */
static void a_prior_has_a_token_once(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 3, .steps = 3, .eos = 0, .peak = 1, .spread = 1}, 6);
    const char *path = scratch("once");
    MtsSearchSettings s = settings_of(1, 5, 2);
    char *text = NULL;
    size_t size, lines;
    s.trace = path;
    MtsSearchResult *result = search(table, &s);
    whole_file(path, &text, &size);
    without_seals(text, &size);
    for (char *ids = text; (ids = strstr(ids, "\"ids\":[")); ids++) {
        char second = ids[9];
        MtsError err = {0};
        assert_true(ids[8] == ',' && second != ids[7]);
        ids[9] = ids[7];
        put_file(path, text, size);
        assert_int_equal(mts_replay(path, &lines, &err), MTS_EFORMAT);
        assert_non_null(strstr(err.text, "prior is no distribution"));
        ids[9] = second;
    }
    free(text);
    mts_search_result_free(&result);
    mts_table_free(&table);
    unlink(path);
}

/* Each digit of the trace in turn is made another one. */
static void a_replay_notices_any_other_number(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 3, .steps = 3, .eos = 0, .peak = 1, .spread = 1}, 6);
    const char *path = scratch("digit"), *other = scratch("other");
    MtsSearchSettings s = settings_of(1, 5, 2);
    size_t size, tried = 0, number = 1;
    s.sweep = 1;
    s.best_first = 0; /* else the last one asks for a prior of which nothing but the likeliest token is used */
    s.trace = path;
    MtsSearchResult *result = search(table, &s);
    char *text = NULL;
    whole_file(path, &text, &size);
    without_seals(text, &size);
    put_file(other, text, size);
    MtsError none = {0};
    assert_ok(mts_replay(other, &tried, &none), &none);
    tried = 0;
    for (size_t i = 0; i < size; i++) {
        number += text[i] == '\n';
        /* the first digit after the point, or of a whole number; line 1 holds settings that may be of no effect */
        bool first = isdigit((unsigned char)text[i]) && !isdigit((unsigned char)text[i - 1]) && text[i - 1] != 'e' &&
                     text[i - 1] != '-' && text[i - 1] != '+';
        if (number == 1 || !first || text[i - 1] == '"') {
            continue;
        }
        char *changed = malloc(size);
        MtsError err = {0};
        size_t lines;
        memcpy(changed, text, size);
        changed[i] = (char)('0' + (changed[i] - '0' + 1) % 10);
        put_file(other, changed, size);
        if (mts_replay(other, &lines, &err) != MTS_EFORMAT || !strstr(err.text, "line")) {
            fail_msg("line %zu: \"%.40s\" was taken for \"%.40s\" (%s)", number, changed + i, text + i, err.text);
        }
        free(changed);
        tried++;
    }
    assert_true(tried > 200);
    /* settings of effect */
    for (int i = 0; i < 4; i++) {
        const char *fields[] = {"\"seed\":0", "\"lambda\":1.0", "\"in_flight\":2", "\"exploration\":0.1"};
        const char *values[] = {"\"seed\":1", "\"lambda\":2.0", "\"in_flight\":1", "\"exploration\":0.9"};
        char *changed = malloc(size + 1), *at;
        MtsError err = {0};
        size_t lines;
        memcpy(changed, text, size + 1);
        at = strstr(changed, fields[i]);
        assert_non_null(at);
        memcpy(at, values[i], strlen(values[i]));
        put_file(other, changed, size);
        assert_int_equal(mts_replay(other, &lines, &err), MTS_EFORMAT);
        free(changed);
    }
    /* a limit that is cut down to the right one where sizes have 32 bits */
    const char *limit = strstr(text, "\"max_tokens\":3");
    assert_non_null(limit);
    if (SIZE_MAX == UINT32_MAX) {
        MtsError err = {0};
        MtsBytes b = {0};
        size_t lines;
        mts_bytes_append(&b, text, (size_t)(limit - text));
        mts_bytes_append_str(&b, "\"max_tokens\":4294967299");
        mts_bytes_append_str(&b, limit + strlen("\"max_tokens\":3"));
        put_file(other, b.data, b.len);
        assert_int_equal(mts_replay(other, &lines, &err), MTS_EFORMAT);
        assert_non_null(strstr(err.text, "max_tokens is missing or out of range"));
        mts_bytes_free(&b);
    }
    /* a line gone, a file cut, no trace at all */
    for (int i = 0; i < 3; i++) {
        MtsError err = {0};
        size_t lines;
        char *second = strchr(text, '\n') + 1, *third = strchr(second, '\n') + 1;
        MtsBytes b = {0};
        mts_bytes_append(&b, text, i == 0 ? (size_t)(second - text) : i == 1 ? size / 2 : 0);
        mts_bytes_append_str(&b, i == 0 ? third : i == 1 ? "" : "{}\n");
        put_file(other, b.data, b.len);
        assert_int_equal(mts_replay(other, &lines, &err), MTS_EFORMAT);
        mts_bytes_free(&b);
    }
    MtsError err = {0};
    size_t lines;
    assert_int_equal(mts_replay("/nonexistent", &lines, &err), MTS_EIO);
    free(text);
    unlink(path);
    unlink(other);
    mts_search_result_free(&result);
    mts_table_free(&table);
}

static bool stop_after(void *context)
{
    return (*(int *)context)-- <= 0;
}

static void cut_short_and_replay(int eos, size_t *gaps, size_t *lasts, size_t *done)
{
    MtsTable *table = random_table((Shape){.vocab = 5, .steps = 7, .eos = eos, .peak = 1, .spread = 1}, 16);
    MtsSearchModel model;
    MtsSearchReward inner, reward = {.context = &inner, .score = score, .prefixes = prefixes};
    mts_table_model(table, &model);
    mts_table_reward(table, &inner);
    const char *path = scratch("cut");
    for (int polls = 0; polls < 60; polls += MTS_IF_DEAR(4, 1)) {
        MtsSearchSettings s = settings_of(1, 1000, 6);
        MtsSearchResult *result = NULL;
        MtsError err = {0};
        int left = polls;
        size_t size;
        s.stop = stop_after;
        s.stop_context = &left;
        s.trace = path;
        s.grace_seconds = polls % 2 ? 0 : 10;
        assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
        char *text = NULL;
        whole_file(path, &text, &size);
        *lasts += strstr(text, "\"last\":[") != NULL;
        *gaps += strstr(text, prefixes ? "\"steps\":0" : "\"cut\":[]") == NULL;
        ++*done;
        assert_int_equal(confirmed(path), lines_of(text));
        free(text);
        mts_search_result_free(&result);
    }
    unlink(path);
    mts_table_free(&table);
}

/* Methods that carry texts forward together stop between two steps. */
static void a_population_that_was_cut_short_replays_too(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 5, .steps = 7, .eos = 0, .peak = 1, .spread = 1}, 16);
    const MtsMethod methods[] = {MTS_GREEDY, MTS_BEAM, MTS_SMC};
    const char *path = scratch("population");
    size_t early = 0;
    for (int i = 0; i < 3 * 8; i++) {
        MtsSearchModel model;
        MtsSearchReward reward;
        MtsSearchSettings s = settings_of(1, 9, 1);
        MtsSearchResult *result = NULL;
        MtsError err = {0};
        int left = i / 3;
        mts_table_model(table, &model);
        mts_table_reward(table, &reward);
        s.method = methods[i % 3];
        s.stop = stop_after;
        s.stop_context = &left;
        s.trace = path;
        assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
        early += strcmp(result->stop_reason, "interrupted") == 0;
        char *text = NULL;
        size_t size;
        whole_file(path, &text, &size);
        assert_int_equal(confirmed(path), lines_of(text));
        free(text);
        mts_search_result_free(&result);
    }
    assert_true(early > 9);
    unlink(path);
    mts_table_free(&table);
}

/* Out of order, and in the middle of a wave. */
static void a_search_that_was_cut_short_replays_too(void **state)
{
    (void)state;
    for (int waves = 0; waves < 2; waves++) {
        size_t gaps = 0, lasts = 0, done = 0;
        prefixes = waves == 1;
        cut_short_and_replay(0, &gaps, &lasts, &done);
        cut_short_and_replay(-1, &gaps, &lasts, &done); /* no text ends early: the leading one is finished */
        assert_true(done == MTS_IF_DEAR(30, 120) && gaps > MTS_IF_DEAR(0, 3) && lasts > MTS_IF_DEAR(1, 5));
    }
    prefixes = false;
}

/* A search that goes on with more rollouts than it was asked for first is the search that was asked for them at once: a
 * last wave that was smaller than the others is run again. */
static void more_rollouts_may_be_asked_for_later(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 5, .steps = 6, .eos = 0, .peak = 1, .spread = 1}, 19);
    const char *first = scratch("first"), *second = scratch("second"), *save = scratch("save");
    for (int waves = 0; waves < 3; waves++) { /* the last ones behind a rollout that follows the reward */
        prefixes = waves >= 1;
        for (size_t asked = 1; asked <= 11; asked += MTS_IF_DEAR(3, 1)) {
            char *a = NULL, *b = NULL;
            size_t size;
            MtsSearchSettings s = settings_of(1, asked, 4);
            s.reward_first = waves == 2;
            s.save = save;
            MtsSearchResult *result = search(table, &s);
            mts_search_result_free(&result);
            s.rollouts = 11;
            s.resume = save;
            s.trace = second;
            result = search(table, &s);
            mts_search_result_free(&result);
            s.save = s.resume = NULL;
            s.trace = first;
            result = search(table, &s);
            mts_search_result_free(&result);
            whole_file(first, &a, &size);
            whole_file(second, &b, &size);
            *strstr(a, "{\"prior\"") = *strstr(b, "{\"prior\"") = '\0';
            assert_string_equal(a, b);
            free(b);
            /* and what it saved is the journal of that search */
            s.resume = save;
            s.trace = second;
            result = search(table, &s);
            mts_search_result_free(&result);
            whole_file(second, &b, &size);
            *strstr(b, "{\"prior\"") = '\0';
            assert_string_equal(a, b);
            free(a);
            free(b);
        }
    }
    prefixes = false;
    unlink(first);
    unlink(second);
    unlink(save);
    mts_table_free(&table);
}

/* The steps of a resumed search, up to the inputs at the end, which come in another order. */
static void a_resumed_search_has_the_same_trace(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 4, .steps = 5, .eos = 0, .peak = 1, .spread = 1}, 26);
    const char *first = scratch("first"), *second = scratch("second"), *save = scratch("save");
    MtsSearchSettings s = settings_of(1, 20, 4);
    size_t size;
    s.trace = first;
    s.save = save;
    MtsSearchResult *result = search(table, &s);
    mts_search_result_free(&result);
    char *journal = NULL;
    whole_file(save, &journal, &size);
    char *at = journal;
    for (int i = 0; i < 8; i++) {
        at = strchr(at, '\n') + 1;
    }
    put_file(save, journal, (size_t)(at - journal));
    free(journal);
    s.resume = save;
    s.save = NULL;
    s.trace = second;
    result = search(table, &s);
    mts_search_result_free(&result);
    char *a = NULL, *b = NULL;
    whole_file(first, &a, &size);
    whole_file(second, &b, &size);
    *strstr(a, "{\"prior\"") = '\0';
    *strstr(b, "{\"prior\"") = '\0';
    assert_string_equal(a, b);
    assert_true(confirmed(second) > 20);
    free(a);
    free(b);
    unlink(first);
    unlink(second);
    unlink(save);
    mts_table_free(&table);
}

/* ---- drawn answers ---- */

static double g_of_sampled(const MtsTable *table, MtsSearchSettings s, size_t runs, double lambda)
{
    size_t *counts = calloc(table->text_count, sizeof *counts);
    double *p = calloc(table->text_count, sizeof *p);
    MtsTableExact exact;
    MtsError err = {0};
    assert_ok(mts_table_exact(table, lambda, &exact, &err), &err);
    for (size_t x = 0; x < table->text_count; x++) {
        p[x] = exp(table->texts[x].logp + lambda * table->texts[x].reward - exact.log_z);
    }
    for (size_t i = 0; i < runs; i++) {
        s.seed = 1000 + i;
        MtsSearchResult *result = search(table, &s);
        const MtsAnswer *drawn = &result->answers[result->sampled];
        counts[text_of(table, drawn->tokens, drawn->count)]++;
        mts_search_result_free(&result);
    }
    double chance = g_test(counts, p, table->text_count);
    free(counts);
    free(p);
    return chance;
}

#define FALSE_ALARM 1e-6

static void drawn_answers_follow_their_law(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 3, .steps = 3, .eos = 0, .peak = 0.7, .spread = 0.7}, 40);
    MtsSearchSettings s = settings_of(0, 1, 1);
    const size_t draws = MTS_IF_DEAR(2000, 20000);
    s.sweep = 0;
    assert_true(g_of_sampled(table, s, draws, 0) > FALSE_ALARM); /* one rollout is one draw of p */
    s = settings_of(1, 100000, 1);
    assert_true(g_of_sampled(table, s, draws, 1) > FALSE_ALARM); /* everything seen: pi* */
    assert_true(g_of_sampled(table, s, draws, 0) < FALSE_ALARM); /* which is not p: the test can fail */
    for (size_t n = 2; n <= 4; n++) { /* part seen, the rest drawn when its turn comes: still p at lambda 0 */
        s = settings_of(0, n, 2);
        s.complete_sample = true;
        assert_true(g_of_sampled(table, s, draws, 0) > FALSE_ALARM);
        s.complete_sample = false;
        assert_true(g_of_sampled(table, s, draws, 0) < FALSE_ALARM);
    }
    mts_table_free(&table);
}

static void the_g_test_knows_its_own_chances(void **state)
{
    (void)state;
    const double p[3] = {0.5, 0.3, 0.2};
    assert_true(fabs(g_test((size_t[]){50, 30, 20}, p, 3) - 1) < 1e-12);
    /* G = 2 (60 ln 1.2 + 25 ln(25/30) + 15 ln 0.75), two degrees of freedom: exp(-G/2) */
    double g = 2 * (60 * log(1.2) + 25 * log(25.0 / 30) + 15 * log(0.75));
    assert_true(fabs(g_test((size_t[]){60, 25, 15}, p, 3) - exp(-g / 2)) < 1e-12);
    assert_true(g_test((size_t[]){90, 5, 5}, p, 3) < 1e-10);
    const double q[3] = {0.5, 0.5, 0};
    assert_true(g_test((size_t[]){50, 50, 1}, q, 3) == 0);
}

/* What is drawn by weights of any sum, which those of the searches here happen to have as 1. */
static void picks_follow_their_weights(void **state)
{
    (void)state;
    const double weights[] = {0.5, 0, 3, 1.5}, p[] = {0.1, 0, 0.6, 0.3};
    const double small[] = {weights[0] / 64, 0, weights[2] / 64, weights[3] / 64};
    size_t counts[4] = {0};
    for (uint64_t i = 0; i < 2000; i++) {
        MtsRng rng = mts_rng(7, i, 0), again = rng;
        size_t drawn = mts_pick(NULL, &rng, weights, 4);
        assert_int_equal(mts_pick(NULL, &again, small, 4), drawn);
        counts[drawn]++;
    }
    assert_true(g_test(counts, p, 4) > FALSE_ALARM);
}

/* ---- the tree for reading ---- */

/* Below their parent the larger shares come first, and nothing that is shown has less than what is not. */
static void the_best_of_the_tree_comes_first(void **state)
{
    (void)state;
    MtsTreeNode tree[] = {{.depth = 0, .token = -1, .policy = 1, .visits = 9},
                          {.depth = 1, .token = 1, .policy = 0.2, .visits = 1},
                          {.depth = 2, .token = 2, .policy = 0.9, .visits = 1, .finished = true},
                          {.depth = 1, .token = 3, .policy = 0.7, .visits = 8},
                          {.depth = 2, .token = 4, .policy = 0.1, .visits = 3, .finished = true},
                          {.depth = 2, .token = 5, .policy = 0.8, .visits = 5, .finished = true}};
    MtsSearchResult result = {.lambda = 1, .tree = tree, .tree_count = 6};
    char *text = mts_search_tree_text(&result, 9, 4, NULL, NULL);
    static const char *const order[] = {
        "(prompt)",    "  3", "    5", "    ... 1 more, 0.07 of all", "  1", "    ... 1 more, 0.18 of all",
        "4 of 6 nodes"};
    const char *at = text;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        at = strstr(at, order[i]);
        assert_non_null(at);
        at += strlen(order[i]);
    }
    free(text);
}

static void the_tree_is_listed(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 3, .steps = 3, .eos = 0, .peak = 1, .spread = 1}, 41);
    MtsSearchSettings s = settings_of(2, 4, 1);
    s.keep_tree = true;
    s.best_first = 0;
    MtsSearchResult *result = search(table, &s);
    assert_int_equal(result->tree_count, result->tree_nodes);
    double sum = 0, shares = 0;
    for (size_t i = 0; i < result->tree_count; i++) {
        const MtsTreeNode *node = &result->tree[i];
        assert_true(i == 0 ? node->depth == 0 && node->token == -1 : node->depth <= node[-1].depth + 1);
        assert_true(node->policy >= 0 && node->policy <= 1 + 1e-12);
        shares += node->depth == 1 ? node->policy : 0;
    }
    assert_true(shares < 1 + 1e-12);
    for (size_t i = 0; i < result->answer_count; i++) {
        sum += result->answers[i].policy;
    }
    assert_true(sum < 1);
    char *text = mts_search_tree_text(result, 100, 1000, NULL, NULL);
    assert_int_equal(lines_of(text), result->tree_count + 1);
    assert_non_null(strstr(text, "(prompt)"));
    free(text);
    text = mts_search_tree_text(result, 1, 2, NULL, NULL);
    assert_int_equal(lines_of(text), 6); /* head, prompt, its best child, what each leaves out, how many of how many */
    double best = 0;
    for (size_t i = 0; i < result->tree_count; i++) {
        best = result->tree[i].depth == 1 ? fmax(best, result->tree[i].policy) : best;
    }
    char policy[16];
    snprintf(policy, sizeof policy, "%9.4f  ", best);
    assert_non_null(strstr(strchr(strchr(text, '\n') + 1, '\n') + 1, policy));
    assert_non_null(strstr(text, " more, "));
    free(text);
    mts_search_result_free(&result);
    mts_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_confirms_every_line),
        cmocka_unit_test(every_method_replays_and_resumes),
        cmocka_unit_test(a_prior_has_a_token_once),
        cmocka_unit_test(a_replay_notices_any_other_number),
        cmocka_unit_test(a_search_that_was_cut_short_replays_too),
        cmocka_unit_test(a_population_that_was_cut_short_replays_too),
        cmocka_unit_test(more_rollouts_may_be_asked_for_later),
        cmocka_unit_test(a_resumed_search_has_the_same_trace),
        cmocka_unit_test(drawn_answers_follow_their_law),
        cmocka_unit_test(the_g_test_knows_its_own_chances),
        cmocka_unit_test(picks_follow_their_weights),
        cmocka_unit_test(the_tree_is_listed),
        cmocka_unit_test(the_best_of_the_tree_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
