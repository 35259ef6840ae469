/* libFuzzer target: any bytes as a regular expression and a text (language.h); PCRE2 has to agree on every text. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "core/utf8.h"
#include "language.h"

/* Two texts in turn are looked at under one pattern. NULL: it is more than PCRE2 holds. */
static pcre2_code *compiled(const char *source, size_t size)
{
    static pcre2_code *code;
    static char last[1 << 16];
    static size_t last_size;
    int why;
    PCRE2_SIZE where;
    if (!code || size != last_size || memcmp(source, last, size) != 0) {
        pcre2_code_free(code);
        code =
            pcre2_compile((PCRE2_SPTR)source, size, PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &why, &where, NULL);
        fuzz_require(code || why == PCRE2_ERROR_PATTERN_TOO_LARGE, "PCRE2 takes the pattern, or it is only too large");
        last_size = size <= sizeof last ? size : SIZE_MAX;
        memcpy(last, source, size <= sizeof last ? size : 0);
    }
    return code;
}

static void check(const char *source, size_t source_size, const char *text, size_t size, bool taken)
{
    if (mts_utf8_valid_prefix(text, size) < size) {
        fuzz_require(!taken, "a text that is taken is UTF-8");
        return;
    }
    pcre2_code *code = compiled(source, source_size);
    if (!code) {
        return;
    }
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(limits, 100000);
    int rc = pcre2_match(code, (PCRE2_SPTR)text, size, 0, 0, match, limits);
    fuzz_require(rc < PCRE2_ERROR_NOMATCH || (rc >= 0) == taken, "PCRE2 says the same of the text");
    pcre2_match_context_free(limits);
    pcre2_match_data_free(match);
}

static uint64_t run(const uint8_t *data, size_t size)
{
    return language_run(MTS_CONSTRAINT_PATTERN, check, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
