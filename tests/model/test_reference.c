/* Negative log-likelihoods of whole texts against what PyTorch gives in fp32 on the same weights. */
#include "../test.h"

#include "reference.h"

static MtsError err;

static const MtsModelOptions int8_ways, exactly = {.exact = true}, by_blas = {.matmul = MTS_MATMUL_BLAS};

/* The mean absolute difference over the text. */
static double difference(const char *model_path, const char *json_path, const MtsModelOptions *options,
                         size_t kv_tokens, Reference *r)
{
    MtsSessionOptions session_options = {.kv_tokens = kv_tokens, .kv_f32 = options != &int8_ways};
    MtsModel *model;
    MtsSession *session;
    MtsModelInfo info;
    *r = reference_read(json_path, &err);
    assert_ok(mts_model_open(&model, model_path, options, &err), &err);
    assert_ok(mts_session_new(&session, model, &session_options, &err), &err);
    mts_model_info(model, &info);
    double *nll = calloc(r->count, sizeof *nll), sum = 0;
    nll_of_text(session, r->tokens, r->count, info.vocab, 64, nll, &err);
    for (size_t i = 0; i + 1 < r->count; i++) {
        sum += fabs(nll[i] - r->nll[i]);
    }
    free(nll);
    mts_session_free(&session);
    mts_model_free(&model);
    return sum / (double)(r->count - 1);
}

static void tiny_models(void **state)
{
    (void)state;
    static const char *const names[] = {
        "llama-tied", "llama-rope-scaled", "gemma3",    "gemma3-capped", "qwen2",     "qwen2-yarn",
        "qwen3",      "type-f32",          "type-f16",  "type-bf16",     "type-q8_0", "type-q4_0",
        "type-q4_1",  "type-q5_0",         "type-q5_1", "type-q4_k",     "type-q5_k", "type-q6_k"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char gguf[64], json[64];
        Reference r;
        snprintf(gguf, sizeof gguf, "tests/golden/%s.gguf", names[i]);
        snprintf(json, sizeof json, "tests/golden/%s.json", names[i]);
        double exact = difference(test_path(gguf), test_path(json), &exactly, 0, &r);
        reference_free(&r);
        double int8 = difference(test_path(gguf), test_path(json), &int8_ways, 0, &r);
        reference_free(&r);
        print_message("%-18s exact %.2e int8 %.2e\n", names[i], exact, int8);
        assert_true(exact <= 2e-5); /* rounding of fp32 sums in another order */
        assert_true(int8 <= 0.1);   /* activations of eight bits, on narrow models with sharp distributions */
    }
}

static void tiny_models_by_blas(void **state)
{
    (void)state;
    static const char *const names[] = {"llama-tied", "gemma3", "type-q4_k", "type-f16"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char gguf[64], json[64];
        MtsModel *model;
        snprintf(gguf, sizeof gguf, "tests/golden/%s.gguf", names[i]);
        snprintf(json, sizeof json, "tests/golden/%s.json", names[i]);
        if (mts_model_open(&model, test_path(gguf), &by_blas, &err) == MTS_EUNSUPPORTED) {
            print_message("%s\n", err.text);
            skip();
        }
        mts_model_free(&model);
        Reference r;
        double blas = difference(test_path(gguf), test_path(json), &by_blas, 0, &r);
        reference_free(&r);
        print_message("%-18s blas %.2e\n", names[i], blas);
        assert_true(blas <= 2e-5);
    }
}

static void real(const char *variable, const char *file, const char *prefix)
{
    static const char *const texts[] = {"code", "series_chat", "unicode", "long_series"};
    char path[4096], json[256];
    const char *given = getenv(variable), *home = getenv("HOME");
    snprintf(path, sizeof path, "%s/.cache/maxts/%s", home ? home : "", file);
    const char *model = given ? given : path;
    FILE *f = fopen(model, "rb");
    FILE *reference = fopen(test_path("../shared/reference/README.md"), "rb");
    if (!f || !reference) {
        print_message("%s or the reference files are not here\n", model);
        skip();
    }
    fclose(f);
    fclose(reference);
    double all = 0, all_peer = 0, positions = 0;
    for (size_t i = 0; i < 4; i++) {
        Reference r;
        snprintf(json, sizeof json, "../shared/reference/%s-%s.json", prefix, texts[i]);
        double int8 = difference(model, test_path(json), &int8_ways, 2048, &r), n = (double)(r.count - 1);
        all += int8 * n;
        all_peer += r.peer * n;
        positions += n;
        print_message("%s %-12s int8 %.5f peer %.5f\n", prefix, texts[i], int8, r.peer);
        assert_true(int8 <= 1.1 * r.peer);
        reference_free(&r);
        double exact = difference(model, test_path(json), &exactly, 2048, &r);
        print_message("%s %-12s exact %.6f\n", prefix, texts[i], exact);
        assert_true(exact <= 0.002);
        reference_free(&r);
    }
    print_message("%s all: %.5f peer %.5f\n", prefix, all / positions, all_peer / positions);
    assert_true(all < all_peer);
}

static void smollm2(void **state)
{
    (void)state;
    real("MAXTS_SMOLLM2", "SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2");
}

static void gemma3(void **state)
{
    (void)state;
    real("MAXTS_GEMMA3", "gemma-3-270m-q4_k_m.gguf", "gemma3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiny_models),
        cmocka_unit_test(tiny_models_by_blas),
        cmocka_unit_test(smollm2),
        cmocka_unit_test(gemma3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
