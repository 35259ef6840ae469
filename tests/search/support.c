#include "support.h"

#include "core/mem.h"

/* ---- tables ---- */

static double normal(MtsRng *rng)
{
    double u = mts_rng_open(rng), v = mts_rng_uniform(rng);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static void put_row(MtsBytes *b, Shape shape, MtsRng *rng)
{
    double w[64], sum = 0;
    bool any = false;
    for (int a = 0; a < shape.vocab; a++) {
        bool zero = mts_rng_uniform(rng) < shape.zero && (any || a + 1 < shape.vocab);
        w[a] = zero ? 0 : exp(shape.peak * normal(rng));
        any = any || !zero;
        sum += w[a];
    }
    for (int a = 0; a < shape.vocab; a++) {
        mts_bytes_printf(b, "%s%.17g", a ? "," : "[", w[a] / sum);
    }
    mts_bytes_append_str(b, "]");
}

/* Writes what is at and below the prefix `key`: its prior (what = 0) or the rewards of its texts (what = 1). */
static void put_below(MtsBytes *b, Shape shape, MtsRng *rng, char *key, size_t len, int depth, int what)
{
    if (what == 0) {
        mts_bytes_printf(b, "%s\"%s\":", depth ? "," : "", key);
        put_row(b, shape, rng);
    }
    for (int a = 0; a < shape.vocab; a++) {
        int more = sprintf(key + len, "%s%d", len ? "," : "", a);
        bool finished = a == shape.eos || depth + 1 == shape.steps;
        if (!finished) {
            put_below(b, shape, rng, key, len + (size_t)more, depth + 1, what);
        } else if (what == 1) {
            mts_bytes_printf(b, "%s\"%s\":", b->data[b->len - 1] == '{' ? "" : ",", key);
            if (mts_rng_uniform(rng) < shape.hole) {
                mts_bytes_append_str(b, "null");
            } else {
                mts_bytes_printf(b, "%.17g", shape.spread * normal(rng));
            }
        }
        key[len] = '\0';
    }
}

MtsTable *random_table(Shape shape, uint64_t seed)
{
    MtsBytes b = {0};
    MtsError err = {0};
    MtsTable *table = NULL;
    MtsRng rng = mts_rng(seed, 77, 0);
    char key[256] = "", eos[16] = "null";
    if (shape.eos >= 0) {
        sprintf(eos, "%d", shape.eos);
    }
    mts_bytes_printf(&b, "{\"vocab_size\":%d,\"max_tokens\":%d,\"eos\":%s,\"prior\":{", shape.vocab, shape.steps, eos);
    put_below(&b, shape, &rng, key, 0, 0, 0);
    mts_bytes_append_str(&b, "},\"reward\":{");
    put_below(&b, shape, &rng, key, 0, 0, 1);
    mts_bytes_append_str(&b, "}}");
    assert_ok(mts_table_parse(&table, "random table", b.data, b.len, &err), &err);
    mts_bytes_free(&b);
    return table;
}

/* ---- branches ---- */

static void branch_at(Branches *b, size_t count)
{
    if (b->depth == b->length) {
        size_t cap = b->cap;
        assert_true(mts_grow(&b->choice, &cap, b->length + 1, sizeof *b->choice));
        cap = b->cap;
        assert_true(mts_grow(&b->count, &cap, b->length + 1, sizeof *b->count));
        assert_true(mts_grow(&b->p, &b->cap, b->length + 1, sizeof *b->p));
        b->choice[b->length] = 0;
        b->length++;
    }
    b->count[b->depth] = count;
}

static size_t script_pick(void *context, const double *weights, size_t n)
{
    Branches *b = context;
    double sum = 0;
    size_t count = 0; /* one past the last index that can be picked */
    for (size_t i = 0; i < n; i++) {
        assert_true(weights[i] >= 0 && isfinite(weights[i]));
        sum += weights[i];
        count = weights[i] > 0 ? i + 1 : count;
    }
    assert_true(count > 0);
    branch_at(b, count);
    size_t i = b->choice[b->depth];
    while (!(weights[i] > 0)) {
        i++;
    }
    b->choice[b->depth] = i;
    b->p[b->depth++] = weights[i] / sum;
    return i;
}

static double script_uniform(void *context, const double *breaks, size_t n)
{
    Branches *b = context;
    branch_at(b, n + 1);
    size_t i = b->choice[b->depth];
    double low = i == 0 ? 0 : breaks[i - 1], high = i == n ? 1 : breaks[i];
    low = low < 0 ? 0 : low > 1 ? 1 : low;
    high = high < 0 ? 0 : high > 1 ? 1 : high;
    assert_true(high >= low);
    b->p[b->depth++] = high - low;
    return low + (high - low) / 2;
}

Branches branches_begin(void)
{
    return (Branches){0};
}

void branches_start(Branches *b)
{
    b->script = (MtsScript){b, script_pick, script_uniform};
    b->depth = 0;
}

double branches_probability(const Branches *b)
{
    double p = 1;
    for (size_t i = 0; i < b->depth; i++) {
        p *= b->p[i];
    }
    return p;
}

bool branches_next(Branches *b)
{
    b->length = b->depth;
    while (b->length > 0 && b->choice[b->length - 1] + 1 >= b->count[b->length - 1]) {
        b->length--;
    }
    if (b->length == 0) {
        free(b->choice);
        free(b->count);
        free(b->p);
        *b = (Branches){0};
        return false;
    }
    b->choice[b->length - 1]++;
    return true;
}

/* ---- masks ---- */

static int masked_extend(void *context, MtsSearchStep *steps, size_t n, MtsError *err)
{
    Masked *m = context;
    (void)err;
    m->extended += n;
    m->largest = n > m->largest ? n : m->largest;
    for (size_t i = 0; i < n; i++) {
        size_t row = (size_t)((MtsDist *)(void *)steps[i].state - m->dists);
        int64_t next = mts_table_next(m->table, row, steps[i].token);
        assert_true(next >= 0);
        steps[i].next = (MtsState *)(void *)&m->dists[next];
        steps[i].dist = m->dists[next];
    }
    return MTS_OK;
}

static bool masked_is_end(void *context, int32_t token)
{
    return token == ((Masked *)context)->table->eos;
}

static void masked_keep(void *context, MtsState *state)
{
    (void)context;
    (void)state;
}

void masked_open(Masked *m, const MtsTable *table, bool (*keep)(const MtsTable *, size_t, int32_t))
{
    *m = (Masked){.table = table};
    mts_table_reward(table, &m->reward);
    m->tokens = mts_calloc(table->entry_count, sizeof *m->tokens);
    m->logp = mts_calloc(table->entry_count, sizeof *m->logp);
    m->dists = mts_calloc(table->row_count, sizeof *m->dists);
    assert_true(m->tokens && m->logp && m->dists);
    for (size_t row = 0; row < table->row_count; row++) {
        const MtsTableRow *r = &table->rows[row];
        MtsDist *dist = &m->dists[row];
        MtsLogSum sum = MTS_LOG_SUM_ZERO;
        dist->tokens = m->tokens + r->first;
        dist->logp = m->logp + r->first;
        for (size_t i = r->first; i < r->first + r->count; i++) {
            if (!keep || keep(table, row, table->tokens[i])) {
                m->tokens[r->first + dist->count] = table->tokens[i];
                m->logp[r->first + dist->count++] = table->logp[i];
                mts_log_sum_add(&sum, table->logp[i]);
            }
        }
        dist->log_mass = mts_log_sum(&sum);
    }
    m->model = (MtsSearchModel){.context = m,
                                .root = (MtsState *)(void *)m->dists,
                                .root_dist = m->dists[0],
                                .max_tokens = table->max_tokens,
                                .extend = masked_extend,
                                .is_end = masked_is_end,
                                .retain = masked_keep,
                                .release = masked_keep};
}

bool nothing_after_one(const MtsTable *table, size_t row, int32_t token)
{
    (void)token;
    return table->rows[row].token != 1;
}

void masked_free(Masked *m)
{
    free(m->tokens);
    free(m->logp);
    free(m->dists);
    *m = (Masked){0};
}

/* ---- a grammar ---- */

const char SUMS[] = "root ::= root \"+\" term | term\nterm ::= \"a\" | \"(\" root \")\"\n";
const char *const SUMS_SPELLINGS[] = {"(", ")", "a", "+", NULL};

static const char *const *spelled;
static MtsConstraint *grammar;

static const char *spelled_bytes(const void *context, int32_t token, size_t *size)
{
    const char *const *spellings = context;
    *size = spellings[token] ? strlen(spellings[token]) : 0;
    return spellings[token];
}

static MtsConstraintPlace place_of(const MtsTable *table, size_t row)
{
    MtsConstraintPlace place = mts_constraint_start(grammar);
    MtsError err = {0};
    if (row != 0) {
        place = place_of(table, table->rows[row].parent);
        assert_ok(mts_constraint_advance(grammar, place, table->rows[row].token, &place, &err), &err);
    }
    return place;
}

static bool grammar_keeps(const MtsTable *table, size_t row, int32_t token)
{
    MtsError err = {0};
    MtsConstraintPlace place = place_of(table, row);
    uint64_t mask = 0;
    if (!spelled[token]) {
        bool ends;
        assert_ok(mts_constraint_may_end(grammar, place, &ends, &err), &err);
        return ends;
    }
    assert_ok(mts_constraint_mask(grammar, place, table->max_tokens - table->rows[row].depth - 1, &mask, &err), &err);
    return mask >> token & 1;
}

void masked_by_grammar(Masked *m, const MtsTable *table, const char *text, const char *const *spellings)
{
    MtsVocabulary *vocabulary = NULL;
    MtsError err = {0};
    const MtsConstraintSource source = {.form = MTS_CONSTRAINT_GRAMMAR, .text = text, .size = strlen(text)};
    assert_ok(mts_vocabulary_new(&vocabulary, table->vocab, spelled_bytes, spellings, &err), &err);
    assert_ok(mts_constraint_new(&grammar, &source, vocabulary, &err), &err);
    spelled = spellings;
    masked_open(m, table, grammar_keeps);
    mts_constraint_free(&grammar);
    mts_vocabulary_free(&vocabulary);
}

static bool sum_at(const char **at);

static bool term_at(const char **at)
{
    if (**at == 'a') {
        ++*at;
        return true;
    }
    if (**at != '(') {
        return false;
    }
    ++*at;
    bool ok = sum_at(at) && **at == ')';
    *at += ok;
    return ok;
}

static bool sum_at(const char **at)
{
    bool ok = term_at(at);
    while (ok && **at == '+') {
        ++*at;
        ok = term_at(at);
    }
    return ok;
}

bool in_language(const char *text)
{
    return sum_at(&text) && *text == '\0';
}

bool sums_hold(const MtsTable *table, size_t text)
{
    char spelling[64];
    size_t n = sizeof spelling - 1;
    spelling[n] = '\0';
    int32_t token = table->texts[text].token;
    for (size_t row = table->texts[text].row;; row = table->rows[row].parent) {
        if (token != table->eos) {
            spelling[--n] = SUMS_SPELLINGS[token][0];
        }
        if (row == 0) {
            return in_language(spelling + n);
        }
        token = table->rows[row].token;
    }
}

/* ---- a large model ---- */

typedef struct Hashed { /* a state */
    uint64_t hash;
    size_t depth, users;
    int32_t tokens[64];
    double logp[64];
} Hashed;

static size_t hashed_vocab, hashed_steps;

static double hashed_normal(uint64_t key)
{
    MtsRng rng = mts_rng(key, 91, 0);
    return normal(&rng);
}

static Hashed *hashed_state(uint64_t hash, size_t depth)
{
    Hashed *s = mts_calloc(1, sizeof *s);
    double sum = 0, best[64];
    assert_non_null(s);
    *s = (Hashed){.hash = hash, .depth = depth, .users = 1};
    for (size_t a = 0; a < hashed_vocab; a++) {
        double w = exp(1.5 * hashed_normal(hash * 64 + a) - (a == 0 ? 1 : 0));
        size_t at = a;
        sum += w;
        for (; at > 0 && best[at - 1] < w; at--) {
            best[at] = best[at - 1];
            s->tokens[at] = s->tokens[at - 1];
        }
        best[at] = w;
        s->tokens[at] = (int32_t)a;
    }
    for (size_t i = 0; i < hashed_vocab; i++) {
        s->logp[i] = log(best[i] / sum);
    }
    return s;
}

static MtsDist hashed_dist(const Hashed *s)
{
    return (MtsDist){hashed_vocab, s->tokens, s->logp, 0};
}

static int hashed_extend(void *context, MtsSearchStep *steps, size_t n, MtsError *err)
{
    (void)context;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const Hashed *from = (const Hashed *)(const void *)steps[i].state;
        uint64_t hash = (from->hash ^ ((uint64_t)steps[i].token + 1)) * 0x9E3779B97F4A7C15u;
        Hashed *next = hashed_state(hash ^ hash >> 29, from->depth + 1);
        steps[i].next = (MtsState *)(void *)next;
        steps[i].dist = hashed_dist(next);
    }
    return MTS_OK;
}

static bool hashed_is_end(void *context, int32_t token)
{
    (void)context;
    return token == 0;
}

static void hashed_retain(void *context, MtsState *state)
{
    (void)context;
    ((Hashed *)(void *)state)->users++;
}

static void hashed_release(void *context, MtsState *state)
{
    Hashed *s = (Hashed *)(void *)state;
    (void)context;
    if (--s->users == 0) {
        free(s);
    }
}

static int hashed_score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    double sum = 0;
    (void)context;
    (void)err;
    for (size_t i = 0; i < candidate->count; i++) {
        uint64_t token = (uint64_t)candidate->tokens[i], last = i ? (uint64_t)candidate->tokens[i - 1] : 99;
        sum += 0.15 * hashed_normal(1000000 + i * 64 + token) + 0.1 * hashed_normal(2000000 + last * 64 + token);
    }
    *value = sum;
    return MTS_OK;
}

void hashed_model(size_t vocab, size_t steps, MtsSearchModel *model, MtsSearchReward *reward)
{
    static Hashed *root;
    assert_true(vocab <= 64);
    hashed_vocab = vocab;
    hashed_steps = steps;
    free(root);
    root = hashed_state(1, 0);
    *model = (MtsSearchModel){.root = (MtsState *)(void *)root,
                              .root_dist = hashed_dist(root),
                              .max_tokens = hashed_steps,
                              .extend = hashed_extend,
                              .is_end = hashed_is_end,
                              .retain = hashed_retain,
                              .release = hashed_release};
    *reward = (MtsSearchReward){.score = hashed_score};
}

/* ---- runs ---- */

MtsSearch *run_model(const MtsSearchModel *model, const MtsSearchReward *reward, const MtsSearchSettings *settings,
                     const MtsScript *script)
{
    MtsSearch *run = NULL;
    MtsError err = {0};
    assert_ok(mts_search_new(&run, model, reward, settings, NULL, &err), &err);
    run->script = script;
    assert_ok(mts_search_lead(run, &err), &err);
    return run;
}

MtsExperience *random_experience(double much)
{
    MtsExperience *e = NULL;
    MtsError err = {0};
    assert_ok(mts_experience_new(&e, &err), &err);
    for (int32_t token = 0; token < 4; token++) {
        for (int32_t before = MTS_NO_TOKEN; before < 4; before++) {
            int32_t last[] = {before, MTS_NO_TOKEN};
            double off = (double)((token * 7 + before * 3 + 11) % 5 - 2) / 2;
            assert_true(mts_experience_add(e, token, last, much * off));
        }
    }
    return e;
}

MtsSearch *run_table(const MtsTable *table, const MtsSearchSettings *settings, const MtsScript *script)
{
    /* The run keeps pointers to the seams. */
    static MtsSearchModel models[16];
    static MtsSearchReward rewards[16];
    static size_t turn;
    MtsError err = {0};
    turn = (turn + 1) % 16;
    mts_table_model(table, &models[turn]);
    mts_table_reward(table, &rewards[turn]);
    assert_ok(mts_search_check(&models[turn], settings, &err), &err);
    return run_model(&models[turn], &rewards[turn], settings, script);
}

size_t text_of(const MtsTable *table, const int32_t *tokens, size_t count)
{
    int64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        at = mts_table_next(table, (size_t)at, tokens[i]);
    }
    return (size_t)~at;
}

size_t text_of_leaf(const MtsTable *table, const MtsNode *leaf)
{
    int32_t tokens[64];
    mts_node_tokens(leaf, tokens);
    return text_of(table, tokens, leaf->depth);
}

double tilted(const MtsTable *table, size_t text, double lambda)
{
    return exp(table->texts[text].logp + mts_log_tilt(lambda, table->texts[text].reward));
}

double run_log_z(const MtsSearch *run)
{
    double log_z = (double)NAN, se = (double)NAN;
    run->ops->estimate(run, &log_z, &se);
    return log_z;
}
