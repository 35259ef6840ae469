/* cli/cmd_bench.c - tokens per second of a model on this machine, beside what the machine allows. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <maxts/measure.h>

#include "cli/command.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "core/cpu.h"
#include "core/error.h"
#include "core/file.h"
#include "core/number.h"
#include "model/blas.h"
#include "model/model.h"

enum { MOST_STEPS = 64, MOST_SIZES = 32 };

static const double SECONDS = 1.5; /* for each figure: the whole stays below a minute */

/* A list of whole numbers. */
typedef struct Sizes {
    double at[MOST_SIZES];
    size_t n;
} Sizes;

static int read_sizes(const char *option, const char *list, const char *fallback, double most, Sizes *sizes,
                      MtsError *err)
{
    return mts_numbers_read(option, list ? list : fallback, true, 1, most, sizes->at, MOST_SIZES, &sizes->n, err);
}

/* What has been asked for. */
typedef struct Plan {
    Sizes prefill, prompts, sequences;
} Plan;

static int read_plan(const Args *args, Plan *plan, MtsError *err)
{
    int rc = read_sizes("--prefill", args->prefill, "128,512", 1 << 20, &plan->prefill, err);
    rc = rc ? rc : read_sizes("--prompt-tokens", args->prompt_tokens, "434", 1 << 20, &plan->prompts, err);
    return rc ? rc : read_sizes("--sequences", args->sequences, "1,4,10,16,32", 4096, &plan->sequences, err);
}

/* The largest resident size of this process so far. */
static size_t peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
    return (size_t)usage.ru_maxrss;
#else
    return (size_t)usage.ru_maxrss * 1024;
#endif
}

/* Sets each row's figure beside its limit, `tokens` tokens (a field of it) in one step; returns the last row's share of
 * it, -1 when memory ran out. */
static double set_limits(json_t *rows, const char *tokens, const MtsMachine *machine, const MtsModelInfo *info)
{
    size_t i;
    json_t *row;
    double share = 0;
    json_array_foreach(rows, i, row)
    {
        const size_t step = (size_t)json_integer_value(json_object_get(row, tokens));
        const double rate = json_real_value(json_object_get(row, "tok_per_s"));
        const double limit = mts_roofline(machine, info, step), steps = rate / (double)step;
        share = rate / limit;
        if (json_object_set_new(row, "weights_gb_per_s", json_real(steps * (double)info->weight_bytes / 1e9)) ||
            json_object_set_new(row, "limit_tok_per_s", json_real(limit)) ||
            json_object_set_new(row, "share_of_limit", json_real(share))) {
            return -1;
        }
    }
    return rows ? share : -1;
}

static size_t fitting(const MtsModelInfo *info, size_t tokens, size_t reserve)
{
    return tokens + reserve <= info->context ? tokens : info->context > 2 * reserve ? info->context - reserve : 1;
}

static int bench_prefill(const MtsEngine *engine, const MtsModelInfo *info, const Sizes *lengths, json_t **rows,
                         MtsError *err)
{
    int rc = 0;
    for (size_t i = 0; i < lengths->n && !rc; i++) {
        size_t tokens = fitting(info, (size_t)lengths->at[i], 0);
        double rate;
        if ((rc = mts_measure_prefill(engine, tokens, SECONDS, &rate, err)) == 0) {
            json_t *row = json_object();
            mts_json_add_int(&row, "tokens", (json_int_t)tokens);
            mts_json_add_real(&row, "tok_per_s", rate);
            mts_json_add_int(&row, "peak_rss_bytes", (json_int_t)peak_bytes());
            mts_json_add(rows, NULL, row);
        }
    }
    return rc;
}

static int bench_decode(const MtsEngine *engine, const MtsModelInfo *info, const Plan *plan, json_t **rows,
                        MtsError *err)
{
    int rc = 0;
    for (size_t i = 0; i < plan->prompts.n * plan->sequences.n && !rc; i++) {
        size_t batch = (size_t)plan->sequences.at[i % plan->sequences.n], most, steps;
        size_t prompt = fitting(info, (size_t)plan->prompts.at[i / plan->sequences.n], MOST_STEPS);
        double rate;
        most = info->context - prompt < MOST_STEPS ? info->context - prompt : MOST_STEPS;
        if ((rc = mts_measure_decode(engine, batch, prompt, most, SECONDS, &steps, &rate, err)) == 0) {
            json_t *row = json_object();
            mts_json_add_int(&row, "batch", (json_int_t)batch);
            mts_json_add_int(&row, "prompt", (json_int_t)prompt);
            mts_json_add_int(&row, "tokens", (json_int_t)steps);
            mts_json_add_real(&row, "tok_per_s", rate);
            mts_json_add_int(&row, "peak_rss_bytes", (json_int_t)peak_bytes());
            mts_json_add(rows, NULL, row);
        }
    }
    return rc;
}

/* What multiplies this shape, and what its rates say to that. */
static const char *why(const MtsShapeRate *r, bool blas, char *text, size_t size)
{
    double other = r->chosen == MTS_FORM_PRODUCT ? r->tile : r->product;
    if (blas) {
        snprintf(text, size, "asked for; %s", r->own > r->blas ? "the own kernels were faster" : "it was the fastest");
    } else if (r->blas > r->own) {
        snprintf(text, size, "its bits depend on no batch; OpenBLAS was %.2f times as fast: --matmul blas",
                 r->blas / r->own);
    } else if (other > r->own) {
        snprintf(text, size, "by the number of rows (product_from); the other form was %.2f times as fast now",
                 other / r->own);
    } else {
        snprintf(text, size, "the fastest of what was measured");
    }
    return text;
}

/* From how many rows on the product is taken: null where never. */
static json_t *rows_of(size_t from)
{
    return from == 0 || from == SIZE_MAX ? json_null() : json_integer((json_int_t)from);
}

static json_t *shape_of(const MtsShapeRate *rate, bool by_blas)
{
    static const char *const forms[] = {
        [MTS_FORM_TILE] = "tile", [MTS_FORM_PRODUCT] = "product", [MTS_FORM_FP32] = "fp32"};
    char text[128];
    bool blas = by_blas && rate->blas > 0;
    json_t *o = json_object();
    mts_json_add_text(&o, "type", rate->type);
    mts_json_add_int(&o, "rows", (json_int_t)rate->rows);
    mts_json_add_int(&o, "cols", (json_int_t)rate->cols);
    mts_json_add_int(&o, "batch", (json_int_t)rate->batch);
    mts_json_add_real(&o, "own_gmac_per_s", rate->own / 1e9);
    mts_json_add_real(&o, "blas_gmac_per_s", rate->blas > 0 ? rate->blas / 1e9 : NAN);
    mts_json_add_real(&o, "tile_gmac_per_s", rate->tile / 1e9);
    mts_json_add_real(&o, "product_gmac_per_s", rate->product > 0 ? rate->product / 1e9 : NAN);
    mts_json_add(&o, "product_from", rows_of(rate->from));
    mts_json_add_text(&o, "chosen", blas ? "blas" : forms[rate->chosen]);
    mts_json_add_text(&o, "why", why(rate, blas, text, sizeof text));
    return o;
}

/* Every matrix shape by the kernels and by BLAS: what `--matmul auto` rests on. */
static int bench_shapes(const MtsEngine *engine, bool blas, json_t **rows, MtsError *err)
{
    static const size_t batches[] = {1, 16, 512};
    MtsShapeRate rates[MTS_MOST_SHAPES];
    size_t count;
    int rc = 0;
    for (size_t i = 0; i < sizeof batches / sizeof batches[0] && !rc; i++) {
        if ((rc = mts_measure_shapes(engine, batches[i], rates, &count, err)) == 0) {
            for (size_t j = 0; j < count; j++) {
                mts_json_add(rows, NULL, shape_of(&rates[j], blas));
            }
        }
    }
    return rc;
}

static json_t *describe_machine(const MtsMachine *machine, const Args *args)
{
    uint32_t flags = 0;
    char names[128], bad[32];
    mts_cpu_flags(args->cpu_mask, &flags, bad, sizeof bad);
    json_t *o = json_object();
    mts_json_add_text(&o, "flags", mts_cpu_names(flags, names, sizeof names));
    mts_json_add_int(&o, "threads", machine->threads);
    mts_json_add_real(&o, "read_gb_per_s", machine->read_bytes_per_s / 1e9);
    mts_json_add_real(&o, "int8_gmac_per_s", machine->int8_macs_per_s / 1e9);
    return o;
}

static json_t *verdict(double prefill, double decode, size_t sequences, size_t prompt)
{
    char text[256];
    snprintf(text, sizeof text,
             "prefill runs at %.0f %%, %zu sequence%s after a prompt of %zu tokens at %.0f %% of what this machine's "
             "memory and int8 "
             "arithmetic allow",
             100 * prefill, sequences, sequences == 1 ? "" : "s", prompt, 100 * decode);
    return json_string(text);
}

static json_t *describe_memory(const MtsModelInfo *info, size_t loaded)
{
    json_t *o = json_object();
    mts_json_add_int(&o, "loaded_rss_bytes", (json_int_t)loaded);
    mts_json_add_int(&o, "weights", (json_int_t)info->parameters);
    mts_json_add_int(&o, "weight_bytes", (json_int_t)info->weight_bytes);
    mts_json_add_int(&o, "kv_bytes_per_token", (json_int_t)info->kv_bytes_per_token);
    return o;
}

/* How it was settled from how many rows on a shape goes by the product. */
static json_t *describe_choices(const MtsChoices *c)
{
    json_t *o = json_object();
    mts_json_add_int(&o, "measured", (json_int_t)c->measured);
    mts_json_add_int(&o, "kept", (json_int_t)c->kept);
    mts_json_add_int(&o, "unsettled", (json_int_t)c->unsettled);
    mts_json_add_real(&o, "seconds", c->seconds);
    mts_json_add(&o, "file", c->file ? json_string(c->file) : json_null());
    return o;
}

/* What has been measured. */
typedef struct Figures {
    json_t *prefill, *decode, *shapes; /* rows; NULL: memory ran out */
    MtsMachine machine;
    double load_s;
    size_t loaded; /* bytes */
    const MtsChoices *choices;
} Figures;

static json_t *describe(const Args *args, const Plan *plan, const MtsModelInfo *info, const Figures *f)
{
    double prefill_share = set_limits(f->prefill, "tokens", &f->machine, info);
    double decode_share = set_limits(f->decode, "batch", &f->machine, info);
    json_t *o = json_object(), *blas = json_object();
    if (prefill_share < 0 || decode_share < 0) {
        mts_json_add(&o, "prefill", NULL);
    }
    mts_json_add_text(&blas, "core", mts_blas_core());
    mts_json_add(&o, "prefill", json_incref(f->prefill));
    mts_json_add(&o, "decode", json_incref(f->decode));
    mts_json_add(&o, "matmul", json_incref(f->shapes));
    mts_json_add(&o, "choices", describe_choices(f->choices));
    mts_json_add(&o, "cpu", describe_machine(&f->machine, args));
    mts_json_add_text(&o, "kernels", info->kernels);
    mts_json_add(&o, "blas", blas);
    mts_json_add_real(&o, "load_s", f->load_s);
    mts_json_add(&o, "memory", describe_memory(info, f->loaded));
    mts_json_add(&o, "verdict",
                 verdict(prefill_share, decode_share, (size_t)plan->sequences.at[plan->sequences.n - 1],
                         (size_t)plan->prompts.at[plan->prompts.n - 1]));
    return o;
}

/* The machine comes last: what it is probed with would count among the process's memory. */
static int measure(const Args *args, const MtsEngine *engine, const MtsModelInfo *info, const Plan *plan, Figures *f,
                   MtsError *err)
{
    Progress progress;
    progress_begin(&progress, args->quiet);
    progress_say(&progress, "measuring prefill ...");
    int rc = bench_prefill(engine, info, &plan->prefill, &f->prefill, err);
    progress_say(&progress, "measuring decode ...");
    rc = rc ? rc : bench_decode(engine, info, plan, &f->decode, err);
    progress_say(&progress, "measuring matrices ...");
    rc = rc ? rc : bench_shapes(engine, args->matmul && strcmp(args->matmul, "blas") == 0, &f->shapes, err);
    progress_say(&progress, "measuring the machine ...");
    rc = rc ? rc : mts_measure_machine(engine, &f->machine, err);
    progress_end(&progress);
    return rc;
}

static int bench(const Args *args, const MtsEngine *engine, double load_s, MtsError *err)
{
    Plan plan;
    MtsModelInfo info;
    Figures f = {.prefill = json_array(), .decode = json_array(), .shapes = json_array(), .load_s = load_s};
    f.loaded = peak_bytes();
    f.choices = &mts_engine_model(engine)->choices;
    mts_model_info(mts_engine_model(engine), &info);
    int rc = read_plan(args, &plan, err);
    rc = rc ? rc : measure(args, engine, &info, &plan, &f, err);
    rc = rc ? rc : out_print(args, describe(args, &plan, &info, &f), err);
    json_decref(f.prefill);
    json_decref(f.decode);
    json_decref(f.shapes);
    return rc;
}

int cmd_bench(const Args *args, MtsError *err)
{
    MtsEngine *engine;
    double began = mts_seconds();
    int rc = open_engine(&engine, args, MTS_ENGINE_WEIGHTS, err);
    double load_s = mts_seconds() - began;
    if (!rc && mts_engine_is_table(engine)) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: a table has no forward pass to measure", args->model);
    }
    rc = rc ? rc : bench(args, engine, load_s, err);
    mts_engine_free(&engine);
    return rc;
}
