/* table/table.c - a table from its file, as a model, as a reward, and exactly; see table.h. */
#include "table/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
#include "search/logs.h"
#include "search/positions.h"

#define SIZE_LIMIT ((size_t)1 << 28) /* bytes of a table file */
enum { MOST_TOKENS = 4096, MOST_VOCAB = 1 << 20 };

typedef struct TableReader {
    MtsTable *table;
    const char *name;
    json_t *prior, *reward;
    MtsBytes key;
    MtsError *err;
} TableReader;

static int no_memory(TableReader *r)
{
    return mts_fail(r->err, MTS_ENOMEM, "%s: memory ran out", r->name);
}

/* The key of a row followed by `token` (-1: of the row itself), in r->key. */
static bool make_key(TableReader *r, size_t row, int32_t token)
{
    int32_t path[MOST_TOKENS + 1];
    size_t n = 0;
    if (token >= 0) {
        path[n++] = token;
    }
    for (; row != 0; row = r->table->rows[row].parent) {
        path[n++] = r->table->rows[row].token;
    }
    r->key.len = 0;
    bool ok = mts_bytes_append_str(&r->key, "");
    while (n-- > 0 && ok) {
        ok = mts_bytes_printf(&r->key, "%s%d", r->key.len ? "," : "", (int)path[n]);
    }
    return ok;
}

static int add_row(TableReader *r, size_t parent, int32_t token)
{
    MtsTable *t = r->table;
    if (!mts_grow(&t->rows, &t->row_cap, t->row_count + 1, sizeof *t->rows)) {
        return no_memory(r);
    }
    uint32_t depth = t->row_count ? t->rows[parent].depth + 1 : 0;
    t->rows[t->row_count++] = (MtsTableRow){.table = t, .parent = parent, .token = token, .depth = depth};
    return MTS_OK;
}

static int add_text(TableReader *r, size_t row, int32_t token, double logp)
{
    MtsTable *t = r->table;
    if (!make_key(r, row, token) || !mts_grow(&t->texts, &t->text_cap, t->text_count + 1, sizeof *t->texts)) {
        return no_memory(r);
    }
    json_t *value = json_object_get(r->reward, r->key.data);
    if (!value) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: reward[\"%s\"] is missing", r->name, r->key.data);
    }
    double reward = json_is_null(value) ? -HUGE_VAL : json_number_value(value);
    if (!json_is_null(value) && !json_is_number(value)) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: reward[\"%s\"] is neither a number nor null", r->name, r->key.data);
    }
    t->texts[t->text_count++] = (MtsTableText){row, token, logp, reward};
    return MTS_OK;
}

typedef struct TableEntry {
    double p;
    int32_t token;
} TableEntry;

static int compare_entries(const void *a, const void *b)
{
    const TableEntry *x = a, *y = b;
    return x->p != y->p ? (x->p > y->p ? -1 : 1) : (x->token > y->token) - (x->token < y->token);
}

/* The row's probabilities, sorted, zeros left out. */
static int read_prior(TableReader *r, size_t row, TableEntry *entries, size_t *count)
{
    MtsTable *t = r->table;
    if (!make_key(r, row, -1)) {
        return no_memory(r);
    }
    const char *key = r->key.data;
    json_t *values = json_object_get(r->prior, key);
    if (!json_is_array(values) || json_array_size(values) != t->vocab) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: prior[\"%s\"] is %s, not a list of %zu probabilities", r->name, key,
                        values ? "something else" : "missing", t->vocab);
    }
    double sum = 0;
    *count = 0;
    for (size_t i = 0; i < t->vocab; i++) {
        json_t *value = json_array_get(values, i);
        double p = json_number_value(value);
        if (!json_is_number(value) || !(p >= 0) || p > 1) {
            return mts_fail(r->err, MTS_EFORMAT, "%s: prior[\"%s\"][%zu] is no number in [0, 1]", r->name, key, i);
        }
        sum += p;
        if (p > 0) {
            entries[(*count)++] = (TableEntry){p, (int32_t)i};
        }
    }
    if (sum < 1 - 1e-4 || sum > 1 + MTS_LOG_MASS_MOST) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: prior[\"%s\"] sums to %.9g, not 1", r->name, key, sum);
    }
    qsort(entries, *count, sizeof *entries, compare_entries);
    t->rows[row].log_mass = fabs(sum - 1) < 1e-12 ? 0 : log(sum);
    return MTS_OK;
}

static int read_row(TableReader *r, size_t row, double path_logp, TableEntry *entries)
{
    MtsTable *t = r->table;
    size_t count = 0, need;
    int rc = read_prior(r, row, entries, &count);
    if (rc) {
        return rc;
    }
    if (!mts_size_add(t->entry_count, count, &need) || !mts_grow(&t->tokens, &t->token_cap, need, sizeof *t->tokens) ||
        !mts_grow(&t->logp, &t->logp_cap, need, sizeof *t->logp) ||
        !mts_grow(&t->next, &t->next_cap, need, sizeof *t->next)) {
        return no_memory(r);
    }
    t->rows[row].first = t->entry_count;
    t->rows[row].count = count;
    for (size_t i = 0; i < count && !rc; i++) {
        int32_t token = entries[i].token;
        double logp = log(entries[i].p);
        bool finished = token == t->eos || t->rows[row].depth + 1u >= t->max_tokens;
        t->tokens[t->entry_count] = token;
        t->logp[t->entry_count] = logp;
        t->next[t->entry_count++] = finished ? ~(int64_t)t->text_count : (int64_t)t->row_count;
        rc = finished ? add_text(r, row, token, path_logp + logp) : add_row(r, row, token);
    }
    return rc;
}

static double path_logp(const MtsTable *t, size_t row)
{
    double sum = 0;
    for (; row != 0; row = t->rows[row].parent) {
        const MtsTableRow *parent = &t->rows[t->rows[row].parent];
        for (size_t i = 0; i < parent->count; i++) {
            if (t->tokens[parent->first + i] == t->rows[row].token) {
                sum += t->logp[parent->first + i];
            }
        }
    }
    return sum;
}

static int read_size(const TableReader *r, json_t *root, const char *key, size_t most, size_t *out)
{
    json_t *value = json_object_get(root, key);
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 1 || (uint64_t)n > most) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: %s is no whole number in [1, %zu]", r->name, key, most);
    }
    *out = (size_t)n;
    return MTS_OK;
}

static int read_table(TableReader *r, json_t *root)
{
    MtsTable *t = r->table;
    int rc;
    if (!json_is_object(root)) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: is no JSON object", r->name);
    }
    if ((rc = read_size(r, root, "vocab_size", MOST_VOCAB, &t->vocab)) ||
        (rc = read_size(r, root, "max_tokens", MOST_TOKENS, &t->max_tokens))) {
        return rc;
    }
    json_t *eos = json_object_get(root, "eos");
    json_int_t end = json_is_integer(eos) ? json_integer_value(eos) : -1;
    if ((eos && !json_is_null(eos) && end < 0) || end >= (json_int_t)t->vocab) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: eos is neither null nor a token in [0, %zu]", r->name, t->vocab - 1);
    }
    t->eos = (int32_t)end;
    const char *title = json_string_value(json_object_get(root, "name"));
    t->name = mts_strdup(title ? title : "");
    r->prior = json_object_get(root, "prior");
    r->reward = json_object_get(root, "reward");
    if (!json_is_object(r->prior) || !json_is_object(r->reward)) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: %s is no object", r->name,
                        json_is_object(r->prior) ? "reward" : "prior");
    }
    TableEntry *entries = mts_calloc(t->vocab, sizeof *entries);
    rc = entries && t->name ? add_row(r, 0, -1) : no_memory(r);
    for (size_t row = 0; !rc && row < t->row_count; row++) {
        rc = read_row(r, row, path_logp(t, row), entries);
    }
    free(entries);
    return rc;
}

static int read_json(MtsTable **out, const char *name, json_t *root, MtsError *err)
{
    TableReader reader = {.name = name, .err = err, .table = mts_calloc(1, sizeof(MtsTable))};
    int rc = reader.table ? read_table(&reader, root) : no_memory(&reader);
    mts_bytes_free(&reader.key);
    *out = reader.table;
    if (rc) {
        mts_table_free(out);
    }
    return rc;
}

int mts_table_open(MtsTable **table, const char *path, MtsError *err)
{
    json_t *root = NULL;
    *table = NULL;
    int rc = mts_json_read(&root, path, SIZE_LIMIT, err);
    if (!rc) {
        rc = read_json(table, path, root, err);
    }
    json_decref(root);
    return rc;
}

int mts_table_parse(MtsTable **table, const char *name, const char *text, size_t size, MtsError *err)
{
    json_t *root = NULL;
    *table = NULL;
    int rc = mts_json_parse(&root, name, text, size, err);
    if (!rc) {
        rc = read_json(table, name, root, err);
    }
    json_decref(root);
    return rc;
}

void mts_table_free(MtsTable **table)
{
    MtsTable *t = *table;
    if (!t) {
        return;
    }
    free(t->name);
    free(t->rows);
    free(t->texts);
    free(t->tokens);
    free(t->logp);
    free(t->next);
    free(t);
    *table = NULL;
}

void mts_table_info(const MtsTable *table, MtsTableInfo *info)
{
    *info = (MtsTableInfo){.name = table->name,
                           .vocab = table->vocab,
                           .max_tokens = table->max_tokens,
                           .eos = table->eos,
                           .texts = table->text_count,
                           .prefixes = table->row_count};
}

int64_t mts_table_next(const MtsTable *table, size_t row, int32_t token)
{
    const MtsTableRow *at = &table->rows[row];
    for (size_t i = 0; i < at->count; i++) {
        if (table->tokens[at->first + i] == token) {
            return table->next[at->first + i];
        }
    }
    return INT64_MIN;
}

/* ---- the seams ---- */

/* A state is the row itself: nothing to count, the table outlives it. */
static MtsDist row_dist(const MtsTableRow *row)
{
    const MtsTable *t = row->table;
    return (MtsDist){row->count, t->tokens + row->first, t->logp + row->first, row->log_mass};
}

static int table_extend(void *context, MtsSearchStep *steps, size_t n, MtsError *err)
{
    const MtsTable *t = context;
    for (size_t i = 0; i < n; i++) {
        const MtsTableRow *row = (const MtsTableRow *)(const void *)steps[i].state;
        int64_t next = mts_table_next(t, (size_t)(row - t->rows), steps[i].token);
        if (next < 0) {
            return mts_fail(err, MTS_EREQUEST, "table: token %d does not continue a text here", (int)steps[i].token);
        }
        steps[i].next = (MtsState *)(void *)&t->rows[next];
        steps[i].dist = row_dist(&t->rows[next]);
    }
    return MTS_OK;
}

static bool table_is_end(void *context, int32_t token)
{
    return token == ((const MtsTable *)context)->eos;
}

static void table_keep(void *context, MtsState *state)
{
    (void)context;
    (void)state;
}

void mts_table_model(const MtsTable *table, MtsSearchModel *model)
{
    *model = (MtsSearchModel){.context = (void *)table,
                              .root = (MtsState *)(void *)table->rows,
                              .root_dist = row_dist(table->rows),
                              .max_tokens = table->max_tokens,
                              .extend = table_extend,
                              .is_end = table_is_end,
                              .retain = table_keep,
                              .release = table_keep};
}

static int table_score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    const MtsTable *t = context;
    int64_t at = 0;
    for (size_t i = 0; i < candidate->count && at >= 0; i++) {
        at = mts_table_next(t, (size_t)at, candidate->tokens[i]);
    }
    if (at == INT64_MIN) {
        return mts_fail(err, MTS_EREWARD, "table: a text of %zu tokens is not in it", candidate->count);
    }
    *value = at < 0 ? t->texts[~at].reward : -HUGE_VAL; /* of an unfinished text it says nothing */
    return MTS_OK;
}

void mts_table_reward(const MtsTable *table, MtsSearchReward *reward)
{
    *reward = (MtsSearchReward){.context = (void *)table, .score = table_score};
}

/* ---- exact values ---- */

void mts_table_values(const MtsTable *t, double lambda, double *log_w)
{
    for (size_t row = t->row_count; row-- > 0;) {
        MtsLogSum sum = MTS_LOG_SUM_ZERO;
        for (size_t i = t->rows[row].first; i < t->rows[row].first + t->rows[row].count; i++) {
            double below = t->next[i] >= 0 ? log_w[t->next[i]] : mts_log_tilt(lambda, t->texts[~t->next[i]].reward);
            mts_log_sum_add(&sum, t->logp[i] + below);
        }
        log_w[row] = mts_log_sum(&sum);
    }
}

int mts_table_exact(const MtsTable *table, double lambda, MtsTableExact *exact, MtsError *err)
{
    if (!(lambda >= 0) || !isfinite(lambda)) {
        return mts_fail(err, MTS_EREQUEST, "lambda: %g is no finite number >= 0", lambda);
    }
    double *log_w = mts_calloc(table->row_count, sizeof *log_w);
    if (!log_w) {
        return mts_fail(err, MTS_ENOMEM, "table: memory ran out");
    }
    mts_table_values(table, lambda, log_w);
    double log_z = log_w[0], reward = 0;
    free(log_w);
    if (log_z == -HUGE_VAL) {
        return mts_fail(err, MTS_ECONSTRAINT, "table: every text has reward minus infinity");
    }
    for (size_t i = 0; i < table->text_count; i++) {
        const MtsTableText *text = &table->texts[i];
        if (text->reward != -HUGE_VAL) {
            reward += exp(text->logp + lambda * text->reward - log_z) * text->reward;
        }
    }
    *exact = (MtsTableExact){.lambda = lambda,
                             .log_z = log_z,
                             .soft_value = lambda > 0 ? log_z / lambda : reward,
                             .expected_reward = reward,
                             .kl = lambda * reward - log_z};
    return MTS_OK;
}
