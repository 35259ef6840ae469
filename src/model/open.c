/* model/open.c - opening a model, and the facts about it. */
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"
#include "core/mem.h"
#include "model/blas.h"
#include "model/load.h"
#include "model/team.h"

static int choose_kernels(MtsModel *m, const MtsModelOptions *options, MtsError *err)
{
    char bad[64];
    if (mts_cpu_flags(options ? options->cpu_mask : NULL, &m->cpu, bad, sizeof bad) != 0) {
        return mts_fail(err, MTS_EREQUEST, "the CPU mask names \"%s\", which is no known feature", bad);
    }
    mts_kernels_init(&m->table, m->cpu);
    m->kernels = &m->table;
    m->exact = options && options->exact;
    m->blas = options && options->matmul == MTS_MATMUL_BLAS;
    return m->blas ? mts_blas_open(m->cpu, err) : MTS_OK;
}

static int copy_name(MtsModel *m, const MtsGguf *gguf, MtsError *err)
{
    MtsString name = {"", 0};
    if (mts_gguf_find(gguf, "general.name")) {
        int rc = mts_gguf_get_string(gguf, "general.name", false, &name, err);
        if (rc) {
            return rc;
        }
    }
    m->name = mts_strndup(name.data, name.size);
    return m->name ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", mts_gguf_path(gguf));
}

int mts_model_from_gguf(MtsModel **model, const MtsGguf *gguf, const MtsModelOptions *options, MtsError *err)
{
    *model = NULL;
    MtsModel *m = mts_calloc(1, sizeof *m);
    if (!m) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", mts_gguf_path(gguf));
    }
    int threads = options && options->threads > 0 ? options->threads : mts_team_processors();
    int rc;
    if ((rc = choose_kernels(m, options, err)) || (rc = mts_config_read(&m->config, gguf, err)) ||
        (rc = copy_name(m, gguf, err)) || (rc = mts_load(m, gguf, threads, err))) {
        mts_model_free(&m);
    }
    *model = m;
    return rc;
}

int mts_model_open(MtsModel **model, const char *path, const MtsModelOptions *options, MtsError *err)
{
    *model = NULL;
    MtsGguf *gguf;
    int rc = mts_gguf_open(&gguf, path, err);
    if (rc) {
        return rc;
    }
    rc = mts_model_from_gguf(model, gguf, options, err);
    if (!rc && (rc = mts_gguf_unchanged(gguf, err))) {
        mts_model_free(model);
    }
    mts_gguf_free(&gguf);
    return rc;
}

void mts_model_free(MtsModel **model)
{
    if (*model) {
        mts_load_clear(*model);
        free((*model)->name);
        free(*model);
        *model = NULL;
    }
}

void mts_model_info(const MtsModel *model, MtsModelInfo *info)
{
    const MtsConfig *c = &model->config;
    *info = (MtsModelInfo){
        .architecture = c->architecture->name,
        .name = model->name,
        .vocab = c->vocab,
        .context = c->context,
        .layers = c->layers,
        .width = c->width,
        .heads = c->heads,
        .kv_heads = c->kv_heads,
        .head_dim = c->head_dim,
        .ffn_width = c->ffn_width,
        .window = c->window,
        .media_width = c->media_width,
        .parameters = model->parameters,
        .weight_bytes = model->arena_bytes + model->vector_count * sizeof(float),
        .kv_bytes_per_token = c->layers * 2 * c->kv_heads * c->head_dim * (model->exact ? 4 : 2),
        .kernels = model->kernels->name,
    };
}
