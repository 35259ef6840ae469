/* engine/choose.c - how likely each of a few texts is to be the answer, over all its tokenisations.
 *
 * p(option | prompt) is the sum of p over every token sequence that spells the option and then ends. The end counts:
 * without it "A" would get what belongs to "A cat", and a longer option would always lose to its own beginning.
 *
 * The sequences form a tree, whose prefixes wait in a frontier. A prefix of probability m leads to texts of at most m
 * together, so what waits bounds what has not been found: the likeliest prefixes are evaluated, a batch at a time,
 * until the rest is within the tolerance. Nothing is drawn; with tolerance 0 every sequence is evaluated.
 *
 * Time goes into the forward passes, whose products take rows of activations in panels of 16, and a part of a panel
 * costs as much as the whole. So a batch is whole panels: it goes on to the panel's end, which costs nothing, or back
 * to the one before, where little is lost. And nothing is evaluated ahead of what is asked for (engine/lm.c): what an
 * unlikely beginning says about its end is seldom wanted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/list.h"
#include "core/mem.h"
#include "core/sort.h"
#include "engine/internal.h"
#include "search/logs.h"

enum { BATCH = 64, SPELLED_MOST = 24 };

/* A prefix, one token longer than what was evaluated. */
typedef struct Waiting {
    MtsState *from; /* a reference of ours */
    int32_t token;
    double logp;    /* of the prefix, nats */
    size_t option;  /* the first option that begins like this ... */
    size_t at;      /* ... for so many bytes */
    size_t depth;   /* tokens */
    uint64_t order; /* of its discovery: decides between equals */
} Waiting;

typedef struct Chooser {
    const MtsEngine *engine;
    const MtsRequest *asked;
    const MtsSearchModel *model;
    const char *const *options;
    const size_t *sizes; /* [count] bytes of each option */
    MtsPosterior *out;
    Waiting *frontier; /* [waiting] */
    size_t waiting, cap;
    uint64_t discovered;
} Chooser;

/* ---- the frontier ---- */

static int push(Chooser *c, Waiting item, MtsError *err)
{
    if (!mts_grow(&c->frontier, &c->cap, c->waiting + 1, sizeof *c->frontier)) {
        return mts_fail(err, MTS_ENOMEM, "choose: no memory for %zu beginnings", c->waiting + 1);
    }
    item.order = c->discovered++;
    c->frontier[c->waiting++] = item;
    c->model->retain(c->model->context, item.from);
    return MTS_OK;
}

/* The likeliest first, of equals the one found first. */
static int by_logp(const void *x, const void *y)
{
    const Waiting *a = x, *b = y;
    return a->logp != b->logp ? (a->logp < b->logp) - (a->logp > b->logp)
                              : (a->order > b->order) - (a->order < b->order);
}

/* log of the probability that waits: a bound on what is not found yet. */
static double waiting_logp(const Chooser *c)
{
    double sum = -HUGE_VAL;
    for (size_t i = 0; i < c->waiting; i++) {
        sum = mts_log_add(sum, c->frontier[i].logp);
    }
    return sum;
}

static double found_logp(const Chooser *c)
{
    double sum = -HUGE_VAL;
    for (size_t i = 0; i < c->out->count; i++) {
        sum = mts_log_add(sum, c->out->options[i].logp);
    }
    return sum;
}

/* Of all probability, the share that waits: 0 to 1. */
static double unexplored(const Chooser *c)
{
    double wait = waiting_logp(c), all = mts_log_add(wait, found_logp(c));
    return wait == -HUGE_VAL ? 0 : exp(wait - all);
}

/* ---- spelling ---- */

/* What a token adds to a text; a table's texts are its ids joined by commas. `own`: room for those. */
static const char *bytes_of(const Chooser *c, int32_t token, size_t at, char own[SPELLED_MOST], size_t *size)
{
    if (!c->engine->table) {
        return mts_token_bytes(c->engine->tokenizer, token, false, size);
    }
    *size = (size_t)snprintf(own, SPELLED_MOST, "%s%d", at ? "," : "", (int)token);
    return own;
}

/* The first option that begins like option[0 .. at) and goes on with these bytes; count: none. */
static size_t option_with(const Chooser *c, size_t option, size_t at, const char *bytes, size_t size)
{
    size_t i = 0;
    while (i < c->out->count && (c->sizes[i] < at + size || memcmp(c->options[i], c->options[option], at) != 0 ||
                                 memcmp(c->options[i] + at, bytes, size) != 0)) {
        i++;
    }
    return i;
}

/* A whole text: option[0 .. at); `again`: with another end token, spelled as before. */
static void found(Chooser *c, size_t option, size_t at, double logp, bool again)
{
    for (size_t i = 0; i < c->out->count; i++) {
        if (c->sizes[i] == at && memcmp(c->options[i], c->options[option], at) == 0) {
            MtsPosteriorOption *choice = &c->out->options[i];
            choice->logp = mts_log_add(choice->logp, logp);
            choice->tokenisations += !again;
        }
    }
}

/* What may follow a prefix: wholes are counted, beginnings of options wait. */
static int take(Chooser *c, MtsState *state, const MtsDist *dist, const Waiting *prefix, MtsError *err)
{
    bool ended = false;
    for (size_t e = 0; e < dist->count && dist->logp[e] != -HUGE_VAL; e++) {
        int32_t token = dist->tokens[e];
        bool end = c->model->is_end(c->model->context, token);
        Waiting next = *prefix;
        char own[SPELLED_MOST];
        size_t size = 0;
        const char *bytes = end && !c->engine->table ? "" : bytes_of(c, token, prefix->at, own, &size);
        next.from = state;
        next.token = token;
        next.logp += dist->logp[e];
        next.depth++;
        next.at += size;
        next.option = option_with(c, prefix->option, prefix->at, bytes, size);
        if (next.option == c->out->count) {
            continue;
        }
        if (end || (c->engine->table && next.depth == c->model->max_tokens)) {
            found(c, next.option, next.at, next.logp, ended);
            ended = !c->engine->table;
        } else if (next.depth < c->model->max_tokens) {
            int rc = push(c, next, err);
            if (rc) {
                return rc;
            }
        }
    }
    return MTS_OK;
}

/* ---- the walk ---- */

/* How many positions may still be asked. */
static size_t allowed(const Chooser *c)
{
    uint64_t most = c->asked->search.max_nfe, done = c->out->nfe;
    return most == 0 || most - done > BATCH ? BATCH : (size_t)(most - done);
}

/* How many of the waiting prefixes, which are in order, leave a rest within the tolerance. */
static size_t enough(const Chooser *c, double tolerance)
{
    double most = mts_log_add(waiting_logp(c), found_logp(c)) + log(tolerance), rest = -HUGE_VAL;
    size_t n = c->waiting;
    while (n > 0 && (rest = mts_log_add(rest, c->frontier[n - 1].logp)) <= most) {
        n--;
    }
    return n;
}

/* n as whole panels, of which there are at most `most` rows: those of a table cost nothing. */
static size_t panels(const Chooser *c, size_t n, size_t most)
{
    size_t part = n % MTS_PANEL, up = part ? n - part + MTS_PANEL : n;
    if (c->engine->table || part == 0) {
        return n;
    }
    up = up < most ? up : most;
    return n > MTS_PANEL && part <= MTS_PANEL / 2 ? n - part : up;
}

/* Takes the likeliest prefixes, until the rest is within the tolerance. */
static size_t next_batch(Chooser *c, double tolerance, Waiting *batch)
{
    size_t most = allowed(c) < c->waiting ? allowed(c) : c->waiting;
    if (most == 0) {
        return 0;
    }
    mts_sort(c->frontier, c->waiting, sizeof *c->frontier, by_logp);
    size_t n = enough(c, tolerance);
    n = n < most ? panels(c, n, most) : most;
    memcpy(batch, c->frontier, n * sizeof *batch);
    memmove(c->frontier, c->frontier + n, (c->waiting - n) * sizeof *batch);
    c->waiting -= n;
    return n;
}

static int evaluate(Chooser *c, const Waiting *batch, size_t n, MtsError *err)
{
    MtsSearchStep steps[BATCH];
    for (size_t i = 0; i < n; i++) {
        steps[i] = (MtsSearchStep){.state = batch[i].from, .token = batch[i].token};
    }
    int rc = c->model->extend(c->model->context, steps, n, err);
    c->out->nfe += rc ? 0 : n;
    for (size_t i = 0; i < n; i++) {
        if (!rc) {
            rc = take(c, steps[i].next, &steps[i].dist, &batch[i], err);
        }
        if (steps[i].next) {
            c->model->release(c->model->context, steps[i].next);
        }
        c->model->release(c->model->context, batch[i].from);
    }
    return rc;
}

static int walk(Chooser *c, double tolerance, MtsError *err)
{
    const MtsSearchSettings *s = &c->asked->search;
    Waiting batch[BATCH], root = {0};
    size_t n;
    int rc = take(c, c->model->root, &c->model->root_dist, &root, err);
    while (!rc && !(s->stop && s->stop(s->stop_context)) && (n = next_batch(c, tolerance, batch)) > 0) {
        rc = evaluate(c, batch, n, err);
    }
    return rc;
}

static int conclude(const Chooser *c, MtsError *err)
{
    double all = found_logp(c);
    if (all == -HUGE_VAL) {
        return mts_fail(err, MTS_ECONSTRAINT,
                        c->waiting ? "choose: stopped before any option was whole"
                                   : "choose: no option can be the answer");
    }
    c->out->unexplored = unexplored(c);
    for (size_t i = 0; i < c->out->count; i++) {
        MtsPosteriorOption *choice = &c->out->options[i];
        choice->probability = exp(choice->logp - all);
        if (choice->logp > c->out->options[c->out->best].logp) {
            c->out->best = i;
        }
    }
    return MTS_OK;
}

/* ---- the request ---- */

static int check(const Chooser *c, double tolerance, MtsError *err)
{
    if (c->out->count == 0) {
        return mts_fail(err, MTS_EREQUEST, "choose: there are no options");
    }
    if (!(tolerance >= 0 && tolerance < 1)) {
        return mts_fail(err, MTS_EREQUEST, "choose: a tolerance of %g is not in [0, 1)", tolerance);
    }
    return mts_check_texts(c->options, c->out->count, "choose: option", err);
}

/* The options as a pattern: one of them, letter by letter. Malloc'ed; NULL: memory ran out. */
static char *pattern_of(const char *const *options, size_t count)
{
    MtsBytes b = {0};
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        ok = ok && (i == 0 || mts_bytes_append(&b, "|", 1));
        for (const char *p = options[i]; *p && ok; p++) {
            unsigned char byte = (unsigned char)*p;
            bool plain = byte >= 0x80 || (byte >= '0' && byte <= '9') || ((byte | 32) >= 'a' && (byte | 32) <= 'z');
            ok = plain ? mts_bytes_append(&b, p, 1) : mts_bytes_printf(&b, "\\x%02x", byte);
        }
    }
    if (!ok || !mts_bytes_append(&b, "", 1)) {
        mts_bytes_free(&b);
        return NULL;
    }
    return b.data;
}

/* The caller's prompt, the whole distribution, and nothing but the options. */
static MtsRequest whole_request(const MtsEngine *engine, const MtsRequest *asked, const char *pattern, size_t longest)
{
    MtsRequest r;
    mts_request_defaults(engine, &r);
    r.prompt = asked->prompt;
    r.prompt_count = asked->prompt_count;
    r.beginnings = asked->beginnings;
    r.prompt_rows = asked->prompt_rows;
    r.prompt_media = asked->prompt_media;
    if (!engine->table) {
        r.cut = (MtsCut){.temperature = 1, .top_p = 1};
        r.constraint = pattern;
        r.max_tokens = longest + 1;
    }
    return r;
}

static int choose(Chooser *c, double tolerance, MtsError *err)
{
    MtsSource source = {0};
    size_t longest = 0;
    double began = mts_seconds();
    for (size_t i = 0; i < c->out->count; i++) {
        longest = c->sizes[i] > longest ? c->sizes[i] : longest;
    }
    char *pattern = pattern_of(c->options, c->out->count);
    if (!pattern) {
        return mts_fail(err, MTS_ENOMEM, "choose: no memory for %zu options", c->out->count);
    }
    MtsRequest request = whole_request(c->engine, c->asked, pattern, longest);
    c->model = &source.model;
    int rc = mts_source_open(&source, c->engine, &request, BATCH, err);
    if (!rc) {
        if (source.lm) {
            mts_lm_stay_behind(source.lm);
        }
        c->out->prefill_seconds = mts_seconds() - began;
        rc = walk(c, tolerance, err);
        rc = rc ? rc : conclude(c, err);
    }
    while (c->waiting > 0) {
        source.model.release(source.model.context, c->frontier[--c->waiting].from);
    }
    mts_source_close(&source);
    free(c->frontier);
    free(pattern);
    c->out->seconds = mts_seconds() - began;
    return rc;
}

int mts_engine_choose(const MtsEngine *engine, const MtsRequest *request, const char *const *options, size_t count,
                      double tolerance, MtsPosterior **out, MtsError *err)
{
    MtsPosterior *posterior = *out = mts_calloc(1, sizeof *posterior);
    size_t *sizes = mts_calloc(count ? count : 1, sizeof *sizes);
    if (!posterior || !sizes || !(posterior->options = mts_calloc(count ? count : 1, sizeof *posterior->options))) {
        free(sizes);
        mts_posterior_free(out);
        return mts_fail(err, MTS_ENOMEM, "choose: no memory for %zu options", count);
    }
    posterior->count = count;
    for (size_t i = 0; i < count; i++) {
        sizes[i] = strlen(options[i]);
        posterior->options[i].logp = -HUGE_VAL;
    }
    Chooser c = {.engine = engine, .asked = request, .options = options, .sizes = sizes, .out = posterior};
    int rc = check(&c, tolerance, err);
    rc = rc ? rc : choose(&c, tolerance, err);
    free(sizes);
    if (rc) {
        mts_posterior_free(out);
    }
    return rc;
}

void mts_posterior_free(MtsPosterior **posterior)
{
    if (*posterior) {
        free((*posterior)->options);
        free(*posterior);
        *posterior = NULL;
    }
}
