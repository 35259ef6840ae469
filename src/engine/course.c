/* engine/course.c - see course.h.
 *
 * A thinking span stands between two tokens of the model's own, <think> and </think>, at the beginning of an answer
 * (blanks may stand before it), or from the very beginning where the prompt leaves one open. It ends by its closing
 * token alone: no end token may follow inside, and behind the last token that it may have the closing one follows with
 * probability 1, whatever the model says. So a text is one that such a model would write, and what it thinks is limited
 * without a price: the probability that the model would have stopped there by itself has no part in it. */
#include "engine/course.h"

#include <stdint.h>
#include <string.h>

#include "core/utf8.h"
#include "engine/internal.h"

/* ---- stop strings ---- */

size_t mts_stops_find(MtsStops stops, const char *text, size_t size)
{
    for (size_t at = 0; at < size && stops.count; at++) {
        for (size_t i = 0; i < stops.count; i++) {
            size_t n = strlen(stops.texts[i]);
            if (n <= size - at && memcmp(text + at, stops.texts[i], n) == 0) {
                return at;
            }
        }
    }
    return SIZE_MAX;
}

size_t mts_stops_held(MtsStops stops, const char *text, size_t size)
{
    size_t held = 0;
    for (size_t i = 0; i < stops.count; i++) {
        size_t n = strlen(stops.texts[i]) - 1;
        for (n = n < size ? n : size; n > held; n--) {
            if (memcmp(text + size - n, stops.texts[i], n) == 0) {
                held = n;
            }
        }
    }
    return held;
}

static int take_stops(MtsRules *rules, const MtsRequest *request, MtsError *err)
{
    if (request->stop_count && request->constraint) {
        return mts_fail(err, MTS_EREQUEST, "stop and constraint: only one of them can say where an answer ends");
    }
    if (request->stop_count && !request->end_stop) {
        return mts_fail(err, MTS_EREQUEST, "stop: a stop string ends an answer, which end-stop off says nothing may");
    }
    for (size_t i = 0; i < request->stop_count; i++) {
        size_t size = strlen(request->stops[i]);
        if (size == 0 || size > MTS_STOP_BYTES || mts_utf8_valid_prefix(request->stops[i], size) != size) {
            return mts_fail(err, MTS_EREQUEST, "stop: string %zu has %zu bytes; it may be UTF-8 of 1 to %d", i + 1,
                            size, MTS_STOP_BYTES);
        }
        rules->tail_most = size > rules->tail_most + 1 ? size - 1 : rules->tail_most;
    }
    rules->stops = (MtsStops){request->stops, request->stop_count};
    return MTS_OK;
}

/* ---- thinking ---- */

static const char *const MARKS[][2] = {{"<think>", "</think>"}, {"[THINK]", "[/THINK]"}, {"<thinking>", "</thinking>"}};
enum { MARKS_COUNT = sizeof MARKS / sizeof MARKS[0] };

/* The token that spells a mark; -1: none. */
static int32_t find_mark(const MtsTokenizer *tokenizer, const char *mark)
{
    size_t size, length = strlen(mark);
    for (size_t i = 0; i < mts_tokenizer_vocab(tokenizer); i++) {
        const char *bytes = mts_token_bytes(tokenizer, (int32_t)i, true, &size);
        if (size == length && memcmp(bytes, mark, size) == 0) {
            return (int32_t)i;
        }
    }
    return -1;
}

static int take_thinking(MtsRules *rules, const MtsEngine *engine, const MtsRequest *request, MtsError *err)
{
    size_t most = request->think_tokens;
    if (most == 0) {
        return MTS_OK;
    }
    if (most > request->max_tokens || request->max_tokens - most < 3) {
        return mts_fail(err, MTS_EREQUEST,
                        "think-tokens: %zu, the two tokens around them and an answer do not fit into max-tokens %zu",
                        most, request->max_tokens);
    }
    rules->open = rules->close = -1;
    for (size_t i = 0; i < MARKS_COUNT && (rules->open < 0 || rules->close < 0); i++) {
        rules->open = find_mark(engine->tokenizer, MARKS[i][0]);
        rules->close = find_mark(engine->tokenizer, MARKS[i][1]);
    }
    if (rules->open < 0 || rules->close < 0) {
        return mts_fail(err, MTS_EREQUEST, "think-tokens: %s: its vocabulary has no %s and %s: it does not think",
                        engine->path, MARKS[0][0], MARKS[0][1]);
    }
    for (size_t i = 0; i < request->prompt_count; i++) {
        rules->opened = request->prompt[i] == rules->open || (rules->opened && request->prompt[i] != rules->close);
    }
    rules->think_tokens = most;
    rules->constrained = request->constraint != NULL;
    return MTS_OK;
}

int mts_rules_make(MtsRules *rules, const MtsEngine *engine, const MtsRequest *request, MtsError *err)
{
    memset(rules, 0, sizeof *rules);
    if (engine->table && (request->stop_count || request->think_tokens)) {
        return mts_fail(err, MTS_EREQUEST, "%s: a table's texts are numbers: %s has no meaning there", engine->path,
                        request->stop_count ? "stop" : "think-tokens");
    }
    int rc = take_stops(rules, request, err);
    return rc ? rc : take_thinking(rules, engine, request, err);
}

/* ---- an answer's course ---- */

MtsCourse mts_course_begin(const MtsRules *rules)
{
    return (MtsCourse){.phase = rules->think_tokens == 0 ? MTS_ANSWERING
                                : rules->opened          ? MTS_THINKING
                                                         : MTS_BEFORE_THINKING};
}

static bool is_blank(const char *bytes, size_t size)
{
    size_t n = 0;
    while (n < size && (bytes[n] == ' ' || (bytes[n] >= '\t' && bytes[n] <= '\r'))) {
        n++;
    }
    return n == size;
}

/* The phase behind one more token. */
static MtsPhase next_phase(const MtsRules *rules, const MtsTokenizer *tokenizer, MtsPhase phase, int32_t token)
{
    size_t size;
    if (phase == MTS_THINKING) {
        return token != rules->close ? phase : rules->constrained ? MTS_ANSWERING : MTS_BEHIND_THINKING;
    }
    if (phase == MTS_BEFORE_THINKING && token == rules->open) {
        return MTS_THINKING;
    }
    const char *bytes = mts_token_bytes(tokenizer, token, false, &size);
    return phase != MTS_ANSWERING && is_blank(bytes, size) ? phase : MTS_ANSWERING;
}

int mts_course_step(const MtsRules *rules, const MtsTokenizer *tokenizer, const MtsCourse *before, int32_t token,
                    MtsCourse *after, MtsBytes *scratch, MtsError *err)
{
    size_t more = 0;
    MtsPhase phase = next_phase(rules, tokenizer, before->phase, token);
    *after = (MtsCourse){.phase = phase, .stopped = before->stopped};
    if (phase == MTS_THINKING) {
        after->thought = before->thought + (before->phase == MTS_THINKING);
        return MTS_OK;
    }
    if (rules->stops.count == 0 || phase == MTS_BEHIND_THINKING || before->phase == MTS_THINKING) {
        return MTS_OK;
    }
    const char *spelt = mts_token_bytes(tokenizer, token, false, &more);
    scratch->len = 0;
    if (!mts_bytes_append(scratch, before->tail_size ? before->tail : "", before->tail_size) ||
        !mts_bytes_append(scratch, spelt, more)) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the end of a text");
    }
    after->stopped = after->stopped || mts_stops_find(rules->stops, scratch->data, scratch->len) != SIZE_MAX;
    after->tail_size = scratch->len < rules->tail_most ? scratch->len : rules->tail_most;
    after->tail = scratch->data + scratch->len - after->tail_size;
    return MTS_OK;
}

int32_t mts_course_forced(const MtsRules *rules, const MtsCourse *course, int32_t end)
{
    bool full = course->phase == MTS_THINKING && course->thought >= rules->think_tokens;
    return course->stopped ? end : full ? rules->close : -1;
}

size_t mts_rules_answer(const MtsRules *rules, const MtsTokenizer *tokenizer, const int32_t *tokens, size_t count)
{
    MtsPhase phase = mts_course_begin(rules).phase;
    size_t from = 0;
    for (size_t i = 0; i < count && phase != MTS_ANSWERING; i++) {
        bool inside = phase == MTS_THINKING;
        phase = next_phase(rules, tokenizer, phase, tokens[i]);
        from = inside || phase == MTS_BEHIND_THINKING ? i + 1 : from;
    }
    return phase == MTS_THINKING ? count : from;
}

int mts_answer_text(const MtsEngine *engine, const MtsRules *rules, const int32_t *tokens, size_t count, bool partial,
                    char **text, size_t *size, bool *stopped, MtsError *err)
{
    size_t from = engine->table ? 0 : mts_rules_answer(rules, engine->tokenizer, tokens, count);
    int rc = engine->table ? mts_engine_text(engine, tokens, count, text, size, err)
                           : mts_detokenize(engine->tokenizer, tokens + from, count - from, partial, text, size, err);
    if (rc) {
        return rc;
    }
    size_t at = mts_stops_find(rules->stops, *text, *size);
    if (stopped) {
        *stopped = at != SIZE_MAX;
    }
    if (at != SIZE_MAX) {
        (*text)[at] = '\0';
        *size = at;
    }
    return MTS_OK;
}
