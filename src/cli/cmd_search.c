/* cli/cmd_search.c - search: the best texts for a prompt, a table's or a model's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/batch.h"
#include "cli/command.h"
#include "cli/explain.h"
#include "cli/live.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "core/error.h"
#include "eval/outlook.h"

static json_t *tokenisations_of(const MtsTokenisations *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->count; i++) {
        json_t *way = json_object();
        mts_json_add(&way, "tokens", out_ids(t->ways[i].tokens, t->ways[i].count));
        mts_json_add_real(&way, "logprob", t->ways[i].logp);
        mts_json_add_real(&way, "probability", t->ways[i].probability);
        mts_json_add(&list, NULL, way);
    }
    return list;
}

static json_t *answer_of(const MtsTextResult *r, size_t i, bool weights)
{
    const MtsAnswer *a = &r->search->answers[i];
    json_t *o = json_object();
    mts_json_add(&o, "tokens", out_ids(a->tokens, a->count));
    mts_json_add(&o, "text", out_answer(r->texts[i], r->text_sizes[i]));
    mts_json_add_text(&o, "end", mts_answer_end_name(a->end));
    mts_json_add_real(&o, "reward", a->reward);
    mts_json_add_real(&o, "logprob", a->logp);
    if (weights) {
        mts_json_add_real(&o, "log_weight", a->log_weight);
        mts_json_add_real(&o, "probability", a->probability);
        mts_json_add_real(&o, "policy", a->policy);
    }
    if (weights && r->tokenisations[i].count > 1) {
        mts_json_add(&o, "tokenisations", tokenisations_of(&r->tokenisations[i]));
    }
    return o;
}

/* ---- the result ---- */

/* The mean reward of the answers by their probability; NaN where none has any. */
static double weighted_mean(const MtsSearchResult *s)
{
    double sum = 0, whole = 0;
    for (size_t i = 0; i < s->answer_count; i++) {
        sum += s->answers[i].probability > 0 ? s->answers[i].probability * s->answers[i].reward : 0;
        whole += s->answers[i].probability;
    }
    return whole > 0 ? sum : (double)NAN;
}

static json_t *describe_tree(const MtsSearchResult *s)
{
    json_t *tree = json_object();
    mts_json_add_int(&tree, "nodes", (json_int_t)s->tree_nodes);
    mts_json_add_int(&tree, "max_depth", (json_int_t)s->tree_max_depth);
    mts_json_add_real(&tree, "branching", s->tree_branching);
    return tree;
}

static json_t *describe_cache(const MtsTextResult *r)
{
    json_t *cache = json_object();
    mts_json_add_int(&cache, "bytes", (json_int_t)r->kv_bytes);
    mts_json_add_int(&cache, "pages_peak", (json_int_t)r->kv_pages_peak);
    mts_json_add_int(&cache, "page_tokens", (json_int_t)r->kv_page_tokens);
    mts_json_add_int(&cache, "recomputed", (json_int_t)r->recomputed);
    return cache;
}

static json_t *describe(const MtsTextResult *r, const MtsSearchSettings *asked, const Conversation *chat)
{
    const MtsSearchResult *s = r->search;
    json_t *answers = json_array(), *o = json_object();
    mts_json_add_text(&o, "method", mts_method_name(s->method));
    mts_json_add_int(&o, "seed", (json_int_t)asked->seed);
    mts_json_add_real(&o, "lambda", asked->lambda);
    mts_json_add_int(&o, "rollouts", (json_int_t)s->rollouts_done);
    mts_json_add_int(&o, "rollouts_asked", (json_int_t)s->rollouts_asked);
    mts_json_add_text(&o, "reward", r->reward);
    mts_json_add_text(&o, "target", r->target);
    mts_json_add_int(&o, "nfe", (json_int_t)s->nfe);
    mts_json_add_int(&o, "reward_calls", (json_int_t)s->reward_calls);
    mts_json_add_int(&o, "prompt_tokens", (json_int_t)r->prompt_tokens);
    out_date(&o, chat);
    mts_json_add_int(&o, "decode_tokens", (json_int_t)s->decode_tokens);
    mts_json_add_real(&o, "seconds", r->seconds);
    mts_json_add_real(&o, "prefill_seconds", r->prefill_seconds);
    mts_json_add_text(&o, "stop_reason", s->stop_reason);
    mts_json_add_real(&o, "log_z", s->log_z);
    mts_json_add_real(&o, "log_z_se", s->log_z_se);
    mts_json_add_real(&o, "log_z_low", s->log_z_low);
    mts_json_add_real(&o, "log_z_high", s->log_z_high);
    mts_json_add(&o, "log_z_biased", s->log_z_bias ? json_string(s->log_z_bias) : json_null());
    json_t *mean = json_object();
    mts_json_add_real(&mean, "rollouts", s->mean_reward);
    mts_json_add_real(&mean, "answers", weighted_mean(s));
    mts_json_add(&o, "mean_reward", mean);
    if (s->answer_count > 0) {
        mts_json_add(&o, "best", answer_of(r, s->best, false));
        mts_json_add(&o, "map", answer_of(r, s->map, false));
        mts_json_add(&o, "sampled", answer_of(r, s->sampled, false));
    }
    for (size_t i = 0; i < s->answer_count; i++) {
        mts_json_add(&answers, NULL, answer_of(r, i, true));
    }
    mts_json_add(&o, "answers", answers);
    mts_json_add(&o, "tree", describe_tree(s));
    if (r->kv_page_tokens) {
        mts_json_add(&o, "kv", describe_cache(r));
    }
    return o;
}

enum { SHOWN_ANSWERS = 6, TEXT_INDENT = 4 };

static void put_answers(const MtsTextResult *r)
{
    const MtsSearchResult *s = r->search;
    for (size_t i = 0; i < s->answer_count && i < SHOWN_ANSWERS; i++) {
        const MtsAnswer *a = &s->answers[i];
        out_printf("%s%sreward %.4g%s, log p %.2f, share %.3g%s%s\n", i == s->best ? out_bold() : "",
                   i == s->best ? "best: " : "", a->reward, i == s->best ? out_plain() : "", a->logp, a->probability,
                   a->end == MTS_ANSWER_COMPLETE ? "" : ", ",
                   a->end == MTS_ANSWER_COMPLETE ? "" : mts_answer_end_name(a->end));
        out_printf("%*s", TEXT_INDENT, "");
        out_text(r->texts[i], r->text_sizes[i], TEXT_INDENT);
        out_puts("\n");
    }
    if (s->answer_count > SHOWN_ANSWERS) {
        out_line("and %zu more (--json lists all)", s->answer_count - SHOWN_ANSWERS);
    }
}

static void put_readable(const MtsTextResult *r, const MtsSearchSettings *asked)
{
    const MtsSearchResult *s = r->search;
    put_answers(r);
    out_puts("\n");
    out_line("%s, lambda %g, seed %llu, reward %s, target %s", mts_method_name(s->method), asked->lambda,
             (unsigned long long)asked->seed, r->reward, r->target);
    if (isfinite(s->log_z)) {
        out_line("log Z %.4f, standard error %.2g%s%s", s->log_z, s->log_z_se, s->log_z_bias ? "; biased: " : "",
                 s->log_z_bias ? s->log_z_bias : "");
    }
    out_line("%zu of %zu rollouts (stopped: %s), %zu prompt tokens, %llu positions evaluated for %llu tokens generated",
             s->rollouts_done, s->rollouts_asked, s->stop_reason, r->prompt_tokens, (unsigned long long)s->nfe,
             (unsigned long long)s->decode_tokens);
    out_line("tree: %zu nodes, depth %zu, branching %.3f; %.2f s, of them the prompt %.2f s", s->tree_nodes,
             s->tree_max_depth, s->tree_branching, r->seconds, r->prefill_seconds);
}

static int put_json(const Args *args, const MtsEngine *engine, const MtsTextResult *result, const Asked *asked,
                    const char *tree, MtsError *err)
{
    json_t *o = describe(result, &asked->request.search, &asked->chat);
    if (tree) {
        mts_json_add_text(&o, "explain", tree);
    } else if (args->explain_as) {
        mts_json_add(&o, "explain", explain_json(engine, result));
    }
    return out_print(args, o, err);
}

/* --explain is for reading, so it is readable unless --json asks otherwise; --text is for what comes behind a pipe. */
static int show(const Args *args, const MtsEngine *engine, const MtsTextResult *result, const Asked *asked,
                MtsError *err)
{
    const char *as = args->explain_as;
    bool dot = as && strcmp(as, "dot") == 0, json = as && strcmp(as, "json") == 0;
    bool wants = (args->explain || as) && !json;
    char *tree = NULL;
    int rc;
    if (args->text) {
        size_t best = result->search->best;
        out_whole_text(result->texts[best], result->text_sizes[best]);
        out_puts("\n");
        return out_flush(err);
    }
    if (wants && !(tree = dot ? explain_dot(engine, result) : explain_text(engine, result))) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the tree");
    }
    if (dot) {
        out_puts(tree);
        rc = out_flush(err);
    } else if (json || args->json || (out_is_json(args) && !tree)) {
        rc = put_json(args, engine, result, asked, tree, err);
    } else {
        if (tree) {
            out_printf("%s\n", tree);
        }
        put_readable(result, &asked->request.search);
        rc = out_flush(err);
    }
    free(tree);
    return rc;
}

static int answer_line(const MtsEngine *engine, const Args *own, const Asked *asked, const json_t *line,
                       json_t **answer, MtsError *err)
{
    (void)own;
    (void)line;
    MtsTextResult *result = NULL;
    int rc = mts_engine_search(engine, &asked->request, &result, err);
    if (!rc && !(*answer = describe(result, &asked->request.search, &asked->chat))) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for the answer");
    }
    mts_text_result_free(&result);
    return rc;
}

static const BatchKind LINES = {"search", {"system", "messages", "seed"}, true, batch_ask, answer_line};

static int read_outlook(MtsExperience **out, const MtsEngine *engine, const Args *args, const MtsRequest *request,
                        MtsError *err)
{
    const char *reward = mts_engine_is_table(engine) ? "table" : mts_request_reward(request);
    return mts_outlook_read(out, args->outlook, engine, reward, err);
}

int cmd_search(const Args *args, MtsError *err)
{
    MtsEngine *engine;
    Asked asked = {0};
    MtsTextResult *result = NULL;
    MtsExperience *outlook = NULL;
    Progress progress;
    Live live;
    if (args->batch_in) {
        return batch_run(&LINES, args, err);
    }
    int rc = open_engine(&engine, args, MTS_ENGINE_WHOLE, err);
    if (rc) {
        return rc;
    }
    if ((rc = ask(&asked, engine, args, err)) == 0 &&
        (!args->outlook || !(rc = read_outlook(&outlook, engine, args, &asked.request, err)))) {
        asked.request.search.experience = outlook;
        catch_interrupts();
        progress_begin_search(&progress, args->quiet || args->live, &asked.request.search, asked.request.max_tokens);
        live_begin(&live, mts_engine_tokenizer(engine));
        asked.request.sink = args->live ? &live.sink : progress.shown ? &progress.sink : NULL;
        progress_say(&progress, "reading the prompt ...");
        rc = mts_engine_search(engine, &asked.request, &result, err);
        progress_end(&progress);
        live_end(&live);
    }
    if (!rc) {
        rc = show(args, engine, result, &asked, err);
    }
    mts_text_result_free(&result);
    mts_experience_free(&outlook);
    asked_free(&asked);
    mts_engine_free(&engine);
    return rc;
}
