/* reward/command.c - command:[LIMITS ][prefixes=1 ][log=FILE ]PROGRAM, a program's judgement.
 *
 * PROGRAM is a shell command line that stays alive. For each candidate it reads one JSON line
 *
 *     {"id": 1, "prompt": "...", "text": "...", "finished": true, "logprob": -12.5, "tokens": 17}
 *
 * and writes (and flushes) one line that repeats the number: {"id": 1, "reward": 0.5} or {"id": 1, "error": "why"}. Or,
 * for simple scripts, without it, or the number alone; then nothing but order says which question a line answers, so
 * that a line too many, whenever it comes, fails the search: before a question, with an answer, or after the last one
 * (finish()). A program keeps to one of the two forms.
 *
 * It is asked on as many threads as the search has for it; each gets a copy of the program. End of input asks it to
 * end.
 *
 * LIMITS, each with its range in limits[] below: timeout=S, the seconds that one answer may take; memory=M and cpu=S,
 * the MiB of address space and the seconds of processor time that it and each process it starts may have; stderr=M, the
 * MiB that all its copies may write to standard error. prefixes=1: unfinished texts are asked about too. log=FILE: what
 * it writes to standard error goes there; without, into a temporary file that is removed at the end unless the program
 * fails, whose sentence then tells where it is. A program that cannot be started, dies, hangs, or writes anything else
 * fails the search. */
#include "reward/rewards.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "reward/child.h"
#include "reward/child_log.h"
#include "core/number.h"

/* How long a program may take to end by itself, seconds. */
#define PATIENCE 1.0

typedef struct Command {
    char *program;
    char *prompt;
    double timeout, log_most; /* seconds; MiB */
    MtsChildLimits limits;    /* errors_end: guarded by the lock */
    char *log_path;           /* NULL: a temporary file */
    pthread_mutex_t lock;
    /* guarded by it */
    MtsChildLog log;
    MtsChild **idle; /* children that wait for a question */
    size_t count, cap;
    json_int_t asked;                    /* questions so far: the number of the last one */
    enum { OPEN, PLAIN, NUMBERED } form; /* of the answers, as the first one had it */
} Command;

/* All at once, so that programs which go on do not have to be waited for one after another. */
static void close_inputs(Command *c)
{
    for (size_t i = 0; i < c->count; i++) {
        mts_child_close_input(c->idle[i]);
    }
}

static void free_command(void *self)
{
    Command *c = self;
    close_inputs(c);
    for (size_t i = 0; i < c->count; i++) {
        mts_child_free(&c->idle[i], PATIENCE);
    }
    free(c->idle);
    mts_child_log_close(&c->log);
    pthread_mutex_destroy(&c->lock);
    free(c->log_path);
    free(c->program);
    free(c->prompt);
    free(c);
}

/* Every copy has answered each question once, and no more. Those that have not ended by themselves are ended. */
static int finish_command(void *self, MtsError *err)
{
    Command *c = self;
    int rc = MTS_OK;
    close_inputs(c);
    while (c->count > 0) {
        MtsChild *child = c->idle[--c->count];
        int one = mts_child_finish(&child, PATIENCE, rc ? NULL : err);
        rc = rc ? rc : one;
    }
    if (rc) {
        mts_child_log_tell(&c->log, err);
    }
    return rc;
}

static int open_log(Command *c, MtsError *err)
{
    int rc = mts_child_log_open(&c->log, c->log_path, err);
    if (!rc) {
        c->limits.errors_end = mts_child_log_size(&c->log) + (uint64_t)(c->log_most * 1048576);
    }
    return rc;
}

/* A child to be asked, and the question's number. */
static int take_child(Command *c, MtsChild **child, json_int_t *id, MtsError *err)
{
    int rc = MTS_OK;
    pthread_mutex_lock(&c->lock);
    *id = ++c->asked;
    if (c->count > 0) {
        *child = c->idle[--c->count];
    } else if (c->log.file || !(rc = open_log(c, err))) {
        rc = mts_child_new(child, c->program, &c->limits, mts_child_log_fd(&c->log), err);
    }
    pthread_mutex_unlock(&c->lock);
    return rc;
}

/* Puts a good child back among the idle ones. Where there is no room to remember it nothing more is asked of it. */
static int give_child(Command *c, MtsChild *child, MtsError *err)
{
    pthread_mutex_lock(&c->lock);
    if (mts_grow(&c->idle, &c->cap, c->count + 1, sizeof *c->idle)) {
        c->idle[c->count++] = child;
        child = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    return child ? mts_child_finish(&child, PATIENCE, err) : MTS_OK;
}

/* The question as one line with its newline. */
static int question(const Command *c, const MtsRewardText *text, json_int_t id, MtsBytes *line, MtsError *err)
{
    if (mts_utf8_valid_prefix(text->text, text->size) != text->size) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s cannot be asked about a text that is no valid UTF-8",
                        c->program);
    }
    json_t *object = json_object();
    mts_json_add_int(&object, "id", id);
    mts_json_add_text(&object, "prompt", c->prompt);
    mts_json_add(&object, "text", json_stringn(text->text, text->size));
    mts_json_add_flag(&object, "finished", text->finished);
    mts_json_add_real(&object, "logprob", text->logp);
    mts_json_add_int(&object, "tokens", (json_int_t)text->tokens);
    char *json = object ? mts_json_text(object) : NULL;
    bool ok = json && mts_bytes_append_str(line, json) && mts_bytes_append(line, "\n", 1);
    free(json);
    json_decref(object);
    return ok ? MTS_OK : mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
}

/* The answer's number, where it must have one, is that of the question. */
static int check_id(Command *c, const json_t *answer, json_int_t id, MtsError *err)
{
    const json_t *given = json_object_get(answer, "id");
    pthread_mutex_lock(&c->lock);
    if (c->form == OPEN) {
        c->form = given ? NUMBERED : PLAIN;
    }
    bool same_form = (c->form == NUMBERED) == (given != NULL);
    pthread_mutex_unlock(&c->lock);
    if (!same_form) {
        return mts_fail(err, MTS_EREWARD, "reward command: %s answered question %lld %s an \"id\", others %s",
                        c->program, (long long)id, given ? "with" : "without", given ? "without" : "with one");
    }
    if (given && (!json_is_integer(given) || json_integer_value(given) != id)) {
        char *text = mts_json_text(given);
        mts_fail(err, MTS_EREWARD, "reward command: %s was asked question %lld and answered number %.40s", c->program,
                 (long long)id, text ? text : "?");
        free(text);
        return MTS_EREWARD;
    }
    return MTS_OK;
}

static int read_answer(Command *c, const char *answer, size_t size, json_int_t id, double *value, MtsError *err)
{
    json_t *json = NULL;
    int rc = mts_json_parse(&json, c->program, answer, size, err);
    const json_t *reward = json_is_object(json) ? json_object_get(json, "reward") : json;
    const json_t *error = json_object_get(json, "error");
    if (rc == MTS_ENOMEM) {
        return rc;
    }
    bool fails = error && !json_is_null(error);
    if (rc || (fails ? !json_is_string(error) : !json_is_number(reward))) {
        rc = mts_fail(err, MTS_EREWARD, "reward command: %s answered \"%.*s\", not {\"id\": %lld, \"reward\": number}",
                      c->program, (int)(size < 80 ? size : 80), answer, (long long)id);
    } else if ((rc = check_id(c, json, id, err)) == 0 && fails) {
        rc = mts_fail(err, MTS_EREWARD, "reward command: %s says: %.200s", c->program, json_string_value(error));
    } else if (!rc) {
        *value = json_number_value(reward);
    }
    json_decref(json);
    return rc;
}

/* The sentence gets where the program's own output is. */
static void tell_log(Command *c, MtsError *err)
{
    pthread_mutex_lock(&c->lock);
    mts_child_log_tell(&c->log, err);
    pthread_mutex_unlock(&c->lock);
}

static int score_command(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    Command *c = self;
    MtsChild *child = NULL;
    MtsBytes line = {0};
    const char *answer;
    size_t size;
    json_int_t id;
    int rc = take_child(c, &child, &id, err);
    if (rc || (rc = question(c, text, id, &line, err)) ||
        (rc = mts_child_ask(child, line.data, line.len, c->timeout, &answer, &size, err)) ||
        (rc = read_answer(c, answer, size, id, value, err))) {
        mts_child_free(&child, 0);
        tell_log(c, err);
    } else {
        rc = give_child(c, child, err);
    }
    mts_bytes_free(&line);
    return rc;
}

enum { TIMEOUT, MEMORY, CPU, ERRORS, LIMITS };

static const struct {
    const char *key;
    double min, max, initial; /* 0: no limit */
} limits[LIMITS] = {
    [TIMEOUT] = {"timeout", 0.01, 86400, 60}, /* seconds */
    [MEMORY] = {"memory", 1, 1048576, 0},     /* MiB */
    [CPU] = {"cpu", 1, 8640000, 0},           /* seconds */
    [ERRORS] = {"stderr", 1, 1048576, 256},   /* MiB */
};

/* What may stand before the program. */
typedef struct Words {
    double limit[LIMITS];
    bool prefixes;
    char *log; /* malloc'ed; NULL: none */
} Words;

static int read_flag(const char *key, const char *text, size_t n, bool *out, MtsError *err)
{
    if (n != 1 || (text[0] != '0' && text[0] != '1')) {
        return mts_fail(err, MTS_EREQUEST, "reward command: %s is \"%.*s\", not 0 or 1", key, (int)(n < 40 ? n : 40),
                        text);
    }
    *out = text[0] == '1';
    return MTS_OK;
}

/* The limit that a word sets; LIMITS: it is none. */
static int limit_of(const char *word)
{
    int i = 0;
    while (i < LIMITS && (strncmp(word, limits[i].key, strlen(limits[i].key)) || word[strlen(limits[i].key)] != '=')) {
        i++;
    }
    return i;
}

typedef enum WordKind { LIMIT, PREFIXES, LOG, PROGRAM } WordKind;

/* The word that stands at the front of an argument [size] behind blanks. */
typedef struct Word {
    const char *at;
    size_t size;
    WordKind kind; /* PROGRAM: no word, but the program begins here */
    int limit;     /* of LIMIT */
} Word;

static Word first_word(const char *argument, size_t size)
{
    const char *end = argument + size, *a = argument;
    while (a < end && (*a == ' ' || *a == '\t')) {
        a++;
    }
    Word w = {.at = a, .kind = PROGRAM, .limit = limit_of(a)};
    while (a + w.size < end && a[w.size] != ' ' && a[w.size] != '\t') {
        w.size++;
    }
    if (w.limit < LIMITS) {
        w.kind = LIMIT;
    } else if (strncmp(a, "prefixes=", 9) == 0) {
        w.kind = PREFIXES;
    } else if (strncmp(a, "log=", 4) == 0 && w.size > 4) {
        w.kind = LOG;
    }
    return w;
}

/* The number of a LIMIT, in its range. */
static int read_limit(const Word *w, double *out, MtsError *err)
{
    const char *key = limits[w->limit].key, *text = w->at + strlen(key) + 1;
    size_t n = w->size - (size_t)(text - w->at);
    double v, min = limits[w->limit].min, max = limits[w->limit].max;
    if (!mts_number_parse(text, n, &v) || v < min || v > max) {
        return mts_fail(err, MTS_EREQUEST, "reward command: %s is \"%.*s\", not a number from %.10g to %.10g", key,
                        (int)(n < 40 ? n : 40), text, min, max);
    }
    *out = v;
    return MTS_OK;
}

/* Reads limits, "prefixes=B " and "log=FILE " from the front of the argument. */
static int leading_words(const char **argument, Words *words, MtsError *err)
{
    for (;;) {
        Word w = first_word(*argument, strlen(*argument));
        int rc = MTS_OK;
        switch (w.kind) {
        case LIMIT:
            rc = read_limit(&w, &words->limit[w.limit], err);
            break;
        case PREFIXES:
            rc = read_flag("prefixes", w.at + 9, w.size - 9, &words->prefixes, err);
            break;
        case LOG:
            free(words->log);
            words->log = mts_strndup(w.at + 4, w.size - 4);
            rc = words->log ? MTS_OK : mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
            break;
        case PROGRAM:
            *argument = w.at;
            return MTS_OK;
        }
        if (rc) {
            return rc;
        }
        *argument = w.at + w.size;
    }
}

MtsRewardName mts_reward_log(const char *argument, size_t size)
{
    MtsRewardName name = {0};
    const char *end = argument + size;
    for (Word w; (w = first_word(argument, (size_t)(end - argument))).kind != PROGRAM; argument = w.at + w.size) {
        if (w.kind == LOG) {
            name = (MtsRewardName){w.at + 4, w.size - 4, true};
        }
    }
    return name;
}

/* Words as a shell tells them apart, or nearly: what stands in quotation marks is one. */
bool mts_reward_program_words(const char *argument, size_t size,
                              bool (*take)(void *context, const char *word, size_t size), void *context)
{
    const char *from = argument, *const end = argument + size;
    for (Word w; (w = first_word(from, (size_t)(end - from))).kind != PROGRAM;) {
        from = w.at + w.size;
    }
    for (const char *to; from < end; from = to + 1) {
        const char *until = *from == '"' ? "\"" : *from == '\'' ? "'" : " \t\n;|&<>()\"'`=";
        from += *from == '"' || *from == '\'';
        to = from + strcspn(from, until);
        to = to < end ? to : end;
        if (to > from && !take(context, from, (size_t)(to - from))) {
            return false;
        }
    }
    return true;
}

/* What is wrong before anything is started. */
static int check_argument(const char *program, const char *prompt, MtsError *err)
{
    if (mts_utf8_valid_prefix(prompt, strlen(prompt)) != strlen(prompt)) {
        return mts_fail(err, MTS_EREQUEST, "reward command: the prompt is no valid UTF-8");
    }
    return program[0] ? MTS_OK
                      : mts_fail(err, MTS_EREQUEST, "reward command: needs a program, as in command:./score.py");
}

int mts_reward_command(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    Words words = {.log = NULL};
    const char *program = argument ? argument : "", *prompt = input->prompt ? input->prompt : "";
    Command *c = NULL;
    int rc;
    for (int i = 0; i < LIMITS; i++) {
        words.limit[i] = limits[i].initial;
    }
    if ((rc = leading_words(&program, &words, err)) || (rc = check_argument(program, prompt, err))) {
        goto done;
    }
    if (!(c = mts_calloc(1, sizeof *c))) {
        rc = mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
        goto done;
    }
    pthread_mutex_init(&c->lock, NULL);
    c->timeout = words.limit[TIMEOUT];
    c->log_most = words.limit[ERRORS];
    c->limits = (MtsChildLimits){{(size_t)words.limit[MEMORY], (size_t)words.limit[CPU]}, 0};
    c->log_path = words.log;
    words.log = NULL;
    c->program = mts_strdup(program);
    c->prompt = mts_strdup(prompt);
    if (!c->program || !c->prompt) {
        free_command(c);
        rc = mts_fail(err, MTS_ENOMEM, "reward command: memory ran out");
        goto done;
    }
    term->self = c;
    term->score = score_command;
    term->finish = finish_command;
    term->free = free_command;
    term->prefixes = words.prefixes;
    term->slow = true;
done:
    free(words.log);
    return rc;
}
