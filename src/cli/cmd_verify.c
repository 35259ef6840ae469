/* cli/cmd_verify.c - a method run many times on a table, against the table's exact values. */
#include "cli/command.h"
#include "cli/out.h"
#include "core/error.h"

enum { DEFAULT_RUNS = 400 };

static json_t *describe(const MtsVerify *v, const MtsSearchSettings *s)
{
    return json_pack("{s:s, s:I, s:f, s:I, s:I, s:I, s:{s:o, s:o, s:o, s:o}, s:o, s:o, s:o, s:o, s:o, s:o}", "method",
                     mts_method_name(s->method), "seed", (json_int_t)s->seed, "lambda", s->lambda, "rollouts",
                     (json_int_t)s->rollouts, "in_flight", (json_int_t)s->in_flight, "runs", (json_int_t)v->runs,
                     "exact", "log_z", mts_json_real(v->exact.log_z), "soft_value", mts_json_real(v->exact.soft_value),
                     "expected_reward", mts_json_real(v->exact.expected_reward), "kl", mts_json_real(v->exact.kl),
                     "z_ratio_mean", mts_json_real(v->z_ratio_mean), "z_ratio_se", mts_json_real(v->z_ratio_se),
                     "tv_mean", mts_json_real(v->tv_mean), "tv_se", mts_json_real(v->tv_se), "tv_of_mean",
                     mts_json_real(v->tv_of_mean), "nfe_mean", mts_json_real(v->nfe_mean));
}

int cmd_verify(const Args *args, MtsError *err)
{
    MtsEngine *engine;
    MtsRequest request;
    MtsVerify verify;
    int rc = open_engine(&engine, args, MTS_ENGINE_WHOLE, err);
    if (rc) {
        return rc;
    }
    if (!mts_engine_is_table(engine)) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: only a table has exact values to verify against", args->model);
    } else {
        mts_request_defaults(engine, &request);
        rc = apply_search_options(args, &request.search, err);
    }
    if (!rc) {
        rc = mts_verify(mts_engine_table(engine), &request.search,
                        args->runs == CLI_NO_SIZE ? DEFAULT_RUNS : args->runs, &verify, err);
    }
    if (!rc) {
        rc = out_print(args, describe(&verify, &request.search), err);
    }
    mts_engine_free(&engine);
    return rc;
}
