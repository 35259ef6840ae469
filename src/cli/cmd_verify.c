/* cli/cmd_verify.c - a method run many times on a table, against the table's exact values. */
#include "cli/command.h"
#include "cli/out.h"
#include "core/error.h"

enum { DEFAULT_RUNS = 400 };

static json_t *describe(const MtsVerify *v, const MtsSearchSettings *s)
{
    json_t *exact = json_object(), *o = json_object();
    mts_json_add_real(&exact, "log_z", v->exact.log_z);
    mts_json_add_real(&exact, "soft_value", v->exact.soft_value);
    mts_json_add_real(&exact, "expected_reward", v->exact.expected_reward);
    mts_json_add_real(&exact, "kl", v->exact.kl);
    mts_json_add_text(&o, "method", mts_method_name(s->method));
    mts_json_add_int(&o, "seed", (json_int_t)s->seed);
    mts_json_add_real(&o, "lambda", s->lambda);
    mts_json_add_int(&o, "rollouts", (json_int_t)s->rollouts);
    mts_json_add_int(&o, "in_flight", (json_int_t)s->in_flight);
    mts_json_add_int(&o, "runs", (json_int_t)v->runs);
    mts_json_add(&o, "exact", exact);
    mts_json_add_real(&o, "z_ratio_mean", v->z_ratio_mean);
    mts_json_add_real(&o, "z_ratio_se", v->z_ratio_se);
    mts_json_add_real(&o, "tv_mean", v->tv_mean);
    mts_json_add_real(&o, "tv_se", v->tv_se);
    mts_json_add_real(&o, "tv_of_mean", v->tv_of_mean);
    mts_json_add_real(&o, "nfe_mean", v->nfe_mean);
    mts_json_add_real(&o, "reward_calls_mean", v->reward_calls_mean);
    mts_json_add_real(&o, "coverage", v->coverage);
    mts_json_add_int(&o, "biased", (json_int_t)v->biased);
    mts_json_add_int(&o, "unanswered", (json_int_t)v->unanswered);
    return o;
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
        rc = apply_settings(args, &request, err);
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
