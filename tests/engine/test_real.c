/* The engine on a real model, SmolLM2-135M: the law of a search whose texts can be enumerated, and what a crowd of
 * branches costs in memory. Skips by name where the model is not. */
#include "../statistics.h"
#include "../test.h"

#include <math.h>

#include <maxts/engine.h>

enum { TOP = 8, LENGTH = 3, TEXTS = TOP * TOP * TOP, BINS = 24 };
static const double LAMBDA = 12, TARGET = 12; /* of length:12 */

typedef struct Law { /* of the texts of LENGTH tokens, each one of the TOP likeliest where it stands */
    int32_t tokens[TEXTS][LENGTH];
    double p[TEXTS], tilted[TEXTS]; /* p/sum p and pi* */
    double log_z;
} Law;

static MtsError err;

/* NULL: skip. */
static MtsEngine *open_model(int threads)
{
    static char path[4096];
    const char *given = getenv("MAXTS_SMOLLM2"), *home = getenv("HOME");
    snprintf(path, sizeof path, "%s/.cache/maxts/SmolLM2-135M-Instruct.Q4_1.gguf", home ? home : "");
    FILE *file = fopen(given ? given : path, "rb");
    if (!file) {
        print_message("%s is not here\n", given ? given : path);
        return NULL;
    }
    fclose(file);
    MtsEngineOptions options = {.model = {.threads = threads}};
    MtsEngine *engine = NULL;
    assert_ok(mts_engine_open(&engine, given ? given : path, &options, &err), &err);
    return engine;
}

/* The likeliest tokens after the prompt and a prefix, one position a call: nothing of the search is in it. */
static void likeliest(const MtsEngine *engine, const MtsTokens *prompt, const int32_t *prefix, size_t count,
                      int32_t *ids, double *logp)
{
    MtsScored *scored = NULL;
    int32_t *all = malloc((prompt->count + count) * sizeof *all);
    memcpy(all, prompt->ids, prompt->count * sizeof *all);
    memcpy(all + prompt->count, prefix, count * sizeof *all);
    assert_ok(mts_engine_score(engine, all, prompt->count + count, TOP, &scored, &err), &err);
    memcpy(ids, scored->ids + (scored->count - 1) * TOP, TOP * sizeof *ids);
    memcpy(logp, scored->logp + (scored->count - 1) * TOP, TOP * sizeof *logp);
    mts_scored_free(&scored);
    free(all);
}

static double reward(const MtsEngine *engine, const int32_t *tokens)
{
    char *text;
    size_t size, characters = 0;
    assert_ok(mts_engine_text(engine, tokens, LENGTH, &text, &size, &err), &err);
    for (size_t i = 0; i < size; i++) {
        characters += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    free(text);
    return fmax(0, 1 - fabs((double)characters - TARGET) / TARGET);
}

static void enumerate(const MtsEngine *engine, const MtsTokens *prompt, Law *law)
{
    int32_t ids[LENGTH][TOP];
    double logp[LENGTH][TOP], all = 0, z = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        size_t choice[LENGTH] = {i / (TOP * TOP), i / TOP % TOP, i % TOP};
        double sum = 0;
        for (size_t t = 0, period = TEXTS; t < LENGTH; t++, period /= TOP) {
            if (i % period == 0) {
                likeliest(engine, prompt, law->tokens[i], t, ids[t], logp[t]);
            }
            law->tokens[i][t] = ids[t][choice[t]];
            sum += logp[t][choice[t]];
        }
        law->p[i] = exp(sum);
        law->tilted[i] = exp(sum + LAMBDA * reward(engine, law->tokens[i]));
        all += law->p[i];
        z += law->tilted[i];
    }
    for (size_t i = 0; i < TEXTS; i++) {
        law->p[i] /= all;
        law->tilted[i] /= z;
    }
    law->log_z = log(z);
}

static size_t index_of(const Law *law, const MtsAnswer *answer)
{
    assert_int_equal(answer->count, LENGTH);
    for (size_t i = 0; i < TEXTS; i++) {
        if (memcmp(law->tokens[i], answer->tokens, sizeof law->tokens[i]) == 0) {
            return i;
        }
    }
    fail_msg("a text that cannot be");
    return 0;
}

static MtsTextResult *search(const MtsEngine *engine, const MtsTokens *prompt, uint64_t seed)
{
    MtsTextResult *result = NULL;
    MtsRequest request;
    mts_request_defaults(engine, &request);
    request.prompt = prompt->ids;
    request.prompt_count = prompt->count;
    request.max_tokens = LENGTH;
    request.cut = (MtsCut){.temperature = 1, .top_k = TOP, .top_p = 1};
    request.end_stop = false;
    request.reward = "length:12";
    request.search.temperature = 1;
    request.search.lambda = LAMBDA;
    request.search.rollouts = 2 * TEXTS;
    request.search.seed = seed;
    assert_ok(mts_engine_search(engine, &request, &result, &err), &err);
    assert_string_equal(result->search->stop_reason, "exhausted");
    return result;
}

/* Bins of like probability under pi*: the texts in the order of their probability, an equal share to each. */
static void make_bins(const Law *law, size_t bin[TEXTS], double tilted[BINS], double plain[BINS])
{
    double rank[TEXTS];
    memset(tilted, 0, BINS * sizeof *tilted);
    memset(plain, 0, BINS * sizeof *plain);
    for (size_t i = 0; i < TEXTS; i++) {
        double above = 0;
        for (size_t j = 0; j < TEXTS; j++) {
            above +=
                law->tilted[j] > law->tilted[i] || (law->tilted[j] == law->tilted[i] && j < i) ? law->tilted[j] : 0;
        }
        rank[i] = above;
        bin[i] = (size_t)(rank[i] * BINS) < BINS ? (size_t)(rank[i] * BINS) : BINS - 1;
        tilted[bin[i]] += law->tilted[i];
        plain[bin[i]] += law->p[i];
    }
}

/* A search that has seen all 512 texts has pi* as the law of its answers, and what it draws follows that law. Other
 * numbers of threads draw the same texts. */
static void draws_follow_the_enumerated_target(void **state)
{
    enum { DRAWS = 150, AGAIN = 5 };
    static const int threads[] = {1, 2, 8};
    static Law law;
    static size_t bin[TEXTS];
    size_t counts[BINS] = {0}, drawn[DRAWS];
    double tilted[BINS], plain[BINS];
    (void)state;
    for (int k = 0; k < 3; k++) {
        MtsEngine *engine = open_model(threads[k]);
        if (!engine) {
            skip();
        }
        MtsTokens prompt = {0};
        assert_ok(mts_engine_tokenize(engine, "The weather was", 15, &prompt, &err), &err);
        if (k == 0) {
            enumerate(engine, &prompt, &law);
            make_bins(&law, bin, tilted, plain);
        }
        for (uint64_t seed = 0; seed < (k == 0 ? DRAWS : AGAIN); seed++) {
            MtsTextResult *result = search(engine, &prompt, seed);
            const MtsSearchResult *s = result->search;
            assert_int_equal(s->answer_count, TEXTS);
            assert_true(fabs(s->log_z - law.log_z) < 1e-9);
            for (size_t i = 0; i < TEXTS; i++) {
                double exact = law.tilted[index_of(&law, &s->answers[i])];
                assert_true(fabs(s->answers[i].probability - exact) < 1e-9 * exact);
            }
            size_t sampled = index_of(&law, &s->answers[s->sampled]);
            if (k == 0) {
                drawn[seed] = sampled;
                counts[bin[sampled]]++;
            }
            assert_int_equal(sampled, drawn[seed]);
            mts_text_result_free(&result);
        }
        mts_tokens_free(&prompt);
        mts_engine_free(&engine);
    }
    double chance = g_test(counts, tilted, BINS), by_prior = g_test(counts, plain, BINS);
    print_message("%d draws: G-test against pi* %.3g, against p %.3g\n", DRAWS, chance, by_prior);
    assert_true(chance > 1e-6);
    assert_true(by_prior < 1e-6); /* the test can tell */
}

/* 64 texts at once after a prompt of 1,000 tokens: its pages are in the ring once, whoever reads them. */
static void a_crowd_shares_its_prompt(void **state)
{
    enum { PROMPT = 1000, CROWD = 64, LONG = 32 };
    MtsEngine *engine = open_model(2);
    MtsTokens prompt = {0};
    MtsTextResult *result = NULL;
    MtsRequest request;
    MtsModelInfo info;
    char text[2 * PROMPT + 1];
    (void)state;
    if (!engine) {
        skip();
    }
    for (size_t i = 0; i < PROMPT; i++) {
        memcpy(text + 2 * i, " a", 2);
    }
    assert_ok(mts_engine_tokenize(engine, text, 2 * PROMPT, &prompt, &err), &err);
    assert_int_equal(prompt.count, PROMPT);
    mts_request_defaults(engine, &request);
    request.prompt = prompt.ids;
    request.prompt_count = prompt.count;
    request.max_tokens = LONG;
    request.end_stop = false;
    request.reward = "length:12";
    request.search.method = MTS_SAMPLE;
    request.search.rollouts = request.search.in_flight = CROWD;
    assert_ok(mts_engine_search(engine, &request, &result, &err), &err);
    mts_model_info(mts_engine_model(engine), &info);
    size_t page = result->kv_page_tokens, shared = (PROMPT + page - 1) / page, own = (LONG + page - 1) / page + 1;
    print_message(
        "%d branches: at most %zu pages of %zu tokens at once; the prompt takes %zu, a copy for each would take %zu\n",
        CROWD, result->kv_pages_peak, page, shared, CROWD * shared);
    assert_true(result->kv_pages_peak >= shared + CROWD);
    assert_true(result->kv_pages_peak <= shared + CROWD * own);
    assert_true(result->kv_bytes <= (shared + CROWD * own + 2 * CROWD) * page * info.kv_bytes_per_token);
    assert_int_equal(result->recomputed, 0);
    mts_text_result_free(&result);
    mts_tokens_free(&prompt);
    mts_engine_free(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_follow_the_enumerated_target),
        cmocka_unit_test(a_crowd_shares_its_prompt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
