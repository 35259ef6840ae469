/* stages/labels.c - options as answers name them: by themselves, by letters, by other names. */
#include <stdlib.h>
#include <string.h>

#include "results/metrics.h"
#include "reward/answer_line.h"
#include "stages/build.h"
#include "stages/stage.h"

enum { MOST_LABELS = 64 };

bool mts_stage_is_lettered(const MtsStageKind *kind, const MtsSample *sample, size_t k)
{
    return kind->lettered && sample->options[k][0] != '(';
}

bool mts_stage_label(MtsBytes *out, const MtsStageKind *kind, const MtsSample *sample, size_t k)
{
    return mts_stage_is_lettered(kind, sample, k) ? mts_bytes_printf(out, "%c", (char)('A' + (int)k))
                                                  : mts_bytes_append_str(out, sample->options[k]);
}

/* The option that the stage calls so, too. */
static int other_name(const MtsStageKind *kind, const char *text, size_t size)
{
    const char *answer;
    size_t n;
    int option = MTS_NO_LABEL;
    mts_answer_find(text, size, &answer, &n);
    char *said = mts_answer_normal(answer, n);
    for (size_t i = 0; said && i < kind->name_count; i++) {
        option = strcmp(said, kind->names[i].said) == 0 ? kind->names[i].option : option;
    }
    free(said);
    return option;
}

int mts_stage_answer(const MtsStage *stage, const MtsSample *sample, const char *text, size_t size)
{
    const MtsStageKind *kind = stage->kind;
    int option =
        mts_answer_option(text, size, (const char *const *)sample->options, sample->option_count, kind->lettered);
    return option >= 0 ? option : other_name(kind, text, size);
}

/* "walk" beside "walk.", or "<a>", which is taken for an end token. */
int mts_stage_check_options(const MtsStage *stage, const char *path, const MtsSample *sample, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t k = 0; !rc && k < sample->option_count; k++) {
        MtsBytes text = {0};
        int read = mts_stage_label(&text, stage->kind, sample, k) ? mts_stage_answer(stage, sample, text.data, text.len)
                                                                  : MTS_NO_MEMORY;
        if (read != (int)k) {
            rc = read == MTS_NO_MEMORY ? mts_stage_no_memory(stage, err)
                                       : mts_fail(err, MTS_EFORMAT,
                                                  "%s: %s: the answer \"%.60s\" would be read as %s%.60s: name option "
                                                  "%zu otherwise",
                                                  path, sample->key, text.data, read < 0 ? "none" : "option ",
                                                  read < 0 ? "" : sample->options[read], k + 1);
        }
        mts_bytes_free(&text);
    }
    return rc;
}

/* ---- the labels of a file ---- */

/* What pandas and R write where there was no label. "none", "-" and "?" may be labels. */
static bool is_missing(const char *label)
{
    const MtsCell cell = {label, strlen(label)};
    bool letters = strpbrk(label, "AaLl\\") != NULL;
    return cell.size == 0 || (letters && mts_cell_missing(cell, NULL) && !mts_cell_is(cell, "none"));
}

int mts_stage_labels(const MtsSeriesSet *set, const MtsStageOptions *options, MtsSample *labels, MtsError *err)
{
    for (size_t k = 0; k < options->label_count; k++) {
        if (!mts_sample_option(labels, options->labels[k], strlen(options->labels[k]))) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        size_t k = 0;
        while (k < labels->option_count && strcmp(labels->options[k], set->label[i]) != 0) {
            k++;
        }
        if (is_missing(set->label[i]) || (k == labels->option_count && k >= MOST_LABELS)) {
            bool none = is_missing(set->label[i]);
            return mts_fail(err, MTS_EFORMAT, "%s: sample %zu has %s%s", set->name, i + 1,
                            none ? "no label" : "a 65th label: this is no column of classes",
                            none && set->label[i][0] ? ", for that is what NA, NaN and null say" : "");
        }
        if (k == labels->option_count && options->label_count) {
            return mts_fail(err, MTS_EFORMAT,
                            "%s: sample %zu is labelled '%.80s', which is none of the options that "
                            "were declared",
                            set->name, i + 1, set->label[i]);
        }
        if (k == labels->option_count && !mts_sample_option(labels, set->label[i], strlen(set->label[i]))) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
        }
    }
    return MTS_OK;
}

bool mts_sample_options_of(MtsSample *to, const MtsSample *from, const char *right)
{
    bool ok = true;
    for (size_t i = 0; ok && i < from->option_count; i++) {
        ok = mts_sample_option(to, from->options[i], strlen(from->options[i]));
        to->truth.option = strcmp(from->options[i], right) == 0 ? (int)i : to->truth.option;
    }
    return ok;
}

bool mts_sample_same_options(const MtsSample *a, const MtsSample *b)
{
    bool same = a->option_count == b->option_count;
    for (size_t k = 0; same && k < a->option_count; k++) {
        same = strcmp(a->options[k], b->options[k]) == 0;
    }
    return same;
}

void mts_sample_free_options(MtsSample *labels)
{
    for (size_t i = 0; i < labels->option_count; i++) {
        free(labels->options[i]);
    }
    free(labels->options);
}
