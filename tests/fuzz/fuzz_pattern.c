/* libFuzzer target: any bytes as a regular expression and a text (language.h); PCRE2 has to agree on every text. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/utf8.h"
#include "language.h"

static void check(const char *source, size_t source_size, const char *text, size_t size, bool taken)
{
    int why;
    PCRE2_SIZE where;
    if (mts_utf8_valid_prefix(text, size) < size) {
        fuzz_require(!taken, "a text that is taken is UTF-8");
        return;
    }
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)source, source_size, PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED,
                                     &why, &where, NULL);
    fuzz_require(code != NULL, "PCRE2 takes the pattern");
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(limits, 100000);
    int rc = pcre2_match(code, (PCRE2_SPTR)text, size, 0, 0, match, limits);
    fuzz_require(rc < PCRE2_ERROR_NOMATCH || (rc >= 0) == taken, "PCRE2 says the same of the text");
    pcre2_match_context_free(limits);
    pcre2_match_data_free(match);
    pcre2_code_free(code);
}

static uint64_t run(const uint8_t *data, size_t size)
{
    return language_run(MTS_CONSTRAINT_PATTERN, check, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
