/* The stages whose answer is a text, a list of numbers, or one of a question's own options: captions, forecasts,
 * questions. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "results/metrics.h"
#include "stages/stage_build.h"
#include "series/csv.h"
#include "series/format.h"
#include "series/set.h"

/* ---- captions ---- */

/* The reference captions by id, from a CSV with such columns. */
static int attach_captions(MtsStage *stage, const char *path, MtsError *err)
{
    MtsCsv csv;
    char *text = NULL;
    size_t size;
    int rc = mts_stage_text(path, &text, &size, err);
    rc = rc == MTS_OK ? mts_csv_parse(&csv, path, text, size, false, err) : rc;
    if (rc != MTS_OK) {
        return rc;
    }
    size_t columns = mts_csv_columns(&csv, 0), id = columns, caption = columns;
    for (size_t c = 0; c < columns; c++) {
        id = mts_cell_is(mts_csv_cell(&csv, 0, c), "id") ? c : id;
        caption = mts_cell_is(mts_csv_cell(&csv, 0, c), "caption") ? c : caption;
    }
    if (id == columns || caption == columns) {
        mts_csv_free(&csv);
        return mts_fail(err, MTS_EFORMAT, "%s: has no columns id and caption", path);
    }
    for (size_t r = 1; rc == MTS_OK && r < csv.rows; r++) {
        MtsCell key = mts_csv_cell(&csv, r, id), words = mts_csv_cell(&csv, r, caption);
        for (size_t i = 0; rc == MTS_OK && i < stage->count; i++) {
            const char *own = stage->samples[i].series->id;
            if (strlen(own) == key.size && memcmp(own, key.data, key.size) == 0 &&
                !mts_series_rename(&stage->samples[i].truth.text, words.data, words.size)) {
                rc = mts_stage_no_memory(stage, err);
            }
        }
    }
    mts_csv_free(&csv);
    return rc;
}

int mts_load_captions(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                      MtsError *err)
{
    MtsSeriesSet set;
    int rc = mts_set_read(&set, path, err);
    for (size_t i = 0; rc == MTS_OK && i < set.count && (!options->limit || i < options->limit); i++) {
        char number[24];
        MtsBytes prompt = {0};
        snprintf(number, sizeof number, "%zu", i + 1);
        MtsSample *s = mts_stage_add(stage, set.item[i]->id[0] ? set.item[i]->id : number);
        rc = s ? mts_set_take_at(&set, i, 0, &s->series, err) : mts_stage_no_memory(stage, err);
        if (rc != MTS_OK) {
            break;
        }
        bool ok =
            mts_bytes_printf(&prompt, "A time series of %zu values:\n", s->series->length) &&
            mts_stage_values(&prompt, s->series, options->points) &&
            mts_bytes_append_str(
                &prompt, "Describe it: its trend, its lowest and highest values, its mean, its period if it has one, "
                         "and how calm it is.");
        s->prompt = prompt.data;
        rc = ok ? MTS_OK : mts_stage_no_memory(stage, err);
    }
    mts_set_free(&set);
    return rc == MTS_OK && more ? attach_captions(stage, more, err) : rc;
}

/* ---- forecasts ---- */

/* M4's own seasons by the first letter of a series' name. */
static size_t season_of(const char *id)
{
    switch (id[0]) {
    case 'H':
        return 24;
    case 'Q':
        return 4;
    case 'M':
        return 12;
    default:
        return 1; /* weekly, daily, yearly, as the competition scored them */
    }
}

static int add_forecast(MtsStage *stage, const MtsSeriesSet *past, const MtsSeriesSet *future, size_t i,
                        const MtsStageOptions *options, MtsError *err)
{
    MtsBytes prompt = {0};
    MtsSeries *come = NULL, *whole = NULL;
    const char *id = past->item[i]->id;
    MtsSample *s = mts_stage_add(stage, id);
    int rc = s ? mts_set_take_at(past, i, options->context, &s->series, err) : mts_stage_no_memory(stage, err);
    rc = rc == MTS_OK ? mts_set_take_at(past, i, 0, &whole, err) : rc;
    rc = rc == MTS_OK ? mts_set_take(future, id, &come, err) : rc;
    if (rc != MTS_OK) {
        goto done;
    }
    s->season = season_of(id);
    s->truth.scale = mts_seasonal_scale(whole->values, whole->length, s->season);
    if (options->horizon > come->length) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: the future of %s has %zu values, fewer than the %zu asked for",
                      future->name, id, come->length, options->horizon);
        goto done;
    }
    s->horizon = options->horizon ? options->horizon : come->length;
    s->truth.future = mts_calloc(s->horizon, sizeof *s->truth.future);
    if (!s->truth.future) {
        rc = mts_stage_no_memory(stage, err);
        goto done;
    }
    memcpy(s->truth.future, come->values, s->horizon * sizeof *come->values);
    bool ok =
        mts_bytes_printf(&prompt,
                         "Continue the time series with its next %zu values, separated by commas, and nothing else.\n",
                         s->horizon) &&
        mts_format_values(&prompt, MTS_FORMAT_PLAIN, s->series->values, s->series->length);
    s->prompt = prompt.data;
    rc = ok ? MTS_OK : mts_stage_no_memory(stage, err);
done:
    mts_series_free(&come);
    mts_series_free(&whole);
    return rc;
}

int mts_load_forecast(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                      MtsError *err)
{
    MtsSeriesSet past, future = {0};
    int rc = mts_set_read(&past, path, err);
    rc = rc == MTS_OK ? mts_set_read(&future, more, err) : rc;
    for (size_t i = 0; rc == MTS_OK && i < past.count && (!options->limit || i < options->limit); i++) {
        rc = add_forecast(stage, &past, &future, i, options, err);
    }
    mts_set_free(&past);
    mts_set_free(&future);
    return rc;
}

/* ---- questions ---- */

static int bad_question(const char *path, size_t i, const char *what, MtsError *err)
{
    return mts_fail(err, MTS_EFORMAT, "%s: question %zu: %s", path, i + 1, what);
}

/* "ts", or "ts1" and "ts2". The prompt shows both; rewards see the first, since two series of unlike length are no
 * channels of one. */
static int question_series(const char *path, const json_t *q, size_t i, const MtsStageOptions *options, MtsSample *s,
                           MtsBytes *prompt, MtsError *err)
{
    static const char *const names[] = {"ts", "ts1", "ts2"};
    for (size_t k = 0; k < 3; k++) {
        const json_t *list = json_object_get(q, names[k]);
        size_t n = json_array_size(list);
        if (!list) {
            continue;
        }
        double *x = mts_calloc(n, sizeof *x);
        MtsSeries *one = NULL;
        bool numbers = x && n > 0;
        for (size_t t = 0; numbers && t < n; t++) {
            numbers = json_is_number(json_array_get(list, t));
            x[t] = json_number_value(json_array_get(list, t));
        }
        int rc = numbers ? mts_series_from_values(&one, x, n, err)
                         : bad_question(path, i, "its series is no list of numbers", err);
        free(x);
        if (rc != MTS_OK) {
            return rc;
        }
        bool ok = mts_bytes_printf(prompt, k == 0 ? "Time series: " : "Time series %zu: ", k) &&
                  mts_stage_values(prompt, one, options->points);
        if (s->series) {
            mts_series_free(&one);
        } else {
            s->series = one;
        }
        if (!ok) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
        }
    }
    return s->series ? MTS_OK : bad_question(path, i, "has no series (ts, or ts1 and ts2)", err);
}

/* A text or a number as text; NULL for anything else. `buffer` holds a number's. */
static const char *text_of(const json_t *value, char buffer[32])
{
    if (json_is_number(value)) {
        snprintf(buffer, 32, "%.15g", json_number_value(value));
        return buffer;
    }
    return json_is_string(value) ? json_string_value(value) : NULL;
}

static int add_question(MtsStage *stage, const char *path, const json_t *q, size_t i, const MtsStageOptions *options,
                        MtsError *err)
{
    const json_t *question = json_object_get(q, "question"), *list = json_object_get(q, "options"),
                 *category = json_object_get(q, "category");
    char answer_buffer[32], buffer[32];
    const char *answer = text_of(json_object_get(q, "answer"), answer_buffer);
    size_t n = json_array_size(list);
    if (!json_is_string(question) || !answer || n < 2 || n > 26) {
        return bad_question(path, i, "has no question, no answer, or not 2 to 26 options", err);
    }
    char id[24];
    snprintf(id, sizeof id, "%zu", i + 1);
    MtsSample *s = mts_stage_add(stage, id);
    MtsBytes prompt = {0};
    if (!s) {
        return mts_stage_no_memory(stage, err);
    }
    int rc = question_series(path, q, i, options, s, &prompt, err);
    bool ok = rc == MTS_OK && mts_bytes_printf(&prompt, "%s\n", json_string_value(question));
    for (size_t k = 0; ok && k < n; k++) {
        const char *option = text_of(json_array_get(list, k), buffer);
        if (!option) {
            rc = bad_question(path, i, "an option is neither text nor number", err);
            break;
        }
        s->truth.option = s->truth.option < 0 && strcmp(option, answer) == 0 ? (int)k : s->truth.option;
        ok = mts_sample_option(s, option, strlen(option)) &&
             mts_bytes_printf(&prompt, "%c) %s\n", (char)('A' + (int)k), option);
    }
    ok = ok && mts_bytes_append_str(&prompt, "End with \"Answer: \" and the letter of the right option.") &&
         (!json_is_string(category) ||
          mts_series_rename(&s->group, json_string_value(category), json_string_length(category)));
    s->prompt = prompt.data;
    if (rc == MTS_OK && !ok) {
        rc = mts_stage_no_memory(stage, err);
    }
    if (rc == MTS_OK && s->truth.option < 0) {
        rc = bad_question(path, i, "its answer is none of its options", err);
    }
    return rc;
}

/* One row of the published CSV: its answer begins "(a)", "(b)" or "(c)", and the question names the choices itself. */
static int add_row(MtsStage *stage, const char *path, const MtsSeriesSet *set, const MtsCsv *csv, size_t row,
                   const size_t columns[3], const MtsStageOptions *options, MtsError *err)
{
    static const char *const letters[] = {"(a)", "(b)", "(c)"};
    MtsCell question = mts_csv_cell(csv, row, columns[0]), answer = mts_csv_cell(csv, row, columns[1]),
            task = mts_csv_cell(csv, row, columns[2]);
    char id[24];
    MtsBytes prompt = {0};
    snprintf(id, sizeof id, "%zu", row);
    MtsSample *s = mts_stage_add(stage, id);
    int rc = s ? mts_set_take_at(set, row - 1, 0, &s->series, err) : mts_stage_no_memory(stage, err);
    if (rc != MTS_OK) {
        return rc;
    }
    bool ok = mts_bytes_append(&prompt, question.data, question.size) && mts_bytes_append_str(&prompt, "\n") &&
              mts_stage_channel(&prompt, s->series, 0, options->points, false) &&
              mts_bytes_append_str(&prompt, "End with \"Answer: \" and (a), (b) or (c).") &&
              mts_series_rename(&s->group, task.data, task.size);
    for (size_t k = 0; ok && k < 3; k++) {
        ok = mts_sample_option(s, letters[k], 3);
        s->truth.option = answer.size >= 3 && memcmp(answer.data, letters[k], 3) == 0 ? (int)k : s->truth.option;
    }
    s->prompt = prompt.data;
    if (!ok) {
        return mts_stage_no_memory(stage, err);
    }
    return s->truth.option >= 0
               ? MTS_OK
               : mts_fail(err, MTS_EFORMAT, "%s: line %zu: the answer \"%.*s\" does not begin with (a), (b) or (c)",
                          path, csv->line[row], (int)(answer.size < 40 ? answer.size : 40), answer.data);
}

/* The published layout: a CSV with columns Series (a list), Question, Answer, Task. The text is parsed twice, once for
 * its lists. */
static int load_published(MtsStage *stage, const char *path, const char *text, size_t size,
                          const MtsStageOptions *options, MtsError *err)
{
    static const char *const names[] = {"question", "answer", "task"};
    MtsSeriesSet set;
    MtsCsv csv;
    char *first = mts_strndup(text, size), *second = mts_strndup(text, size);
    size_t columns[3] = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    if (!first || !second) {
        free(first);
        free(second);
        return mts_stage_no_memory(stage, err);
    }
    int rc = mts_csv_parse(&csv, path, first, size, false, err);
    if (rc != MTS_OK) {
        free(second);
        return rc;
    }
    rc = mts_set_parse(&set, path, second, size, err);
    for (size_t c = 0; c < mts_csv_columns(&csv, 0); c++) {
        for (size_t k = 0; k < 3; k++) {
            columns[k] = mts_cell_is(mts_csv_cell(&csv, 0, c), names[k]) ? c : columns[k];
        }
    }
    if (rc == MTS_OK &&
        (columns[0] == SIZE_MAX || columns[1] == SIZE_MAX || columns[2] == SIZE_MAX || set.count + 1 != csv.rows)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has no columns Series, Question, Answer and Task with a row each question",
                      path);
    }
    for (size_t r = 1; rc == MTS_OK && r < csv.rows && (!options->limit || r <= options->limit); r++) {
        rc = add_row(stage, path, &set, &csv, r, columns, options, err);
    }
    mts_set_free(&set);
    mts_csv_free(&csv);
    return rc;
}

int mts_load_tsqa(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options, MtsError *err)
{
    (void)more;
    json_t *all = NULL;
    char *text = NULL;
    size_t size;
    int rc = mts_stage_text(path, &text, &size, err);
    if (rc == MTS_OK && text[strspn(text, " \t\r\n")] != '[' && text[strspn(text, " \t\r\n")] != '{') {
        rc = load_published(stage, path, text, size, options, err);
        free(text);
        return rc;
    }
    rc = rc == MTS_OK ? mts_json_parse(&all, path, text, size, err) : rc;
    free(text);
    if (rc == MTS_OK && !json_is_array(all)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: is no list of questions", path);
    }
    for (size_t i = 0; rc == MTS_OK && i < json_array_size(all) && (!options->limit || i < options->limit); i++) {
        rc = add_question(stage, path, json_array_get(all, i), i, options, err);
    }
    json_decref(all);
    return rc;
}
