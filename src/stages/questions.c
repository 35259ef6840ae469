/* stages/questions.c - questions about series, each with options of its own.
 *
 * path: TimeSeriesExam JSON (question, options, answer, ts or ts1 and ts2), or CSV with columns Series (a list),
 * Question, Answer (begins with (a), (b) or (c)) and Task. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/utf8.h"
#include "stages/build.h"
#include "stages/stage.h"

/* ---- TimeSeriesExam ---- */

static const char letter_ending[] = "End with \"Answer: \" and the letter of the right option.";

static int bad_question(const char *path, size_t i, const char *what, MtsError *err)
{
    return mts_fail(err, MTS_EFORMAT, "%s: question %zu: %s", path, i + 1, what);
}

/* A list of numbers as a series. */
static int take_series(const char *path, size_t i, const json_t *list, MtsSeries **series, MtsError *err)
{
    size_t n = json_array_size(list);
    double *x = mts_calloc(n, sizeof *x);
    bool numbers = x && n > 0;
    for (size_t t = 0; numbers && t < n; t++) {
        x[t] = json_number_value(json_array_get(list, t));
        numbers = json_is_number(json_array_get(list, t)) && fabs(x[t]) <= MTS_SERIES_ABSURD;
    }
    int rc = numbers ? mts_series_from_values(series, x, n, err)
                     : bad_question(path, i, "its series is no list of numbers, none above 1e30", err);
    free(x);
    return rc;
}

/* Two series of one length become channels of one, called as the prompt calls them. */
static bool pair_up(MtsSample *s)
{
    const MtsSeries *first = s->series, *second = s->other;
    if (!second || first->length != second->length) {
        return true;
    }
    MtsSeries *pair = mts_series_alloc(2, first->length);
    if (pair) {
        memcpy(pair->values, first->values, first->length * sizeof *pair->values);
        memcpy(pair->values + first->length, second->values, first->length * sizeof *pair->values);
    }
    if (pair && !(mts_series_rename(&pair->names[0], "1", 1) && mts_series_rename(&pair->names[1], "2", 1))) {
        mts_series_free(&pair);
    }
    if (pair) {
        mts_series_free(&s->series);
        mts_series_free(&s->other);
        s->series = pair;
    }
    return pair != NULL;
}

/* "ts", or "ts1" and "ts2". The prompt shows both; rewards see both where they are of one length, else the first. */
static int question_series(const char *path, const json_t *q, size_t i, const MtsStageOptions *options, MtsSample *s,
                           MtsBytes *prompt, MtsError *err)
{
    static const char *const members[] = {"ts", "ts1", "ts2"};
    for (size_t k = 0; k < sizeof members / sizeof members[0]; k++) {
        const json_t *list = json_object_get(q, members[k]);
        MtsSeries *one = NULL;
        int rc;
        if (!list) {
            continue;
        }
        if ((rc = take_series(path, i, list, &one, err))) {
            return rc;
        }
        bool ok = mts_bytes_printf(prompt, k == 0 ? "Time series: " : "Time series %zu: ", k) &&
                  mts_stage_values(prompt, one, options->points);
        if (s->other) {
            mts_series_free(&one);
            return bad_question(path, i, "has three series", err);
        }
        *(s->series ? &s->other : &s->series) = one;
        if (!ok) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
        }
    }
    if (!s->series) {
        return bad_question(path, i, "has no series (ts, or ts1 and ts2)", err);
    }
    return pair_up(s) ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
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

/* The options, lettered in the prompt, and which of them is the answer. */
static int question_options(MtsStage *stage, const char *path, size_t i, const json_t *list, const char *answer,
                            MtsSample *s, MtsBytes *prompt, MtsError *err)
{
    char buffer[32];
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *option = text_of(json_array_get(list, k), buffer);
        if (!option) {
            return bad_question(path, i, "an option is neither text nor number", err);
        }
        if (!option[0] || (strcmp(option, answer) == 0 && s->truth.option >= 0)) {
            return bad_question(path, i, option[0] ? "two of its options are the answer" : "an option is empty", err);
        }
        s->truth.option = strcmp(option, answer) == 0 ? (int)k : s->truth.option;
        if (!mts_sample_option(s, option, strlen(option)) ||
            !mts_bytes_printf(prompt, "%c) %s\n", (char)('A' + (int)k), option)) {
            return mts_stage_no_memory(stage, err);
        }
    }
    return s->truth.option >= 0 ? MTS_OK : bad_question(path, i, "its answer is none of its options", err);
}

static int add_question(MtsStage *stage, const char *path, const json_t *q, size_t i, const MtsStageOptions *options,
                        MtsError *err)
{
    const json_t *question = json_object_get(q, "question"), *list = json_object_get(q, "options"),
                 *category = json_object_get(q, "category");
    char buffer[32];
    const char *answer = text_of(json_object_get(q, "answer"), buffer);
    size_t n = json_array_size(list);
    MtsBytes prompt = {0};
    MtsSample *s;
    int rc;
    if (!json_is_string(question) || !answer || n < 2 || n > 26) {
        return bad_question(path, i, "has no question, no answer, or not 2 to 26 options", err);
    }
    if ((rc = mts_stage_add_number(stage, i + 1, &s, err)) ||
        (rc = question_series(path, q, i, options, s, &prompt, err))) {
        goto done;
    }
    if (!mts_bytes_printf(&prompt, "%s\n", json_string_value(question))) {
        rc = mts_stage_no_memory(stage, err);
        goto done;
    }
    if ((rc = question_options(stage, path, i, list, answer, s, &prompt, err))) {
        goto done;
    }
    bool ok = mts_bytes_append_str(&prompt, letter_ending) &&
              mts_series_rename(&s->question, json_string_value(question), json_string_length(question)) &&
              (!json_is_string(category) ||
               mts_series_rename(&s->group, json_string_value(category), json_string_length(category)));
    rc = mts_stage_prompt(stage, s, &prompt, ok, err);
done:
    mts_bytes_free(&prompt);
    return rc;
}

static int load_exam(MtsStage *stage, const char *path, const char *text, size_t size, const MtsStageOptions *options,
                     MtsError *err)
{
    json_t *all = NULL;
    int rc = mts_json_parse(&all, path, text, size, err);
    if (!rc && !json_is_array(all)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: is no list of questions", path);
    }
    for (size_t i = 0; !rc && i < json_array_size(all) && !mts_stage_is_full(stage, options); i++) {
        rc = add_question(stage, path, json_array_get(all, i), i, options, err);
    }
    json_decref(all);
    return rc;
}

/* ---- the published CSV ---- */

enum { QUESTION, ANSWER, TASK, COLUMNS, CHOICES = 3 };

typedef struct ExamTable {
    const char *path;
    MtsCsv csv;
    size_t columns[COLUMNS];
} ExamTable;

/* One row: its answer begins "(a)", "(b)" or "(c)", and the question names the choices itself. */
static int add_row(MtsStage *stage, const MtsSeriesSet *set, size_t i, const MtsStageOptions *options, void *table,
                   MtsError *err)
{
    static const char *const letters[CHOICES] = {"(a)", "(b)", "(c)"};
    const ExamTable *t = table;
    MtsCell cell[COLUMNS];
    MtsBytes prompt = {0};
    MtsSample *s;
    int rc;
    for (size_t k = 0; k < COLUMNS; k++) {
        cell[k] = mts_csv_cell(&t->csv, i + 1, t->columns[k]);
    }
    if ((rc = mts_stage_add_number(stage, i + 1, &s, err)) || (rc = mts_set_take_at(set, i, 0, &s->series, err))) {
        return rc;
    }
    bool ok = mts_bytes_append(&prompt, cell[QUESTION].data, cell[QUESTION].size) &&
              mts_bytes_append_str(&prompt, "\n") && mts_stage_channel(&prompt, s->series, 0, options->points, false) &&
              mts_bytes_append_str(&prompt, "End with \"Answer: \" and (a), (b) or (c).") &&
              mts_series_rename(&s->group, cell[TASK].data, cell[TASK].size) &&
              mts_series_rename(&s->question, cell[QUESTION].data, cell[QUESTION].size);
    for (size_t k = 0; ok && k < CHOICES; k++) {
        ok = mts_sample_option(s, letters[k], 3);
        if (cell[ANSWER].size >= 3 && memcmp(cell[ANSWER].data, letters[k], 3) == 0) {
            s->truth.option = (int)k;
        }
    }
    rc = mts_stage_prompt(stage, s, &prompt, ok, err);
    if (!rc && s->truth.option < 0) {
        rc =
            mts_fail(err, MTS_EFORMAT, "%s: line %zu: the answer \"%.*s\" does not begin with (a), (b) or (c)", t->path,
                     t->csv.line[i + 1], (int)(cell[ANSWER].size < 40 ? cell[ANSWER].size : 40), cell[ANSWER].data);
    }
    return rc;
}

/* A CSV with columns Series (a list), Question, Answer, Task. The text is parsed twice, once for its lists. */
static int load_published(MtsStage *stage, const char *path, const char *text, size_t size,
                          const MtsStageOptions *options, MtsError *err)
{
    static const char *const names[COLUMNS] = {"question", "answer", "task"};
    ExamTable t = {.path = path};
    MtsSeriesSet set = {0};
    char *first = mts_strndup(text, size), *second = mts_strndup(text, size);
    int rc;
    if (!first || !second) {
        free(first);
        free(second);
        return mts_stage_no_memory(stage, err);
    }
    if ((rc = mts_csv_parse(&t.csv, path, first, size, err))) {
        free(second);
        return rc;
    }
    rc = mts_set_parse(&set, path, second, size, NULL, err);
    bool whole = set.count + 1 == t.csv.rows;
    for (size_t k = 0; k < COLUMNS; k++) {
        t.columns[k] = mts_stage_column(&t.csv, names[k]);
        whole = whole && t.columns[k] != SIZE_MAX;
    }
    if (!rc && !whole) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has no columns Series, Question, Answer and Task with a row each question",
                      path);
    }
    rc = rc ? rc : mts_stage_each(stage, &set, options, add_row, &t, err);
    mts_set_free(&set);
    mts_csv_free(&t.csv);
    return rc;
}

static int load_questions(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                          MtsError *err)
{
    char *text = NULL;
    size_t size;
    (void)more;
    int rc = mts_stage_text(path, &text, &size, err);
    if (!rc) {
        size_t mark = mts_utf8_mark(text, size);
        char first = text[mark + strspn(text + mark, " \t\r\n")];
        bool json = first == '[' || first == '{';
        rc = json ? load_exam(stage, path, text + mark, size - mark, options, err)
                  : load_published(stage, path, text, size, options, err);
    }
    free(text);
    return rc;
}

/* ---- as published ---- */

static const MtsShowing showing = {
    .scaling = MTS_SCALE_SAMPLE, .prefix = "This is the time series", .suffix = "", .end = "."};

bool mts_publish_asked(MtsPublished *published, const MtsSample *sample)
{
    MtsBytes before = {0}, after = {0};
    bool ok = mts_bytes_append_str(&before, sample->question) && mts_bytes_append_str(&after, "Answer:") &&
              mts_publish_series(published, sample->series, &showing);
    return mts_publish_texts(published, &before, &after, ok);
}

/* The published CSV's questions name their choices themselves. */
static bool publish_published(MtsPublished *published, const MtsSample *sample)
{
    MtsBytes before = {0}, after = {0};
    published->bare = true;
    bool ok = mts_bytes_append_str(&before, sample->question) &&
              mts_bytes_printf(&after, "Predict the %s Answer:", sample->group) &&
              mts_publish_series(published, sample->series, &showing);
    return mts_publish_texts(published, &before, &after, ok);
}

/* The exam's; of two series that are unlike in length there is none. */
static bool publish_question(MtsPublished *published, const MtsSample *sample)
{
    MtsBytes before = {0}, after = {0};
    if (sample->other) {
        return true;
    }
    if (!mts_stage_is_lettered(&mts_stage_tsqa, sample, 0)) {
        return publish_published(published, sample);
    }
    bool ok = mts_bytes_printf(&after, "%s\n", sample->question);
    for (size_t k = 0; ok && k < sample->option_count; k++) {
        ok = mts_bytes_printf(&after, "%c) %s\n", (char)('A' + (int)k), sample->options[k]);
    }
    ok = ok && mts_bytes_append_str(&after, letter_ending);
    return mts_publish_own(published, sample->series, &before, &after, ok);
}

const MtsStageKind mts_stage_tsqa = {
    .name = "tsqa",
    .load = load_questions,
    .publish = publish_question,
    .points = 64,
    .more = MTS_SECOND_NEVER,
    .answer = MTS_ANSWER_OPTION,
    .lettered = true,
    .reward = "option:{options}",
    .constraint = "answer",
};
