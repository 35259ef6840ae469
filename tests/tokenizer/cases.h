/* tests/tokenizer/cases.h - running the texts of a reference file ({"model": ..., "cases": [{"text", "tokens"}...]})
 * through a tokenizer. */
#ifndef MTS_TESTS_TOKENIZER_CASES_H
#define MTS_TESTS_TOKENIZER_CASES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <maxts/tokenizer.h>

/* How many of the cases have other ids (or fail); the first few are described on stderr. -1: no such file. *count is
 * the number of cases. */
static inline int compare_cases(const MtsTokenizer *tokenizer, const char *path, size_t *count)
{
    MtsError err = {0};
    json_error_t why;
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, &why);
    *count = 0;
    if (!root) {
        fprintf(stderr, "%s: line %d: %s\n", path, why.line, why.text);
        return -1;
    }
    const json_t *cases = json_object_get(root, "cases");
    *count = json_array_size(cases);
    int different = 0;
    for (size_t i = 0; i < *count; i++) {
        const json_t *text = json_object_get(json_array_get(cases, i), "text");
        const json_t *want = json_object_get(json_array_get(cases, i), "tokens");
        MtsTokens got = {NULL, 0, 0};
        int rc = mts_tokenize(tokenizer, json_string_value(text), json_string_length(text), true, true, &got, &err);
        bool same = rc == 0 && got.count == json_array_size(want);
        for (size_t k = 0; k < got.count && same; k++) {
            same = got.ids[k] == json_integer_value(json_array_get(want, k));
        }
        if (!same && different++ < 5) {
            char *ascii = json_dumps(text, JSON_ENCODE_ANY | JSON_ENSURE_ASCII), *ids = json_dumps(want, JSON_COMPACT);
            fprintf(stderr, "case %zu: %s\n  want %s\n  got  %s[", i, ascii, ids, rc == 0 ? "" : err.text);
            for (size_t k = 0; k < got.count; k++) {
                fprintf(stderr, "%s%ld", k ? "," : "", (long)got.ids[k]);
            }
            fprintf(stderr, "]\n");
            free(ascii);
            free(ids);
        }
        mts_tokens_free(&got);
    }
    json_decref(root);
    return different;
}

#endif
