/* engine/generate.c - one answer, token by token, written as it grows.
 *
 * It runs on the same model seam as search, so a table generates as a model does. A drawn token is the first one
 * whose cumulative tempered weight passes a uniform number keyed by (seed, answer 0, token position).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "engine/internal.h"

void mts_generated_free(MtsGenerated **generated)
{
    if (*generated) {
        free((*generated)->tokens);
        free((*generated)->text);
        free(*generated);
        *generated = NULL;
    }
}

/* The index of the token to take next; dist has at least one. */
static size_t choose(const MtsDist *dist, bool greedy, double temperature, uint64_t seed, size_t position)
{
    double total = 0, sum = 0;
    if (greedy) {
        return 0;
    }
    for (size_t i = 0; i < dist->count; i++) {
        total += exp((dist->logp[i] - dist->logp[0]) / temperature);
    }
    MtsRng rng = mts_rng(seed, 0, (uint32_t)position);
    double u = mts_rng_uniform(&rng) * total;
    for (size_t i = 0; i + 1 < dist->count; i++) {
        sum += exp((dist->logp[i] - dist->logp[0]) / temperature);
        if (u < sum) {
            return i;
        }
    }
    return dist->count - 1;
}

typedef struct Stream {
    int (*write)(void *context, const char *text, size_t size, MtsError *err);
    void *context;
    const MtsRules *rules;
    size_t written; /* bytes of the text so far */
} Stream;

/* Writes what the newest token added, whole characters only unless it was the last one. */
static int stream(Stream *s, const MtsEngine *engine, MtsGenerated *g, bool last, MtsError *err)
{
    size_t size;
    char *text;
    size_t count = g->count;
    if (last && !engine->table && strcmp(g->stop_reason, "end") == 0) {
        count--;
    }
    bool stopped;
    int rc = mts_answer_text(engine, s->rules, g->tokens, count, !last, &text, &size, &stopped, err);
    if (rc) {
        return rc;
    }
    if (stopped && last && strcmp(g->stop_reason, "interrupted") != 0) {
        g->stop_reason = "stop";
    }
    size_t whole = stopped || last ? size : size - mts_stops_held(s->rules->stops, text, size);
    if (s->write && whole > s->written) {
        rc = s->write(s->context, text + s->written, whole - s->written, err);
        s->written = whole;
    }
    free(g->text);
    g->text = text;
    g->text_size = size;
    return rc;
}

/* Why the answer is whole with the token just taken; NULL: it goes on. */
static const char *reason_to_stop(const MtsSearchModel *model, const MtsGenerated *g)
{
    return model->is_end(model->context, g->tokens[g->count - 1]) ? "end"
           : g->count == model->max_tokens                        ? "length"
                                                                  : NULL;
}

int mts_source_advance(const MtsSearchModel *model, MtsState **state, MtsDist *dist, int32_t token, MtsError *err)
{
    MtsSearchStep step = {.state = *state, .token = token};
    int rc = model->extend(model->context, &step, 1, err);
    if (!rc) {
        model->release(model->context, *state);
        *state = step.next;
        *dist = step.dist;
    }
    return rc;
}

static int grow(const MtsEngine *engine, const MtsSearchModel *model, const MtsRequest *request, bool greedy,
                Stream *out, MtsGenerated *g, MtsError *err)
{
    const MtsSearchSettings *search = &request->search;
    MtsDist dist = model->root_dist;
    MtsState *state = model->root;
    int rc = 0;
    model->retain(model->context, state);
    while (!rc && !g->stop_reason) {
        if (search->stop && search->stop(search->stop_context)) {
            g->stop_reason = "interrupted";
            break;
        }
        if (dist.count == 0) {
            rc = mts_fail(err, MTS_ECONSTRAINT,
                          "constraint: nothing may follow the first %zu tokens of the answer, and %zu are allowed",
                          g->count, model->max_tokens);
            break;
        }
        size_t at = choose(&dist, greedy, request->cut.temperature, search->seed, g->count);
        g->tokens[g->count++] = dist.tokens[at];
        g->logp += dist.logp[at];
        if (!(g->stop_reason = reason_to_stop(model, g)) &&
            !(rc = mts_source_advance(model, &state, &dist, dist.tokens[at], err))) {
            rc = stream(out, engine, g, false, err);
        }
    }
    model->release(model->context, state);
    return rc                            ? rc
           : g->count || !g->stop_reason ? stream(out, engine, g, true, err)
                                         : mts_fail(err, MTS_EINTERRUPTED, "interrupted before the first token");
}

int mts_engine_generate(const MtsEngine *engine, const MtsRequest *request, bool greedy,
                        int (*write)(void *context, const char *text, size_t size, MtsError *err), void *context,
                        MtsGenerated **generated, MtsError *err)
{
    MtsSource source = {0};
    MtsGenerated *g = NULL;
    Stream out = {.write = write, .context = context};
    MtsRequest one = *request;
    *generated = NULL;
    if (greedy && !engine->table) {
        one.cut = (MtsCut){.temperature = 1, .top_k = 1, .top_p = 1};
    }
    double began = mts_seconds();
    int rc = mts_source_open(&source, engine, &one, 1, err);
    if (rc) {
        return rc;
    }
    double ready = mts_seconds();
    out.rules = &source.rules;
    g = mts_calloc(1, sizeof *g);
    if (!g || !(g->tokens = mts_calloc(source.model.max_tokens, sizeof *g->tokens))) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for an answer of %zu tokens", source.model.max_tokens);
    } else {
        rc = grow(engine, &source.model, &one, greedy, &out, g, err);
        g->prefill_seconds = ready - began;
        g->decode_seconds = mts_seconds() - ready;
    }
    mts_source_close(&source);
    if (rc) {
        mts_generated_free(&g);
    }
    *generated = g;
    return rc;
}
