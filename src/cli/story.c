/* cli/story.c - see story.h. */
#include "cli/story.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/seal.h"
#include "search/record/trace.h"

#define MOST_BYTES ((uint64_t)1 << 33)

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "replay: memory ran out");
}

static double number(const json_t *o, const char *name, double absent)
{
    const json_t *v = json_object_get(o, name);
    return json_is_number(v) ? json_number_value(v) : absent;
}

/* The rollout that is under way with this index; a new one where there is none. */
static StoryRollout *rollout_of(Story *s, const json_t *line)
{
    size_t index = (size_t)json_integer_value(json_object_get(line, "rollout"));
    for (size_t i = s->count; i-- > 0;) {
        if (s->rollouts[i].index == index && !s->rollouts[i].home) {
            return &s->rollouts[i];
        }
    }
    if (!mts_grow(&s->rollouts, &s->cap, s->count + 1, sizeof *s->rollouts)) {
        return NULL;
    }
    s->rollouts[s->count] = (StoryRollout){.index = index, .reward = NAN};
    return &s->rollouts[s->count++];
}

static int take_step(Story *s, const json_t *line, bool known, MtsError *err)
{
    StoryRollout *r = rollout_of(s, line);
    if (!r || !mts_grow(&r->steps, &r->cap, r->count + 1, sizeof *r->steps)) {
        return no_memory(err);
    }
    r->steps[r->count++] = (StoryStep){.token = (int32_t)json_integer_value(json_object_get(line, "token")),
                                       .logp = number(line, "logp", -HUGE_VAL),
                                       .log_q = number(line, "log_q", -HUGE_VAL),
                                       .known = known};
    return MTS_OK;
}

/* A text; of methods that do not tell its tokens one by one they are told here. */
static int take_score(Story *s, const json_t *line, MtsError *err)
{
    StoryRollout *r = rollout_of(s, line);
    const json_t *tokens = json_object_get(line, "tokens");
    if (!r) {
        return no_memory(err);
    }
    r->reward = number(line, "reward", -HUGE_VAL);
    for (size_t i = r->count; i < json_array_size(tokens); i++) {
        if (!mts_grow(&r->steps, &r->cap, i + 1, sizeof *r->steps)) {
            return no_memory(err);
        }
        r->steps[r->count++] = (StoryStep){
            .token = (int32_t)json_integer_value(json_array_get(tokens, i)), .logp = NAN, .log_q = NAN, .known = true};
    }
    return MTS_OK;
}

static double at(const json_t *list, size_t i, double absent)
{
    const json_t *v = json_array_get(list, i);
    return json_is_number(v) ? json_number_value(v) : absent;
}

static int take_backup(Story *s, const json_t *line, MtsError *err)
{
    const json_t *path = json_object_get(line, "path");
    StoryRollout *r = rollout_of(s, line);
    if (!r) {
        return no_memory(err);
    }
    r->path_count = json_array_size(path);
    if (!(r->path = mts_calloc(r->path_count ? r->path_count : 1, sizeof *r->path))) {
        return no_memory(err);
    }
    for (size_t i = 0; i < r->path_count; i++) {
        const json_t *node = json_array_get(path, i);
        r->path[i] = (StoryNode){at(node, 0, -HUGE_VAL), at(node, 1, -HUGE_VAL), at(node, 2, 0)};
    }
    r->log_z_rollout = number(line, "log_z_rollout", NAN);
    r->log_z = number(line, "log_z", NAN);
    r->log_z_se = number(line, "log_z_se", NAN);
    r->best_reward = number(line, "best_reward", NAN);
    r->nfe = (uint64_t)number(line, "nfe", 0);
    r->log_w = s->home < s->w_count ? s->log_w[s->home] : NAN;
    s->home++;
    r->home = true;
    return MTS_OK;
}

static int take_text(char **to, const json_t *line, const char *name, MtsError *err)
{
    const char *text = json_string_value(json_object_get(line, name));
    free(*to);
    *to = mts_strdup(text ? text : "");
    return *to ? MTS_OK : no_memory(err);
}

static int take_stop(Story *s, const json_t *line, MtsError *err)
{
    int rc = take_text(&s->reason, line, "reason", err);
    if (!rc && strcmp(s->reason, "exhausted") == 0) { /* everything was seen */
        s->log_z_exact = number(line, "log_z", NAN);
    }
    return rc;
}

static int take_line(Story *s, const json_t *line, MtsError *err)
{
    const json_t *settings = json_object_get(line, "maxts_trace");
    const char *event = json_string_value(json_object_get(line, "event"));
    if (settings) {
        s->lambda = number(settings, "lambda", NAN);
        return take_text(&s->method, settings, "method", err);
    }
    if (!event) {
        return MTS_OK;
    }
    if (strcmp(event, "selected") == 0 || strcmp(event, "extended") == 0) {
        return take_step(s, line, event[0] == 's', err);
    }
    return strcmp(event, "scored") == 0      ? take_score(s, line, err)
           : strcmp(event, "backed-up") == 0 ? take_backup(s, line, err)
           : strcmp(event, "stopped") == 0   ? take_stop(s, line, err)
                                             : MTS_OK;
}

static int take_w(void *context, double log_w, MtsError *err)
{
    Story *s = context;
    if (!mts_grow(&s->log_w, &s->w_cap, s->w_count + 1, sizeof *s->log_w)) {
        return no_memory(err);
    }
    s->log_w[s->w_count++] = log_w;
    return MTS_OK;
}

int story_read(Story *s, const char *path, size_t *confirmed, MtsError *err)
{
    char *text = NULL;
    size_t size;
    json_t *line;
    const MtsReplayWatch watch = {s, take_w};
    *s = (Story){.log_z_exact = NAN};
    int rc = mts_replay_watched(path, &watch, confirmed, err);
    rc = rc ? rc : mts_read_file(path, MOST_BYTES, &text, &size, err);
    MtsSealLines lines = {.name = path, .text = text, .size = rc ? 0 : size};
    while (!rc && !(rc = mts_seal_next(&lines, &line, err)) && line) {
        rc = take_line(s, line, err);
        json_decref(line);
    }
    free(text);
    return rc || s->count ? rc : mts_fail(err, MTS_EFORMAT, "%s: has no rollout", path);
}

void story_free(Story *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->rollouts[i].steps);
        free(s->rollouts[i].path);
    }
    free(s->rollouts);
    free(s->log_w);
    free(s->method);
    free(s->reason);
    *s = (Story){0};
}

StoryNode story_root(const StoryRollout *r)
{
    return r->path_count ? r->path[0] : (StoryNode){NAN, NAN, NAN};
}
