/* The driver: a result is a function of (model, prompt, settings, seed) alone. */
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/seal.h"

static MtsTable *table;
static const Shape SHAPE = {.vocab = 5, .steps = 6, .eos = 0, .peak = 1.5, .spread = 1, .hole = 0.05};

static MtsSearchSettings settings_of(size_t rollouts, size_t in_flight)
{
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.lambda = 2;
    s.rollouts = rollouts;
    s.in_flight = in_flight;
    s.temperature = 0.9;
    s.seed = 5;
    return s;
}

/* ---- a reward whose answers come at odd times ---- */

typedef struct Slow {
    MtsSearchReward table;
    pthread_mutex_t lock;
    size_t calls;
    int fail_at;  /* call number that fails; -1: none */
    double value; /* what it says then; NaN: it fails with a sentence */
    int delay;    /* most microseconds */
} Slow;

static int slow_score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    Slow *slow = context;
    unsigned key = 0;
    for (size_t i = 0; i < candidate->count; i++) {
        key = key * 31 + (unsigned)candidate->tokens[i];
    }
    pthread_mutex_lock(&slow->lock);
    size_t call = slow->calls++;
    pthread_mutex_unlock(&slow->lock);
    if (slow->delay) {
        struct timespec pause = {0, (long)(key * 2654435761u % (unsigned)slow->delay) * 1000};
        nanosleep(&pause, NULL);
    }
    if (slow->fail_at >= 0 && call >= (size_t)slow->fail_at) {
        *value = slow->value;
        return isnan(slow->value) && slow->delay == 0 ? mts_fail(err, MTS_EREWARD, "reward slow: broke") : MTS_OK;
    }
    return slow->table.score(slow->table.context, candidate, value, err);
}

static Slow slow_reward(int delay)
{
    Slow slow = {.fail_at = -1, .delay = delay};
    mts_table_reward(table, &slow.table);
    pthread_mutex_init(&slow.lock, NULL);
    return slow;
}

/* ---- results and events as text, to compare bytes ---- */

static char *result_text(const MtsSearchResult *r)
{
    MtsBytes b = {0};
    mts_bytes_printf(&b, "%zu %zu %zu %zu %.17g %.17g %llu %llu %llu %zu %zu %zu %.17g %s\n", r->answer_count, r->best,
                     r->map, r->sampled, r->log_z, r->log_z_se, (unsigned long long)r->nfe,
                     (unsigned long long)r->reward_calls, (unsigned long long)r->decode_tokens, r->rollouts_done,
                     r->tree_nodes, r->tree_max_depth, r->tree_branching, r->stop_reason);
    for (size_t i = 0; i < r->answer_count; i++) {
        const MtsAnswer *a = &r->answers[i];
        for (size_t t = 0; t < a->count; t++) {
            mts_bytes_printf(&b, "%d,", (int)a->tokens[t]);
        }
        mts_bytes_printf(&b, " %.17g %.17g %.17g %.17g %.17g\n", a->reward, a->logp, a->log_weight, a->probability,
                         a->policy);
    }
    return b.data;
}

typedef struct Log {
    MtsBytes text;
    size_t fail_after; /* events; 0: never */
    size_t events;
} Log;

static int log_event(void *context, const MtsEvent *e, MtsError *err)
{
    Log *log = context;
    log->events++;
    if (log->fail_after && log->events > log->fail_after) {
        return mts_fail(err, MTS_EIO, "log: full");
    }
    if (e->kind != MTS_EVENT_PROGRESS) {
        mts_bytes_printf(&log->text, "%d %zu %zu %.17g %.17g %.17g %.17g %.17g %.17g %.17g %llu %llu %zu\n",
                         (int)e->kind, e->rollout, e->count, e->log_q, e->logp, e->reward, e->log_z_rollout, e->log_z,
                         e->log_z_se, e->best_reward, (unsigned long long)e->nfe, (unsigned long long)e->reward_calls,
                         e->rollouts_done);
    }
    return MTS_OK;
}

/* Runs, and returns result and events as one text. */
static char *search_text(const MtsSearchSettings *s, Slow *slow, int workers)
{
    MtsSearchModel model;
    MtsSearchReward reward = {.context = slow, .score = slow_score, .workers = workers};
    MtsSearchResult *result = NULL;
    MtsError err = {0};
    Log log = {0};
    MtsEventSink sink = {.context = &log, .event = log_event};
    mts_table_model(table, &model);
    assert_ok(mts_search(&model, &reward, s, &sink, &result, &err), &err);
    char *text = result_text(result);
    mts_bytes_append_str(&log.text, text);
    free(text);
    mts_search_result_free(&result);
    return log.text.data;
}

static void same_bytes_for_any_batch_and_any_threads(void **state)
{
    (void)state;
    for (size_t in_flight = 1; in_flight <= 16; in_flight *= MTS_IF_DEAR(16, 4)) {
        MtsSearchSettings s = settings_of(60, in_flight);
        Slow slow = slow_reward(0);
        char *want = search_text(&s, &slow, 0);
        assert_true(slow.calls > 10);
        for (int w = 0; w < 3; w++) {
            for (int b = 0; b < 3; b++) {
                Slow late = slow_reward(300);
                s.batch = (size_t[]){1, 3, 16}[b];
                char *have = search_text(&s, &late, (int[]){1, 2, 8}[w]);
                assert_string_equal(have, want);
                free(have);
            }
        }
        free(want);
    }
}

/* Each text asked once, and told: what is asked of a search that ends by itself is what it used. */
static void calls_of_the_reward_are_counted(void **state)
{
    (void)state;
    for (int method = 0; method < MTS_METHOD_COUNT; method++) {
        MtsSearchModel model;
        Slow slow = slow_reward(0);
        MtsSearchReward reward = {.context = &slow, .score = slow_score};
        MtsSearchResult *result = NULL;
        MtsError err = {0};
        MtsSearchSettings s = settings_of(9, 3);
        s.method = (MtsMethod)method;
        mts_table_model(table, &model);
        assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
        assert_true(result->reward_calls > 0 && result->reward_calls == slow.calls);
        mts_search_result_free(&result);
    }
}

static void positions_are_counted_once_and_batched(void **state)
{
    (void)state;
    Masked m;
    MtsSearchResult *result = NULL;
    MtsError err = {0};
    masked_open(&m, table, NULL);
    MtsSearchSettings s = settings_of(64, 16);
    s.batch = 8;
    assert_ok(mts_search(&m.model, &m.reward, &s, NULL, &result, &err), &err);
    assert_int_equal(result->nfe, m.extended);
    assert_true(result->nfe < result->decode_tokens);
    assert_int_equal(m.largest, 8);
    mts_search_result_free(&result);
    masked_free(&m);
}

static void the_limit_on_positions_is_never_passed(void **state)
{
    (void)state;
    MtsSearchModel model;
    MtsSearchReward reward;
    mts_table_model(table, &model);
    mts_table_reward(table, &reward);
    for (uint64_t limit = 5; limit < 80; limit += 7) {
        for (size_t in_flight = 1; in_flight <= 8; in_flight *= 8) {
            MtsSearchResult *result = NULL;
            MtsError err = {0};
            MtsSearchSettings s = settings_of(1000, in_flight);
            s.max_nfe = limit;
            assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
            assert_true(result->nfe <= limit);
            assert_true(result->nfe + model.max_tokens - 1 > limit); /* and what is left is no room for a text */
            assert_string_equal(result->stop_reason, "nfe");
            mts_search_result_free(&result);
        }
    }
    MtsSearchResult *result = NULL;
    MtsError err = {0};
    MtsSearchSettings s = settings_of(10, 1);
    s.max_nfe = 4;
    assert_int_equal(mts_search(&model, &reward, &s, NULL, &result, &err), MTS_EREQUEST);
    assert_null(result);
    assert_non_null(strstr(err.text, "nfe"));
}

static void adaptive_stops_stop(void **state)
{
    (void)state;
    MtsSearchModel model;
    MtsSearchReward reward;
    MtsSearchResult *result = NULL;
    MtsError err = {0};
    mts_table_model(table, &model);
    mts_table_reward(table, &reward);
    MtsSearchSettings s = settings_of(100000, 4);
    s.log_z_tolerance = 0.05;
    assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
    assert_string_equal(result->stop_reason, "log_z");
    assert_true(result->rollouts_done >= s.min_rollouts && result->rollouts_done < 10000);
    mts_search_result_free(&result);
    s = settings_of(100000, 1);
    s.lambda = 50;
    s.mass_tolerance = 0.2;
    assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
    assert_string_equal(result->stop_reason, "mass");
    assert_true(result->answers[result->map].policy >= 0.8);
    mts_search_result_free(&result);
}

static bool stop_after(void *context)
{
    return (*(int *)context)-- <= 0;
}

/* What the stop on mass looks at, kept along the ways that are backed up, is what the whole tree says. */
static void the_leaders_share_is_that_of_the_whole_tree(void **state)
{
    (void)state;
    size_t early = 0;
    for (uint64_t seed = 0; seed < MTS_IF_DEAR(8, 20); seed++) {
        MtsSearchSettings s = settings_of(30, seed % 2 ? 4 : 1);
        s.seed = seed;
        s.mass_tolerance = 0.9;
        MtsSearch *run = run_table(table, &s, NULL);
        size_t stopped = run->done, first = 0;
        mts_search_free(&run);
        s.mass_tolerance = 0;
        s.min_rollouts = 4;
        for (s.rollouts = 4; s.rollouts <= 30 && !first; s.rollouts++) { /* the n-th backup, from scratch */
            run = run_table(table, &s, NULL);
            double highest = -HUGE_VAL;
            for (size_t i = 0; i < run->answer_count; i++) {
                highest = fmax(highest, run->answers[i].log_weight);
            }
            first = exp(highest - run->ops->value(run, run->nodes.root)) >= 0.1 ? s.rollouts : 0;
            mts_search_free(&run);
        }
        first = first ? first : 30;
        assert_true(stopped >= first && stopped < first + s.in_flight); /* those in flight are finished */
        early += stopped < 30;
    }
    assert_true(early > MTS_IF_DEAR(2, 5));
}

/* A rollout costs about the same, however many there were: processor time, of a model that costs none to speak of. */
static void a_rollout_stays_cheap(void **state)
{
    (void)state;
    const size_t counts[] = {100, MTS_IF_DEAR(400, 2000), 100, MTS_IF_DEAR(400, 2000)};
    double each[4];
    for (int i = 0; i < 4; i++) {
        MtsSearchModel model;
        MtsSearchReward reward;
        MtsSearchResult *result = NULL;
        MtsError err = {0};
        MtsSearchSettings s = settings_of(counts[i], 1);
        s.mass_tolerance = 1e-9;
        s.best_first = i < 2 ? 0 : 2.0 / 3;
        hashed_model(20, 50, &model, &reward);
        clock_t began = clock();
        assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
        each[i] = (double)(clock() - began) / CLOCKS_PER_SEC / (double)counts[i];
        assert_int_equal(result->rollouts_done, counts[i]);
        mts_search_result_free(&result);
    }
    print_message("%.3f ms a rollout of 100, %.3f of more; best-first %.3f and %.3f\n", 1e3 * each[0], 1e3 * each[1],
                  1e3 * each[2], 1e3 * each[3]);
    assert_true(each[1] < 6 * each[0]);
    assert_true(each[3] < 3 * each[1]); /* few of them are cheap: they have little to look at */
}

static void a_stopped_search_returns_what_it_has(void **state)
{
    (void)state;
    MtsSearchModel model;
    MtsSearchReward reward;
    MtsSearchResult *result = NULL;
    MtsError err = {0};
    mts_table_model(table, &model);
    mts_table_reward(table, &reward);
    MtsSearchSettings s = settings_of(1000, 4);
    int polls = 0;
    s.best_first = 0; /* or a text that ends at once is found at once */
    s.stop = stop_after;
    s.stop_context = &polls;
    for (int n = 8; n < 60; n += 9) {
        polls = n;
        assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
        assert_string_equal(result->stop_reason, "interrupted");
        assert_true(result->rollouts_done >= 1 && result->rollouts_done < 100);
        mts_search_result_free(&result);
    }
    s.stop = NULL;
    s.max_seconds = 1e-9;
    assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
    assert_string_equal(result->stop_reason, "seconds");
    mts_search_result_free(&result);
}

static void a_failing_reward_or_sink_ends_the_search_by_name(void **state)
{
    (void)state;
    MtsSearchModel model;
    MtsSearchResult *result = NULL;
    MtsSearchSettings s = settings_of(50, 8);
    mts_table_model(table, &model);
    const double values[] = {NAN, NAN, HUGE_VAL};
    const int delays[] = {0, 100, 100};
    const char *words[] = {"reward slow: broke", "NaN", "+infinity"};
    for (int i = 0; i < 3; i++) {
        for (int workers = 0; workers <= 4; workers += 2) {
            Slow slow = slow_reward(delays[i]);
            MtsError err = {0};
            MtsSearchReward reward = {.context = &slow, .score = slow_score, .workers = workers};
            slow.fail_at = 7;
            slow.value = values[i];
            assert_int_equal(mts_search(&model, &reward, &s, NULL, &result, &err), MTS_EREWARD);
            assert_null(result);
            assert_non_null(strstr(err.text, words[i]));
        }
    }
    Slow slow = slow_reward(0);
    MtsSearchReward reward = {.context = &slow, .score = slow_score};
    Log log = {.fail_after = 20};
    MtsError err = {0};
    MtsEventSink sink = {.context = &log, .event = log_event};
    assert_int_equal(mts_search(&model, &reward, &s, &sink, &result, &err), MTS_EIO);
    assert_string_equal(err.text, "log: full");
    free(log.text.data);
    s.lambda = 1e300;
    slow.fail_at = 0;
    slow.value = 1e300;
    assert_int_equal(mts_search(&model, &reward, &s, NULL, &result, &err), MTS_EREWARD);
}

static void settings_outside_their_range_are_named(void **state)
{
    (void)state;
    MtsSearchModel model;
    MtsSearchReward reward;
    MtsSearchResult *result = NULL;
    mts_table_model(table, &model);
    mts_table_reward(table, &reward);
    for (int i = 0; i < 8; i++) {
        MtsSearchSettings s = settings_of(5, 1);
        MtsError err = {0};
        const char *words[] = {"lambda", "lambda",      "rollouts",    "in-flight",
                               "batch",  "temperature", "exploration", "max-tokens"};
        switch (i) {
        case 0:
            s.lambda = -1;
            break;
        case 1:
            s.lambda = NAN;
            break;
        case 2:
            s.rollouts = 0;
            break;
        case 3:
            s.in_flight = 0;
            break;
        case 4:
            s.batch = 0;
            break;
        case 5:
            s.temperature = 0;
            break;
        case 6:
            s.exploration = 1.5;
            break;
        default:
            model.max_tokens = 0;
            break;
        }
        assert_int_equal(mts_search(&model, &reward, &s, NULL, &result, &err), MTS_EREQUEST);
        assert_non_null(strstr(err.text, words[i]));
    }
}

/* ---- checkpoints ---- */

static char *whole_file(const char *path)
{
    char *data = NULL;
    size_t size;
    MtsError err = {0};
    assert_ok(mts_read_file(path, 1u << 30, &data, &size, &err), &err);
    return data;
}

static const char *scratch(const char *name)
{
    static char path[2][256];
    static int turn;
    const char *dir = getenv("TMPDIR");
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/maxts-search-%d-%s", dir ? dir : "/tmp", (int)getpid(), name);
    return path[turn];
}

static void put_file(const char *path, const char *data, size_t size)
{
    MtsError err = {0};
    assert_ok(mts_write_file_atomic(path, data, size, &err), &err);
}

static void resumed_at_any_rollout_to_the_same_bytes(void **state)
{
    (void)state;
    for (size_t in_flight = 1; in_flight <= 7; in_flight += MTS_IF_DEAR(6, 3)) {
        MtsSearchSettings s = settings_of(12, in_flight);
        Slow slow = slow_reward(0);
        const char *path = scratch("save"), *part = scratch("part");
        s.save = path;
        s.identity = "table";
        char *want = search_text(&s, &slow, 0), *journal = whole_file(path);
        for (char *at = journal, *end; (end = strchr(at, '\n')); at = end + 1) {
            for (int torn = 0; torn < 2; torn++) { /* cut after a line, and in the middle of the next */
                size_t size = (size_t)(end + 1 - journal), rest = strlen(end + 1);
                put_file(part, journal, size + (torn ? rest / 3 % 100 : 0));
                s.save = s.resume = part;
                Slow late = slow_reward(100);
                char *have = search_text(&s, &late, 2), *again = whole_file(part);
                assert_string_equal(have, want);
                assert_string_equal(again, journal);
                assert_true(late.calls <= slow.calls);
                free(have);
                free(again);
            }
        }
        /* A finished search goes on with more rollouts, as if it had been asked for them at once. */
        s.resume = path;
        s.save = NULL;
        s.rollouts = 30;
        char *more = search_text(&s, &slow, 0);
        s.resume = NULL;
        char *once = search_text(&s, &slow, 0);
        assert_string_equal(more, once);
        free(more);
        free(once);
        free(want);
        free(journal);
        unlink(path);
        unlink(part);
    }
}

/* Lines as they were before they had checksums and methods wrote their own part: every rollout had "unseen_q" and
 * "asides", of any method. */
static char *as_it_was(const char *journal)
{
    MtsBytes b = {0};
    for (const char *at = journal, *end; (end = strchr(at, '\n')); at = end + 1) {
        assert_true(mts_bytes_append(&b, at, (size_t)(end - at) - MTS_SEAL_SIZE - 1));
        assert_true(mts_bytes_append_str(&b, at == journal ? "}\n" : ",\"unseen_q\":[0,0,0],\"asides\":[]}\n"));
    }
    return b.data;
}

static void a_checkpoint_of_before_is_read(void **state)
{
    (void)state;
    const MtsMethod methods[] = {MTS_SAMPLE, MTS_BEST_OF_N, MTS_MCTS, MTS_DTS, MTS_DTS_STAR};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        MtsSearchSettings s = settings_of(7, 2);
        Slow slow = slow_reward(0);
        const char *path = scratch("before");
        s.method = methods[i];
        s.save = path;
        free(search_text(&s, &slow, 0));
        char *journal = whole_file(path), *before = as_it_was(journal);
        assert_true(strstr(journal, "asides") == NULL && strstr(before, "asides") != NULL);
        put_file(path, before, strlen(before));
        s.save = NULL;
        s.rollouts = 15;
        char *want = search_text(&s, &slow, 0);
        s.resume = path;
        char *have = search_text(&s, &slow, 0);
        assert_string_equal(have, want);
        free(have);
        free(want);
        free(journal);
        free(before);
        unlink(path);
    }
}

static void a_killed_search_loses_no_finished_rollout(void **state)
{
    (void)state;
    MtsSearchSettings s = settings_of(40, 4);
    Slow slow = slow_reward(0);
    char *want = search_text(&s, &slow, 0);
    const char *path = scratch("kill");
    int cut_short = 0;
    MtsRng rng = mts_rng(1, 1, 1);
    for (int i = 0; i < MTS_IF_DEAR(10, 50); i++) {
        unlink(path);
        s.save = path;
        s.resume = NULL;
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            Slow late = slow_reward(1500);
            MtsSearchModel model;
            MtsSearchReward reward = {.context = &late, .score = slow_score, .workers = 2};
            MtsSearchResult *result = NULL;
            mts_table_model(table, &model);
            _exit(mts_search(&model, &reward, &s, NULL, &result, NULL) != MTS_OK);
        }
        struct timespec pause = {0, (long)(mts_rng_uniform(&rng) * 25e6)};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        cut_short += WIFSIGNALED(status);
        if (access(path, R_OK) != 0) {
            continue; /* killed before the file began */
        }
        s.resume = path;
        char *have = search_text(&s, &slow, 0);
        assert_string_equal(have, want);
        free(have);
    }
    assert_true(cut_short > 0);
    unlink(path);
    free(want);
}

static void a_checkpoint_of_another_search_is_refused(void **state)
{
    (void)state;
    MtsSearchSettings s = settings_of(10, 2);
    Slow slow = slow_reward(0);
    const char *path = scratch("other");
    s.save = path;
    s.identity = "one";
    free(search_text(&s, &slow, 0));
    char *journal = whole_file(path);
    MtsSearchModel model;
    MtsSearchReward reward;
    MtsSearchResult *result = NULL;
    mts_table_model(table, &model);
    mts_table_reward(table, &reward);
    for (int i = 0; i < 9; i++) {
        MtsSearchSettings other = s;
        MtsError err = {0};
        const char *word = NULL;
        char *text = malloc(strlen(journal) + 100), *at;
        strcpy(text, journal);
        other.save = NULL;
        other.resume = path;
        int code = MTS_EREQUEST;
        switch (i) {
        case 0:
            other.lambda = 3;
            word = "lambda is 2.0 there and 3.0 here";
            break;
        case 1:
            other.seed = 6;
            word = "seed";
            break;
        case 2:
            other.in_flight = 3;
            word = "in_flight";
            break;
        case 3:
            other.identity = "two";
            word = "identity";
            break;
        case 4:
            other.method = MTS_GREEDY;
            word = NULL;
            break;
        case 5:
            other.resume = "/nonexistent/file";
            word = "/nonexistent/file";
            code = MTS_EIO;
            break;
        case 6: /* a line in the middle is damaged */
            at = strchr(strchr(text, '\n') + 1, '\n') + 1;
            *at = '#';
            word = "line 3: is not as it was written: its checksum does not hold";
            code = MTS_EFORMAT;
            break;
        case 7: /* a line is missing */
            at = strchr(text, '\n') + 1;
            memmove(at, strchr(at, '\n') + 1, strlen(strchr(at, '\n') + 1) + 1);
            word = "line 2: rollout";
            code = MTS_EFORMAT;
            break;
        default:
            strcpy(text, "not a checkpoint\n");
            word = "line 1";
            code = MTS_EFORMAT;
            break;
        }
        put_file(path, text, strlen(text));
        int rc = mts_search(&model, &reward, &other, NULL, &result, &err);
        assert_true(rc != MTS_OK);
        if (word) {
            assert_int_equal(rc, code);
            if (!strstr(err.text, word)) {
                fail_msg("\"%s\" does not say \"%s\"", err.text, word);
            }
        }
        free(text);
        put_file(path, journal, strlen(journal));
    }
    free(journal);
    s.save = "/nonexistent/dir/file";
    MtsError err = {0};
    assert_int_equal(mts_search(&model, &reward, &s, NULL, &result, &err), MTS_EIO);
    unlink(path);
}

/* ---- ends ---- */

static void answers_at_the_ends(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t texts;
        double log_z;
    } cases[] = {
        /* one token in the vocabulary */
        {"{\"vocab_size\":1,\"max_tokens\":2,\"eos\":null,\"prior\":{\"\":[1],\"0\":[1]},\"reward\":{\"0,0\":2}}", 1,
         2},
        /* the empty answer (the end token at once) is the only one */
        {"{\"vocab_size\":2,\"max_tokens\":3,\"eos\":1,\"prior\":{\"\":[0,1]},\"reward\":{\"1\":-3}}", 1, -3},
        /* the end token at the very limit, beside texts cut off there */
        {"{\"vocab_size\":2,\"max_tokens\":1,\"eos\":1,\"prior\":{\"\":[0.5,0.5]},\"reward\":{\"0\":1,\"1\":1}}", 2, 1},
        /* a text without a part in the target */
        {"{\"vocab_size\":2,\"max_tokens\":1,\"eos\":null,\"prior\":{\"\":[0.5,0.5]},\"reward\":{\"0\":null,\"1\":1}}",
         2, 1 - 0.69314718055994531},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        MtsTable *t = NULL;
        MtsError err = {0};
        MtsSearchModel model;
        MtsSearchReward reward;
        MtsSearchResult *result = NULL;
        assert_ok(mts_table_parse(&t, "case", cases[i].text, strlen(cases[i].text), &err), &err);
        mts_table_model(t, &model);
        mts_table_reward(t, &reward);
        MtsSearchSettings s;
        mts_search_defaults(&s);
        assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
        assert_int_equal(result->answer_count, cases[i].texts);
        assert_true(fabs(result->log_z - cases[i].log_z) < 1e-12);
        assert_string_equal(result->stop_reason, "exhausted");
        double sum = 0;
        for (size_t a = 0; a < result->answer_count; a++) {
            sum += result->answers[a].policy;
        }
        assert_true(fabs(sum - 1) < 1e-12);
        mts_search_result_free(&result);
        mts_table_free(&t);
    }
}

static bool nothing(const MtsTable *t, size_t row, int32_t token)
{
    (void)token;
    return t->rows[row].depth < 2;
}

static bool nothing_at_all(const MtsTable *t, size_t row, int32_t token)
{
    (void)t;
    (void)row;
    (void)token;
    return false;
}

static void a_constraint_that_no_text_meets_is_an_error(void **state)
{
    (void)state;
    MtsTable *t = random_table((Shape){.vocab = 3, .steps = 4, .eos = -1, .peak = 1, .spread = 1}, 4);
    bool (*const masks[])(const MtsTable *, size_t, int32_t) = {nothing, nothing_at_all};
    for (int i = 0; i < 2; i++) {
        Masked m;
        MtsSearchResult *result = NULL;
        MtsError err = {0};
        MtsSearchSettings s = settings_of(50, 3);
        masked_open(&m, t, masks[i]);
        assert_int_equal(mts_search(&m.model, &m.reward, &s, NULL, &result, &err), MTS_ECONSTRAINT);
        assert_null(result);
        masked_free(&m);
    }
    mts_table_free(&t);
}

static int set_up(void **state)
{
    (void)state;
    table = random_table(SHAPE, 2024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mts_table_free(&table);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_for_any_batch_and_any_threads),
        cmocka_unit_test(calls_of_the_reward_are_counted),
        cmocka_unit_test(positions_are_counted_once_and_batched),
        cmocka_unit_test(the_limit_on_positions_is_never_passed),
        cmocka_unit_test(adaptive_stops_stop),
        cmocka_unit_test(the_leaders_share_is_that_of_the_whole_tree),
        cmocka_unit_test(a_rollout_stays_cheap),
        cmocka_unit_test(a_stopped_search_returns_what_it_has),
        cmocka_unit_test(a_failing_reward_or_sink_ends_the_search_by_name),
        cmocka_unit_test(settings_outside_their_range_are_named),
        cmocka_unit_test(resumed_at_any_rollout_to_the_same_bytes),
        cmocka_unit_test(a_checkpoint_of_before_is_read),
        cmocka_unit_test(a_killed_search_loses_no_finished_rollout),
        cmocka_unit_test(a_checkpoint_of_another_search_is_refused),
        cmocka_unit_test(answers_at_the_ends),
        cmocka_unit_test(a_constraint_that_no_text_meets_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
