/* The forward pass of every architecture and weight type against PyTorch transformers, on tiny random models made by
 * tools/make_fixtures.py (which says what the JSON files hold).
 *
 * Exact mode computes the same real numbers as the reference in another order, all in fp32. Logits are a few units
 * large and some hundred additions deep, so 1e-4 leaves an order of magnitude over the rounding that both sides do.
 *
 * By default, products with quantised weights take activations rounded to 8 bits, one scale for 32 of them: an error
 * of at most 1/254 of a block's largest magnitude, which for normal numbers is 0.6 % of their size (root mean square).
 * Independent from product to product, it grows with the square root of the few products between input and logits
 * to 1-3 % of the logits' spread of 2 units. The bounds are 0.08 on average and 0.8 for the worst of the thousands of
 * numbers; a wrong scale, sign, offset or order of elements gives more than 1. Models of F32, F16 and BF16 weights
 * know no such rounding (but their cache holds halves), and keep to 0.002 and 0.02.
 */
#include "../test.h"

#include <math.h>

#include <maxts/model.h>

#include "core/json.h"

static const char *const names[] = {
    "llama-rope-scaled", "llama-tied",  "gemma",     "gemma3",    "gemma3-capped", "qwen2",
    "qwen2-yarn",        "qwen3",       "type-f32",  "type-f16",  "type-bf16",     "type-q8_0",
    "type-q4_0",         "type-q4_1",   "type-q5_0", "type-q5_1", "type-q4_k",     "type-q5_k",
    "type-q6_k",         "type-iq4_nl",
};

enum { MODELS = sizeof names / sizeof *names };

typedef struct Difference {
    double sum, largest;
    size_t count;
} Difference;

static void differ(Difference *d, double got, double want)
{
    double x = fabs(got - want);
    d->sum += x;
    d->largest = x <= d->largest ? d->largest : x; /* a NaN stays */
    d->count++;
}

static double log_sum_exp(const float *logits, size_t n)
{
    double largest = (double)logits[0], sum = 0;
    for (size_t i = 1; i < n; i++) {
        largest = (double)logits[i] > largest ? (double)logits[i] : largest;
    }
    for (size_t i = 0; i < n; i++) {
        sum += exp((double)logits[i] - largest);
    }
    return largest + log(sum);
}

static json_t *reference(const char *name)
{
    char path[200];
    json_t *json;
    MtsError err = {0};
    snprintf(path, sizeof path, "tests/golden/%s.json", name);
    assert_ok(mts_json_read(&json, test_path(path), 1 << 20, &err), &err);
    return json;
}

/* All the numbers that the file of values has, compared with those of one forward step over the whole text. */
static Difference compare(const char *name, bool exact)
{
    char path[200];
    MtsError err = {0};
    MtsModel *model;
    MtsSession *session;
    MtsModelOptions options = {.exact = exact, .threads = 2};
    MtsSessionOptions session_options = {.threads = 2};
    snprintf(path, sizeof path, "tests/golden/%s.gguf", name);
    assert_ok(mts_model_open(&model, test_path(path), &options, &err), &err);
    assert_ok(mts_session_new(&session, model, &session_options, &err), &err);

    json_t *json = reference(name);
    const json_t *ids = json_object_get(json, "tokens"), *nll = json_object_get(json, "nll");
    size_t n = json_array_size(ids);
    assert_true(n > 1 && json_array_size(nll) == n - 1);
    int32_t *tokens = malloc(n * sizeof *tokens);
    for (size_t i = 0; i < n; i++) {
        tokens[i] = (int32_t)json_integer_value(json_array_get(ids, i));
    }
    MtsExtend item = {.tokens = tokens, .count = n, .wanted = MTS_LOGITS_ALL};
    assert_ok(mts_session_extend(session, &item, 1, &err), &err);

    MtsModelInfo info;
    mts_model_info(model, &info);
    assert_string_equal(info.architecture, json_string_value(json_object_get(json, "architecture")));
    Difference d = {0};
    for (size_t t = 0; t + 1 < n; t++) {
        const float *logits = mts_session_logits(session, item.logits_row + t);
        double got = log_sum_exp(logits, info.vocab) - (double)logits[tokens[t + 1]];
        differ(&d, got, json_real_value(json_array_get(nll, t)));
    }
    size_t i;
    json_t *position;
    json_array_foreach(json_object_get(json, "positions"), i, position)
    {
        size_t pos = (size_t)json_integer_value(json_object_get(position, "pos"));
        const json_t *logprobs = json_object_get(position, "logprobs");
        assert_int_equal(json_array_size(logprobs), info.vocab);
        const float *logits = mts_session_logits(session, item.logits_row + pos);
        double z = log_sum_exp(logits, info.vocab);
        for (size_t v = 0; v < info.vocab; v++) {
            differ(&d, (double)logits[v] - z, json_real_value(json_array_get(logprobs, v)));
        }
    }
    free(tokens);
    json_decref(json);
    mts_branch_release(&item.branch);
    mts_session_free(&session);
    mts_model_free(&model);
    return d;
}

static void exact_mode_matches_the_reference(void **state)
{
    (void)state;
    for (int i = 0; i < MODELS; i++) {
        Difference d = compare(names[i], true);
        print_message("%-18s exact: %zu values, mean difference %.1e, largest %.1e\n", names[i], d.count,
                      d.sum / (double)d.count, d.largest);
        assert_true(d.largest <= 1e-4);
    }
}

static void eight_bit_activations_stay_close(void **state)
{
    (void)state;
    for (int i = 0; i < MODELS; i++) {
        json_t *json = reference(names[i]);
        const char *type = json_string_value(json_object_get(json, "type"));
        bool dense = strcmp(type, "F32") == 0 || strcmp(type, "F16") == 0 || strcmp(type, "BF16") == 0;
        json_decref(json);
        Difference d = compare(names[i], false);
        print_message("%-18s default: %zu values, mean difference %.1e, largest %.1e\n", names[i], d.count,
                      d.sum / (double)d.count, d.largest);
        assert_true(d.sum / (double)d.count <= (dense ? 0.002 : 0.08));
        assert_true(d.largest <= (dense ? 0.02 : 0.8));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_mode_matches_the_reference),
        cmocka_unit_test(eight_bit_activations_stay_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
