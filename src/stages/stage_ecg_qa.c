/* ECG-QA as it is published: questions by template on records of PTB-XL.
 *
 * A row asks one question of one record ("ecg_id" is "[n]": records500/<n in thousands>/<n>_hr). Its allowed answers
 * are its template's classes, which a second table lists as Python writes a list of strings. Leads are taken at 100 Hz,
 * every fifth value, as the published stage takes them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stages/stage_build.h"
#include "reward/answer_line.h"
#include "series/csv.h"
#include "series/set.h"

enum { QUESTION, ANSWER, TEMPLATE, RECORD, CONTEXT, COLUMNS, NEEDED = CONTEXT, STRIDE = 5, SHOWN = 60 };

static const char *const names[COLUMNS] = {"question", "answer", "template_id", "ecg_id", "clinical_context"};

static int read_csv(MtsCsv *csv, const char *path, MtsError *err)
{
    char *text = NULL;
    size_t size = 0;
    memset(csv, 0, sizeof *csv);
    int rc = mts_stage_text(path, &text, &size, err);
    return rc == MTS_OK ? mts_csv_parse(csv, path, text, size, false, err) : rc;
}

static size_t column_of(const MtsCsv *csv, const char *name)
{
    for (size_t c = 0; csv->rows && c < mts_csv_columns(csv, 0); c++) {
        if (mts_cell_is(mts_csv_cell(csv, 0, c), name)) {
            return c;
        }
    }
    return SIZE_MAX;
}

/* Adds each string of "['no', \"st's\"]" as an option; false where it is no such list. *memory tells why. */
static bool add_classes(MtsSample *s, MtsCell list, bool *memory)
{
    const char *at = list.data, *end = list.data + list.size;
    MtsBytes word = {0};
    bool ok = at < end && *at++ == '[';
    while (ok && at < end && *at != ']') {
        at += strspn(at, ", ");
        char quote = at < end ? *at++ : '\0';
        word.len = 0;
        ok = quote == '\'' || quote == '"';
        for (; ok && at < end && *at != quote; at++) {
            at += *at == '\\' && at + 1 < end;
            ok = mts_bytes_append(&word, at, 1);
        }
        ok = ok && at++ < end && word.len > 0;
        if (ok && !mts_sample_option(s, word.data, word.len)) {
            ok = false;
            *memory = true;
        }
    }
    mts_bytes_free(&word);
    return ok && at < end && s->option_count > 0;
}

static bool same(MtsCell a, MtsCell b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* The template's classes as options, and which of them is the answer. */
static int take_options(MtsSample *s, const char *path, size_t line, const MtsCsv *templates, MtsCell template,
                        MtsCell answer, MtsError *err)
{
    size_t id = column_of(templates, "template_id"), classes = column_of(templates, "classes"), row = 1;
    bool memory = false;
    while (row < templates->rows && !same(mts_csv_cell(templates, row, id), template)) {
        row++;
    }
    if (row >= templates->rows) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: the template \"%.*s\" has no list of answers", path, line,
                        (int)(template.size < SHOWN ? template.size : SHOWN), template.data);
    }
    if (!add_classes(s, mts_csv_cell(templates, row, classes), &memory)) {
        return memory ? mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", path, line)
                      : mts_fail(err, MTS_EFORMAT, "%s: the classes of template \"%.*s\" are no list of strings", path,
                                 (int)(template.size < SHOWN ? template.size : SHOWN), template.data);
    }
    s->truth.option =
        mts_answer_option(answer.data, answer.size, (const char *const *)s->options, s->option_count, false);
    return s->truth.option >= 0
               ? MTS_OK
               : mts_fail(err, MTS_EFORMAT, "%s: line %zu: the answer \"%.*s\" is none of its template's", path, line,
                          (int)(answer.size < SHOWN ? answer.size : SHOWN), answer.data);
}

/* The record's leads, every fifth value. */
static int take_record(MtsSample *s, const char *path, size_t line, const char *folder, MtsCell id, MtsError *err)
{
    MtsSeriesSet set = {0};
    MtsSeries *whole = NULL;
    MtsBytes file = {0};
    char digits[16] = "";
    if (id.size > 2 && id.size < sizeof digits && id.data[0] == '[' && id.data[id.size - 1] == ']') {
        memcpy(digits, id.data + 1, id.size - 2);
    }
    if (!digits[0] || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 6) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: ecg_id \"%.*s\" is no record's number in brackets", path, line,
                        (int)(id.size < SHOWN ? id.size : SHOWN), id.data);
    }
    unsigned long number = strtoul(digits, NULL, 10);
    bool ok = mts_bytes_printf(&file, "%s/records500/%05lu/%05lu_hr.hea", folder, number / 1000 * 1000, number);
    int rc = ok ? mts_set_read(&set, file.data, err)
                : mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", path, line);
    rc = rc == MTS_OK ? mts_set_take_at(&set, 0, 0, &whole, err) : rc;
    rc = rc == MTS_OK ? mts_stage_check_mv(file.data, whole, err) : rc;
    if (rc == MTS_OK) {
        size_t n = (whole->length + STRIDE - 1) / STRIDE;
        s->series = mts_series_alloc(whole->channels, n);
        ok = s->series && mts_series_rename(&s->series->id, digits, strlen(digits));
        for (size_t c = 0; ok && c < whole->channels; c++) {
            ok = mts_series_rename(&s->series->names[c], whole->names[c], strlen(whole->names[c])) &&
                 mts_series_rename(&s->series->units[c], whole->units[c], strlen(whole->units[c]));
            for (size_t t = 0; ok && t < n; t++) {
                s->series->values[c * n + t] = whole->values[c * whole->length + t * STRIDE];
            }
        }
        if (ok) {
            s->series->sampling_rate = whole->sampling_rate / STRIDE;
        }
        rc = ok ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", path, line);
    }
    mts_series_free(&whole);
    mts_set_free(&set);
    mts_bytes_free(&file);
    return rc;
}

static int add_row(MtsStage *stage, const char *path, const char *folder, const MtsCsv *csv, const size_t *columns,
                   const MtsCsv *templates, size_t row, const MtsStageOptions *options, MtsError *err)
{
    MtsCell cell[COLUMNS] = {{0}};
    char id[24];
    MtsBytes prompt = {0};
    for (size_t k = 0; k < COLUMNS; k++) {
        cell[k] = columns[k] != SIZE_MAX ? mts_csv_cell(csv, row, columns[k]) : cell[k];
    }
    snprintf(id, sizeof id, "%zu", row);
    MtsSample *s = mts_stage_add(stage, id);
    if (!s) {
        return mts_stage_no_memory(stage, err);
    }
    int rc = take_options(s, path, csv->line[row], templates, cell[TEMPLATE], cell[ANSWER], err);
    rc = rc == MTS_OK ? take_record(s, path, csv->line[row], folder, cell[RECORD], err) : rc;
    if (rc != MTS_OK) {
        return rc;
    }
    bool ok = mts_stage_ecg(&prompt, s->series, options->points) &&
              (cell[CONTEXT].size == 0 || (mts_bytes_append(&prompt, cell[CONTEXT].data, cell[CONTEXT].size) &&
                                           mts_bytes_append_str(&prompt, "\n"))) &&
              mts_bytes_append(&prompt, cell[QUESTION].data, cell[QUESTION].size) &&
              mts_bytes_append_str(&prompt, "\nSay what you see, then end with \"Answer: \" and one of ") &&
              mts_stage_choices(&prompt, s) && mts_bytes_append_str(&prompt, ".") &&
              mts_series_rename(&s->group, cell[TEMPLATE].data, cell[TEMPLATE].size);
    s->prompt = prompt.data;
    return ok ? MTS_OK : mts_stage_no_memory(stage, err);
}

int mts_load_ecg_qa(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options, MtsError *err)
{
    MtsCsv csv = {0}, templates = {0};
    MtsBytes beside = {0};
    size_t columns[COLUMNS];
    const char *slash = strrchr(path, '/');
    if (!more) {
        return mts_fail(err, MTS_EREQUEST,
                        "stage ecg: %s: the questions need a second path, PTB-XL's folder with records500/", path);
    }
    bool ok = mts_bytes_append(&beside, path, slash ? (size_t)(slash + 1 - path) : 0) &&
              mts_bytes_append_str(&beside, "answers_for_each_template.csv");
    int rc = ok ? read_csv(&csv, path, err) : mts_stage_no_memory(stage, err);
    for (size_t k = 0; rc == MTS_OK && k < COLUMNS; k++) {
        columns[k] = column_of(&csv, names[k]);
        if (columns[k] == SIZE_MAX && k < NEEDED) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: has no column %s", path, names[k]);
        }
    }
    rc = rc == MTS_OK ? read_csv(&templates, beside.data, err) : rc;
    if (rc == MTS_OK &&
        (column_of(&templates, "template_id") == SIZE_MAX || column_of(&templates, "classes") == SIZE_MAX)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has no columns template_id and classes", beside.data);
    }
    for (size_t r = 1; rc == MTS_OK && r < csv.rows && (!options->limit || r <= options->limit); r++) {
        rc = add_row(stage, path, more, &csv, columns, &templates, r, options, err);
    }
    mts_csv_free(&csv);
    mts_csv_free(&templates);
    mts_bytes_free(&beside);
    return rc;
}
