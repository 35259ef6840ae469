/* engine/series_prompt.c - prompts of texts and series for a model that has an encoder: tokens and embedding rows.
 *
 * As in OpenTSLM every text is tokenised on its own, and all series of a prompt are as long as the longest: zeros stand
 * behind the others. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "encoder/encoder.h"
#include "engine/internal.h"
#include "series/format.h"
#include "tokenizer/tokenizer.h"

static const char BLANKS[] = " \t\r\n";

bool mts_engine_reads_series(const MtsEngine *engine)
{
    return engine->encoder != NULL;
}

void mts_prompt_free(MtsPrompt *prompt)
{
    mts_tokens_free(&prompt->tokens);
    free(prompt->rows);
    free((float *)(uintptr_t)prompt->media.rows);
    free((size_t *)(uintptr_t)prompt->media.marks);
    memset(prompt, 0, sizeof *prompt);
}

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "no memory for the prompt");
}

/* ---- parts to tokens and rows ---- */

/* The longest series in whole patches. */
static int measure(const MtsEngine *engine, const MtsPromptPart *parts, size_t count, size_t *rows, size_t *series,
                   MtsError *err)
{
    *rows = *series = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].text) {
            continue;
        }
        if (!engine->encoder) {
            return mts_fail(err, MTS_EREQUEST, "%s: the model has no encoder of series", engine->path);
        }
        size_t some = mts_encoder_rows(engine->encoder, parts[i].count);
        *rows = some > *rows ? some : *rows;
        ++*series;
        if (parts[i].count == 0 || !parts[i].values) {
            return mts_fail(err, MTS_EREQUEST, "part %zu of the prompt is a series of no values", i + 1);
        }
    }
    return MTS_OK;
}

/* `rows` rows of one series into out. */
static int encode(const MtsEncoder *e, const MtsPromptPart *part, size_t rows, float *out, MtsError *err)
{
    float *values = mts_calloc(rows, e->patch * sizeof *values);
    if (!values) {
        return no_memory(err);
    }
    for (size_t i = 0; i < part->count; i++) {
        values[i] = (float)part->values[i];
        if (!isfinite(values[i])) {
            free(values);
            return mts_fail(err, MTS_EREQUEST, "value %zu of a series is %g, which no encoder reads", i + 1,
                            part->values[i]);
        }
    }
    int rc = mts_encoder_run(e, values, rows * e->patch, out, err);
    free(values);
    return rc;
}

static int push(MtsTokens *t, int32_t id, MtsError *err)
{
    if (!mts_grow(&t->ids, &t->cap, t->count + 1, sizeof *t->ids)) {
        return no_memory(err);
    }
    t->ids[t->count++] = id;
    return MTS_OK;
}

/* The rows of one series, behind what there is. */
static int add_series(const MtsEngine *engine, const MtsPromptPart *part, size_t rows, MtsPrompt *prompt, MtsError *err)
{
    const MtsEncoder *e = engine->encoder;
    int rc = encode(e, part, rows, prompt->rows + prompt->row_count * e->rows_width, err);
    for (size_t i = 0; i < rows && !rc; i++) {
        rc = push(&prompt->tokens, MTS_ROW_TOKEN, err);
    }
    prompt->row_count += rc ? 0 : rows;
    return rc;
}

static int soft_prompt(const MtsEngine *engine, const MtsPromptPart *parts, size_t count, size_t rows, size_t series,
                       MtsPrompt *prompt, MtsError *err)
{
    size_t all = 0, bytes;
    int rc = MTS_OK;
    if (series && (!mts_size_mul(rows, series, &all) ||
                   !mts_size_mul(all, engine->encoder->rows_width * sizeof *prompt->rows, &bytes) ||
                   (rc = mts_context_check(engine, all, 0, err)) || !(prompt->rows = mts_calloc(bytes, 1)))) {
        return rc ? rc : no_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        const MtsPromptPart *p = &parts[i];
        rc = p->text ? mts_tokenize(engine->tokenizer, p->text, strlen(p->text), p->special, true, &prompt->tokens, err)
                     : add_series(engine, p, rows, prompt, err);
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

/* ---- Flamingo: one text with marks, and all series as one medium ---- */

/* All series through encoder and perceiver. */
static int make_media(const MtsEncoder *e, const MtsPromptPart *parts, size_t count, size_t rows, size_t series,
                      MtsMedia *media, MtsError *err)
{
    const MtsResampler *p = e->resampler;
    size_t all, floats, at = 0;
    int rc = MTS_OK;
    if (!mts_size_mul(rows, series, &all) || !mts_size_mul(all, e->width, &floats)) {
        return no_memory(err);
    }
    float *patches = mts_calloc(floats, sizeof *patches), *out = mts_calloc(p->latents, p->width * sizeof *out);
    if (!patches || !out) {
        rc = no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < count && !rc; i++) {
        if (!parts[i].text) {
            rc = encode(e, &parts[i], rows, patches + at, err);
            at += rows * e->width;
        }
    }
    if (!rc && !(rc = mts_resampler_run(p, e->kernels, e->threads, patches, all, out, err))) {
        media->rows = out;
        media->count = p->latents;
        out = NULL;
    }
done:
    free(patches);
    free(out);
    return rc;
}

/* The text that waits becomes tokens, behind a BOS where it begins the prompt; then a token of its own. */
static int flush(const MtsEngine *engine, MtsBytes *waiting, bool special, size_t id, MtsTokens *tokens, MtsError *err)
{
    int rc = mts_tokenize(engine->tokenizer, waiting->data ? waiting->data : "", waiting->len, special,
                          tokens->count == 0, tokens, err);
    waiting->len = 0;
    return rc || id == SIZE_MAX ? rc : push(tokens, (int32_t)id, err);
}

/* " <image> text <|endofchunk|>" for a series, whose text is the part before it. */
static int mark_series(const MtsEngine *engine, const MtsPromptPart *said, MtsBytes *waiting, MtsPrompt *prompt,
                       size_t *marks, MtsError *err)
{
    const MtsEncoder *e = engine->encoder;
    int rc;
    if (!mts_bytes_append_str(waiting, " ")) {
        return no_memory(err);
    }
    if ((rc = flush(engine, waiting, true, e->media_token, &prompt->tokens, err))) {
        return rc;
    }
    marks[prompt->media.mark_count++] = prompt->tokens.count - 1;
    if (!mts_bytes_printf(waiting, " %s ", said ? said->text : "")) {
        return no_memory(err);
    }
    return flush(engine, waiting, said && said->special, e->chunk_token, &prompt->tokens, err);
}

static int flamingo_prompt(const MtsEngine *engine, const MtsPromptPart *parts, size_t count, size_t rows,
                           size_t series, MtsPrompt *prompt, MtsError *err)
{
    MtsBytes waiting = {0};
    bool special = false;
    size_t *marks = mts_calloc(series, sizeof *marks);
    prompt->media.marks = marks;
    int rc = !marks   ? no_memory(err)
             : series ? make_media(engine->encoder, parts, count, rows, series, &prompt->media, err)
                      : MTS_OK;
    for (size_t i = 0; i < count && !rc; i++) {
        bool text = parts[i].text != NULL, own = text && i + 1 < count && !parts[i + 1].text;
        if (!text) {
            rc = mark_series(engine, i && parts[i - 1].text ? &parts[i - 1] : NULL, &waiting, prompt, marks, err);
        } else if (!own && *parts[i].text) {
            special = parts[i].special;
            bool first = waiting.len == 0 && prompt->tokens.count == 0;
            rc = mts_bytes_printf(&waiting, "%s%s", first ? "" : " ", parts[i].text) ? MTS_OK : no_memory(err);
        }
    }
    rc = rc || !waiting.len ? rc : flush(engine, &waiting, special, SIZE_MAX, &prompt->tokens, err);
    mts_bytes_free(&waiting);
    return rc;
}

int mts_engine_prompt(const MtsEngine *engine, const MtsPromptPart *parts, size_t part_count, MtsPrompt *prompt,
                      MtsError *err)
{
    size_t rows, series;
    int rc;
    memset(prompt, 0, sizeof *prompt);
    if ((rc = mts_tokenizer_check(engine, err)) || (rc = measure(engine, parts, part_count, &rows, &series, err))) {
        return rc;
    }
    if (engine->table) {
        return mts_fail(err, MTS_EREQUEST, "%s: a table's texts begin at its root and take no prompt", engine->path);
    }
    bool flamingo = engine->encoder && engine->encoder->resampler;
    return (flamingo ? flamingo_prompt : soft_prompt)(engine, parts, part_count, rows, series, prompt, err);
}

/* ---- a text with places to parts ---- */

typedef struct Parts {
    MtsPromptPart *items; /* texts are owned */
    size_t count, cap;
    double *values; /* [channels][length] */
    char **sentences;
    size_t channels, length;
} Parts;

static void free_parts(Parts *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free((char *)p->items[i].text);
    }
    free(p->items);
    free(p->values);
    for (size_t c = 0; p->sentences && c < p->channels; c++) {
        free(p->sentences[c]);
    }
    free(p->sentences);
}

/* Takes over the text; NULL: memory ran out. */
static bool add_text(Parts *p, char *text, bool special)
{
    if (!text || !mts_grow(&p->items, &p->cap, p->count + 1, sizeof *p->items)) {
        free(text);
        return false;
    }
    p->items[p->count++] = (MtsPromptPart){.text = text, .special = special};
    return true;
}

/* Text from .. to without blanks at its ends; nothing where there is nothing else, unless it begins the prompt. */
static bool add_stretch(Parts *p, const char *from, const char *to)
{
    from += strspn(from, BLANKS) < (size_t)(to - from) ? strspn(from, BLANKS) : (size_t)(to - from);
    while (to > from && strchr(BLANKS, to[-1])) {
        to--;
    }
    return (from == to && p->count) || add_text(p, mts_strndup(from, (size_t)(to - from)), true);
}

/* Scales a channel, and says in a sentence how. */
static bool take_channel(Parts *p, const MtsSeries *series, size_t c)
{
    MtsBytes said = {0};
    double mean, deviation;
    bool named = series->channels > 1;
    mts_scale(MTS_SCALE_SAMPLE_FLOOR, series->values + c * series->length, series->length,
              p->values + c * series->length, &mean, &deviation);
    bool ok = mts_bytes_printf(&said, "This is the time series%s%s, it has mean %.4f and std %.4f.", named ? " " : "",
                               named ? series->names[c] : "", mean, deviation);
    p->sentences[c] = said.data;
    return ok;
}

static bool take_series(Parts *p, const MtsSeries *series)
{
    size_t count;
    p->length = series->length;
    if (!mts_size_mul(series->channels, series->length, &count) ||
        !(p->values = mts_calloc(count, sizeof *p->values)) ||
        !(p->sentences = mts_calloc(series->channels, sizeof *p->sentences))) {
        return false;
    }
    p->channels = series->channels;
    bool ok = true;
    for (size_t c = 0; c < series->channels && ok; c++) {
        ok = take_channel(p, series, c);
    }
    return ok;
}

static bool add_channels(Parts *p)
{
    for (size_t c = 0; c < p->channels; c++) {
        if (!add_text(p, mts_strdup(p->sentences[c]), false) ||
            !mts_grow(&p->items, &p->cap, p->count + 1, sizeof *p->items)) {
            return false;
        }
        p->items[p->count++] = (MtsPromptPart){.values = p->values + c * p->length, .count = p->length};
    }
    return true;
}

int mts_engine_series_prompt(const MtsEngine *engine, const char *text, const MtsSeries *series, MtsPrompt *prompt,
                             MtsError *err)
{
    Parts parts = {0};
    const char *at;
    memset(prompt, 0, sizeof *prompt);
    if (!series && strstr(text, MTS_SERIES_PLACE)) {
        return mts_fail(err, MTS_EREQUEST, "the prompt asks for %s, but no series was given", MTS_SERIES_PLACE);
    }
    bool ok = !series || take_series(&parts, series);
    while (ok && (at = strstr(text, MTS_SERIES_PLACE)) != NULL) {
        ok = add_stretch(&parts, text, at) && add_channels(&parts);
        text = at + strlen(MTS_SERIES_PLACE);
    }
    ok = ok && add_stretch(&parts, text, text + strlen(text)) && add_text(&parts, mts_strdup(""), false);
    int rc = ok ? mts_engine_prompt(engine, parts.items, parts.count, prompt, err) : no_memory(err);
    free_parts(&parts);
    return rc;
}
