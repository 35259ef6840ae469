/* reward/command.c - a program's judgement.
 *
 * command:[timeout=S ][prefixes=1 ]PROGRAM - a program's judgement.
 *
 * PROGRAM is a shell command line that stays alive. For each candidate it reads one JSON line
 *
 *     {"prompt": "...", "text": "...", "finished": true, "logprob": -12.5, "tokens": 17}
 *
 * and writes (and flushes) one line: {"reward": 0.5}, or the number alone, or {"error": "why"}. It is asked on as
 * many threads as the search has for it; each gets a copy of the program. End of input asks it to end.
 *
 * S is the seconds it may take for one answer, from 0.01 to 86400, default 60. prefixes=1: unfinished texts are
 * asked about too. A program that cannot be started, dies, hangs, or writes anything else fails the search. */
#include "reward/rewards.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "reward/child.h"
#include "core/number.h"

/* How long a program may take to end by itself, seconds. */
#define PATIENCE 1.0

typedef struct Command {
    char *program;
    char *prompt;
    double timeout;
    pthread_mutex_t lock;
    MtsChild **idle; /* guarded; children that wait for a question */
    size_t count, cap;
} Command;

static void free_command(void *self)
{
    Command *c = self;
    for (size_t i = 0; i < c->count; i++) {
        mts_child_free(&c->idle[i], PATIENCE);
    }
    free(c->idle);
    pthread_mutex_destroy(&c->lock);
    free(c->program);
    free(c->prompt);
    free(c);
}

static int take_child(Command *c, MtsChild **child, MtsError *err)
{
    int rc = MTS_OK;
    pthread_mutex_lock(&c->lock);
    if (c->count > 0) {
        *child = c->idle[--c->count];
    } else {
        rc = mts_child_new(child, c->program, err);
    }
    pthread_mutex_unlock(&c->lock);
    return rc;
}

/* Puts a good child back among the idle ones; ends it where there is no room to remember it. */
static void give_child(Command *c, MtsChild *child)
{
    pthread_mutex_lock(&c->lock);
    if (mts_grow(&c->idle, &c->cap, c->count + 1, sizeof *c->idle)) {
        c->idle[c->count++] = child;
        child = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    mts_child_free(&child, PATIENCE);
}

/* The question as one line with its newline. */
static int question(const Command *c, const MtsRewardText *text, MtsBytes *line, MtsError *err)
{
    json_t *body = json_stringn(text->text, text->size);
    if (!body) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s cannot be asked about a text that is no valid UTF-8",
                        c->program);
    }
    json_t *object =
        json_pack("{s:s, s:o, s:b, s:o, s:I}", "prompt", c->prompt, "text", body, "finished", (int)text->finished,
                  "logprob", mts_json_real(text->logp), "tokens", (json_int_t)text->tokens);
    char *json = object ? mts_json_text(object) : NULL;
    bool ok = json && mts_bytes_append_str(line, json) && mts_bytes_append(line, "\n", 1);
    free(json);
    json_decref(object);
    return ok ? MTS_OK : mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
}

static int read_answer(const Command *c, const char *answer, size_t size, double *value, MtsError *err)
{
    json_t *json = NULL;
    int rc = mts_json_parse(&json, c->program, answer, size, NULL);
    const json_t *reward = json_is_object(json) ? json_object_get(json, "reward") : json;
    const json_t *error = json_object_get(json, "error");
    if (rc == MTS_OK && json_is_string(error)) {
        rc = mts_fail(err, MTS_EREWARD, "reward command: %s says: %.200s", c->program, json_string_value(error));
    } else if (rc == MTS_OK && json_is_number(reward)) {
        *value = json_number_value(reward);
    } else {
        rc = mts_fail(err, MTS_EREWARD, "reward command: %s answered \"%.*s\", not {\"reward\": number}", c->program,
                      (int)(size < 80 ? size : 80), answer);
    }
    json_decref(json);
    return rc;
}

static int score_command(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    Command *c = self;
    MtsChild *child = NULL;
    MtsBytes line = {0};
    const char *answer;
    size_t size;
    int rc = question(c, text, &line, err);
    if (rc == MTS_OK) {
        rc = take_child(c, &child, err);
    }
    if (rc == MTS_OK) {
        rc = mts_child_ask(child, line.data, line.len, c->timeout, &answer, &size, err);
    }
    if (rc == MTS_OK) {
        rc = read_answer(c, answer, size, value, err);
    }
    if (rc == MTS_OK) {
        give_child(c, child);
    } else {
        mts_child_free(&child, 0);
    }
    mts_bytes_free(&line);
    return rc;
}

/* Reads "timeout=S " and "prefixes=B " from the front of the argument. */
static int leading_words(const char **argument, double *timeout, bool *prefixes, MtsError *err)
{
    for (;;) {
        const char *a = *argument + strspn(*argument, " \t");
        size_t n = strcspn(a, " \t");
        double v = -1;
        if (strncmp(a, "timeout=", 8) == 0) {
            if (!mts_number_parse(a + 8, n - 8, &v) || v < 0.01 || v > 86400) {
                return mts_fail(err, MTS_EREQUEST,
                                "reward command: timeout is \"%.*s\", not seconds from 0.01 to 86400",
                                (int)(n - 8 < 40 ? n - 8 : 40), a + 8);
            }
            *timeout = v;
        } else if (strncmp(a, "prefixes=", 9) == 0) {
            if (n != 10 || (a[9] != '0' && a[9] != '1')) {
                return mts_fail(err, MTS_EREQUEST, "reward command: prefixes is \"%.*s\", not 0 or 1",
                                (int)(n - 9 < 40 ? n - 9 : 40), a + 9);
            }
            *prefixes = a[9] == '1';
        } else {
            *argument = a;
            return MTS_OK;
        }
        *argument = a + n;
    }
}

int mts_reward_command(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    double timeout = 60;
    bool prefixes = false;
    const char *program = argument ? argument : "";
    int rc = leading_words(&program, &timeout, &prefixes, err);
    if (rc != MTS_OK) {
        return rc;
    }
    const char *prompt = input->prompt ? input->prompt : "";
    if (mts_utf8_valid_prefix(prompt, strlen(prompt)) != strlen(prompt)) {
        return mts_fail(err, MTS_EREQUEST, "reward command: the prompt is no valid UTF-8");
    }
    if (!program[0]) {
        return mts_fail(err, MTS_EREQUEST, "reward command: needs a program, as in command:./score.py");
    }
    Command *c = mts_calloc(1, sizeof *c);
    if (!c) {
        return mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
    }
    pthread_mutex_init(&c->lock, NULL);
    c->timeout = timeout;
    c->program = mts_strdup(program);
    c->prompt = mts_strdup(prompt);
    if (!c->program || !c->prompt) {
        free_command(c);
        return mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
    }
    term->self = c;
    term->score = score_command;
    term->free = free_command;
    term->prefixes = prefixes;
    term->slow = true;
    return MTS_OK;
}
