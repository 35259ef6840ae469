/* search/record/replay.c - a traced search run again, and compared with what its trace says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/seal.h"
#include "core/sort.h"
#include "search/driver.h"
#include "search/experience.h"
#include "search/record/trace.h"
#include "search/result.h"
#include "search/settings.h"

#define TRACE_LIMIT ((uint64_t)1 << 33) /* bytes */
#define SAME 1e-9                       /* relative */
#define NEAR 1e-6                       /* how far sums over a vocabulary may be off: its exponentials are floats */

typedef struct Path { /* a token sequence of the trace and what it says about it */
    int32_t *tokens;
    size_t count;
    size_t line;
    MtsDist dist;  /* priors */
    double reward; /* rewards */
} Path;

typedef struct Replay {
    const char *path;
    char *text;
    size_t size;
    bool bare; /* from before lines had checksums */
    Path *priors, *rewards;
    size_t prior_count, prior_cap, reward_count, reward_cap;
    int32_t *ends;
    size_t end_count;
    size_t *cut;
    size_t cut_count, done;
    json_t *stop; /* the line that says why it stopped */
    char reason[32];
    MtsSearchSettings settings;
    MtsExperience *experience; /* NULL: none */
    char *identity;
    size_t max_tokens;
    bool prefixes;
    const MtsReplayWatch *watch; /* NULL: none */
    MtsSearch *search;           /* for it */
    const char *at;              /* the next line to be compared */
    size_t line;                 /* its number, from 1 */
} Replay;

static int bad(const Replay *r, size_t line, const char *what, MtsError *err)
{
    return mts_fail(err, MTS_EFORMAT, "%s: line %zu: %s", r->path, line, what);
}

/* ---- reading the inputs ---- */

static bool read_ids(const json_t *array, int32_t **out, size_t *count)
{
    *count = json_array_size(array);
    *out = mts_calloc(*count, sizeof **out);
    bool ok = *out && json_is_array(array);
    for (size_t i = 0; ok && i < *count; i++) {
        const json_t *value = json_array_get(array, i);
        json_int_t id = json_integer_value(value);
        ok = json_is_integer(value) && id >= 0 && id <= INT32_MAX;
        (*out)[i] = (int32_t)id;
    }
    return ok;
}

static int by_id(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static bool are_different(const int32_t *ids, size_t count)
{
    int32_t *sorted = mts_calloc(count, sizeof *sorted);
    bool ok = sorted != NULL;
    if (ok && count) {
        memcpy(sorted, ids, count * sizeof *sorted);
        mts_sort(sorted, count, sizeof *sorted, by_id);
    }
    for (size_t i = 1; i < count && ok; i++) {
        ok = sorted[i] != sorted[i - 1];
    }
    free(sorted);
    return ok;
}

/* Of different tokens in descending log-probability, whose sum is the mass that the line states. */
static bool read_dist(const json_t *line, MtsDist *dist)
{
    int32_t *ids = NULL;
    bool ok = read_ids(json_object_get(line, "ids"), &ids, &dist->count);
    const json_t *logp = json_object_get(line, "logp");
    double *values = mts_calloc(dist->count, sizeof *values), mass = 0;
    dist->tokens = ids;
    dist->logp = values;
    ok = ok && values && are_different(ids, dist->count) && json_array_size(logp) == dist->count &&
         mts_field_log(json_object_get(line, "log_mass"), &dist->log_mass);
    for (size_t i = 0; ok && i < dist->count; i++) {
        ok = mts_field_log(json_array_get(logp, i), &values[i]) && values[i] < NEAR &&
             (i == 0 || values[i] <= values[i - 1]);
        mass += exp(values[i]);
    }
    return ok && dist->log_mass <= NEAR && fabs(mass - exp(dist->log_mass)) <= NEAR;
}

static int read_prior(Replay *r, const json_t *line, size_t number, MtsError *err)
{
    if (!mts_grow(&r->priors, &r->prior_cap, r->prior_count + 1, sizeof *r->priors)) {
        return mts_out_of_memory(err);
    }
    Path *p = &r->priors[r->prior_count++];
    *p = (Path){.line = number};
    if (!read_ids(json_object_get(line, "prior"), &p->tokens, &p->count) || !read_dist(line, &p->dist)) {
        return bad(r, number, "prior is no distribution of the mass it states", err);
    }
    return MTS_OK;
}

static int read_reward(Replay *r, const json_t *line, size_t number, MtsError *err)
{
    if (!mts_grow(&r->rewards, &r->reward_cap, r->reward_count + 1, sizeof *r->rewards)) {
        return mts_out_of_memory(err);
    }
    Path *p = &r->rewards[r->reward_count++];
    *p = (Path){.line = number};
    if (!read_ids(json_object_get(line, "reward"), &p->tokens, &p->count) ||
        !mts_field_log(json_object_get(line, "value"), &p->reward)) {
        return bad(r, number, "reward is no text and value", err);
    }
    return MTS_OK;
}

static int read_turn(Replay *r, const json_t *line, size_t number, MtsError *err)
{
    MtsTurn turn;
    int rc = r->experience ? MTS_OK : mts_experience_new(&r->experience, err);
    if (rc) {
        return rc;
    }
    if (!mts_turn_read(json_object_get(line, "outlook"), json_object_get(line, "n"), json_object_get(line, "sum"),
                       &turn)) {
        return bad(r, number, "outlook is no tokens, n and sum", err);
    }
    r->settings.experience = r->experience;
    return mts_experience_put(r->experience, &turn) ? MTS_OK : mts_out_of_memory(err);
}

/* A whole number from `least` on that memory could count to. */
static bool read_count(const json_t *v, json_int_t least, size_t *out)
{
    json_int_t n = json_integer_value(v);
    bool ok = json_is_integer(v) && n >= least && (uintmax_t)n <= SIZE_MAX;
    *out = ok ? (size_t)n : 0;
    return ok;
}

static bool read_cut(Replay *r, const json_t *cut)
{
    r->cut_count = json_array_size(cut);
    r->cut = mts_calloc(r->cut_count, sizeof *r->cut);
    bool ok = r->cut && json_is_array(cut);
    for (size_t i = 0; ok && i < r->cut_count; i++) {
        ok = read_count(json_array_get(cut, i), 1, &r->cut[i]);
    }
    return ok;
}

static int read_stop(Replay *r, json_t *line, size_t number, MtsError *err)
{
    const char *reason = json_string_value(json_object_get(line, "reason"));
    free(r->ends);
    free(r->cut);
    r->cut = NULL;
    if (!read_ids(json_object_get(line, "ends"), &r->ends, &r->end_count) || !reason ||
        strlen(reason) >= sizeof r->reason || !read_count(json_object_get(line, "done"), 0, &r->done) ||
        !read_cut(r, json_object_get(line, "cut"))) {
        return bad(r, number, "stopped lacks its reason, ends, done or cut", err);
    }
    json_decref(r->stop);
    r->stop = json_incref(line);
    strcpy(r->reason, reason);
    return MTS_OK;
}

static int read_settings(Replay *r, const json_t *line, MtsError *err)
{
    const json_t *s = json_object_get(line, "maxts_trace");
    if (!json_is_object(s)) {
        return bad(r, 1, "is no trace of a search", err);
    }
    const json_t *identity = json_object_get(s, "identity");
    r->identity = mts_strdup(json_is_string(identity) ? json_string_value(identity) : "");
    if (!r->identity) {
        return mts_out_of_memory(err);
    }
    const char *lacking = mts_settings_read(s, &r->settings);
    if (lacking || !read_count(json_object_get(s, "max_tokens"), 1, &r->max_tokens)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line 1: %s is missing or out of range", r->path,
                        lacking ? lacking : "max_tokens");
    }
    r->settings.identity = r->identity;
    r->prefixes = json_is_true(json_object_get(s, "prefixes"));
    return MTS_OK;
}

static int read_line(Replay *r, json_t *line, size_t number, MtsError *err)
{
    if (number == 1) {
        return read_settings(r, line, err);
    }
    const char *event = json_string_value(json_object_get(line, "event"));
    return event && strcmp(event, "stopped") == 0                              ? read_stop(r, line, number, err)
           : json_object_get(line, "prior")                                    ? read_prior(r, line, number, err)
           : json_object_get(line, "outlook")                                  ? read_turn(r, line, number, err)
           : json_object_get(line, "reward") && json_object_get(line, "value") ? read_reward(r, line, number, err)
                                                                               : MTS_OK;
}

static int compare_tokens(const int32_t *a, size_t na, const int32_t *b, size_t nb)
{
    for (size_t i = 0; i < na && i < nb; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return (na > nb) - (na < nb);
}

static int compare_paths(const void *a, const void *b)
{
    const Path *x = a, *y = b;
    return compare_tokens(x->tokens, x->count, y->tokens, y->count);
}

static Path *find(Path *paths, size_t count, const int32_t *tokens, size_t n)
{
    Path key = {.tokens = (int32_t *)tokens, .count = n};
    return count ? bsearch(&key, paths, count, sizeof *paths, compare_paths) : NULL;
}

static int read_lines(Replay *r, size_t *number, MtsError *err)
{
    MtsSealLines lines = {.name = r->path, .text = r->text, .size = r->size};
    json_t *line;
    int rc;
    while (!(rc = mts_seal_next(&lines, &line, err)) && line) {
        rc = read_line(r, line, lines.number, err);
        json_decref(line);
        if (rc) {
            return rc;
        }
    }
    *number = lines.number;
    r->bare = lines.bare;
    return rc || lines.end == lines.size ? rc : bad(r, lines.number + 1, "is cut off", err);
}

static int read_trace(Replay *r, MtsError *err)
{
    size_t number = 0;
    int rc;
    if ((rc = mts_read_file(r->path, TRACE_LIMIT, &r->text, &r->size, err)) || (rc = read_lines(r, &number, err))) {
        return rc;
    }
    if (number == 0) {
        return bad(r, 1, "is no trace of a search", err);
    }
    if (!r->reason[0]) {
        return mts_fail(err, MTS_EFORMAT, "%s: ends after line %zu without saying why the search stopped", r->path,
                        number);
    }
    qsort(r->priors, r->prior_count, sizeof *r->priors, compare_paths);
    qsort(r->rewards, r->reward_count, sizeof *r->rewards, compare_paths);
    return MTS_OK;
}

/* ---- the trace as a model and a reward ---- */

static int replay_extend(void *context, MtsSearchStep *steps, size_t n, MtsError *err)
{
    Replay *r = context;
    for (size_t i = 0; i < n; i++) {
        const Path *from = (const Path *)(const void *)steps[i].state;
        int32_t *tokens = mts_calloc(from->count + 1, sizeof *tokens);
        if (!tokens) {
            return mts_out_of_memory(err);
        }
        memcpy(tokens, from->tokens, from->count * sizeof *tokens);
        tokens[from->count] = steps[i].token;
        Path *to = find(r->priors, r->prior_count, tokens, from->count + 1);
        free(tokens);
        if (!to) {
            return mts_fail(err, MTS_EFORMAT, "%s: line %zu: leads to a prefix of %zu tokens whose prior is not there",
                            r->path, r->line, from->count + 1);
        }
        steps[i].next = (MtsState *)(void *)to;
        steps[i].dist = to->dist;
    }
    return MTS_OK;
}

static bool replay_is_end(void *context, int32_t token)
{
    const Replay *r = context;
    for (size_t i = 0; i < r->end_count; i++) {
        if (r->ends[i] == token) {
            return true;
        }
    }
    return false;
}

static void replay_keep(void *context, MtsState *state)
{
    (void)context;
    (void)state;
}

static int replay_score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    Replay *r = context;
    const Path *p = find(r->rewards, r->reward_count, candidate->tokens, candidate->count);
    if (!p) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: leads to a text of %zu tokens whose reward is not there",
                        r->path, r->line, candidate->count);
    }
    *value = p->reward;
    return MTS_OK;
}

/* ---- comparing ---- */

static bool same(const json_t *have, const json_t *want, char *field, size_t size);

static bool same_objects(const json_t *have, const json_t *want, char *field, size_t size)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)want, key, value)
    {
        if (!same(json_object_get(have, key), value, field, size)) {
            if (!field[0]) {
                snprintf(field, size, "%s", key);
            }
            return false;
        }
    }
    return json_object_size(have) == json_object_size(want);
}

/* The first place where the values differ by more than rounding, written into `field`; true when there is none. */
static bool same(const json_t *have, const json_t *want, char *field, size_t size)
{
    if (json_is_number(have) && json_is_number(want)) {
        double a = json_number_value(have), b = json_number_value(want);
        return fabs(a - b) <= SAME * (1 + fmax(fabs(a), fabs(b)));
    }
    if (json_is_object(have) && json_is_object(want)) {
        return same_objects(have, want, field, size);
    }
    if (json_is_array(have) && json_is_array(want)) {
        bool ok = json_array_size(have) == json_array_size(want);
        for (size_t i = 0; ok && i < json_array_size(want); i++) {
            ok = same(json_array_get(have, i), json_array_get(want, i), field, size);
        }
        return ok;
    }
    return json_equal((json_t *)have, (json_t *)want);
}

/* The sentence for a line that is not what was recomputed. */
static int differs(const Replay *r, const json_t *have, const json_t *want, const char *field, MtsError *err)
{
    char *x = field[0] ? mts_json_text(json_object_get(have, field)) : NULL;
    char *y = field[0] ? mts_json_text(json_object_get(want, field)) : NULL;
    int rc = x && y ? mts_fail(err, MTS_EFORMAT, "%s: line %zu: %s is %.80s, recomputed %.80s", r->path, r->line, field,
                               x, y)
             : field[0] ? mts_fail(err, MTS_EFORMAT, "%s: line %zu: %s does not hold", r->path, r->line, field)
                        : bad(r, r->line, "is not the step that follows", err);
    free(x);
    free(y);
    return rc;
}

static int compare_line(Replay *r, const char *have, size_t have_size, const char *want, size_t want_size,
                        MtsError *err)
{
    json_t *a = NULL, *b = NULL;
    char field[64] = "";
    int rc;
    if (!(rc = mts_seal_parse(&a, r->path, r->line, have, have_size, &r->bare, err)) &&
        !(rc = mts_json_parse(&b, "replay", want, want_size, err)) && !same(a, b, field, sizeof field)) {
        rc = differs(r, a, b, field, err);
    }
    json_decref(a);
    json_decref(b);
    return rc;
}

/* Inputs are not compared. */
static bool is_input(const char *text)
{
    return strncmp(text, "{\"prior\":", 9) == 0 || strncmp(text, "{\"reward\":", 10) == 0 ||
           strncmp(text, "{\"outlook\":", 11) == 0;
}

static int on_line(void *context, const char *text, size_t size, MtsError *err)
{
    Replay *r = context;
    if (is_input(text)) {
        return MTS_OK;
    }
    r->line++;
    const char *end = memchr(r->at, '\n', r->size - (size_t)(r->at - r->text));
    if (!end) {
        return bad(r, r->line, "is missing", err);
    }
    size_t have = (size_t)(end - r->at);
    size_t body = r->bare ? size : size - 1; /* the seal stands in front of the last brace */
    bool same_bytes = have == size + (r->bare ? 0 : MTS_SEAL_SIZE) && memcmp(r->at, text, body) == 0;
    int rc = same_bytes ? MTS_OK : compare_line(r, r->at, have, text, size, err);
    r->at = end + 1;
    return rc;
}

/* W is brought up to date by the look at the leading answer, which changes nothing else. */
static int on_event(void *context, const MtsEvent *event, MtsError *err)
{
    const Replay *r = context;
    const MtsMethodOps *ops = r->search->ops;
    double log_w = (double)NAN;
    if (event->kind != MTS_EVENT_BACKED_UP) {
        return MTS_OK;
    }
    if (ops->leader && ops->value) {
        ops->leader(r->search);
        log_w = ops->value(r->search, r->search->nodes.root);
    }
    return r->watch->rollout(r->watch->context, log_w, err);
}

/* The search of a model and a reward that answer from the trace, its own trace compared line by line. */
static int lead_again(Replay *r, const MtsSearchModel *model, const MtsSearchReward *reward, const MtsStopPoint *cut,
                      MtsError *err)
{
    MtsTrace trace = {0};
    MtsSearch *search = NULL;
    MtsSearchResult *result = NULL;
    const MtsEventSink sink = {r, on_event};
    int rc;
    if ((rc = mts_search_check(model, &r->settings, err)) ||
        (rc = mts_search_new(&search, model, reward, &r->settings, r->watch ? &sink : NULL, err))) {
        goto done;
    }
    r->search = search;
    search->cut = cut;
    (void)((rc = mts_trace_begin(&trace, search, (MtsLines){r, on_line}, err)) || (rc = mts_search_lead(search, err)) ||
           (rc = mts_search_result(search, &result, err)) || (rc = mts_trace_end(&trace, result, err)));
done:
    mts_trace_free(&trace);
    mts_search_result_free(&result);
    mts_search_free(&search);
    return rc;
}

static int search_again(Replay *r, MtsError *err)
{
    Path *root = find(r->priors, r->prior_count, NULL, 0);
    if (!root) {
        return mts_fail(err, MTS_EFORMAT, "%s: has no prior of the prompt", r->path);
    }
    bool short_cut = strcmp(r->reason, "interrupted") == 0 || strcmp(r->reason, "seconds") == 0;
    size_t others = r->cut_count + (json_object_get(r->stop, "last") ? 1 : 0);
    MtsStopPoint cut = {.reason = r->reason,
                        .whole = r->done - (others < r->done ? others : r->done),
                        .others = r->cut,
                        .count = r->cut_count,
                        .line = r->stop};
    MtsSearchModel model = {.context = r,
                            .root = (MtsState *)(void *)root,
                            .root_dist = root->dist,
                            .max_tokens = r->max_tokens,
                            .extend = replay_extend,
                            .is_end = replay_is_end,
                            .retain = replay_keep,
                            .release = replay_keep};
    MtsSearchReward reward = {.context = r, .prefixes = r->prefixes, .score = replay_score};
    return lead_again(r, &model, &reward, short_cut ? &cut : NULL, err);
}

/* What follows the compared lines must be inputs. */
static int check_rest(Replay *r, MtsError *err)
{
    size_t number = r->line;
    for (const char *at = r->at; at < r->text + r->size; at = (const char *)memchr(at, '\n', r->size) + 1) {
        number++;
        if (!is_input(at)) {
            return bad(r, number, "is not the step that follows", err);
        }
    }
    r->line = number;
    return MTS_OK;
}

static void free_replay(Replay *r)
{
    for (size_t i = 0; i < r->prior_count; i++) {
        free(r->priors[i].tokens);
        free((void *)r->priors[i].dist.tokens);
        free((void *)r->priors[i].dist.logp);
    }
    for (size_t i = 0; i < r->reward_count; i++) {
        free(r->rewards[i].tokens);
    }
    free(r->priors);
    free(r->rewards);
    free(r->ends);
    free(r->cut);
    mts_experience_free(&r->experience);
    free(r->identity);
    free(r->text);
    json_decref(r->stop);
}

int mts_replay_watched(const char *path, const MtsReplayWatch *watch, size_t *lines, MtsError *err)
{
    Replay r = {.path = path, .watch = watch};
    *lines = 0;
    int rc = read_trace(&r, err);
    r.at = r.text;
    if (!rc && !(rc = search_again(&r, err)) && !(rc = check_rest(&r, err))) {
        *lines = r.line;
    }
    free_replay(&r);
    return rc;
}

int mts_replay(const char *path, size_t *lines, MtsError *err)
{
    return mts_replay_watched(path, NULL, lines, err);
}
