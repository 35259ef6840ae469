/* eval/describe.c - a plan as the head of its journal (docs/stages.md). Model, data and what the reward reads stand in
 * it by hash, so a journal goes on with the same ones alone. */
#include "eval/describe.h"

#include <stdio.h>
#include <string.h>

#include <maxts/version.h>

#include "core/endian.h"
#include "core/file.h"
#include "core/hash.h"
#include "eval/grid.h"
#include "results/fields.h"
#include "reward/fingerprint.h"
#include "search/experience.h"

/* ---- hashes ---- */

/* Of everything that the samples hold. */
static uint64_t hash_samples(const MtsStage *stage, size_t count)
{
    uint64_t h = MTS_HASH_BEGIN;
    for (size_t i = 0; i < count; i++) {
        const MtsSample *s = &stage->samples[i];
        h = mts_hash(h, s->key, strlen(s->key));
        h = mts_hash(h, s->prompt, strlen(s->prompt));
        h = mts_hash_doubles(h, s->series->values, s->series->channels * s->series->length);
        for (size_t k = 0; k < s->option_count; k++) {
            h = mts_hash(h, s->options[k], strlen(s->options[k]));
        }
        uint32_t option = mts_le32((uint32_t)s->truth.option);
        h = mts_hash(h, &option, sizeof option);
        h = mts_hash(h, s->truth.text, strlen(s->truth.text));
        if (s->truth.future) {
            h = mts_hash_doubles(h, s->truth.future, s->horizon);
        }
    }
    return h;
}

static json_t *hash_json(uint64_t h)
{
    char digits[MTS_HASH_DIGITS + 1];
    return json_string(mts_hash_text(h, digits));
}

static int hash_file(const char *path, uint64_t *h, MtsError *err)
{
    MtsMap map;
    int rc = mts_map_open(&map, path, err);
    if (!rc) {
        *h = mts_hash(MTS_HASH_BEGIN, map.data, map.size);
        mts_map_close(&map);
    }
    return rc;
}

/* ---- parts of a head: NULL when memory ran out ---- */

static void add_optional(json_t **o, const char *member, const char *text)
{
    mts_json_add_text(o, member, text && *text ? text : NULL);
}

/* The settings of the search that all runs share. An automatic one is 0, or absent where 0 is a value. */
static json_t *shared_settings(const MtsSearchSettings *search)
{
    json_t *o = mts_settings_fields(search, true);
    for (size_t i = 0; o && i < mts_search_setting_count; i++) {
        const MtsSetting *row = &mts_search_settings[i];
        bool varied = row->kind == MTS_SETTING_METHOD || row->kind == MTS_SETTING_SEED || mts_eval_is_dimension(row);
        bool automatic = json_is_null(json_object_get(o, row->name));
        if (varied || (automatic && row->min <= 0)) {
            json_object_del(o, row->name);
        } else if (automatic) {
            mts_json_add_int(&o, row->name, 0);
        }
    }
    return o;
}

/* What all runs share. `reward_files`: the hash of what the reward reads, --train among it. */
static json_t *describe_settings(const MtsEvalPlan *plan, const MtsEvalAsked *a, uint64_t reward_files)
{
    const MtsRequest *r = &a->base;
    json_t *o = shared_settings(&r->search);
    add_optional(&o, MTS_F_PRESET, a->preset);
    add_optional(&o, MTS_F_EXPERIMENT, a->experiment);
    mts_json_add_int(&o, "top_k", (json_int_t)r->cut.top_k);
    mts_json_add_real(&o, "top_p", r->cut.top_p);
    mts_json_add_real(&o, "min_p", r->cut.min_p);
    mts_json_add_flag(&o, "raw", a->raw);
    add_optional(&o, "date", a->date);
    if (r->think_tokens) {
        mts_json_add_int(&o, "think_tokens", (json_int_t)r->think_tokens);
    }
    mts_json_add_flag(&o, "exact", a->exact);
    mts_json_add_flag(&o, "spread", a->spread);
    add_optional(&o, "train", a->train);
    if (reward_files != MTS_HASH_BEGIN) {
        mts_json_add(&o, "reward_files", hash_json(reward_files));
    }
    mts_json_add_int(&o, "points", (json_int_t)a->options.points);
    mts_json_add_int(&o, "context", (json_int_t)a->options.context);
    mts_json_add_int(&o, "horizon", (json_int_t)a->options.horizon);
    mts_json_add_int(&o, MTS_F_NFE, (json_int_t)a->nfe);
    mts_json_add_int(&o, "total_nfe", (json_int_t)a->total_nfe);
    mts_json_add_int(&o, "keep_trees", (json_int_t)a->keep_trees);
    mts_json_add_real(&o, "max_seconds", r->search.max_seconds);
    if (a->learn) {
        mts_json_add_flag(&o, "learn", true);
    }
    if (plan->outlook) {
        mts_json_add(&o, "outlook", hash_json(mts_experience_mark(plan->outlook)));
    }
    return o;
}

static json_t *describe_setup(const MtsEvalSetup *setup)
{
    const MtsSearchSettings *s = &setup->request.search;
    json_t *o = json_object();
    mts_json_add_text(&o, MTS_F_METHOD, setup->method);
    mts_json_add_text(&o, MTS_F_VARIANT, setup->variant);
    mts_json_add_flag(&o, MTS_F_SEEDED, setup->seeded);
    if (!setup->naive) {
        mts_json_add_real(&o, MTS_F_LAMBDA, s->lambda);
        mts_json_add_int(&o, MTS_F_ROLLOUTS, (json_int_t)(s->max_nfe ? 0 : s->rollouts));
        mts_json_add_int(&o, MTS_F_MAX_TOKENS, (json_int_t)setup->request.max_tokens);
        mts_json_add_real(&o, MTS_F_TEMPERATURE, s->temperature);
        mts_json_add_int(&o, MTS_F_EXPANSION, (json_int_t)s->expansion);
        mts_json_add_int(&o, MTS_F_IN_FLIGHT, (json_int_t)(s->in_flight == MTS_AUTO ? 0 : s->in_flight));
        mts_json_add_flag(&o, MTS_F_END_STOP, setup->request.end_stop);
        mts_json_add_flag(&o, MTS_F_KV_CACHE, !setup->request.no_cache);
    }
    return o;
}

static void add_base_name(json_t **o, const char *member, const char *path)
{
    mts_json_add_text(o, member, mts_path_name(path));
}

static json_t *describe_model(const MtsEngine *engine, uint64_t hash)
{
    MtsModelInfo info = {0};
    MtsTableInfo table = {0};
    json_t *o = json_object();
    bool model = mts_engine_model(engine) != NULL;
    if (model) {
        mts_model_info(mts_engine_model(engine), &info);
    } else {
        mts_table_info(mts_engine_table(engine), &table);
    }
    add_base_name(&o, MTS_F_FILE, mts_engine_path(engine));
    mts_json_add_text(&o, MTS_F_NAME, model ? info.name : table.name);
    mts_json_add(&o, MTS_F_HASH, hash_json(hash));
    return o;
}

/* `model`: its hash, which is that of a table's data, too. */
static json_t *describe_data(const MtsEvalPlan *plan, const MtsEvalAsked *a, uint64_t model)
{
    json_t *o = json_object(), *files = json_array();
    if (plan->stage) {
        add_base_name(&files, NULL, a->data);
    }
    if (plan->stage && a->more) {
        add_base_name(&files, NULL, a->more);
    }
    mts_json_add(&o, MTS_F_FILES, files);
    mts_json_add(&o, MTS_F_HASH, hash_json(plan->stage ? hash_samples(plan->stage, plan->samples) : model));
    return o;
}

/* The lists that make the records: methods, samples, runs, seeds. */
static json_t *describe_methods(const MtsEvalPlan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->setup_count; i++) {
        if (i == 0 || strcmp(plan->setups[i].method, plan->setups[i - 1].method) != 0) {
            mts_json_add_text(&list, NULL, plan->setups[i].method);
        }
    }
    return list;
}

static json_t *describe_samples(const MtsEvalPlan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->samples; i++) {
        mts_json_add_text(&list, NULL, plan->stage ? plan->stage->samples[i].key : plan->table_key);
    }
    return list;
}

static json_t *describe_setups(const MtsEvalPlan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->setup_count; i++) {
        mts_json_add(&list, NULL, describe_setup(&plan->setups[i]));
    }
    return list;
}

static json_t *describe_seeds(const MtsEvalPlan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->seed_count; i++) {
        mts_json_add_int(&list, NULL, (json_int_t)plan->seeds[i]);
    }
    return list;
}

/* ---- the head ---- */

int mts_eval_describe(json_t **head, const MtsEvalPlan *plan, const MtsEngine *engine, const MtsEvalAsked *a,
                      MtsError *err)
{
    char target[192], shard[48];
    uint64_t model, files = MTS_HASH_BEGIN;
    int rc = hash_file(mts_engine_path(engine), &model, err);
    rc = rc || !plan->train ? rc : mts_reward_hash_file(&files, plan->train, err);
    rc = rc ? rc : mts_reward_hash_files(&files, plan->reward, err);
    if (rc) {
        return rc;
    }
    MtsRequest like = plan->setups[0].request;
    like.constraint = *plan->constraint ? plan->constraint : NULL;
    mts_request_target(engine, &like, target, sizeof target);
    json_t *o = json_object();
    mts_json_add_text(&o, MTS_F_MAXTS, "eval");
    mts_json_add_text(&o, MTS_F_VERSION, MTS_VERSION);
    mts_json_add(&o, MTS_F_MODEL, describe_model(engine, model));
    mts_json_add_text(&o, MTS_F_STAGE, plan->name);
    mts_json_add(&o, MTS_F_DATA, describe_data(plan, a, model));
    mts_json_add(&o, MTS_F_METHODS, describe_methods(plan));
    mts_json_add(&o, MTS_F_SETTINGS, describe_settings(plan, a, files));
    mts_json_add(&o, MTS_F_SAMPLES, describe_samples(plan));
    mts_json_add(&o, MTS_F_RUNS, describe_setups(plan));
    mts_json_add(&o, MTS_F_SEEDS, describe_seeds(plan));
    mts_json_add_text(&o, MTS_F_REWARD, plan->reward);
    add_optional(&o, MTS_F_CONSTRAINT, plan->constraint);
    mts_json_add_text(&o, MTS_F_TARGET, target);
    if (plan->shards > 1) {
        snprintf(shard, sizeof shard, "%zu/%zu", plan->shard, plan->shards);
        mts_json_add_text(&o, MTS_F_SHARD, shard);
    }
    *head = o;
    return o ? MTS_OK : mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
}
