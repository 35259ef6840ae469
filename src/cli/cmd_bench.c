/* cli/cmd_bench.c - tokens per second of a model on this machine, beside what the machine allows. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "core/cpu.h"
#include "core/error.h"
#include "engine/measure.h"
#include "model/blas.h"

enum { PROMPT = 434, MOST_STEPS = 64 };

static const double SECONDS = 1.5; /* for each figure: the whole stays below a minute */

static size_t fitting(const MtsModelInfo *info, size_t tokens, size_t reserve)
{
    return tokens + reserve <= info->context ? tokens : info->context > 2 * reserve ? info->context - reserve : 1;
}

static int bench_prefill(const MtsEngine *engine, const MtsModelInfo *info, const MtsMachine *machine, json_t *rows,
                         double *share, MtsError *err)
{
    const size_t lengths[] = {128, 512};
    int rc = 0;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0] && !rc; i++) {
        size_t tokens = fitting(info, lengths[i], 0);
        double rate;
        if ((rc = mts_measure_prefill(engine, tokens, SECONDS, &rate, err)) == 0) {
            double limit = mts_roofline(machine, info, tokens);
            *share = rate / limit;
            json_array_append_new(rows, json_pack("{s:I, s:f, s:f, s:f}", "tokens", (json_int_t)tokens, "tok_per_s", rate,
                                                  "limit_tok_per_s", limit, "share_of_limit", *share));
        }
    }
    return rc;
}

static int bench_decode(const MtsEngine *engine, const MtsModelInfo *info, const MtsMachine *machine, json_t *rows,
                        double *alone, double *shared, MtsError *err)
{
    const size_t batches[] = {1, 4, 10, 16, 32};
    int rc = 0;
    for (size_t i = 0; i < sizeof batches / sizeof batches[0] && !rc; i++) {
        size_t prompt = fitting(info, PROMPT, MOST_STEPS), most, steps;
        double rate;
        most = info->context - prompt < MOST_STEPS ? info->context - prompt : MOST_STEPS;
        if ((rc = mts_measure_decode(engine, batches[i], prompt, most, SECONDS, &steps, &rate, err)) == 0) {
            double limit = mts_roofline(machine, info, batches[i]);
            *(batches[i] == 1 ? alone : shared) = rate / limit;
            json_array_append_new(rows, json_pack("{s:I, s:I, s:I, s:f, s:f, s:f}", "batch", (json_int_t)batches[i],
                                                  "prompt", (json_int_t)prompt, "tokens", (json_int_t)steps, "tok_per_s",
                                                  rate, "limit_tok_per_s", limit, "share_of_limit", rate / limit));
        }
    }
    return rc;
}

static json_t *describe_machine(const MtsMachine *machine, const Args *args)
{
    uint32_t flags = 0;
    char names[128], bad[32];
    mts_cpu_flags(args->cpu_mask, &flags, bad, sizeof bad);
    return json_pack("{s:s, s:i, s:f, s:f}", "flags", mts_cpu_names(flags, names, sizeof names), "threads",
                     machine->threads, "read_gb_per_s", machine->read_bytes_per_s / 1e9, "int8_gmac_per_s",
                     machine->int8_macs_per_s / 1e9);
}

static json_t *verdict(double prefill, double alone, double shared)
{
    char text[256];
    snprintf(text, sizeof text,
             "prefill runs at %.0f %%, one sequence at %.0f %% and 32 sequences sharing a prompt at %.0f %% of what "
             "this machine's memory and int8 arithmetic allow", 100 * prefill, 100 * alone, 100 * shared);
    return json_string(text);
}

int cmd_bench(const Args *args, MtsError *err)
{
    MtsEngine *engine;
    MtsMachine machine;
    MtsModelInfo info;
    MtsSearchSettings none = {0};
    Progress progress;
    json_t *prefill = json_array(), *decode = json_array();
    double prefill_share = 0, alone = 0, shared = 0;
    int rc = open_engine(&engine, args, MTS_ENGINE_WEIGHTS, err);
    if (!rc && mts_engine_is_table(engine)) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: a table has no forward pass to measure", args->model);
    }
    if (!rc) {
        mts_model_info(mts_engine_model(engine), &info);
        progress_begin(&progress, &none);
        progress_say(&progress, "measuring the machine ...");
        rc = mts_measure_machine(engine, &machine, err);
        progress_say(&progress, "measuring prefill ...");
        if (!rc && (rc = bench_prefill(engine, &info, &machine, prefill, &prefill_share, err)) == 0) {
            progress_say(&progress, "measuring decode ...");
            rc = bench_decode(engine, &info, &machine, decode, &alone, &shared, err);
        }
        progress_end(&progress);
    }
    if (!rc) {
        const char *core = mts_blas_core();
        rc = out_print(args, json_pack("{s:O, s:O, s:o, s:s, s:{s:o}, s:o}", "prefill", prefill, "decode", decode, "cpu",
                                       describe_machine(&machine, args), "kernels", info.kernels, "blas", "core",
                                       core ? json_string(core) : json_null(), "verdict",
                                       verdict(prefill_share, alone, shared)), err);
    }
    json_decref(prefill);
    json_decref(decode);
    mts_engine_free(&engine);
    return rc;
}
