/* cli/cmd_choose.c - choose: the posterior of each of a few texts, over all its tokenisations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/batch.h"
#include "cli/command.h"
#include "cli/out.h"
#include "core/error.h"
#include "core/list.h"
#include "core/mem.h"

#define TOLERANCE 1e-3

/* The options: those of the list, whose copy *list becomes, then the operands. */
static int read_options(const Args *args, char **list, const char ***options, size_t *count, MtsError *err)
{
    size_t most = args->choices ? mts_parts(args->choices, ',') : 0;
    for (const char **p = args->operands; *p; p++) {
        most++;
    }
    *list = mts_strdup(args->choices ? args->choices : "");
    *options = mts_calloc(most, sizeof **options);
    if (!*list || !*options) {
        return mts_fail(err, MTS_ENOMEM, "choose: no memory for %zu options", most);
    }
    *count = args->choices ? mts_cut(*list, ',', *options) : 0;
    for (const char **p = args->operands; *p; p++) {
        (*options)[(*count)++] = *p;
    }
    return *count > 0
               ? MTS_OK
               : mts_fail(err, MTS_EREQUEST, "choose: there are no options: --options LIST, or one operand each");
}

static json_t *describe_options(const char *const *options, const MtsPosterior *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->count; i++) {
        json_t *o = json_object();
        mts_json_add(&o, "option", out_string(options[i]));
        mts_json_add_real(&o, "probability", c->options[i].probability);
        mts_json_add_real(&o, "logprob", c->options[i].logp);
        mts_json_add_int(&o, "tokenisations", (json_int_t)c->options[i].tokenisations);
        mts_json_add(&list, NULL, o);
    }
    return list;
}

static json_t *describe(const char *const *options, const MtsPosterior *c, const Asked *asked)
{
    json_t *o = json_object();
    mts_json_add(&o, "best", out_string(options[c->best]));
    mts_json_add(&o, "options", describe_options(options, c));
    mts_json_add_real(&o, "unexplored", c->unexplored);
    mts_json_add_int(&o, "nfe", (json_int_t)c->nfe);
    mts_json_add_int(&o, "prompt_tokens", (json_int_t)asked->request.prompt_count);
    out_date(&o, &asked->chat);
    mts_json_add_real(&o, "prefill_seconds", c->prefill_seconds);
    mts_json_add_real(&o, "seconds", c->seconds);
    return o;
}

static double tolerance_of(const Args *args)
{
    return isnan(args->tolerance) ? TOLERANCE : args->tolerance;
}

/* ---- lines of a batch, which may have options of their own ---- */

/* *list and *options are the caller's, also on failure; the texts are the line's or the list's. */
static int options_of(const Args *own, const json_t *line, char **list, const char ***options, size_t *count,
                      MtsError *err)
{
    const json_t *given = json_object_get(line, "options");
    if (!given) {
        return read_options(own, list, options, count, err);
    }
    *list = NULL;
    *count = json_array_size(given);
    if (!(*options = mts_calloc(*count + 1, sizeof **options))) {
        return mts_fail(err, MTS_ENOMEM, "choose: no memory for %zu options", *count);
    }
    for (size_t i = 0; i < *count; i++) {
        if (!((*options)[i] = json_string_value(json_array_get(given, i)))) {
            return mts_fail(err, MTS_EREQUEST, "option %zu is no text", i + 1);
        }
    }
    return *count ? MTS_OK : mts_fail(err, MTS_EREQUEST, "options is no list of texts");
}

static int ask_line(Asked *asked, const MtsEngine *engine, const Args *own, const json_t *line, MtsError *err)
{
    char *list = NULL;
    const char **options = NULL;
    size_t count, longest = 0;
    int rc;
    if (!(rc = options_of(own, line, &list, &options, &count, err)) && !(rc = ask(asked, engine, own, err))) {
        for (size_t i = 0; i < count; i++) {
            longest = strlen(options[i]) > longest ? strlen(options[i]) : longest;
        }
        asked->request.max_tokens = longest + 1;
    }
    free(options);
    free(list);
    return rc;
}

static int answer_line(const MtsEngine *engine, const Args *own, const Asked *asked, const json_t *line,
                       json_t **answer, MtsError *err)
{
    MtsPosterior *posterior = NULL;
    char *list = NULL;
    const char **options = NULL;
    size_t count;
    int rc = options_of(own, line, &list, &options, &count, err);
    rc = rc ? rc : mts_engine_choose(engine, &asked->request, options, count, tolerance_of(own), &posterior, err);
    if (!rc && !(*answer = describe(options, posterior, asked))) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for the answer");
    }
    mts_posterior_free(&posterior);
    free(options);
    free(list);
    return rc;
}

static const BatchKind LINES = {"choose", {"system", "messages", "options"}, false, ask_line, answer_line};

int cmd_choose(const Args *args, MtsError *err)
{
    MtsEngine *engine = NULL;
    Asked asked = {0};
    MtsPosterior *posterior = NULL;
    char *list = NULL;
    const char **options = NULL;
    size_t count;
    int rc;
    if (args->batch_in) {
        return batch_run(&LINES, args, err);
    }
    if ((rc = read_options(args, &list, &options, &count, err)) ||
        (rc = open_engine(&engine, args, MTS_ENGINE_WHOLE, err)) || (rc = ask(&asked, engine, args, err))) {
        goto done;
    }
    catch_interrupts();
    rc = mts_engine_choose(engine, &asked.request, options, count, tolerance_of(args), &posterior, err);
    rc = rc ? rc : out_print(args, describe(options, posterior, &asked), err);
done:
    mts_posterior_free(&posterior);
    asked_free(&asked);
    mts_engine_free(&engine);
    free(options);
    free(list);
    return rc;
}
