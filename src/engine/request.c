/* engine/request.c - see request.h: the table of what a request sets beside its search, defaults, what is wrong. */
#include "engine/request.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/internal.h"
#include "engine/verdict.h"

#define AT(member) offsetof(MtsRequest, member)

enum {
    ANSWERS = MTS_TAKES_GENERATE | MTS_TAKES_SEARCH,
    CUTS = ANSWERS | MTS_TAKES_EVAL,
    DRAW = ~(MTS_CONCERNS(MTS_GREEDY) | MTS_CONCERNS(MTS_BEAM))
};

static const MtsSetting ROWS[] = {
    {.name = "max_tokens",
     .letter = 'n',
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_ANSWER,
     .commands = ANSWERS,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(max_tokens),
     .initial = 50,
     .min = 1,
     .max = MTS_TOKENS_MOST,
     .help = "longest answer, in tokens",
     .fallback = "50, or by the preset; a table's own; of forecasts what the horizon may need",
     .wheel = 3},
    {.name = "temperature",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_ANSWER,
     .commands = MTS_TAKES_SEARCH,
     .methods = DRAW,
     .offset = AT(cut.temperature),
     .initial = 0.8,
     .min = MTS_TEMPERATURE_LEAST,
     .max = MTS_TEMPERATURE_MOST,
     .help = "of the tokens drawn, and at which --top-p and --min-p are judged; it never changes the search's target",
     .fallback = "0.8, tables 1",
     .way_out = "the likeliest token each time is --method greedy",
     .wheel = 4},
    {.name = "top_k",
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_ANSWER,
     .commands = CUTS,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(cut.top_k),
     .initial = 50,
     .max = 1e9,
     .help = "only the k likeliest next tokens; 0: all",
     .fallback = "50, tables 0"},
    {.name = "top_p",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_ANSWER,
     .commands = CUTS,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(cut.top_p),
     .initial = 0.9,
     .min = 1e-9,
     .max = 1,
     .help = "only the likeliest next tokens that hold this share of the probability at the temperature",
     .fallback = "0.9, tables 1"},
    {.name = "min_p",
     .kind = MTS_SETTING_REAL,
     .group = MTS_SETTINGS_ANSWER,
     .commands = CUTS,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(cut.min_p),
     .max = 1,
     .help = "only next tokens with at least this share of the likeliest one's probability at the temperature"},
    {.name = "think_tokens",
     .kind = MTS_SETTING_SIZE,
     .group = MTS_SETTINGS_ANSWER,
     .commands = CUTS,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(think_tokens),
     .max = MTS_TOKENS_MOST,
     .help = "longest <think> span, of the --max-tokens; the answer is what follows it",
     .fallback = "0: no limit, and all is answer"},
    {.name = "end_stop",
     .kind = MTS_SETTING_SWITCH,
     .group = MTS_SETTINGS_ANSWER,
     .commands = CUTS,
     .methods = MTS_CONCERNS_ALL,
     .offset = AT(end_stop),
     .initial = 1,
     .max = 1,
     .help = "whether an end token ends the answer"},
};
enum { ROW_COUNT = sizeof ROWS / sizeof ROWS[0] };

size_t mts_request_setting_count(void)
{
    return ROW_COUNT + mts_search_setting_count;
}

const MtsSetting *mts_request_setting(size_t index)
{
    return index < ROW_COUNT ? &ROWS[index] : &mts_search_settings[index - ROW_COUNT];
}

void *mts_request_setting_base(MtsRequest *request, size_t index)
{
    return index < ROW_COUNT ? (void *)request : (void *)&request->search;
}

size_t mts_request_setting_find(const char *option)
{
    size_t i = 0;
    char name[32];
    while (!mts_request_setting(i)->commands ||
           strcmp(mts_setting_option(mts_request_setting(i), name, sizeof name), option) != 0) {
        i++;
    }
    return i;
}

size_t mts_request_wheel(unsigned wheel)
{
    size_t i = 0, n = mts_request_setting_count();
    while (i < n && mts_request_setting(i)->wheel != wheel) {
        i++;
    }
    return i;
}

/* ---- presets ---- */

const MtsPreset mts_presets[] = {{"quick", 5, 30, 3}, {MTS_PRESET_DEFAULT, 10, 50, 10}, {"quality", 20, 100, 50}};
const size_t mts_preset_count = sizeof mts_presets / sizeof mts_presets[0];

const MtsPreset *mts_preset_find(const char *name)
{
    for (size_t i = 0; i < mts_preset_count; i++) {
        if (strcmp(mts_presets[i].name, name) == 0) {
            return &mts_presets[i];
        }
    }
    return NULL;
}

void mts_preset_list(const char *join, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < mts_preset_count && n < size; i++) {
        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? join : "", mts_presets[i].name);
    }
}

/* ---- defaults and checks ---- */

void mts_request_defaults(const MtsEngine *engine, MtsRequest *request)
{
    memset(request, 0, sizeof *request);
    mts_search_defaults(&request->search);
    mts_settings_begin(ROWS, ROW_COUNT, request);
    if (engine->table) {
        request->max_tokens = engine->text_tokens;
        request->cut = (MtsCut){.temperature = 1, .top_p = 1};
        request->search.temperature = (double)NAN;
    } else {
        mts_settings_of_models(&request->search);
    }
}

void mts_request_resolve(MtsRequest *request)
{
    if (isnan(request->search.temperature)) {
        request->search.temperature = request->cut.temperature;
    }
    /* What is likely need not be good where there are rewards (docs/algorithm.md, measured). Without any, of the texts
     * that a constraint lets through, it is all that is sought (docs/constraints.md, measured). */
    if (!request->constraint || request->search.lambda > 0) {
        double *share = &request->search.best_first;
        *share = isnan(*share) ? 0 : *share;
    }
}

/* A table has rewards for whole texts only, and its texts begin at its root. */
static int check_for_table(const MtsEngine *engine, const MtsRequest *request, MtsError *err)
{
    if (request->prompt_count > 0) {
        return mts_fail(err, MTS_EREQUEST, "%s: a table's texts begin at its root and take no prompt", engine->path);
    }
    if (request->max_tokens < engine->text_tokens) {
        return mts_fail(err, MTS_EREQUEST, "%s: max-tokens %zu would cut its texts, which have up to %zu tokens",
                        engine->path, request->max_tokens, engine->text_tokens);
    }
    if (request->constraint) {
        return mts_fail(err, MTS_EREQUEST, "%s: a table's texts are numbers and take no constraint", engine->path);
    }
    const MtsCut *cut = &request->cut;
    if (cut->top_k > 0 || cut->top_p < 1 || cut->min_p > 0) {
        return mts_fail(err, MTS_EREQUEST, "%s: a table's distributions are not cut: %s has no effect on it",
                        engine->path,
                        cut->top_k > 0   ? "top-k"
                        : cut->top_p < 1 ? "top-p"
                                         : "min-p");
    }
    if (!request->end_stop) {
        return mts_fail(err, MTS_EREQUEST, "%s: a table's end token always ends a text", engine->path);
    }
    return MTS_OK;
}

/* A method that asks the constraint asks it of whole texts. */
static int check_asking(const MtsRequest *request, MtsError *err)
{
    if (request->constraint && request->think_tokens > 0 && mts_request_asks(request) != MTS_MASKS) {
        return mts_fail(err, MTS_EREQUEST, "think-tokens: the method %s asks the constraint of whole texts",
                        mts_method_name(request->search.method));
    }
    return MTS_OK;
}

int mts_request_check(const MtsEngine *engine, const MtsRequest *request, MtsError *err)
{
    int rc = mts_settings_check(ROWS, ROW_COUNT, request, err);
    if (rc) {
        return rc;
    }
    if (engine->table) {
        return check_for_table(engine, request, err);
    }
    if ((rc = mts_tokenizer_check(engine, err)) || (rc = check_asking(request, err))) {
        return rc;
    }
    if (request->prompt_count == 0) {
        return mts_fail(err, MTS_EREQUEST, "the prompt is empty");
    }
    for (size_t i = 0; i < request->prompt_count; i++) {
        if (request->prompt_rows && request->prompt[i] == MTS_ROW_TOKEN) {
            continue;
        }
        if (request->prompt[i] < 0 || (size_t)request->prompt[i] >= engine->vocab) {
            return mts_fail(err, MTS_EREQUEST, "prompt token %zu is %d, outside the vocabulary of %zu", i,
                            (int)request->prompt[i], engine->vocab);
        }
    }
    return mts_context_check(engine, request->prompt_count, request->max_tokens, err);
}
