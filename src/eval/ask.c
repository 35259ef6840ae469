/* From a sample to what a search is asked: its prompt's tokens, its reward and constraint with their placeholders
 * filled in.
 *
 * All of it comes from the sample's prompt, series and options; nothing here reads its truth. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/ask.h"
#include "series/format.h"
#include "core/number.h"

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "memory ran out");
}

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

static int fill_reward(const MtsEvalPlan *plan, const MtsSample *s, char **reward, MtsError *err)
{
    MtsBytes out = {0};
    bool ok = mts_bytes_append_str(&out, "");
    int rc = MTS_OK;
    for (const char *at = plan->reward; *at && ok && rc == MTS_OK;) {
        if (strncmp(at, "{options}", 9) == 0) {
            rc = s->option_count
                     ? add_options(&out, plan, s, err)
                     : mts_fail(err, MTS_EREQUEST, "reward: {options} stands for nothing in stage %s", plan->name);
            at += 9;
        } else if (strncmp(at, "{train}", 7) == 0) {
            ok = mts_bytes_append_str(&out, plan->train);
            at += 7;
        } else if (strncmp(at, "{horizon}", 9) == 0 || strncmp(at, "{season}", 8) == 0) {
            size_t season = s->season < s->series->length ? s->season : s->series->length;
            ok = mts_bytes_printf(&out, "%zu", at[1] == 'h' ? s->horizon : season);
            rc = s->horizon ? MTS_OK
                            : mts_fail(err, MTS_EREQUEST, "reward: {horizon} and {season} are for stage forecast");
            at += at[1] == 'h' ? 9 : 8;
        } else {
            ok = mts_bytes_append(&out, at++, 1);
        }
    }
    if (!ok || rc != MTS_OK) {
        mts_bytes_free(&out);
        return rc != MTS_OK ? rc : no_memory(err);
    }
    *reward = out.data;
    return MTS_OK;
}

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

/* "answer": one option and nothing else. "numbers": as many numbers as the horizon has, written as the series is. A
 * comma may stand before them, where a raw prompt ends in a number, and behind them: at the last one a model wants to
 * go on, and if it may not it adds digits. */
static int fill_constraint(const MtsEvalPlan *plan, const MtsSample *s, char **constraint, MtsError *err)
{
    MtsBytes out = {0};
    bool ok = true;
    if (strcmp(plan->constraint, "answer") == 0) {
        if (s->option_count == 0) {
            return mts_fail(err, MTS_EREQUEST, "constraint: 'answer' is for stages with options");
        }
        ok = mts_bytes_append_str(&out,
                                  plan->raw ? " ?Answer: (?:" : "Answer: (?:"); /* a chat's turn begins with no blank */
        for (size_t k = 0; ok && k < s->option_count; k++) {
            MtsBytes label = {0};
            ok = (k == 0 || mts_bytes_append_str(&out, "|")) && mts_stage_label(&label, plan->stage->kind, s, k) &&
                 add_quoted(&out, label.data);
            mts_bytes_free(&label);
        }
        ok = ok && mts_bytes_append_str(&out, ")");
    } else if (strcmp(plan->constraint, "numbers") == 0) {
        Writing w;
        MtsBytes number = {0};
        ok = read_writing(s->series, &w) && mts_bytes_printf(&number, "%s\\d{1,%d}", w.negative ? "-?" : "", w.whole) &&
             (w.places == 0 || mts_bytes_printf(&number, "(?:\\.\\d{1,%d})?", w.places)) &&
             mts_bytes_printf(&out, ",? ?%s", number.data) &&
             mts_bytes_printf(&out, "(?:, ?%s){%zu},?", number.data, s->horizon - 1);
        mts_bytes_free(&number);
    } else {
        ok = mts_bytes_append_str(&out, plan->constraint);
    }
    if (!ok) {
        mts_bytes_free(&out);
        return no_memory(err);
    }
    *constraint = out.data;
    return MTS_OK;
}

/* Tokens that a list of the horizon's values may need where every digit is one, with point, comma and blank. */
static size_t tokens_needed(const MtsSample *s, const Writing *w)
{
    size_t digits = (size_t)w->whole + (w->places ? (size_t)w->places + 1 : 0) + (w->negative ? 1 : 0);
    return s->horizon * (digits + 2) + 1;
}

int mts_eval_ask(MtsEvalAsk *ask, const MtsEvalPlan *plan, const MtsEngine *engine, const MtsSample *s,
                 const MtsEvalRun *run, uint64_t seed, MtsError *err)
{
    memset(ask, 0, sizeof *ask);
    MtsRequest *r = &ask->request;
    *r = run->request;
    r->search.seed = seed;
    if (!s) {
        return MTS_OK; /* a table */
    }
    int rc = plan->raw ? mts_engine_tokenize(engine, s->prompt, strlen(s->prompt), &ask->tokens, err)
                       : mts_engine_chat(engine, NULL, s->prompt, &ask->tokens, err);
    rc = rc == MTS_OK ? fill_reward(plan, s, &ask->reward, err) : rc;
    rc = rc == MTS_OK && *plan->constraint ? fill_constraint(plan, s, &ask->constraint, err) : rc;
    if (rc == MTS_OK && r->max_tokens == 0) {
        Writing w;
        if (!read_writing(s->series, &w)) {
            return no_memory(err);
        }
        r->max_tokens = tokens_needed(s, &w);
    }
    r->prompt = ask->tokens.ids;
    r->prompt_count = ask->tokens.count;
    r->prompt_text = s->prompt;
    r->series = s->series;
    r->reward = ask->reward;
    r->constraint = ask->constraint;
    if (r->search.max_nfe) { /* as many rollouts as the positions pay for; a population is as large as they pay for at
                                once */
        bool population = r->search.method == MTS_SMC || r->search.method == MTS_BEAM;
        uint64_t most =
            population ? r->search.max_nfe / (r->max_tokens > 1 ? r->max_tokens - 1 : 1) : r->search.max_nfe;
        r->search.rollouts = most < 1 ? 1 : most > 100000000 ? 100000000 : (size_t)most;
    }
    return rc;
}

void mts_eval_ask_free(MtsEvalAsk *ask)
{
    mts_tokens_free(&ask->tokens);
    free(ask->reward);
    free(ask->constraint);
    memset(ask, 0, sizeof *ask);
}
