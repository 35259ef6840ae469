/* tests/model/reference.h - a reference file's values and the same from a session. */
#ifndef MTS_TESTS_MODEL_REFERENCE_H
#define MTS_TESTS_MODEL_REFERENCE_H

#include <math.h>

#include "core/json.h"
#include "maxts/model.h"

typedef struct Reference {
    int32_t *tokens; /* [count] */
    double *nll;     /* [count - 1] of tokens[t + 1] */
    size_t count;
    double peer; /* peer.nll_mean_abs_diff, 0 where there is none */
} Reference;

static inline Reference reference_read(const char *path, MtsError *err)
{
    Reference r = {0};
    json_t *root = NULL;
    if (mts_json_read(&root, path, (size_t)64 << 20, err) != MTS_OK) {
        fail_msg("%s", err->text);
    }
    json_t *tokens = json_object_get(root, "tokens"), *nll = json_object_get(root, "nll");
    r.count = json_array_size(tokens);
    assert_true(r.count > 1);
    assert_int_equal(json_array_size(nll), r.count - 1);
    r.tokens = calloc(r.count, sizeof *r.tokens);
    r.nll = calloc(r.count, sizeof *r.nll);
    for (size_t i = 0; i < r.count; i++) {
        r.tokens[i] = (int32_t)json_integer_value(json_array_get(tokens, i));
    }
    for (size_t i = 0; i + 1 < r.count; i++) {
        r.nll[i] = json_number_value(json_array_get(nll, i));
    }
    r.peer = json_number_value(json_object_get(json_object_get(root, "peer"), "nll_mean_abs_diff"));
    json_decref(root);
    return r;
}

static inline void reference_free(Reference *r)
{
    free(r->tokens);
    free(r->nll);
}

/* -log p(token) under the logits [vocab]. */
static inline double nll_of(const float *logits, size_t vocab, int32_t token)
{
    double max = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < vocab; i++) {
        max = logits[i] > max ? logits[i] : max;
    }
    for (size_t i = 0; i < vocab; i++) {
        sum += exp(logits[i] - max);
    }
    return max + log(sum) - logits[token];
}

/* The negative log-likelihoods of tokens[1 ..] from a fresh branch, `chunk` positions at a time. */
static inline void nll_of_text(MtsSession *session, const int32_t *tokens, size_t count, size_t vocab, size_t chunk,
                               double *nll, MtsError *err)
{
    MtsBranch *branch = NULL;
    for (size_t at = 0; at < count; at += chunk) {
        size_t n = count - at < chunk ? count - at : chunk;
        MtsExtend item = {.prefix = branch, .tokens = tokens + at, .count = n, .wanted = MTS_LOGITS_ALL};
        assert_ok(mts_session_extend(session, &item, 1, err), err);
        for (size_t i = 0; i < n && at + i + 1 < count; i++) {
            nll[at + i] = nll_of(mts_session_logits(session, item.logits_row + i), vocab, tokens[at + i + 1]);
        }
        mts_branch_release(&branch);
        branch = item.branch;
    }
    mts_branch_release(&branch);
}

#endif
