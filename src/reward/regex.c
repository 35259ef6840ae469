/* reward/regex.c - does the text match?
 *
 * regex:PATTERN - does the text match?
 *
 * A finished text scores 1 when the pattern (PCRE2, Unicode) matches anywhere in it, 0 otherwise: anchor with
 * ^ and $ to speak about the whole. A prefix scores 1 when it matches as it stands, 0.5 when a match has begun
 * and reaches the prefix's end (PCRE2's partial match), 0 otherwise. Bytes that are no UTF-8 match nothing.
 * Matching is bounded in steps and memory; a pattern that needs more is an error, not a wrong 0. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "reward/rewards.h"

#define MOST_STEPS 10000000u
#define MOST_KIBIBYTES (64u * 1024u)

typedef struct Regex {
    pcre2_code *code;
    pcre2_match_context *limits;
} Regex;

static void free_regex(void *self)
{
    Regex *r = self;
    pcre2_match_context_free(r->limits);
    pcre2_code_free(r->code);
    free(r);
}

static int score_regex(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    const Regex *r = self;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (!data) {
        return mts_fail(err, MTS_ENOMEM, "reward regex: memory ran out");
    }
    int rc = pcre2_match(r->code, (PCRE2_SPTR)text->text, text->size, 0, text->finished ? 0 : PCRE2_PARTIAL_SOFT, data,
                         r->limits);
    pcre2_match_data_free(data);
    if (rc == PCRE2_ERROR_NOMEMORY) {
        return mts_fail(err, MTS_ENOMEM, "reward regex: memory ran out");
    }
    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH && rc != PCRE2_ERROR_PARTIAL) {
        PCRE2_UCHAR why[128];
        pcre2_get_error_message(rc, why, sizeof why);
        return mts_fail(err, MTS_EREWARD, "reward regex: matching a text of %zu bytes failed: %s", text->size,
                        (const char *)why);
    }
    *value = rc >= 0 ? 1 : rc == PCRE2_ERROR_PARTIAL ? 0.5 : 0;
    return MTS_OK;
}

int mts_reward_regex(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    (void)input;
    if (!argument || !argument[0]) {
        return mts_fail(err, MTS_EREQUEST, "reward regex: needs a pattern, as in regex:^\\d+$");
    }
    int why;
    PCRE2_SIZE where;
    Regex *r = mts_calloc(1, sizeof *r);
    if (!r) {
        return mts_fail(err, MTS_ENOMEM, "reward regex: memory ran out");
    }
    r->code =
        pcre2_compile((PCRE2_SPTR)argument, PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &why, &where, NULL);
    if (!r->code) {
        PCRE2_UCHAR text[160];
        pcre2_get_error_message(why, text, sizeof text);
        free(r);
        if (why == PCRE2_ERROR_HEAP_FAILED) {
            return mts_fail(err, MTS_ENOMEM, "reward regex: memory ran out");
        }
        return mts_fail(err, MTS_EREQUEST, "reward regex: \"%.120s\" is no pattern: %s at offset %zu", argument,
                        (const char *)text, (size_t)where);
    }
    r->limits = pcre2_match_context_create(NULL);
    if (!r->limits) {
        free_regex(r);
        return mts_fail(err, MTS_ENOMEM, "reward regex: memory ran out");
    }
    pcre2_set_match_limit(r->limits, MOST_STEPS);
    pcre2_set_heap_limit(r->limits, MOST_KIBIBYTES);
    term->self = r;
    term->score = score_regex;
    term->free = free_regex;
    term->prefixes = true;
    return MTS_OK;
}
