/* A reward of one's own on a GGUF model: what it is asked, on which threads, what its answers and failures come to. */
#include "../test.h"

#include <math.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <maxts/engine.h>

typedef struct Watch {
    const MtsEngine *engine;
    pthread_t searching;
    pthread_mutex_t lock;
    size_t calls, prefixes, elsewhere; /* elsewhere: on another thread than the one that searches */
    int inside, most_inside;
    size_t wrong;      /* candidates that are not what the header says */
    int fail;          /* what to return once `fail_after` calls were made, and */
    const char *words; /* with this sentence; NULL: none */
    size_t fail_after;
    double odd; /* the value of a text of odd size; 0: its logp as of every other */
} Watch;

static bool as_declared(const Watch *w, const MtsTextCandidate *c)
{
    size_t count = c->count, size;
    char *text;
    if (c->finished && count && mts_tokenizer_is_end(mts_engine_tokenizer(w->engine), c->tokens[count - 1])) {
        count--;
    }
    if (mts_engine_text(w->engine, c->tokens, count, &text, &size, NULL)) {
        return false;
    }
    bool same = size == c->size && memcmp(text, c->text, size + 1) == 0 && c->logp <= 0 && isfinite(c->logp);
    free(text);
    return same;
}

static int watch(void *context, const MtsTextCandidate *c, double *value, MtsError *err)
{
    Watch *w = context;
    const struct timespec moment = {.tv_nsec = 200000};
    bool right = as_declared(w, c);
    pthread_mutex_lock(&w->lock);
    bool fail = w->fail && w->calls >= w->fail_after;
    w->calls++;
    w->prefixes += !c->finished;
    w->wrong += !right;
    w->elsewhere += !pthread_equal(pthread_self(), w->searching);
    w->inside++;
    w->most_inside = w->inside > w->most_inside ? w->inside : w->most_inside;
    pthread_mutex_unlock(&w->lock);
    nanosleep(&moment, NULL);
    pthread_mutex_lock(&w->lock);
    w->inside--;
    pthread_mutex_unlock(&w->lock);
    *value = w->odd != 0 && c->size % 2 ? w->odd : c->logp;
    if (fail && w->words) {
        snprintf(err->text, sizeof err->text, "%s", w->words);
    }
    return fail ? w->fail : 0;
}

static int search(const MtsRewardFunction *function, const char *spec, MtsTextResult **result, MtsError *err)
{
    static const int32_t prompt[] = {5, 6, 7, 300};
    Watch *w = function ? function->context : NULL;
    MtsRequest request;
    MtsEngine *engine = NULL;
    assert_ok(mts_engine_open(&engine, test_path("tests/golden/llama-tied.gguf"), NULL, err), err);
    mts_request_defaults(engine, &request);
    request.prompt = prompt;
    request.prompt_count = sizeof prompt / sizeof prompt[0];
    request.max_tokens = 6;
    request.search.rollouts = 8;
    request.search.sweep = 4; /* automatic values depend on the threads */
    request.search.look_ahead = 4;
    request.reward = spec;
    request.reward_function = function;
    if (w) {
        w->engine = engine;
        w->searching = pthread_self();
        pthread_mutex_init(&w->lock, NULL);
    }
    int rc = mts_engine_search(engine, &request, result, err);
    mts_engine_free(&engine);
    return rc;
}

static void assert_same(const MtsTextResult *a, const MtsTextResult *b)
{
    assert_int_equal(a->search->answer_count, b->search->answer_count);
    assert_true(a->search->log_z == b->search->log_z);
    assert_int_equal(a->search->nfe, b->search->nfe);
    for (size_t i = 0; i < a->search->answer_count; i++) {
        assert_string_equal(a->texts[i], b->texts[i]);
        assert_true(a->search->answers[i].reward == b->search->answers[i].reward);
        assert_true(a->search->answers[i].probability == b->search->answers[i].probability);
    }
}

/* A function that gives log p is the reward "logprob", bit for bit, and on any number of threads. */
static void a_function_is_a_reward(void **state)
{
    MtsError err = {0};
    MtsTextResult *named, *own;
    (void)state;
    assert_ok(search(NULL, "logprob", &named, &err), &err);
    for (int workers = 0; workers < 4; workers += 3) {
        Watch w = {0};
        MtsRewardFunction function = {
            .name = "mine", .context = &w, .prefixes = true, .workers = workers, .score = watch};
        assert_ok(search(&function, NULL, &own, &err), &err);
        assert_same(named, own);
        assert_string_equal(own->reward, "mine");
        assert_true(w.calls >= 8);
        assert_int_equal(w.wrong, 0);
        assert_true(w.prefixes > 0);
        assert_int_equal(w.elsewhere, workers ? w.calls : 0);
        assert_in_range(w.most_inside, 1, workers ? workers : 1);
        mts_text_result_free(&own);
    }
    mts_text_result_free(&named);
}

static void prefixes_are_asked_where_they_are_wanted(void **state)
{
    MtsError err = {0};
    Watch w = {0};
    MtsRewardFunction function = {.name = "mine", .context = &w, .prefixes = true, .score = watch};
    MtsTextResult *result;
    (void)state;
    assert_ok(search(&function, NULL, &result, &err), &err);
    assert_true(w.prefixes > 0 && w.prefixes < w.calls);
    assert_int_equal(w.wrong, 0);
    mts_text_result_free(&result);
}

static void a_function_adds_to_a_specification(void **state)
{
    MtsError err = {0};
    Watch w = {0};
    MtsRewardFunction function = {.name = "mine", .context = &w, .prefixes = true, .score = watch};
    MtsTextResult *sum, *twice;
    (void)state;
    assert_ok(search(NULL, "logprob + logprob", &twice, &err), &err);
    assert_ok(search(&function, "logprob", &sum, &err), &err);
    assert_string_equal(sum->reward, "logprob + mine");
    assert_same(sum, twice);
    mts_text_result_free(&sum);
    mts_text_result_free(&twice);
}

/* Minus infinity: the text has no part in the target. */
static void minus_infinity_takes_a_text_away(void **state)
{
    MtsError err = {0};
    Watch w = {.odd = -HUGE_VAL};
    MtsRewardFunction function = {.name = "mine", .context = &w, .score = watch};
    MtsTextResult *result;
    size_t away = 0;
    (void)state;
    assert_ok(search(&function, NULL, &result, &err), &err);
    for (size_t i = 0; i < result->search->answer_count; i++) {
        bool odd = strlen(result->texts[i]) % 2;
        away += odd;
        assert_true((result->search->answers[i].probability == 0) == odd);
    }
    assert_int_equal(w.prefixes, 0);
    assert_in_range(away, 1, result->search->answer_count - 1);
    mts_text_result_free(&result);
}

static void failures_name_the_function(void **state)
{
    static const struct {
        int fail;
        const char *words;
        double odd;
        const char *sentence;
    } cases[] = {{-1, "the moon is in the way", 0, "reward mine: the moon is in the way"},
                 {1, NULL, 0, "reward mine: it failed with code 1 on a text of "},
                 {0, NULL, NAN, "is nan, which is not finite"},
                 {0, NULL, HUGE_VAL, "is inf, which is not finite"}};
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
        MtsError err = {0};
        Watch w = {.fail = cases[i / 2].fail, .words = cases[i / 2].words, .odd = cases[i / 2].odd, .fail_after = 3};
        MtsRewardFunction function = {.name = "mine", .context = &w, .workers = i % 2 ? 2 : 0, .score = watch};
        MtsTextResult *result;
        assert_int_equal(search(&function, NULL, &result, &err), MTS_EREWARD);
        assert_null(result);
        assert_int_equal(err.code, MTS_EREWARD);
        assert_non_null(strstr(err.text, cases[i / 2].sentence));
        assert_non_null(strstr(err.text, "reward mine: "));
    }
}

static void what_is_no_function_is_refused(void **state)
{
    Watch w = {0};
    const struct {
        MtsRewardFunction function;
        const char *sentence;
    } cases[] = {{{.context = &w, .score = watch}, "reward function: it has no name"},
                 {{.context = &w, .name = "", .score = watch}, "reward function: it has no name"},
                 {{.context = &w, .name = "mine"}, "reward mine: score is NULL"},
                 {{.context = &w, .name = "mine", .workers = -1, .score = watch}, "reward mine: workers is -1"},
                 {{.context = &w, .name = "mine", .workers = 1025, .score = watch}, "reward mine: workers is 1025"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        MtsError err = {0};
        MtsTextResult *result;
        assert_int_equal(search(&cases[i].function, NULL, &result, &err), MTS_EREQUEST);
        assert_non_null(strstr(err.text, cases[i].sentence));
    }
    assert_int_equal(w.calls, 0);
}

static int search_saved(MtsEngine *engine, const char *save, const char *resume, const char *name, size_t fail_after,
                        MtsTextResult **result, MtsError *err)
{
    static const int32_t prompt[] = {5, 6, 7, 300};
    Watch w = {.engine = engine, .fail = fail_after ? -1 : 0, .fail_after = fail_after};
    const MtsRewardFunction function = {.name = name, .context = &w, .score = watch};
    MtsRequest request;
    pthread_mutex_init(&w.lock, NULL);
    mts_request_defaults(engine, &request);
    request.prompt = prompt;
    request.prompt_count = 4;
    request.max_tokens = 6;
    request.search.rollouts = 8;
    request.search.in_flight = 1;
    request.search.sweep = 1;
    request.search.save = save;
    request.search.resume = resume;
    request.reward_function = &function;
    return mts_engine_search(engine, &request, result, err);
}

/* A checkpoint belongs to the function of its name: the same one goes on to the same result, another is refused. */
static void a_checkpoint_knows_its_function(void **state)
{
    char path[] = "/tmp/maxts-test-XXXXXX";
    MtsError err = {0};
    MtsEngine *engine = NULL;
    MtsTextResult *whole, *result;
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_ok(mts_engine_open(&engine, test_path("tests/golden/llama-tied.gguf"), NULL, &err), &err);
    assert_ok(search_saved(engine, NULL, NULL, "mine", 0, &whole, &err), &err);
    assert_int_equal(search_saved(engine, path, NULL, "mine", 4, &result, &err), MTS_EREWARD);
    assert_int_equal(search_saved(engine, NULL, path, "mine 2", 0, &result, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "mine"));
    assert_ok(search_saved(engine, NULL, path, "mine", 0, &result, &err), &err);
    assert_same(whole, result);
    mts_text_result_free(&result);
    mts_text_result_free(&whole);
    mts_engine_free(&engine);
    unlink(path);
}

static void a_table_takes_none(void **state)
{
    static const char table[] = "{\"vocab_size\": 1, \"eos\": null, \"max_tokens\": 1, \"prior\": {\"\": [1]}, "
                                "\"reward\": {\"0\": 0}}";
    char path[] = "/tmp/maxts-test-XXXXXX";
    Watch w = {0};
    const MtsRewardFunction function = {.name = "mine", .context = &w, .score = watch};
    MtsError err = {0};
    MtsRequest request;
    MtsEngine *engine = NULL;
    MtsTextResult *result;
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, table, sizeof table - 1), sizeof table - 1);
    close(fd);
    assert_ok(mts_engine_open(&engine, path, NULL, &err), &err);
    unlink(path);
    mts_request_defaults(engine, &request);
    request.reward_function = &function;
    assert_int_equal(mts_engine_search(engine, &request, &result, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "a table has its own reward and takes none ('mine')"));
    mts_engine_free(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_is_a_reward),
        cmocka_unit_test(prefixes_are_asked_where_they_are_wanted),
        cmocka_unit_test(a_function_adds_to_a_specification),
        cmocka_unit_test(minus_infinity_takes_a_text_away),
        cmocka_unit_test(failures_name_the_function),
        cmocka_unit_test(what_is_no_function_is_refused),
        cmocka_unit_test(a_checkpoint_knows_its_function),
        cmocka_unit_test(a_table_takes_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
