/* eval/ask.c - from a sample to what a search is asked: its prompt's tokens, its reward and constraint with their
 * placeholders filled in.
 *
 * All of it comes from the sample's prompt, series and options; nothing here reads its truth. */
#include "eval/ask.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "reward/rewards.h"
#include "series/format.h"

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "memory ran out");
}

/* ---- rewards ---- */

static int add_options(MtsBytes *out, const MtsEvalPlan *plan, const MtsSample *s, MtsError *err)
{
    bool ok = !mts_stage_is_lettered(plan->stage->kind, s, 0) || mts_bytes_append_str(out, "lettered;");
    for (size_t k = 0; ok && k < s->option_count; k++) {
        if (strchr(s->options[k], '|')) {
            return mts_fail(err, MTS_EUNSUPPORTED,
                            "the option \"%.60s\" has a '|', which separates options in a reward", s->options[k]);
        }
        ok = (k == 0 || mts_bytes_append_str(out, "|")) && mts_bytes_append_str(out, s->options[k]);
    }
    return ok ? MTS_OK : no_memory(err);
}

/* What a placeholder stands for. */
typedef int Fill(MtsBytes *out, const MtsEvalPlan *plan, const MtsSample *s, MtsError *err);

static int fill_options(MtsBytes *out, const MtsEvalPlan *plan, const MtsSample *s, MtsError *err)
{
    return s->option_count
               ? add_options(out, plan, s, err)
               : mts_fail(err, MTS_EREQUEST, "reward: {options} stands for nothing in stage %s", plan->name);
}

/* Without bars and plus signs, which separate options and rewards. */
static int fill_question(MtsBytes *out, const MtsEvalPlan *plan, const MtsSample *s, MtsError *err)
{
    bool ok = true;
    if (!s->question) {
        return mts_fail(err, MTS_EREQUEST, "reward: {question} stands for nothing in stage %s", plan->name);
    }
    for (const char *at = s->question; *at && ok; at++) {
        ok = mts_bytes_append(out, *at == '|' || *at == '+' ? " " : at, 1);
    }
    return ok ? MTS_OK : no_memory(err);
}

static int fill_train(MtsBytes *out, const MtsEvalPlan *plan, const MtsSample *s, MtsError *err)
{
    (void)s;
    return mts_bytes_append_str(out, plan->train) ? MTS_OK : no_memory(err);
}

static int fill_number(MtsBytes *out, const MtsSample *s, size_t number, MtsError *err)
{
    if (!s->horizon) {
        return mts_fail(err, MTS_EREQUEST, "reward: {horizon} and {season} are for stage forecast");
    }
    return mts_bytes_printf(out, "%zu", number) ? MTS_OK : no_memory(err);
}

static int fill_horizon(MtsBytes *out, const MtsEvalPlan *plan, const MtsSample *s, MtsError *err)
{
    (void)plan;
    return fill_number(out, s, s->horizon, err);
}

static int fill_season(MtsBytes *out, const MtsEvalPlan *plan, const MtsSample *s, MtsError *err)
{
    (void)plan;
    return fill_number(out, s, s->season < s->series->length ? s->season : s->series->length, err);
}

static const struct {
    const char *name;
    Fill *fill;
    bool text; /* of the data, which no shell is to see */
} placeholders[] = {{"{options}", fill_options, true},
                    {"{question}", fill_question, true},
                    {"{train}", fill_train, false},
                    {"{horizon}", fill_horizon, false},
                    {"{season}", fill_season, false}};

enum { PLACEHOLDERS = sizeof placeholders / sizeof placeholders[0] };

/* The placeholder that a text begins with; PLACEHOLDERS: none. */
static size_t placeholder_at(const char *at)
{
    size_t i = 0;
    while (i < PLACEHOLDERS && strncmp(at, placeholders[i].name, strlen(placeholders[i].name)) != 0) {
        i++;
    }
    return i;
}

static int check_place(const MtsEvalPlan *plan, const char *at, size_t i, MtsError *err)
{
    return !placeholders[i].text || mts_reward_takes_text(plan->reward, at)
               ? MTS_OK
               : mts_fail(err, MTS_EREQUEST,
                          "reward: %s is a text of the data: it can stand in a reward's argument, and not in that of a "
                          "program, which a shell reads",
                          placeholders[i].name);
}

/* Whatever the data say, the terms are those that were asked for. */
static int fill_reward(const MtsEvalPlan *plan, const MtsSample *s, char **reward, MtsError *err)
{
    MtsBytes out = {0};
    int rc = mts_bytes_append_str(&out, "") ? MTS_OK : no_memory(err);
    for (const char *at = plan->reward; *at && !rc;) {
        size_t i = placeholder_at(at);
        if (i < PLACEHOLDERS) {
            rc = check_place(plan, at, i, err);
            rc = rc ? rc : placeholders[i].fill(&out, plan, s, err);
            at += strlen(placeholders[i].name);
        } else {
            rc = mts_bytes_append(&out, at++, 1) ? MTS_OK : no_memory(err);
        }
    }
    *reward = out.data; /* the caller's also on failure */
    if (!rc && mts_reward_count(out.data) != mts_reward_count(plan->reward)) {
        rc = mts_fail(err, MTS_EUNSUPPORTED, "a text of the data reads as one more reward: \"%.120s\"", out.data);
    }
    return rc;
}

/* ---- constraints ---- */

static bool add_quoted(MtsBytes *out, const char *text)
{
    bool ok = true;
    for (; *text && ok; text++) {
        ok = (!strchr("\\^$.|?*+()[]{}", *text) || mts_bytes_append_str(out, "\\")) && mts_bytes_append(out, text, 1);
    }
    return ok;
}

/* How the values that the prompt shows are written: digits before and after the point. */
typedef struct Writing {
    int whole, places;
    bool negative;
} Writing;

static bool read_writing(const MtsSeries *series, Writing *w)
{
    MtsBytes text = {0};
    bool ok = mts_format_values(&text, MTS_FORMAT_PLAIN, series->values, series->length);
    double largest = 0;
    *w = (Writing){0, 0, false};
    for (size_t t = 0; t < series->length; t++) {
        largest = fmax(largest, fabs(series->values[t]));
        w->negative = w->negative || series->values[t] < 0;
    }
    for (const char *at = ok ? text.data : ""; *at;) {
        size_t n = strcspn(at, ","), point = strcspn(at, ".,");
        int places = point < n ? (int)strspn(at + point + 1, "0123456789") : 0;
        w->places = places > w->places ? places : w->places;
        at += n;
        at += strspn(at, ", ");
    }
    w->whole = largest >= 1 ? (int)floor(log10(2 * largest)) + 1 : 1; /* room to double */
    mts_bytes_free(&text);
    return ok;
}

/* "answer": one option and nothing else. A chat's turn begins with no blank. */
static bool one_option(MtsBytes *out, const MtsEvalPlan *plan, const MtsSample *s, bool bare)
{
    bool ok = mts_bytes_append_str(out, bare ? "(?:" : plan->raw ? " ?Answer: (?:" : "Answer: (?:");
    for (size_t k = 0; ok && k < s->option_count; k++) {
        MtsBytes label = {0};
        ok = (k == 0 || mts_bytes_append_str(out, "|")) && mts_stage_label(&label, plan->stage->kind, s, k) &&
             add_quoted(out, label.data);
        mts_bytes_free(&label);
    }
    return ok && mts_bytes_append_str(out, ")");
}

/* "numbers": as many numbers as the horizon has, written as the series is. A comma may stand before them, where a raw
 * prompt ends in a number, and behind them: at the last one a model wants to go on, and if it may not it adds digits.
 */
static bool horizon_numbers(MtsBytes *out, const MtsSample *s)
{
    Writing w;
    MtsBytes number = {0};
    bool ok = read_writing(s->series, &w) &&
              mts_bytes_printf(&number, "%s\\d{1,%d}", w.negative ? "-?" : "", w.whole) &&
              (w.places == 0 || mts_bytes_printf(&number, "(?:\\.\\d{1,%d})?", w.places)) &&
              mts_bytes_printf(out, ",? ?%s", number.data) &&
              mts_bytes_printf(out, "(?:, ?%s){%zu},?", number.data, s->horizon - 1);
    mts_bytes_free(&number);
    return ok;
}

static int fill_constraint(const MtsEvalPlan *plan, const MtsSample *s, bool bare, char **constraint, MtsError *err)
{
    MtsBytes out = {0};
    bool ok;
    if (strcmp(plan->constraint, "answer") == 0) {
        if (s->option_count == 0) {
            return mts_fail(err, MTS_EREQUEST, "constraint: 'answer' is for stages with options");
        }
        ok = one_option(&out, plan, s, bare);
    } else if (strcmp(plan->constraint, "numbers") == 0) {
        ok = horizon_numbers(&out, s);
    } else {
        ok = mts_bytes_append_str(&out, plan->constraint);
    }
    *constraint = out.data; /* the caller's also on failure */
    return ok ? MTS_OK : no_memory(err);
}

/* ---- budgets ---- */

/* Tokens that a list of the horizon's values may need where every digit is one, with point, comma and blank. */
static size_t tokens_needed(const MtsSample *s, const Writing *w)
{
    size_t digits = (size_t)w->whole + (w->places ? (size_t)w->places + 1 : 0) + (w->negative ? 1 : 0);
    return s->horizon * (digits + 2) + 1;
}

/* What the list of a forecast may need. */
static int fill_tokens(MtsRequest *r, const MtsSample *s, MtsError *err)
{
    Writing w;
    if (!read_writing(s->series, &w)) {
        return no_memory(err);
    }
    r->max_tokens = tokens_needed(s, &w) + (r->think_tokens ? r->think_tokens + 2 : 0); /* and the marks around it */
    return MTS_OK;
}

/* As many rollouts as the positions pay for; a population is as large as they pay for at once. */
static void fill_rollouts(MtsRequest *r)
{
    bool population = r->search.method == MTS_SMC || r->search.method == MTS_BEAM;
    uint64_t each = population && r->max_tokens > 1 ? r->max_tokens - 1 : 1, most = r->search.max_nfe / each;
    r->search.rollouts = most < 1 ? 1 : most > 100000000 ? 100000000 : (size_t)most;
}

/* Texts and series as OpenTSLM's stage has them, and what its answers begin with: a text of their own, so a BOS. */
static int publish(MtsEvalAsk *ask, const MtsEngine *engine, const MtsPublished *p, MtsError *err)
{
    size_t n = 0;
    MtsPromptPart *parts = mts_calloc(2 * p->count + 3, sizeof *parts);
    if (!parts) {
        return no_memory(err);
    }
    parts[n++].text = p->before;
    for (size_t c = 0; c < p->count; c++) {
        parts[n++].text = p->texts[c];
        parts[n++] = (MtsPromptPart){.values = p->values + c * p->length, .count = p->length};
    }
    parts[n++].text = p->after;
    parts[n++].text = "";
    int rc = mts_engine_prompt(engine, parts, n, &ask->prompt, err);
    ask->bare = p->bare;
    free(parts);
    return rc;
}

/* Of a model that reads series, where OpenTSLM has such a question. */
static int make_published(MtsEvalAsk *ask, const MtsEvalPlan *plan, const MtsEngine *engine, const MtsSample *s,
                          MtsError *err)
{
    MtsPublished published = {0};
    int rc = mts_engine_reads_series(engine) ? mts_stage_published(plan->stage->kind, s, &published, err) : MTS_OK;
    if (!rc && published.before) {
        rc = publish(ask, engine, &published, err);
    }
    mts_published_free(&published);
    return rc;
}

/* A data set's words are text: control tokens written out in them are none, with a template or without. */
static int make_prompt(MtsEvalAsk *ask, const MtsEvalPlan *plan, const MtsEngine *engine, const MtsSample *s,
                       MtsError *err)
{
    int rc = make_published(ask, plan, engine, s, err);
    if (rc || ask->prompt.tokens.count) {
        return rc;
    }
    if (plan->raw) {
        return mts_tokenize(mts_engine_tokenizer(engine), s->prompt, strlen(s->prompt), false, true,
                            &ask->prompt.tokens, err);
    }
    bool dated = false;
    const MtsChatInput chat = {.user = s->prompt, .date = plan->date, .dated = &dated};
    rc = mts_engine_chat_tokens(engine, &chat, NULL, &ask->prompt.tokens, err);
    if (rc && !plan->date && strstr(err->text, "strftime_now")) {
        MtsError said = *err;
        return mts_fail(err, rc, "%s; eval: --date YYYY-MM-DD is the day that the chat template asks for", said.text);
    }
    return rc;
}

int mts_eval_ask(MtsEvalAsk *ask, const MtsEvalPlan *plan, const MtsEngine *engine, const MtsSample *s,
                 const MtsEvalSetup *setup, uint64_t seed, MtsError *err)
{
    memset(ask, 0, sizeof *ask);
    MtsRequest *r = &ask->request;
    *r = setup->request;
    r->search.seed = seed;
    if (!s) {
        return MTS_OK; /* a table */
    }
    int rc;
    if ((rc = make_prompt(ask, plan, engine, s, err)) || (rc = fill_reward(plan, s, &ask->reward, err)) ||
        (*plan->constraint && (rc = fill_constraint(plan, s, ask->bare, &ask->constraint, err))) ||
        (r->max_tokens == 0 && (rc = fill_tokens(r, s, err)))) {
        return rc;
    }
    r->prompt = ask->prompt.tokens.ids;
    r->prompt_count = ask->prompt.tokens.count;
    r->prompt_rows = ask->prompt.rows;
    r->prompt_media = &ask->prompt.media;
    r->prompt_text = s->prompt;
    r->series = s->series;
    r->reward = ask->reward;
    r->files = plan->files;
    r->constraint = ask->constraint;
    if (r->search.max_nfe) {
        fill_rollouts(r);
    }
    return MTS_OK;
}

void mts_eval_ask_free(MtsEvalAsk *ask)
{
    mts_prompt_free(&ask->prompt);
    free(ask->reward);
    free(ask->constraint);
    memset(ask, 0, sizeof *ask);
}
