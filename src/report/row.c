/* report/row.c - what a row of a summary says: names, numbers, the colour it has. */
#include "report/row.h"

#include <math.h>
#include <string.h>

#include <maxts/search.h>

#include "results/fields.h"

/* ---- labels ---- */

const MtsReportLabel mts_report_labels[MTS_REPORT_LABELS] = {
    {MTS_F_ACCURACY, "Accuracy", MTS_BETTER_LARGE},
    {MTS_F_MACRO_F1, "Macro-F1", MTS_BETTER_LARGE},
    {MTS_F_KAPPA, "Kappa", MTS_BETTER_LARGE},
    {MTS_F_CLAIMS_TRUE_SHARE, "True claims, share", MTS_BETTER_LARGE},
    {MTS_F_CLAIMS_TRUE, "True claims per text", MTS_BETTER_LARGE},
    {MTS_F_CLAIMS_FALSE, "False claims per text", MTS_BETTER_SMALL},
    {MTS_F_SMAPE, "sMAPE, %", MTS_BETTER_SMALL},
    {MTS_F_MASE, "MASE", MTS_BETTER_SMALL},
    {MTS_F_CRPS_SCALED, "CRPS, scaled", MTS_BETTER_SMALL},
    {MTS_F_SPECTRAL, "Spectral distance", MTS_BETTER_SMALL},
    {MTS_F_WELL_FORMED, "Well formed, share", MTS_BETTER_LARGE},
    {MTS_F_TV, "Total variation", MTS_BETTER_SMALL},
    {MTS_F_LOG_Z_ERROR, "log Z error", MTS_BETTER_ZERO},
    {MTS_F_VALUE_ERROR, "Value error", MTS_BETTER_ZERO},
    {MTS_F_REWARD, "Reward", MTS_BETTER_LARGE},
    {MTS_F_BEST_REWARD, "Best reward", MTS_BETTER_LARGE},
    {MTS_F_MEAN_REWARD, "Mean reward", MTS_BETTER_LARGE},
    /* cost and shape */
    {MTS_F_NFE, "NFE", MTS_BETTER_NEITHER},
    {MTS_F_REWARD_CALLS, "Reward calls", MTS_BETTER_NEITHER},
    {MTS_F_SECONDS, "Seconds", MTS_BETTER_NEITHER},
    {MTS_F_PREFILL_SECONDS, "Seconds of prompt", MTS_BETTER_NEITHER},
    {MTS_F_DECODE_TOKENS, "Tokens", MTS_BETTER_NEITHER},
    {MTS_F_ROLLOUTS_DONE, "Rollouts", MTS_BETTER_NEITHER},
    {MTS_F_LENGTH, "Length, tokens", MTS_BETTER_NEITHER},
    {MTS_F_PERPLEXITY, "Perplexity", MTS_BETTER_NEITHER},
    {MTS_F_DISTINCT_1, "Distinct-1", MTS_BETTER_NEITHER},
    {MTS_F_DISTINCT_2, "Distinct-2", MTS_BETTER_NEITHER},
    {MTS_F_CONSISTENCY, "Seeds agree", MTS_BETTER_NEITHER},
    {MTS_F_NODES, "Tree nodes", MTS_BETTER_NEITHER},
    {MTS_F_MAX_DEPTH, "Tree depth", MTS_BETTER_NEITHER},
    {MTS_F_BRANCHING, "Branching", MTS_BETTER_NEITHER},
};

static const MtsReportLabel settings[] = {{MTS_F_ROLLOUTS, "Rollouts", MTS_BETTER_NEITHER},
                                          {MTS_F_LAMBDA, "λ", MTS_BETTER_NEITHER},
                                          {MTS_F_TEMPERATURE, "Temperature", MTS_BETTER_NEITHER},
                                          {MTS_F_MAX_TOKENS, "Longest answer, tokens", MTS_BETTER_NEITHER},
                                          {MTS_F_EXPANSION, "Children an expansion", MTS_BETTER_NEITHER}};

static const char *label_in(const MtsReportLabel *list, size_t n, const char *member)
{
    size_t i = 0;
    while (i < n && strcmp(list[i].member, member) != 0) {
        i++;
    }
    return i < n ? list[i].label : NULL;
}

const char *mts_report_label(const char *member)
{
    const char *setting = label_in(settings, sizeof settings / sizeof settings[0], member),
               *label = label_in(mts_report_labels, MTS_REPORT_LABELS, member);
    return setting ? setting : label ? label : member;
}

MtsReportBetter mts_report_better(const char *member)
{
    size_t i = 0;
    while (i < MTS_REPORT_LABELS && strcmp(mts_report_labels[i].member, member) != 0) {
        i++;
    }
    return i < MTS_REPORT_LABELS ? mts_report_labels[i].better : MTS_BETTER_NEITHER;
}

/* ---- numbers ---- */

const json_t *mts_report_rows(const MtsReportRun *run)
{
    return json_object_get(run->summary, MTS_F_ROWS);
}

double mts_report_mean(const json_t *row, const char *member, double *low, double *high)
{
    const json_t *interval = json_object_get(row, member);
    if (low) {
        *low = mts_field_number(interval, MTS_F_LOW);
    }
    if (high) {
        *high = mts_field_number(interval, MTS_F_HIGH);
    }
    return mts_field_number(interval, MTS_F_MEAN);
}

double mts_report_value(const json_t *row, const char *name)
{
    return json_is_number(json_object_get(row, name)) ? mts_field_number(row, name)
                                                      : mts_report_mean(row, name, NULL, NULL);
}

bool mts_report_any_has(const json_t *rows, const char *member)
{
    bool any = false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        any = any || !isnan(mts_report_mean(json_array_get(rows, i), member, NULL, NULL));
    }
    return any;
}

const char *mts_report_quality(const json_t *rows)
{
    static const char *const best[] = {MTS_F_ACCURACY, MTS_F_SMAPE, MTS_F_CLAIMS_TRUE_SHARE, MTS_F_TV};
    for (size_t i = 0; i < sizeof best / sizeof best[0]; i++) {
        if (mts_report_any_has(rows, best[i])) {
            return best[i];
        }
    }
    return NULL;
}

void mts_report_row_name(MtsMarkup *m, const json_t *row)
{
    const char *variant = mts_field_text(row, MTS_F_VARIANT);
    mts_put(m, "%s%s%s", mts_field_text(row, MTS_F_METHOD), *variant ? " " : "", variant);
}

bool mts_report_is_experiment(const MtsReportRun *run, const char *name)
{
    return strcmp(mts_field_text(json_object_get(run->head, MTS_F_SETTINGS), MTS_F_EXPERIMENT), name) == 0;
}

/* ---- colours ---- */

static bool same_method(const json_t *a, const json_t *b)
{
    return strcmp(mts_field_text(a, MTS_F_METHOD), mts_field_text(b, MTS_F_METHOD)) == 0;
}

size_t mts_report_method_index(const json_t *rows, const json_t *row)
{
    size_t index = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *own = json_array_get(rows, i);
        bool first = true;
        for (size_t k = 0; k < i; k++) {
            first = first && !same_method(own, json_array_get(rows, k));
        }
        if (same_method(own, row)) {
            return index;
        }
        index += first;
    }
    return index;
}

const char *mts_report_setting(size_t index)
{
    return index < sizeof settings / sizeof settings[0] ? settings[index].member : NULL;
}

bool mts_report_varies_for(const json_t *rows, const json_t *row, const char *setting)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *other = json_array_get(rows, i);
        double x = mts_report_value(row, setting), y = mts_report_value(other, setting);
        if (same_method(row, other) && x != y && !isnan(x) && !isnan(y)) {
            return true;
        }
    }
    return false;
}

bool mts_report_varies(const json_t *rows, const char *setting)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (mts_report_varies_for(rows, json_array_get(rows, i), setting)) {
            return true;
        }
    }
    return false;
}

bool mts_report_by_method(const MtsReportRun *run)
{
    const json_t *rows = mts_report_rows(run);
    bool several = false;
    for (size_t i = 1; i < json_array_size(rows); i++) {
        several = several || !same_method(json_array_get(rows, i), json_array_get(rows, 0));
    }
    return several || (mts_report_varies(rows, MTS_F_ROLLOUTS) && !mts_report_is_experiment(run, "optimisations"));
}

/* One colour a method, the same on every page; what is no method of a search has those behind. */
size_t mts_report_method_colour(const json_t *row)
{
    const char *name = mts_field_text(row, MTS_F_METHOD);
    MtsMethod method;
    if (mts_method_from_name(name, &method) == 0) {
        return MTS_METHOD_COUNT - 1 - (size_t)method; /* the first colours to those that search */
    }
    return MTS_METHOD_COUNT + (strcmp(name, "naive") != 0);
}

size_t mts_report_colour(const MtsReportRun *run, const json_t *row)
{
    const json_t *rows = mts_report_rows(run);
    if (mts_report_by_method(run)) {
        return mts_report_method_colour(row);
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (json_array_get(rows, i) == row) {
            return i;
        }
    }
    return 0;
}
