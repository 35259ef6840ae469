/* cli/batch.c - see batch.h.
 *
 * --out is a journal (results/journal.h): its head holds everything that the answers are a function of, one sealed line
 * follows for each line that came in, in their order, and what a killed run left is gone on from. So an answer has no
 * member that differs from run to run: no seconds, no state of the KV ring.
 *
 * All prompts are made first. A line that is wrong is told before a model has done any work; what prompts share is
 * known from the beginning and evaluated once (MtsBeginnings). What only the work shows to be impossible - a prompt
 * that is too long, options that cannot be - is that line's answer, {"key", "error"}. */
#include "cli/batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/version.h>

#include "cli/out.h"
#include "cli/progress.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "engine/internal.h"
#include "results/fields.h"
#include "results/journal.h"

enum { MAX_BATCH = 1 << 30, MAX_ID = 256 }; /* bytes */

typedef struct Batch {
    const BatchKind *kind;
    const Args *args;
    MtsEngine *engine;
    MtsBeginnings *beginnings; /* NULL: of a table */
    json_t *lines;             /* array of objects */
    size_t *numbers;           /* [count] of the lines in their file: blank ones are none */
    size_t number_cap;
    json_t *keys;       /* object: of the lines so far */
    char *file_hash;    /* [MTS_HASH_DIGITS + 1] of --batch-in */
    MtsTokens *prompts; /* [count] */
    size_t count, done, failed;
    json_t *head;
    MtsJournal *journal;
    Progress progress;
    double began;
    char first[512]; /* failure */
} Batch;

/* ---- the lines ---- */

static const char *text_member(const json_t *line, const char *name)
{
    return json_string_value(json_object_get(line, name));
}

/* The key of line i: its id, or its number. */
static void key_of(const Batch *b, size_t i, char key[MAX_ID])
{
    const json_t *id = json_object_get(json_array_get(b->lines, i), "id");
    if (json_is_string(id)) {
        snprintf(key, MAX_ID, "%s", json_string_value(id));
    } else if (json_is_integer(id)) {
        snprintf(key, MAX_ID, "%lld", (long long)json_integer_value(id));
    } else {
        snprintf(key, MAX_ID, "%zu", b->numbers[i]);
    }
}

static int wrong(const Batch *b, size_t i, const char *what, MtsError *err)
{
    return mts_fail(err, MTS_EREQUEST, "%s: line %zu: %s", b->args->batch_in, b->numbers[i], what);
}

static int check_members(const Batch *b, size_t i, const json_t *line, MtsError *err)
{
    const char *const *members = b->kind->members, *name;
    json_t *value;
    char what[160];
    json_object_foreach((json_t *)(uintptr_t)line, name, value)
    {
        bool known = strcmp(name, "id") == 0 || strcmp(name, "prompt") == 0;
        for (size_t k = 0; members[k]; k++) {
            known = known || strcmp(name, members[k]) == 0;
        }
        if (!known) {
            size_t n = (size_t)snprintf(what, sizeof what, "'%.40s' is none of id, prompt", name);
            for (size_t k = 0; members[k] && n < sizeof what; k++) {
                n += (size_t)snprintf(what + n, sizeof what - n, ", %s", members[k]);
            }
            return wrong(b, i, what, err);
        }
    }
    return MTS_OK;
}

/* That no line before has its key. */
static int check_key(Batch *b, size_t i, MtsError *err)
{
    char key[MAX_ID];
    key_of(b, i, key);
    if (json_object_get(b->keys, key)) {
        return wrong(b, i, "its id is another line's, too", err);
    }
    mts_json_add_flag(&b->keys, key, true);
    return b->keys ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", b->args->batch_in);
}

static int check_line(Batch *b, size_t i, MtsError *err)
{
    const json_t *line = json_array_get(b->lines, i), *id = json_object_get(line, "id");
    bool model = !mts_engine_is_table(b->engine);
    int rc = check_members(b, i, line, err);
    if (rc) {
        return rc;
    }
    if (id && !json_is_integer(id) && !(json_is_string(id) && strlen(json_string_value(id)) < MAX_ID)) {
        return wrong(b, i, "id is neither a short text nor a whole number", err);
    }
    if (json_object_get(line, "prompt") && !text_member(line, "prompt")) {
        return wrong(b, i, "prompt is no text", err);
    }
    if (json_object_get(line, "system") && !text_member(line, "system")) {
        return wrong(b, i, "system is no text", err);
    }
    if (model && !text_member(line, "prompt") && !json_object_get(line, "messages")) {
        return wrong(b, i, "it has no prompt", err);
    }
    return check_key(b, i, err);
}

/* A line as the file has it: an object, or a text, which is its prompt. Blank ones say nothing. */
static int add_line(Batch *b, size_t number, const char *text, size_t size, MtsError *err)
{
    json_t *line;
    char name[300];
    size_t blanks = 0;
    while (blanks < size && strchr(" \t\r", text[blanks]) && text[blanks]) {
        blanks++;
    }
    if (blanks == size) {
        return MTS_OK;
    }
    snprintf(name, sizeof name, "%.200s: line %zu", b->args->batch_in, number);
    int rc = mts_json_parse(&line, name, text, size, err);
    if (!rc && json_is_string(line)) {
        json_t *whole = json_object();
        mts_json_add(&whole, "prompt", line);
        line = whole;
    }
    if (!rc && line && !json_is_object(line)) {
        json_decref(line);
        return mts_fail(err, MTS_EREQUEST, "%s: neither an object nor a text", name);
    }
    if (rc) {
        return rc;
    }
    if (json_array_append_new(b->lines, line) ||
        !mts_grow(&b->numbers, &b->number_cap, b->count + 1, sizeof *b->numbers)) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    b->numbers[b->count++] = number;
    return MTS_OK;
}

static int read_lines(Batch *b, MtsError *err)
{
    char *text = NULL;
    size_t size, at = 0, number = 0;
    int rc = mts_read_file(b->args->batch_in, MAX_BATCH, &text, &size, err);
    if (!rc && (!(b->lines = json_array()) || !(b->keys = json_object()) ||
                !(b->file_hash = mts_calloc(MTS_HASH_DIGITS + 1, 1)))) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", b->args->batch_in);
    }
    at = rc ? 0 : mts_utf8_mark(text, size);
    while (!rc && at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - text) - at : size - at;
        rc = add_line(b, ++number, text + at, length, err);
        at += length + 1;
    }
    if (!rc) {
        mts_hash_text(mts_hash(MTS_HASH_BEGIN, text, size), b->file_hash);
        rc = b->count ? MTS_OK : mts_fail(err, MTS_EREQUEST, "%s: has no line", b->args->batch_in);
    }
    free(text);
    return rc;
}

/* ---- what a line asks ---- */

int batch_ask(Asked *asked, const MtsEngine *engine, const Args *own, const json_t *line, MtsError *err)
{
    (void)line;
    return ask(asked, engine, own, err);
}

/* *messages is the caller's. */
static int ask_line(Batch *b, size_t i, Args *own, char **messages, Asked *asked, MtsError *err)
{
    const json_t *line = json_array_get(b->lines, i), *seed = json_object_get(line, "seed"),
                 *chat = json_object_get(line, "messages");
    MtsError why = {0};
    *own = *b->args;
    own->prompt = text_member(line, "prompt");
    own->system = text_member(line, "system") ? text_member(line, "system") : own->system;
    if (chat) {
        if (!(*messages = mts_json_text(chat))) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", b->args->batch_in);
        }
        own->messages_text = *messages;
    }
    if (seed) {
        if (!json_is_integer(seed) || json_integer_value(seed) < 0) {
            return wrong(b, i, "seed is no whole number from 0 on", err);
        }
        own->settings[mts_request_setting_find("seed")].seed = (uint64_t)json_integer_value(seed);
    }
    int rc = b->kind->ask(asked, b->engine, own, line, &why);
    asked->request.beginnings = b->beginnings;
    return rc ? mts_fail(err, rc, "%s: line %zu: %s", b->args->batch_in, b->numbers[i], why.text) : MTS_OK;
}

/* ---- the head ---- */

static json_t *describe_model(const MtsEngine *engine)
{
    json_t *o = json_object();
    mts_json_add_text(&o, MTS_F_FILE, mts_path_name(mts_engine_path(engine)));
    return o;
}

/* Of everything that the answers are a function of: `first` is what the first line asks, `hash` of all tokens. */
static int make_head(Batch *b, const Args *own, const Asked *first, uint64_t hash, MtsError *err)
{
    char digits[MTS_HASH_DIGITS + 1], target[192], *identity;
    const Args *a = b->args;
    const MtsRequest *r = &first->request;
    mts_request_target(b->engine, r, target, sizeof target);
    int rc = mts_request_identity(b->engine, r, target, &identity, err);
    if (rc) {
        return rc;
    }
    json_t *o = json_object(), *settings = mts_settings_fields(&r->search, true);
    mts_json_add_text(&o, MTS_F_MAXTS, "batch");
    mts_json_add_text(&o, "command", b->kind->command);
    mts_json_add_text(&o, MTS_F_VERSION, MTS_VERSION);
    mts_json_add(&o, MTS_F_MODEL, describe_model(b->engine));
    mts_json_add_int(&o, "lines", (json_int_t)b->count);
    mts_json_add_text(&o, MTS_F_HASH, b->file_hash);
    mts_json_add_text(&o, "tokens_hash", mts_hash_text(hash, digits));
    mts_json_add_text(&o, "identity", identity);
    mts_json_add_real(&settings, MTS_F_TEMPERATURE, own->temperature);
    mts_json_add_real(&settings, "tolerance", a->tolerance);
    mts_json_add_int(&settings, "top", a->top == CLI_NO_SIZE ? -1 : (json_int_t)a->top);
    mts_json_add_text(&settings, "options", a->choices);
    json_t *operands = json_array();
    for (const char **p = a->operands; *p; p++) {
        mts_json_add(&operands, NULL, out_string(*p));
    }
    mts_json_add(&settings, "operands", operands);
    mts_json_add(&o, MTS_F_SETTINGS, settings);
    free(identity);
    b->head = o;
    return o ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", a->batch_in);
}

/* The first line makes the head; and what is the command's is tried with it, for no line would have an answer. */
static int begin_head(Batch *b, const Args *own, const Asked *first, MtsError *err)
{
    int rc = b->kind->searches ? mts_request_try(b->engine, &first->request, err) : MTS_OK;
    return rc ? rc : make_head(b, own, first, MTS_HASH_BEGIN, err);
}

static uint64_t hash_prompt(const MtsEngine *engine, const MtsPrompt *prompt, uint64_t hash)
{
    MtsModelInfo info = {0};
    const uint32_t bytes[] = {(uint32_t)(prompt->tokens.count * sizeof *prompt->tokens.ids), 0}; /* one of 64 bits */
    hash = mts_hash_words(mts_hash_words(hash, bytes, 2), prompt->tokens.ids, prompt->tokens.count);
    if (prompt->row_count || prompt->media.count) {
        mts_model_info(mts_engine_model(engine), &info);
    }
    if (prompt->media.count) {
        return mts_hash_words(hash, prompt->media.rows, prompt->media.count * info.media_width);
    }
    return mts_hash_words(hash, prompt->rows, prompt->row_count * info.width);
}

/* All prompts, what they share, and the head. */
static int prepare(Batch *b, MtsError *err)
{
    uint64_t hash = MTS_HASH_BEGIN;
    size_t longest = 0;
    int rc;
    if (!(b->prompts = mts_calloc(b->count, sizeof *b->prompts))) {
        return mts_fail(err, MTS_ENOMEM, "%s: no memory for %zu lines", b->args->batch_in, b->count);
    }
    for (size_t i = 0; i < b->count; i++) {
        Asked asked = {0};
        Args own;
        char *messages = NULL;
        (void)((rc = check_line(b, i, err)) || (rc = ask_line(b, i, &own, &messages, &asked, err)) ||
               (rc = i ? MTS_OK : begin_head(b, &own, &asked, err)));
        if (!rc) {
            hash = hash_prompt(b->engine, &asked.prompt, hash);
            longest = asked.request.max_tokens > longest ? asked.request.max_tokens : longest;
            b->prompts[i] = asked.prompt.tokens;
            asked.prompt.tokens = (MtsTokens){0};
        }
        asked_free(&asked);
        free(messages);
        if (rc) {
            return rc;
        }
    }
    char digits[MTS_HASH_DIGITS + 1];
    mts_json_add_text(&b->head, "tokens_hash", mts_hash_text(hash, digits));
    if (!b->head) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", b->args->batch_in);
    }
    return mts_engine_is_table(b->engine)
               ? MTS_OK
               : mts_beginnings_new(&b->beginnings, b->engine, b->prompts, b->count, longest, err);
}

/* ---- the answers ---- */

/* Whether a failure is what there is to say of a line, whenever it is asked. */
static bool is_answer(int rc)
{
    return rc == MTS_EREQUEST || rc == MTS_ECONSTRAINT || rc == MTS_ECAPACITY;
}

static void note_error(Batch *b, const char *key, const char *error)
{
    if (error && b->failed++ == 0) {
        snprintf(b->first, sizeof b->first, "%s: %s", key, error);
    }
}

static int keep(Batch *b, const char *key, json_t *answer, MtsError *err)
{
    static const char *const passing[] = {"seconds", "prefill_seconds", "decode_seconds", "kv"};
    json_t *record = json_object();
    for (size_t i = 0; answer && i < sizeof passing / sizeof passing[0]; i++) {
        json_object_del(answer, passing[i]);
    }
    mts_json_add_text(&record, MTS_F_KEY, key);
    if (!record || !answer || json_object_update(record, answer)) {
        json_decref(record);
        return mts_fail(err, MTS_ENOMEM, "%s: no memory for the answer %s", b->args->out, key);
    }
    note_error(b, key, text_member(record, "error"));
    int rc = mts_journal_append(b->journal, record, err);
    json_decref(record);
    return rc;
}

static int answer_line(Batch *b, size_t i, const char *key, MtsError *err)
{
    Asked asked = {0};
    Args own;
    char *messages = NULL;
    json_t *answer = NULL;
    MtsError why = {0};
    int rc = ask_line(b, i, &own, &messages, &asked, err);
    if (rc) {
        goto done;
    }
    rc = b->kind->answer(b->engine, &own, &asked, json_array_get(b->lines, i), &answer, &why);
    if ((!rc || is_answer(rc)) && stop_asked(NULL)) { /* an answer that was cut short is none, nor is its error */
        rc = MTS_EINTERRUPTED;
    } else if (is_answer(rc)) {
        answer = json_object();
        mts_json_add_text(&answer, "error", why.text);
        rc = MTS_OK;
    }
    rc = rc ? mts_fail(err, rc, "%s: line %zu: %s", b->args->batch_in, b->numbers[i], why.text)
            : keep(b, key, answer, err);
done:
    json_decref(answer);
    asked_free(&asked);
    free(messages);
    return rc;
}

static void show(Batch *b, size_t fresh, const char *key)
{
    double now = mts_seconds();
    if (progress_due(&b->progress, now)) {
        ProgressRow row = {0};
        progress_part(&row, "%zu of %zu lines", b->done, b->count);
        progress_left(&row, fresh ? (now - b->began) / (double)fresh * (double)(b->count - b->done) : NAN);
        progress_part(&row, "%.60s", key);
        progress_put(&b->progress, &row);
    }
}

static int walk(Batch *b, MtsError *err)
{
    size_t fresh = 0;
    int rc = MTS_OK;
    b->began = mts_seconds();
    for (size_t i = 0; i < b->count && !rc; i++, b->done += !rc) {
        char key[MAX_ID];
        key_of(b, i, key);
        const json_t *there = mts_journal_find(b->journal, key);
        if (there) {
            note_error(b, key, text_member(there, "error"));
            continue;
        }
        show(b, fresh, key);
        rc = stop_asked(NULL) ? MTS_EINTERRUPTED : answer_line(b, i, key, err);
        fresh += !rc;
    }
    return rc == MTS_EINTERRUPTED
               ? mts_fail(err, rc, "%s: interrupted after %zu of %zu lines; the same command goes on from there",
                          b->args->out, b->done, b->count)
               : rc;
}

static int conclude(const Batch *b, MtsError *err)
{
    json_t *o = json_object();
    mts_json_add(&o, "out", out_string(b->args->out));
    mts_json_add_int(&o, "lines", (json_int_t)b->count);
    mts_json_add_int(&o, "failed", (json_int_t)b->failed);
    if (b->beginnings) {
        mts_json_add_int(&o, "positions", (json_int_t)mts_beginnings_positions(b->beginnings));
    }
    mts_json_add_real(&o, "seconds", mts_seconds() - b->began);
    int rc = out_print(b->args, o, err);
    return rc || !b->failed ? rc
                            : mts_fail(err, MTS_EREQUEST, "%s: %zu of %zu lines have no answer; the first: %s",
                                       b->args->out, b->failed, b->count, b->first);
}

static int check_args(const BatchKind *kind, const Args *a, MtsError *err)
{
    const char *alone = a->prompt        ? "--prompt"
                        : a->prompt_file ? "--prompt-file"
                        : a->messages    ? "--messages"
                        : a->save        ? "--save"
                        : a->resume      ? "--resume"
                        : a->trace       ? "--trace"
                        : a->outlook     ? "--outlook"
                        : a->explain     ? "--explain"
                        : a->text        ? "--text"
                                         : NULL;
    if (alone) {
        return mts_fail(err, MTS_EREQUEST, "%s: --batch-in and %s: a batch has many", kind->command, alone);
    }
    if (!a->out) {
        return mts_fail(err, MTS_EREQUEST, "%s: --batch-in needs --out FILE, which gets the answers", kind->command);
    }
    return MTS_OK;
}

static void batch_free(Batch *b)
{
    mts_journal_close(&b->journal);
    mts_beginnings_free(&b->beginnings);
    for (size_t i = 0; b->prompts && i < b->count; i++) {
        mts_tokens_free(&b->prompts[i]);
    }
    free(b->prompts);
    free(b->file_hash);
    free(b->numbers);
    json_decref(b->lines);
    json_decref(b->keys);
    json_decref(b->head);
    mts_engine_free(&b->engine);
}

int batch_run(const BatchKind *kind, const Args *args, MtsError *err)
{
    Batch b = {.kind = kind, .args = args};
    int rc = check_args(kind, args, err);
    if (rc) {
        return rc;
    }
    if ((rc = open_engine(&b.engine, args, MTS_ENGINE_WHOLE, err)) || (rc = read_lines(&b, err)) ||
        (rc = prepare(&b, err)) || (rc = mts_journal_open(&b.journal, args->out, b.head, NULL, err))) {
        goto done;
    }
    catch_interrupts();
    progress_begin(&b.progress, args->quiet);
    rc = walk(&b, err);
    progress_end(&b.progress);
    rc = rc ? rc : conclude(&b, err);
done:
    batch_free(&b);
    return rc;
}
