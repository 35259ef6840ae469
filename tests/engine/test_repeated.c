/* Searches again and again in one process, of every method, on a table and on a tiny model: each comes to what it came
 * to the first time, and the process gets no larger from half of them on: which thread makes what changes with what
 * else the machine does, and each has memory of its own to allocate from, so all of it is in use only after a while.
 *
 *     test_repeated [SEARCHES]     default 600 */
#include "../test.h"

#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <maxts/engine.h>

#include "core/hash.h"

enum {
    MODELS = 2,
    CASES = MODELS * MTS_METHOD_COUNT,
    MOST_GROWTH = 1 << 20,    /* bytes, of what is allocated */
    MOST_RESIDENT = 16 << 20, /* and of what the process takes: how many arenas threads get is chance */
};

static size_t searches = 600;

static MtsEngine *open_table(void)
{
    static const char text[] =
        "{\"vocab_size\": 3, \"eos\": 0, \"max_tokens\": 2, \"prior\": {\"\": [0.25, 0.5, 0.25], "
        "\"1\": [0.5, 0.25, 0.25], \"2\": [0.2, 0.3, 0.5]}, \"reward\": {\"0\": 0.5, \"1,0\": "
        "1, \"1,1\": -1, \"1,2\": 0, \"2,0\": 2, \"2,1\": -0.5, \"2,2\": 0.25}}";
    char path[] = "/tmp/maxts-test-XXXXXX";
    MtsError err = {0};
    MtsEngine *engine = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    assert_ok(mts_engine_open(&engine, path, NULL, &err), &err);
    unlink(path);
    return engine;
}

static MtsEngine *open_tiny(void)
{
    MtsError err = {0};
    MtsEngine *engine = NULL;
    MtsEngineOptions options = {.model = {.threads = 2}};
    assert_ok(mts_engine_open(&engine, test_path("tests/golden/llama-tied.gguf"), &options, &err), &err);
    return engine;
}

/* All that a search says but its times, in one number. */
static uint64_t search_once(const MtsEngine *engine, MtsMethod method)
{
    MtsError err = {0};
    MtsRequest request;
    MtsTextResult *r = NULL;
    MtsTokens prompt = {0};
    mts_request_defaults(engine, &request);
    if (!mts_engine_is_table(engine)) {
        assert_ok(mts_engine_tokenize(engine, "hi", 2, &prompt, &err), &err);
        request.prompt = prompt.ids;
        request.prompt_count = prompt.count;
        request.max_tokens = 4;
        request.reward = "regex:[a-e]+";
        request.constraint = method == MTS_SMC ? "[a-z ]*" : NULL;
    }
    request.search.method = method;
    request.search.rollouts = 4;
    request.search.seed = 7;
    assert_ok(mts_engine_search(engine, &request, &r, &err), &err);
    const MtsSearchResult *s = r->search;
    uint64_t h = mts_hash(MTS_HASH_BEGIN, &s->log_z, sizeof s->log_z);
    for (size_t i = 0; i < s->answer_count; i++) {
        h = mts_hash(h, r->texts[i], r->text_sizes[i]);
        h = mts_hash(h, &s->answers[i].reward, sizeof s->answers[i].reward);
        h = mts_hash(h, &s->answers[i].probability, sizeof s->answers[i].probability);
    }
    mts_text_result_free(&r);
    mts_tokens_free(&prompt);
    return h;
}

/* Bytes of this process in memory; 0 where they are not told, or are a sanitizer's. */
static long resident(void)
{
    long pages = 0, whole;
#if !MTS_DEAR
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%ld %ld", &whole, &pages) != 2) {
        pages = 0;
    }
    if (f) {
        fclose(f);
    }
#else
    (void)whole;
#endif
    return pages * sysconf(_SC_PAGESIZE);
}

/* Bytes that are allocated; 0 where that is not told, or a sanitizer allocates. */
static long allocated(void)
{
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ) && !MTS_DEAR
#if __GLIBC_PREREQ(2, 33)
    struct mallinfo2 m = mallinfo2();
    return (long)(m.uordblks + m.hblkhd);
#endif
#endif
    return 0;
}

static void nothing_adds_up(void **state)
{
    (void)state;
    MtsEngine *engines[MODELS] = {open_table(), open_tiny()};
    uint64_t first[CASES];
    size_t settled = searches / 2 > 2 * CASES ? searches / 2 : 2 * CASES;
    long before = 0, held = 0;
    for (size_t n = 0; n < searches; n++) {
        size_t i = n % CASES;
        uint64_t h = search_once(engines[i % MODELS], (MtsMethod)(i / MODELS));
        if (n < CASES) {
            first[i] = h;
        }
        assert_int_equal(h, first[i]);
        before = n == settled ? resident() : before;
        held = n == settled ? allocated() : held;
    }
    long after = resident(), holds = allocated();
    print_message("%zu searches; allocated %ld KiB after %zu of them, %ld at the end; resident %ld, %ld\n", searches,
                  held / 1024, settled, holds / 1024, before / 1024, after / 1024);
    assert_true(holds - held <= MOST_GROWTH);
    assert_true(after - before <= MOST_RESIDENT);
    for (size_t i = 0; i < MODELS; i++) {
        mts_engine_free(&engines[i]);
    }
}

int main(int argc, char **argv)
{
    searches = argc > 1 ? (size_t)atol(argv[1]) : searches;
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_adds_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
