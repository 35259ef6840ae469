/* stages/ecg_qa.c - ECG-QA as it is published: questions by template on records of PTB-XL.
 *
 * path: a CSV with columns question, answer, template_id, ecg_id and, where there are any, clinical_context; more: the
 * folder of PTB-XL that has records500/. A row asks one question of one record ("ecg_id" is "[n]": records500/<n in
 * thousands>/<n>_hr). Its allowed answers are its template's classes, which answers_for_each_template.csv beside the
 * CSV lists as Python writes a list of strings. Leads are taken at 100 Hz, every fifth value, as the published stage
 * takes them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "reward/answer_line.h"
#include "stages/ecg.h"

enum { QUESTION, ANSWER, TEMPLATE, RECORD, CONTEXT, COLUMNS, NEEDED = CONTEXT, STRIDE = 5, SHOWN = 60 };

static const char *const names[COLUMNS] = {"question", "answer", "template_id", "ecg_id", "clinical_context"};

/* The files of a question list. */
typedef struct EcgQuestions {
    const char *path, *folder; /* folder: PTB-XL's */
    MtsCsv csv, templates;
    size_t columns[COLUMNS]; /* of csv; SIZE_MAX: none */
} EcgQuestions;

static int shown(MtsCell cell)
{
    return (int)(cell.size < SHOWN ? cell.size : SHOWN);
}

/* ---- options ---- */

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

static bool same_cell(MtsCell a, MtsCell b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* The template's classes as options, and which of them is the answer. */
static int take_options(MtsSample *s, const EcgQuestions *q, size_t line, MtsCell template, MtsCell answer,
                        MtsError *err)
{
    const MtsCsv *templates = &q->templates;
    size_t id = mts_stage_column(templates, "template_id"), classes = mts_stage_column(templates, "classes"), row = 1;
    bool memory = false;
    while (row < templates->rows && !same_cell(mts_csv_cell(templates, row, id), template)) {
        row++;
    }
    if (row >= templates->rows) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: the template \"%.*s\" has no list of answers", q->path, line,
                        shown(template), template.data);
    }
    if (!add_classes(s, mts_csv_cell(templates, row, classes), &memory)) {
        return memory ? mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", q->path, line)
                      : mts_fail(err, MTS_EFORMAT, "%s: the classes of template \"%.*s\" are no list of strings",
                                 q->path, shown(template), template.data);
    }
    s->truth.option =
        mts_answer_option(answer.data, answer.size, (const char *const *)s->options, s->option_count, false);
    return s->truth.option >= 0
               ? MTS_OK
               : mts_fail(err, MTS_EFORMAT, "%s: line %zu: the answer \"%.*s\" is none of its template's", q->path,
                          line, shown(answer), answer.data);
}

/* ---- records ---- */

/* "[n]" as digits [8]; false: it is no such number. */
static bool record_number(MtsCell id, char digits[8])
{
    bool ok = id.size > 2 && id.size < 9 && id.data[0] == '[' && id.data[id.size - 1] == ']';
    memset(digits, 0, 8);
    if (ok) {
        memcpy(digits, id.data + 1, id.size - 2);
    }
    return ok && strspn(digits, "0123456789") == id.size - 2;
}

/* Every fifth value; NULL when memory ran out. */
static MtsSeries *thin_out(const MtsSeries *whole, const char *id)
{
    size_t n = (whole->length + STRIDE - 1) / STRIDE;
    MtsSeries *s = mts_ecg_like(whole, n);
    if (!s || !mts_series_rename(&s->id, id, strlen(id))) {
        mts_series_free(&s);
        return NULL;
    }
    for (size_t c = 0; c < whole->channels; c++) {
        for (size_t t = 0; t < n; t++) {
            s->values[c * n + t] = whole->values[c * whole->length + t * STRIDE];
        }
    }
    s->sampling_rate = whole->sampling_rate / STRIDE;
    return s;
}

static int take_record(MtsSample *s, const EcgQuestions *q, size_t line, MtsCell id, MtsError *err)
{
    MtsSeriesSet set = {0};
    MtsSeries *whole = NULL;
    MtsBytes file = {0};
    char digits[8];
    int rc;
    if (!record_number(id, digits)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: ecg_id \"%.*s\" is no record's number in brackets", q->path,
                        line, shown(id), id.data);
    }
    unsigned long number = strtoul(digits, NULL, 10);
    bool ok = mts_bytes_printf(&file, "%s/records500/%05lu/%05lu_hr.hea", q->folder, number / 1000 * 1000, number);
    if (ok && ((rc = mts_set_read(&set, file.data, err)) || (rc = mts_set_take_at(&set, 0, 0, &whole, err)) ||
               (rc = mts_ecg_check_mv(file.data, whole, err)))) {
        goto done;
    }
    s->series = ok ? thin_out(whole, digits) : NULL;
    rc = s->series ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", q->path, line);
done:
    mts_series_free(&whole);
    mts_set_free(&set);
    mts_bytes_free(&file);
    return rc;
}

/* ---- questions ---- */

static int add_question(MtsStage *stage, const EcgQuestions *q, size_t row, const MtsStageOptions *options,
                        MtsError *err)
{
    MtsCell cell[COLUMNS] = {{0}};
    MtsBytes prompt = {0};
    MtsSample *s;
    size_t line = q->csv.line[row];
    int rc;
    for (size_t k = 0; k < COLUMNS; k++) {
        cell[k] = q->columns[k] != SIZE_MAX ? mts_csv_cell(&q->csv, row, q->columns[k]) : cell[k];
    }
    if ((rc = mts_stage_add_number(stage, row, &s, err)) ||
        (rc = take_options(s, q, line, cell[TEMPLATE], cell[ANSWER], err)) ||
        (rc = take_record(s, q, line, cell[RECORD], err))) {
        return rc;
    }
    bool ok = mts_ecg_values(&prompt, s->series, options->points) &&
              (cell[CONTEXT].size == 0 || (mts_bytes_append(&prompt, cell[CONTEXT].data, cell[CONTEXT].size) &&
                                           mts_bytes_append_str(&prompt, "\n"))) &&
              mts_bytes_append(&prompt, cell[QUESTION].data, cell[QUESTION].size) && mts_stage_ask(&prompt, "\n", s) &&
              mts_series_rename(&s->group, cell[TEMPLATE].data, cell[TEMPLATE].size) &&
              mts_series_rename(&s->question, cell[QUESTION].data, cell[QUESTION].size) &&
              (cell[CONTEXT].size == 0 || mts_series_rename(&s->context, cell[CONTEXT].data, cell[CONTEXT].size));
    return mts_stage_prompt(stage, s, &prompt, ok, err);
}

static bool join_options(MtsBytes *out, const MtsSample *sample)
{
    bool ok = true;
    for (size_t i = 0; ok && i < sample->option_count; i++) {
        ok = mts_bytes_printf(out, "%s%s", i ? ", " : "", sample->options[i]);
    }
    return ok;
}

bool mts_publish_ecg_qa(MtsPublished *published, const MtsSample *sample)
{
    static const char *const leads[] = {"I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"};
    static const MtsShowing showing = {.scaling = MTS_SCALE_POPULATION_CENTRE,
                                       .prefix = "This is ECG Lead ",
                                       .names = leads,
                                       .name_count = sizeof leads / sizeof leads[0],
                                       .suffix = "",
                                       .end = ":"};
    static const char task[] =
        "Instructions:\n"
        "- Begin by analyzing the time series without assuming a specific answer.\n"
        "- Think step-by-step about what the observed patterns suggest regarding the cardiac condition.\n"
        "- Write your rationale as a single, natural paragraph \xE2\x80\x94 do not use bullet points, numbered steps, "
        "or "
        "section headings.\n"
        "- Do **not** mention any final answer until the very end.\n"
        "- Consider the ECG morphology, intervals, and any abnormalities that relate to the question.";
    MtsBytes before = {0}, after = {0};
    if (!sample->question || !sample->context) {
        return true;
    }
    bool ok = mts_bytes_printf(&before,
                               "You are an expert cardiologist analyzing an ECG (electrocardiogram). \n\nClinical "
                               "Context: %s\n\nYour task is to examine the ECG signal and answer the following "
                               "medical question:\n\nQuestion: %s\n\n%s",
                               sample->context, sample->question, task) &&
              mts_bytes_append_str(&after, "Based on your analysis of the ECG data, select your answer from the "
                                           "following options:\n") &&
              join_options(&after, sample) &&
              mts_bytes_append_str(&after, "\n\n- Make sure that your last word is the answer. You MUST end your "
                                           "response with \"Answer: \"") &&
              mts_publish_series(published, sample->series, &showing);
    return mts_publish_texts(published, &before, &after, ok);
}

static int read_templates(MtsStage *stage, EcgQuestions *q, MtsError *err)
{
    MtsBytes beside = {0};
    bool ok = mts_bytes_append(&beside, q->path, (size_t)(mts_path_name(q->path) - q->path)) &&
              mts_bytes_append_str(&beside, "answers_for_each_template.csv");
    int rc = ok ? mts_stage_csv(&q->templates, beside.data, err) : mts_stage_no_memory(stage, err);
    if (!rc && (mts_stage_column(&q->templates, "template_id") == SIZE_MAX ||
                mts_stage_column(&q->templates, "classes") == SIZE_MAX)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has no columns template_id and classes", beside.data);
    }
    mts_bytes_free(&beside);
    return rc;
}

static int read_questions(EcgQuestions *q, MtsError *err)
{
    int rc = mts_stage_csv(&q->csv, q->path, err);
    for (size_t k = 0; !rc && k < COLUMNS; k++) {
        q->columns[k] = mts_stage_column(&q->csv, names[k]);
        if (q->columns[k] == SIZE_MAX && k < NEEDED) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: has no column %s", q->path, names[k]);
        }
    }
    return rc;
}

int mts_load_ecg_qa(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options, MtsError *err)
{
    EcgQuestions q = {.path = path, .folder = more};
    int rc;
    if (!more) {
        return mts_fail(err, MTS_EREQUEST,
                        "stage ecg: %s: the questions need a second path, PTB-XL's folder with records500/", path);
    }
    if (!(rc = read_questions(&q, err))) {
        rc = read_templates(stage, &q, err);
    }
    for (size_t r = 1; !rc && r < q.csv.rows && !mts_stage_is_full(stage, options); r++) {
        rc = add_question(stage, &q, r, options, err);
    }
    mts_csv_free(&q.csv);
    mts_csv_free(&q.templates);
    return rc;
}
