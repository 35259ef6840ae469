#include <maxts/search.h>

#include <ctype.h>
#include <string.h>

#include "search/methods.h"
#include "search/run.h"

static const char *const METHOD_NAMES[] = {
    [MTS_GREEDY] = "greedy", [MTS_SAMPLE] = "sample", [MTS_BEAM] = "beam", [MTS_BEST_OF_N] = "best-of-n",
    [MTS_SMC] = "smc",       [MTS_MCTS] = "mcts",     [MTS_DTS] = "dts",   [MTS_DTS_STAR] = "dts-star",
    [MTS_MAXENT_TS] = "maxent-ts",
};
enum { METHOD_COUNT = sizeof METHOD_NAMES / sizeof METHOD_NAMES[0] };

const char *mts_method_name(MtsMethod method)
{
    return (size_t)method < METHOD_COUNT ? METHOD_NAMES[method] : "unknown";
}

/* Letters and digits, lower case; '*' reads as "star". */
static void plain_name(const char *name, char *out, size_t size)
{
    size_t n = 0;
    for (; *name && n + 5 < size; name++) {
        if (*name == '*') {
            memcpy(out + n, "star", 4);
            n += 4;
        } else if (isalnum((unsigned char)*name)) {
            out[n++] = (char)tolower((unsigned char)*name);
        }
    }
    out[n] = '\0';
}

int mts_method_from_name(const char *name, MtsMethod *method)
{
    char wanted[64], known[64];
    plain_name(name, wanted, sizeof wanted);
    if (strcmp(wanted, "maxent") == 0) {
        *method = MTS_MAXENT_TS;
        return 0;
    }
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        plain_name(METHOD_NAMES[i], known, sizeof known);
        if (strcmp(wanted, known) == 0) {
            *method = (MtsMethod)i;
            return 0;
        }
    }
    return -1;
}

const MtsMethodOps *mts_method_ops(MtsMethod method)
{
    switch (method) {
    case MTS_GREEDY:
        return &mts_greedy_ops;
    case MTS_SAMPLE:
        return &mts_sample_ops;
    case MTS_BEAM:
        return &mts_beam_ops;
    case MTS_BEST_OF_N:
        return &mts_best_of_n_ops;
    case MTS_SMC:
        return &mts_smc_ops;
    case MTS_MCTS:
        return &mts_mcts_ops;
    case MTS_DTS:
    case MTS_DTS_STAR:
        return &mts_dts_ops;
    case MTS_MAXENT_TS:
        return &mts_maxent_ops;
    default:
        return NULL;
    }
}

void mts_search_defaults(MtsSearchSettings *settings)
{
    *settings = (MtsSearchSettings){
        .method = MTS_MAXENT_TS,
        .lambda = 1,
        .rollouts = 10,
        .in_flight = 1,
        .batch = 64,
        .temperature = 1,
        .expansion = 3,
        .use_uct = true,
        .c_uct = 1,
        .widening_c = 2,
        .widening_alpha = 0.8,
        .resampling = MTS_SYSTEMATIC,
        .ess_threshold = 0.5,
        .shrinkage = 3,
        .exploration = 0.1,
        .sweep = 16,
        .min_rollouts = 4,
    };
}

static int check_real(const char *field, double value, double min, double max, bool open, MtsError *err)
{
    if (!(open ? value > min : value >= min) || !(value <= max)) {
        return mts_fail(err, MTS_EREQUEST, "%s: %g is outside %c%g, %g]", field, value, open ? '(' : '[', min, max);
    }
    return MTS_OK;
}

static int check_size(const char *field, size_t value, size_t min, size_t max, MtsError *err)
{
    if (value < min || value > max) {
        return mts_fail(err, MTS_EREQUEST, "%s: %zu is outside [%zu, %zu]", field, value, min, max);
    }
    return MTS_OK;
}

static int check_settings(const MtsSearchSettings *s, MtsError *err)
{
    int rc;
    if ((size_t)s->method >= METHOD_COUNT) {
        return mts_fail(err, MTS_EREQUEST, "method: %d is not known", (int)s->method);
    }
    if ((rc = check_real("lambda", s->lambda, 0, 1e300, false, err)) ||
        (rc = check_size("rollouts", s->rollouts, 1, 100000000, err)) ||
        (rc = check_size("in-flight", s->in_flight, 1, 65536, err)) ||
        (rc = check_size("batch", s->batch, 1, 65536, err)) ||
        (rc = check_real("temperature", s->temperature, 0, 1e6, true, err)) ||
        (rc = check_size("expansion", s->expansion, 1, 1000000, err)) ||
        (rc = check_real("c_uct", s->c_uct, 0, 1e300, false, err)) ||
        (rc = check_real("widening_c", s->widening_c, 0, 1e300, true, err)) ||
        (rc = check_real("widening_alpha", s->widening_alpha, 0, 1, false, err)) ||
        (rc = check_real("ess_threshold", s->ess_threshold, 0, 1, false, err)) ||
        (rc = check_real("shrinkage", s->shrinkage, 0, 1e300, false, err)) ||
        (rc = check_real("exploration", s->exploration, 0, 1, false, err)) ||
        (rc = check_real("seconds", s->max_seconds, 0, 1e300, false, err)) ||
        (rc = check_real("log_z_tolerance", s->log_z_tolerance, 0, 1e300, false, err)) ||
        (rc = check_real("mass_tolerance", s->mass_tolerance, 0, 1, false, err))) {
        return rc;
    }
    return MTS_OK;
}

int mts_search_check(const MtsSearchModel *model, const MtsSearchSettings *settings, MtsError *err)
{
    int rc = check_settings(settings, err);
    return rc ? rc : check_size("max-tokens", model->max_tokens, 1, 1u << 24, err);
}

int mts_search(const MtsSearchModel *model, const MtsSearchReward *reward, const MtsSearchSettings *settings,
               const MtsEventSink *sink, MtsSearchResult **result, MtsError *err)
{
    MtsRun *run = NULL;
    *result = NULL;
    int rc = mts_search_check(model, settings, err);
    if (rc == MTS_OK) {
        rc = mts_run(&run, model, reward, settings, sink, NULL, err);
    }
    if (rc == MTS_OK) {
        rc = mts_run_result(run, result, err);
    }
    mts_run_free(&run);
    return rc;
}
