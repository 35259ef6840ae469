#include "search/record/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "search/maxent/maxent.h"

#define CHECKPOINT_LIMIT ((size_t)1 << 32) /* bytes */

struct MtsCheckpoint {
    char *resume, *save; /* paths; NULL: none */
    json_t **lines;      /* [count] rollouts or waves read */
    size_t *starts;      /* [count] where each line begins in what was read */
    size_t count, cap, start_cap;
    size_t header, saved_header; /* bytes of the first line: read, and written to `save` */
    size_t kept;                 /* bytes of `text` that are whole lines */
    char *text;                  /* of the file that was read */
    int fd;                      /* of `save`; -1: none */
};

/* ---- reading ---- */

static int check_header(const MtsCheckpoint *j, const json_t *line, const MtsRun *run, MtsError *err)
{
    json_t *want = mts_settings_json(run, false), *have = json_object_get(line, "maxts_checkpoint");
    int rc = want ? MTS_OK : mts_out_of_memory(err);
    const char *key;
    json_t *value;
    if (rc == MTS_OK && !json_is_object(have)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: line 1: is no checkpoint of a search", j->resume);
    }
    json_object_foreach(want, key, value)
    {
        json_t *other = json_object_get(have, key);
        if (rc == MTS_OK && !json_equal(value, other)) {
            char *here = mts_json_text(value), *there = other ? mts_json_text(other) : NULL;
            rc = mts_fail(err, MTS_EREQUEST, "%s: was saved by another search: %s is %s there and %s here", j->resume,
                          key, there ? there : "absent", here ? here : "?");
            free(here);
            free(there);
        }
    }
    json_decref(want);
    return rc;
}

json_t *mts_checkpoint_settings(const char *path)
{
    FILE *file = path ? fopen(path, "rb") : NULL;
    char *text = NULL;
    size_t cap = 0;
    json_t *line = NULL, *settings = NULL;
    MtsError unread = {0};
    ssize_t size = file ? getline(&text, &cap, file) : -1;
    if (size > 0 && mts_json_parse(&line, path, text, (size_t)size, &unread) == MTS_OK) {
        settings = json_incref(json_object_get(line, "maxts_checkpoint"));
    }
    if (file) {
        fclose(file);
    }
    json_decref(line);
    free(text);
    return settings;
}

static int read_lines(MtsCheckpoint *j, const MtsRun *run, MtsError *err)
{
    size_t size = 0, number = 0;
    int rc = mts_read_file(j->resume, CHECKPOINT_LIMIT, &j->text, &size, err);
    for (char *at = j->text, *end; rc == MTS_OK && (end = memchr(at, '\n', size - j->kept)); at = end + 1) {
        json_t *line = NULL;
        number++;
        rc = mts_json_parse(&line, j->resume, at, (size_t)(end - at), err);
        if (rc != MTS_OK) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: line %zu: is not valid JSON", j->resume, number);
        } else if (number == 1) {
            rc = check_header(j, line, run, err);
            json_decref(line);
            j->header = (size_t)(end + 1 - j->text);
        } else if (!mts_grow(&j->lines, &j->cap, j->count + 1, sizeof(json_t *)) ||
                   !mts_grow(&j->starts, &j->start_cap, j->count + 1, sizeof *j->starts)) {
            json_decref(line);
            rc = mts_out_of_memory(err);
        } else {
            j->starts[j->count] = (size_t)(at - j->text);
            j->lines[j->count++] = line;
        }
        j->kept = (size_t)(end + 1 - j->text);
    }
    if (rc == MTS_OK && number == 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: line 1: is no checkpoint of a search", j->resume);
    }
    return rc;
}

static int bad(const MtsCheckpoint *j, size_t index, const char *field, MtsError *err)
{
    return mts_fail(err, MTS_EFORMAT, "%s: line %zu: %s is missing or out of range", j->resume, index + 2, field);
}

static bool real_at(const json_t *array, size_t i, double min, double max, double *out)
{
    const json_t *value = json_array_get(array, i);
    *out = json_number_value(value);
    return json_is_number(value) && *out >= min && *out <= max;
}

/* A reward: a number, or null for minus infinity. */
static bool reward_of(const json_t *value, double *out)
{
    *out = json_is_null(value) ? -HUGE_VAL : json_number_value(value);
    return json_is_null(value) || json_is_number(value);
}

static int read_path(const MtsCheckpoint *j, MtsRun *run, MtsRollout *r, const json_t *line, MtsError *err)
{
    const json_t *tokens = json_object_get(line, "tokens"), *logp = json_object_get(line, "logp");
    const json_t *log_q = json_object_get(line, "log_q"), *unseen = json_object_get(line, "unseen");
    const json_t *unseen_q = json_object_get(line, "unseen_q");
    size_t n = json_array_size(tokens);
    bool dead = json_is_true(json_object_get(line, "dead"));
    if (n > run->model->max_tokens || (n == 0 && !dead)) {
        return bad(j, r->index, "tokens", err);
    }
    if (!mts_grow(&r->choices, &r->choice_cap, n, sizeof *r->choices)) {
        return mts_out_of_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *token = json_array_get(tokens, i);
        json_int_t id = json_integer_value(token);
        double p;
        MtsChoice *choice = &r->choices[i];
        if (!json_is_integer(token) || id < 0 || id > INT32_MAX || r->node->finished) {
            return bad(j, r->index, "tokens", err);
        }
        if (!real_at(logp, i, -HUGE_VAL, 1e-6, &p)) {
            return bad(j, r->index, "logp", err);
        }
        if (!real_at(log_q, i, -HUGE_VAL, 1e-6, &choice->log_q)) {
            return bad(j, r->index, "log_q", err);
        }
        if (!real_at(unseen, i, 0, 2, &choice->unseen) || !real_at(unseen_q, i, 0, HUGE_VAL, &choice->unseen_q)) {
            return bad(j, r->index, "unseen", err);
        }
        bool finished = i + 1 == run->model->max_tokens || run->model->is_end(run->model->context, (int32_t)id);
        MtsNode *child = mts_nodes_child(&run->nodes, r->node, (int32_t)id, p, finished);
        if (!child) {
            return mts_out_of_memory(err);
        }
        r->log_q += choice->log_q;
        r->left_at += r->in_tree;
        r->in_tree = r->in_tree && child->visits > 0;
        r->node = child;
    }
    r->dead = dead;
    return r->dead == r->node->finished ? bad(j, r->index, "dead", err) : MTS_OK;
}

static int read_asides(const MtsCheckpoint *j, MtsRun *run, MtsRollout *r, const json_t *line, MtsError *err)
{
    const json_t *asides = json_object_get(line, "asides");
    size_t n = json_array_size(asides);
    if (n && !mts_grow(&r->asides, &r->aside_cap, n, sizeof(MtsNode *))) {
        return mts_out_of_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *aside = json_array_get(asides, i);
        double depth, token, logp, reward;
        if (!real_at(aside, 0, 0, r->node->depth, &depth) || !real_at(aside, 1, 0, INT32_MAX, &token) ||
            !real_at(aside, 2, -HUGE_VAL, 1e-6, &logp) || !reward_of(json_array_get(aside, 3), &reward)) {
            return bad(j, r->index, "asides", err);
        }
        MtsNode *prefix = r->node;
        while (prefix->depth > (uint32_t)depth) {
            prefix = prefix->parent;
        }
        if (prefix->finished) {
            return bad(j, r->index, "asides", err);
        }
        MtsNode *text = mts_nodes_child(&run->nodes, prefix, (int32_t)token, logp, true);
        if (!text) {
            return mts_out_of_memory(err);
        }
        text->reward = reward;
        text->scored = true;
        r->asides[r->aside_count++] = text;
    }
    return MTS_OK;
}

size_t mts_checkpoint_count(const MtsCheckpoint *checkpoint)
{
    return checkpoint ? checkpoint->count : 0;
}

int mts_checkpoint_read(const MtsCheckpoint *j, MtsRun *run, MtsRollout *r, MtsError *err)
{
    const json_t *line = j->lines[r->index], *index = json_object_get(line, "rollout");
    if (!json_is_integer(index) || (uint64_t)json_integer_value(index) != r->index) {
        return bad(j, r->index, "rollout", err);
    }
    int rc = read_path(j, run, r, line, err);
    if (rc == MTS_OK && !r->dead) {
        double reward;
        if (!reward_of(json_object_get(line, "reward"), &reward)) {
            return bad(j, r->index, "reward", err);
        }
        r->node->reward = reward;
        r->node->scored = true;
    }
    r->recorded = true;
    return rc == MTS_OK ? read_asides(j, run, r, line, err) : rc;
}

/* Number i of a row; false where it is none between min and max. */
static bool whole_at(const json_t *row, size_t i, double min, double max, size_t *out)
{
    double value;
    bool ok = json_is_integer(json_array_get(row, i)) && real_at(row, i, min, max, &value);
    *out = ok ? (size_t)value : 0;
    return ok;
}

/* The node of a row that begins with [parent + 1, token, logp]: 0 is the root, others count the prefixes read so far.
 */
static MtsNode *node_of(MtsRun *run, const MtsWave *wave, const json_t *row, bool finished)
{
    size_t parent, token;
    double logp;
    if (!whole_at(row, 0, 0, (double)wave->passed_count, &parent) || !whole_at(row, 1, 0, INT32_MAX, &token) ||
        !real_at(row, 2, -HUGE_VAL, 1e-6, &logp)) {
        return NULL;
    }
    MtsNode *from = parent ? wave->passed[parent - 1].node : run->nodes.root;
    bool ends = from->depth + 1 >= run->model->max_tokens || run->model->is_end(run->model->context, (int32_t)token);
    return ends == finished ? mts_nodes_child(&run->nodes, from, (int32_t)token, logp, finished) : NULL;
}

static int read_passed(MtsCheckpoint *j, MtsRun *run, const json_t *rows, MtsWave *wave, MtsError *err)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        MtsPassed p = {.node = node_of(run, wave, row, false)};
        if (!p.node || !real_at(row, 3, -HUGE_VAL, 1e-6, &p.log_pi) || !real_at(row, 4, 0, 2, &p.unseen) ||
            !real_at(row, 5, 0, HUGE_VAL, &p.unseen_q)) {
            return bad(j, run->waves, "passed", err);
        }
        p.dead = json_is_true(json_array_get(row, 6));
        if (!mts_grow(&wave->passed, &wave->passed_cap, i + 1, sizeof p)) {
            return mts_out_of_memory(err);
        }
        wave->passed[wave->passed_count++] = p;
        mts_sums(p.node)->log_pi = p.log_pi;
    }
    return MTS_OK;
}

static int read_found(MtsCheckpoint *j, MtsRun *run, const json_t *rows, MtsWave *wave, MtsError *err)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        MtsFound f = {.text = node_of(run, wave, row, true), .place = MTS_NO_PLACE};
        double log_pi;
        if (!f.text || !real_at(row, 3, -HUGE_VAL, 1e-6, &log_pi) || !real_at(row, 4, -HUGE_VAL, HUGE_VAL, &f.log_w) ||
            !reward_of(json_array_get(row, 5), &f.text->reward) ||
            (json_array_size(row) > 6 && !whole_at(row, 6, 0, (double)json_array_size(rows), &f.place))) {
            return bad(j, run->waves, "found", err);
        }
        if (!mts_grow(&wave->found, &wave->found_cap, i + 1, sizeof f)) {
            return mts_out_of_memory(err);
        }
        f.text->scored = true;
        wave->found[wave->found_count++] = f;
        mts_sums(f.text)->log_pi = log_pi;
    }
    return MTS_OK;
}

/* Lines from `from` on do not count, and are cut off the file that is written. */
static int forget(MtsCheckpoint *j, size_t from, MtsError *err)
{
    size_t size = j->starts[from] - j->header + j->saved_header;
    while (j->count > from) {
        json_decref(j->lines[--j->count]);
    }
    if (j->fd >= 0 && ftruncate(j->fd, (off_t)size) != 0) {
        return mts_fail(err, MTS_EIO, "%s: cannot be written: %s", j->save, strerror(errno));
    }
    return MTS_OK;
}

int mts_checkpoint_read_wave(MtsCheckpoint *j, MtsRun *run, size_t size, MtsWave *wave, bool *recorded, MtsError *err)
{
    *recorded = false;
    if (run->waves >= mts_checkpoint_count(j)) {
        return MTS_OK;
    }
    const json_t *line = j->lines[run->waves], *log_z = json_object_get(line, "log_z");
    const json_t *number = json_object_get(line, "wave"), *places = json_object_get(line, "size");
    if (!json_is_integer(number) || (uint64_t)json_integer_value(number) != run->waves || !json_is_integer(places)) {
        return bad(j, run->waves, "wave", err);
    }
    if ((uint64_t)json_integer_value(places) != size) {
        return forget(j, run->waves, err);
    }
    wave->passed_count = wave->found_count = 0;
    if (!reward_of(log_z, &wave->log_z)) {
        return bad(j, run->waves, "log_z", err);
    }
    int rc = read_passed(j, run, json_object_get(line, "passed"), wave, err);
    *recorded = rc == MTS_OK;
    return rc == MTS_OK ? read_found(j, run, json_object_get(line, "found"), wave, err) : rc;
}

/* ---- writing ---- */

/* The journal begins with its header and the rollouts that were read, in one step. */
static int begin(MtsCheckpoint *j, const MtsRun *run, MtsError *err)
{
    MtsBytes bytes = {0};
    json_t *settings = mts_settings_json(run, false);
    json_t *header = settings ? json_pack("{s:o}", "maxts_checkpoint", settings) : NULL;
    char *text = header ? mts_json_text(header) : NULL;
    j->saved_header = text ? strlen(text) + 1 : 0;
    const char *rest = j->text ? (const char *)memchr(j->text, '\n', j->kept) + 1 : "";
    size_t size = j->text ? j->kept - (size_t)(rest - j->text) : 0;
    int rc = text && mts_bytes_append_str(&bytes, text) && mts_bytes_append_str(&bytes, "\n") &&
                     mts_bytes_append(&bytes, rest, size)
                 ? mts_write_file_atomic(j->save, bytes.data, bytes.len, err)
                 : mts_out_of_memory(err);
    if (rc == MTS_OK) {
        j->fd = open(j->save, O_WRONLY | O_APPEND);
        if (j->fd < 0) {
            rc = mts_fail(err, MTS_EIO, "%s: cannot be opened for writing: %s", j->save, strerror(errno));
        }
    }
    free(text);
    json_decref(header);
    mts_bytes_free(&bytes);
    return rc;
}

static bool put_numbers(MtsBytes *b, const char *key, const MtsRollout *r, int field)
{
    const MtsNode *node = r->node;
    double *values = mts_calloc(node->depth, sizeof *values);
    bool ok = values && mts_bytes_printf(b, ",\"%s\":[", key);
    for (size_t i = 0; ok && i < r->node->depth; i++) {
        const MtsChoice *c = &r->choices[i];
        values[i] = field == 1 ? c->log_q : field == 2 ? c->unseen : c->unseen_q;
    }
    for (; ok && field == 0 && node->parent; node = node->parent) {
        values[node->depth - 1] = node->logp;
    }
    for (size_t i = 0; ok && i < r->node->depth; i++) {
        ok = mts_bytes_printf(b, "%s%.17g", i ? "," : "", values[i]);
    }
    free(values);
    return ok && mts_bytes_append_str(b, "]");
}

static bool put_reward(MtsBytes *b, double reward)
{
    return reward == -HUGE_VAL ? mts_bytes_append_str(b, "null") : mts_bytes_printf(b, "%.17g", reward);
}

static bool put_rollout(MtsBytes *b, const MtsRollout *r)
{
    int32_t *tokens = mts_calloc(r->node->depth, sizeof *tokens);
    bool ok = tokens &&
              mts_bytes_printf(b, "{\"rollout\":%zu,\"dead\":%s,\"tokens\":[", r->index, r->dead ? "true" : "false");
    if (ok) {
        mts_node_tokens(r->node, tokens);
    }
    for (size_t i = 0; ok && i < r->node->depth; i++) {
        ok = mts_bytes_printf(b, "%s%d", i ? "," : "", (int)tokens[i]);
    }
    free(tokens);
    ok = ok && mts_bytes_append_str(b, "]") && put_numbers(b, "logp", r, 0) && put_numbers(b, "log_q", r, 1) &&
         put_numbers(b, "unseen", r, 2) && put_numbers(b, "unseen_q", r, 3) &&
         mts_bytes_append_str(b, ",\"reward\":") && put_reward(b, r->dead ? -HUGE_VAL : r->node->reward) &&
         mts_bytes_append_str(b, ",\"asides\":[");
    for (size_t i = 0; ok && i < r->aside_count; i++) {
        const MtsNode *text = r->asides[i];
        ok = mts_bytes_printf(b, "%s[%u,%d,%.17g,", i ? "," : "", (unsigned)(text->depth - 1), (int)text->token,
                              text->logp) &&
             put_reward(b, text->reward) && mts_bytes_append_str(b, "]");
    }
    return ok && mts_bytes_append_str(b, "]}\n");
}

/* One line, whole and on the disk. */
static int write_line(MtsCheckpoint *j, const MtsBytes *b, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t done = 0; rc == MTS_OK && done < b->len;) {
        ssize_t n = write(j->fd, b->data + done, b->len - done);
        if (n < 0 && errno != EINTR) {
            rc = mts_fail(err, MTS_EIO, "%s: cannot be written: %s", j->save, strerror(errno));
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (rc == MTS_OK && fsync(j->fd) != 0 && errno != EINVAL && errno != EROFS) {
        rc = mts_fail(err, MTS_EIO, "%s: cannot be written: %s", j->save, strerror(errno));
    }
    return rc;
}

int mts_checkpoint_write(MtsCheckpoint *j, const MtsRollout *r, MtsError *err)
{
    if (!j || j->fd < 0 || r->recorded) {
        return MTS_OK;
    }
    MtsBytes b = {0};
    int rc = put_rollout(&b, r) ? write_line(j, &b, err) : mts_out_of_memory(err);
    mts_bytes_free(&b);
    return rc;
}

/* "[parent + 1,token,logp,log_pi": how node_of() finds it again. */
static bool put_node(MtsBytes *b, const MtsNode *node, bool first)
{
    size_t parent = node->parent->parent ? mts_sums(node->parent)->place + 1 : 0;
    return mts_bytes_printf(b, "%s[%zu,%d,%.17g,%.17g,", first ? "" : ",", parent, (int)node->token, node->logp,
                            mts_sums(node)->log_pi);
}

static bool put_wave(MtsBytes *b, size_t number, size_t size, const MtsWave *w)
{
    bool ok = mts_bytes_printf(b, "{\"wave\":%zu,\"size\":%zu,\"log_z\":", number, size) && put_reward(b, w->log_z) &&
              mts_bytes_append_str(b, ",\"passed\":[");
    for (size_t i = 0; ok && i < w->passed_count; i++) {
        const MtsPassed *p = &w->passed[i];
        mts_sums(p->node)->place = i;
        ok = put_node(b, p->node, i == 0) &&
             mts_bytes_printf(b, "%.17g,%.17g%s]", p->unseen, p->unseen_q, p->dead ? ",true" : "");
    }
    ok = ok && mts_bytes_append_str(b, "],\"found\":[");
    for (size_t i = 0; ok && i < w->found_count; i++) {
        const MtsFound *f = &w->found[i];
        ok = put_node(b, f->text, i == 0) && mts_bytes_printf(b, "%.17g,", f->log_w) &&
             put_reward(b, f->text->reward) && (f->place == MTS_NO_PLACE || mts_bytes_printf(b, ",%zu", f->place)) &&
             mts_bytes_append_str(b, "]");
    }
    return ok && mts_bytes_append_str(b, "]}\n");
}

int mts_checkpoint_write_wave(MtsCheckpoint *j, size_t number, size_t size, const MtsWave *wave, MtsError *err)
{
    if (!j || j->fd < 0) {
        return MTS_OK;
    }
    MtsBytes b = {0};
    int rc = put_wave(&b, number, size, wave) ? write_line(j, &b, err) : mts_out_of_memory(err);
    mts_bytes_free(&b);
    return rc;
}

int mts_checkpoint_open(MtsCheckpoint **out, const MtsRun *run, MtsError *err)
{
    const MtsSearchSettings *s = &run->settings;
    *out = NULL;
    if (!s->save && !s->resume) {
        return MTS_OK;
    }
    MtsCheckpoint *j = *out = mts_calloc(1, sizeof *j);
    if (!j) {
        return mts_out_of_memory(err);
    }
    j->fd = -1;
    j->save = s->save ? mts_strdup(s->save) : NULL;
    j->resume = s->resume ? mts_strdup(s->resume) : NULL;
    int rc = (s->save && !j->save) || (s->resume && !j->resume) ? mts_out_of_memory(err) : MTS_OK;
    if (rc == MTS_OK && j->resume) {
        rc = read_lines(j, run, err);
    }
    if (rc == MTS_OK && j->save) {
        rc = begin(j, run, err);
    }
    free(j->text);
    j->text = NULL;
    return rc;
}

void mts_checkpoint_free(MtsCheckpoint **out)
{
    MtsCheckpoint *j = *out;
    if (!j) {
        return;
    }
    for (size_t i = 0; i < j->count; i++) {
        json_decref(j->lines[i]);
    }
    if (j->fd >= 0) {
        close(j->fd);
    }
    free(j->lines);
    free(j->starts);
    free(j->text);
    free(j->save);
    free(j->resume);
    free(j);
    *out = NULL;
}
