/* engine/lm.c - a GGUF model as search sees it: states to branches, logits to distributions.
 *
 * A state is one reference to a branch of the session's KV cache and the distribution after it. All states of a
 * search share the prompt's branch. extend() runs the forward pass once for all its steps, so that the weights
 * and the shared prompt's keys and values are read once, then cuts the rows of logits to distributions in
 * parallel; a row's distribution depends on that row alone.
 *
 * A constraint takes tokens away before the cut: those behind which no match is possible within the tokens that are
 * left, and end tokens while the text is no match. So every finished text matches.
 *
 * A text that has come to a stop string is followed by an end token with probability 1, and by nothing else; a
 * thinking span that is as long as it may be, by the token that closes it (engine/course.h). So search needs no other
 * notion of an end than end tokens, a finished text has the probability of the tokens that the model was asked for, and
 * the target stays a distribution over finished texts.
 *
 * Where all tokens that may follow are beginnings of one - only one may follow, or a run of bytes is fixed - the
 * longest is what a model is likely to take. Its position is evaluated in the same forward step, and so on while the
 * constraint says what follows; the states wait behind the first one until search draws those tokens. Search draws
 * from the same distributions as ever, another token too: what was evaluated ahead changes no result and no count of
 * positions, only the number of forward steps.
 *
 * Without the cache (MtsRequest.no_cache) a state holds the state before it in place of a branch, and a step evaluates
 * each of its texts from the prompt's first token on.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "core/mem.h"
#include "engine/beginnings.h"
#include "engine/dist.h"
#include "engine/internal.h"
#include "model/model.h"

enum {
    AHEAD_MOST = 8, /* positions of one text that are evaluated ahead, */
    AHEAD_ROWS = 32 /* and of all texts of a step */
};

struct MtsState {
    size_t references;
    MtsBranch *branch; /* or, without the cache, NULL and */
    MtsState *before;  /* the prefix that `token` extended; NULL: the prompt */
    int32_t token;
    double *logp;    /* [dist.count], in the same block */
    int32_t *tokens; /* [dist.count], behind logp */
    size_t count;
    double log_mass;
    size_t depth;             /* tokens after the prompt */
    MtsConstraintPlace place; /* with a constraint: where the answer stands in it */
    MtsCourse course;         /* its tail in the same block, behind tokens */
    MtsState *ahead;          /* the prefix that goes on by `ahead_token`, evaluated before it was asked for; or NULL */
    int32_t ahead_token;
};

/* One item of a forward step: a token that a step asked for, and what the constraint says behind it. */
typedef struct Stretch {
    size_t step;
    int32_t tokens[1 + AHEAD_MOST];
    size_t count, made; /* tokens; states that are made of them */
    MtsBranch *between[AHEAD_MOST];
    int rc;
    MtsError why;
} Stretch;

typedef struct Worker { /* what one thread needs to make a distribution */
    MtsDistScratch scratch;
    uint64_t *mask; /* [(vocab + 63) / 64] with a constraint or thinking: the tokens that may follow */
    MtsBytes tail;  /* of the course under way */
} Worker;

struct MtsLm {
    const MtsEngine *engine;
    MtsSession *session;
    MtsBeginnings *beginnings; /* whose session it is; NULL: our own */
    uint64_t recomputed;       /* that the session counted before us */
    MtsCut cut;
    bool end_stop;
    MtsSearchModel search;
    MtsExtend *items;   /* [items_cap] of the step under way */
    Stretch *stretches; /* [stretch_cap] the same */
    size_t items_cap, stretch_cap;
    MtsConstraint *constraint; /* NULL: none */
    const MtsRules *rules;
    bool ahead;    /* what the constraint says is evaluated ahead */
    int32_t *ends; /* [end_count] the end tokens, with a constraint, stop strings or thinking */
    size_t end_count;
    Worker *workers; /* [threads] */
    int threads;
    size_t pages_peak;
    bool no_cache;
    const int32_t *prompt; /* [prompt_count] borrowed; this and what follows without the cache alone */
    const float *rows;     /* borrowed: of the prompt */
    size_t prompt_count, kv_tokens;
    int32_t *path; /* [path_cap] the texts of a step, one after the other */
    size_t path_cap;
    uint64_t again; /* positions evaluated that a cache would have held */
};

static void release(void *context, MtsState *state)
{
    while (state && --state->references == 0) {
        MtsState *before = state->before;
        release(context, state->ahead); /* at most AHEAD_MOST deep */
        mts_branch_release(&state->branch);
        free(state);
        state = before;
    }
}

static void retain(void *context, MtsState *state)
{
    (void)context;
    state->references++;
}

static bool is_end(void *context, int32_t token)
{
    const MtsLm *lm = context;
    return lm->end_stop && mts_tokenizer_is_end(lm->engine->tokenizer, token);
}

/* Whether tokens are taken away before the cut. */
static bool is_masked(const MtsLm *lm, const MtsCourse *course)
{
    return lm->constraint || course->phase == MTS_THINKING;
}

/* log of the sum of the kept probabilities; exactly 0 where nothing was cut. */
static double log_mass(const MtsLm *lm, const MtsState *state)
{
    double sum = 0;
    if (!is_masked(lm, &state->course) && lm->cut.top_k == 0 && lm->cut.top_p == 1 && lm->cut.min_p == 0) {
        return 0;
    }
    for (size_t i = state->count; i-- > 0;) { /* the small ones first */
        sum += exp(state->logp[i]);
    }
    return sum == 0 ? -HUGE_VAL : sum < 1 ? log(sum) : 0;
}

static void put_bit(uint64_t *mask, int32_t token, bool set)
{
    uint64_t bit = UINT64_C(1) << (token & 63);
    mask[token >> 6] = set ? mask[token >> 6] | bit : mask[token >> 6] & ~bit;
}

/* The tokens that may follow inside a thinking span: no end token. */
static void make_thinking_mask(const MtsLm *lm, Worker *w)
{
    memset(w->mask, 0xFF, (lm->engine->vocab + 63) / 64 * sizeof *w->mask);
    for (size_t i = 0; i < lm->end_count; i++) {
        put_bit(w->mask, lm->ends[i], false);
    }
}

/* The tokens that may follow at a place under the constraint, with `left` more behind them; before the answer, also the
 * one that begins a thinking span. */
static int make_mask(const MtsLm *lm, Worker *w, const MtsCourse *course, MtsConstraintPlace place, size_t left,
                     MtsError *err)
{
    if (course->phase == MTS_THINKING) {
        make_thinking_mask(lm, w);
        return MTS_OK;
    }
    bool may_end;
    int rc;
    if ((rc = mts_constraint_mask(lm->constraint, place, left, w->mask, err)) ||
        (rc = mts_constraint_may_end(lm->constraint, place, &may_end, err))) {
        return rc;
    }
    for (size_t i = 0; i < lm->end_count; i++) {
        put_bit(w->mask, lm->ends[i], may_end);
    }
    if (course->phase == MTS_BEFORE_THINKING) {
        put_bit(w->mask, lm->rules->open, true);
    }
    return MTS_OK;
}

/* Where the answer stands behind `token`; the place of the empty answer where there is no `before`, and through a
 * thinking span. */
static int find_place(const MtsLm *lm, const MtsState *before, const MtsCourse *course, int32_t token,
                      MtsConstraintPlace *place, MtsError *err)
{
    *place = MTS_PLACE_DEAD;
    bool thought = course->phase == MTS_THINKING || (before && before->course.phase == MTS_THINKING);
    if (lm->constraint && before && !thought) {
        return mts_constraint_advance(lm->constraint, before->place, token, place, err);
    }
    *place = lm->constraint ? mts_constraint_start(lm->constraint) : MTS_PLACE_DEAD;
    return MTS_OK;
}

/* One block with room for `count` entries and the course's tail, which is copied; NULL when memory ran out. */
static MtsState *state_block(size_t count, const MtsCourse *course)
{
    size_t bytes;
    MtsState *state = NULL;
    if (mts_size_mul(count, sizeof(double) + sizeof(int32_t), &bytes) &&
        mts_size_add(bytes, sizeof *state + course->tail_size, &bytes)) {
        state = malloc(bytes);
    }
    if (state) {
        *state = (MtsState){.references = 1, .count = count, .course = *course};
        state->logp = (double *)(state + 1);
        state->tokens = (int32_t *)(state->logp + count);
        state->course.tail = (char *)(state->tokens + count);
        if (course->tail_size) {
            memcpy(state->course.tail, course->tail, course->tail_size);
        }
    }
    return state;
}

/* What may follow, into w->scratch: `forced` alone, whatever the model says, or the row of logits, cut. */
static int distribute(const MtsLm *lm, Worker *w, const MtsCourse *course, MtsConstraintPlace place, size_t depth,
                      const float *logits, size_t *count, double *normaliser, MtsError *err)
{
    size_t taken = depth + 1, most = lm->search.max_tokens;
    bool masked = is_masked(lm, course);
    int rc = masked ? make_mask(lm, w, course, place, taken < most ? most - taken : 0, err) : MTS_OK;
    return rc ? rc
              : mts_dist_cut(&lm->engine->kernels, logits, masked ? w->mask : NULL, lm->engine->vocab, &lm->cut,
                             &w->scratch, count, normaliser, err);
}

/* The entries of the distribution in w->scratch, or the one token that must follow. */
static void put_entries(const MtsLm *lm, MtsState *state, const Worker *w, double normaliser, int32_t forced)
{
    if (forced >= 0) {
        state->tokens[0] = forced;
        state->logp[0] = state->log_mass = 0;
        return;
    }
    for (size_t i = 0; i < state->count; i++) {
        state->tokens[i] = w->scratch.ids[i];
        state->logp[i] = (double)w->scratch.logits[i] - normaliser;
    }
    state->log_mass = log_mass(lm, state);
}

/* A state for `branch`, whose reference it takes only on success, with the distribution of one row of logits. The
 * prefix is that of `before` (NULL: the prompt) and `token`. */
static int state_new(MtsState **out, const MtsState *before, int32_t token, MtsBranch *branch, const float *logits,
                     const MtsLm *lm, Worker *w, MtsError *err)
{
    size_t count = 1, depth = before ? before->depth + 1 : 0;
    double normaliser = 0;
    MtsConstraintPlace place;
    MtsCourse course = mts_course_begin(lm->rules);
    int rc;
    if ((before &&
         (rc = mts_course_step(lm->rules, lm->engine->tokenizer, &before->course, token, &course, &w->tail, err))) ||
        (rc = find_place(lm, before, &course, token, &place, err))) {
        return rc;
    }
    int32_t forced = mts_course_forced(lm->rules, &course, lm->end_count ? lm->ends[0] : -1);
    if (forced < 0 && (rc = distribute(lm, w, &course, place, depth, logits, &count, &normaliser, err))) {
        return rc;
    }
    MtsState *state = state_block(count, &course);
    if (!state) {
        return mts_fail(err, MTS_ENOMEM, "no memory for a distribution of %zu tokens", count);
    }
    state->branch = branch;
    state->depth = depth;
    state->place = place;
    put_entries(lm, state, w, normaliser, forced);
    *out = state;
    return MTS_OK;
}

static MtsDist dist_of(const MtsState *state)
{
    return (MtsDist){.count = state->count, .tokens = state->tokens, .logp = state->logp, .log_mass = state->log_mass};
}

static int thread_index(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

static void note_pages(MtsLm *lm)
{
    MtsSessionStats stats;
    mts_session_stats(lm->session, &stats);
    lm->pages_peak = stats.kv_pages_used > lm->pages_peak ? stats.kv_pages_used : lm->pages_peak;
}

/* The states of one item, those behind the first waiting for it to be followed. */
static void make_states(const MtsLm *lm, MtsSearchStep *steps, Stretch *t, const MtsExtend *item, Worker *w)
{
    MtsState *before = steps[t->step].state;
    for (t->made = 0, t->rc = MTS_OK; t->made < t->count && !t->rc; t->made += !t->rc) {
        size_t i = t->made;
        MtsState *state = NULL;
        MtsBranch *branch = i + 1 < t->count ? t->between[i] : item->branch;
        const float *logits = mts_session_logits(lm->session, item->logits_row + i);
        t->rc = state_new(&state, before, t->tokens[i], branch, logits, lm, w, &t->why);
        if (!t->rc && i == 0) {
            steps[t->step].next = state;
        } else if (!t->rc) {
            before->ahead = state;
            before->ahead_token = t->tokens[i];
        }
        before = t->rc ? before : state;
    }
}

/* After a failure: takes back what the item has made. */
static void take_back(MtsLm *lm, MtsSearchStep *steps, Stretch *t, MtsExtend *item)
{
    if (steps[t->step].next) {
        release(lm, steps[t->step].next);
        steps[t->step].next = NULL;
    }
    for (size_t i = t->made; i + 1 < t->count; i++) {
        mts_branch_release(&t->between[i]);
    }
    if (t->made < t->count) {
        mts_branch_release(&item->branch);
    }
}

/* Runs lm->items[0 .. n), whose tokens and prefixes are set, and makes the states of lm->stretches. */
static int run_items(MtsLm *lm, MtsSearchStep *steps, size_t n, MtsError *err)
{
    int rc = mts_session_extend(lm->session, lm->items, n, err);
    if (rc) {
        return rc;
    }
    note_pages(lm);
    long rows = (long)n;
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(mts_session_threads(lm->session)) if (rows > 1)
#endif
    for (long i = 0; i < rows; i++) {
        make_states(lm, steps, &lm->stretches[i], &lm->items[i], &lm->workers[thread_index()]);
    }
    for (size_t i = 0; i < n && !rc; i++) {
        if ((rc = lm->stretches[i].rc)) {
            (void)mts_fail(err, rc, "%s", lm->stretches[i].why.text);
        }
    }
    for (size_t i = 0; i < n && rc; i++) {
        take_back(lm, steps, &lm->stretches[i], &lm->items[i]);
    }
    return rc;
}

/* Writes behind the stretch's token what the constraint says behind it, at most `most` tokens. */
static int look_ahead(const MtsLm *lm, const MtsState *state, Worker *w, size_t most, Stretch *t, MtsError *err)
{
    MtsConstraintPlace place = state->place;
    size_t depth = state->depth + 1; /* of the text behind the last token of the stretch */
    for (;; depth++) {
        int rc;
        if ((rc = mts_constraint_advance(lm->constraint, place, t->tokens[t->count - 1], &place, err)) ||
            t->count > most || depth + 1 >= lm->search.max_tokens) {
            return rc;
        }
        size_t left = lm->search.max_tokens - depth - 1;
        int32_t said;
        if ((rc = mts_constraint_mask(lm->constraint, place, left, w->mask, err)) ||
            (rc = mts_constraint_says(lm->constraint, place, w->mask, &said, err)) || said < 0) {
            return rc;
        }
        t->tokens[t->count] = said;
        t->count++;
    }
}

/* The text that a step makes, prompt included, at lm->path + at. */
static void write_path(const MtsLm *lm, const MtsSearchStep *step, size_t at)
{
    int32_t *text = lm->path + at;
    const MtsState *state = step->state;
    memcpy(text, lm->prompt, lm->prompt_count * sizeof *text);
    text += lm->prompt_count;
    text[state->depth] = step->token;
    for (; state->before; state = state->before) {
        text[state->depth - 1] = state->token;
    }
}

/* Without the cache: whole texts, as many at once as the ring holds, and nothing of them is kept. */
static int extend_whole(MtsLm *lm, MtsSearchStep *steps, size_t n, MtsError *err)
{
    int rc = MTS_OK;
    size_t done = 0;
    while (done < n && !rc) {
        size_t count = 0, tokens = 0;
        for (; done + count < n; count++) {
            size_t length = lm->prompt_count + steps[done + count].state->depth + 1;
            if (count > 0 && tokens + length + (count + 1) * MTS_RING_SLACK > lm->kv_tokens) {
                break;
            }
            if (!mts_grow(&lm->path, &lm->path_cap, tokens + length, sizeof *lm->path)) {
                return mts_fail(err, MTS_ENOMEM, "no memory for %zu tokens", tokens + length);
            }
            write_path(lm, &steps[done + count], tokens);
            lm->items[count] = (MtsExtend){.rows = lm->rows, .count = length, .wanted = MTS_LOGITS_LAST};
            lm->stretches[count] = (Stretch){.step = count, .tokens = {steps[done + count].token}, .count = 1};
            tokens += length;
        }
        for (size_t i = 0, at = 0; i < count; at += lm->items[i].count, i++) {
            lm->items[i].tokens = lm->path + at;
        }
        rc = run_items(lm, steps + done, count, err);
        for (size_t i = 0; i < count && !rc; i++) {
            MtsState *state = steps[done + i].next;
            mts_branch_release(&state->branch);
            state->token = steps[done + i].token;
            state->before = steps[done + i].state;
            retain(lm, state->before);
        }
        lm->again += tokens - count;
        done += rc ? 0 : count;
    }
    for (size_t i = 0; i < done && rc; i++) {
        release(lm, steps[i].next);
        steps[i].next = NULL;
    }
    return rc;
}

/* The step's state where it waits already. */
static bool take_ahead(MtsSearchStep *step)
{
    const MtsState *state = step->state;
    step->next = state->ahead && state->ahead_token == step->token ? state->ahead : NULL;
    if (step->next) {
        step->next->references++;
    }
    return step->next != NULL;
}

/* One item for each step whose state does not wait, with what follows for certain where `ahead`; how many. */
static int plan(MtsLm *lm, MtsSearchStep *steps, size_t n, bool ahead, size_t *count, MtsError *err)
{
    size_t rows = 0;
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        if (take_ahead(&steps[i])) {
            continue;
        }
        Stretch *t = &lm->stretches[*count];
        *t = (Stretch){.step = i, .tokens = {steps[i].token}, .count = 1};
        size_t most = AHEAD_ROWS - rows < AHEAD_MOST ? AHEAD_ROWS - rows : AHEAD_MOST;
        int rc = ahead ? look_ahead(lm, steps[i].state, &lm->workers[0], most, t, err) : MTS_OK;
        if (rc) {
            return rc;
        }
        rows += t->count - 1;
        lm->items[(*count)++] = (MtsExtend){.prefix = steps[i].state->branch,
                                            .tokens = t->tokens,
                                            .count = t->count,
                                            .wanted = MTS_LOGITS_ALL,
                                            .between = t->between};
    }
    return MTS_OK;
}

/* What was taken while planning is given back. */
static void give_back(MtsLm *lm, MtsSearchStep *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        release(lm, steps[i].next);
        steps[i].next = NULL;
    }
}

static int extend(void *context, MtsSearchStep *steps, size_t n, MtsError *err)
{
    MtsLm *lm = context;
    size_t count = 0;
    int rc = MTS_OK;
    if (!mts_grow(&lm->items, &lm->items_cap, n, sizeof *lm->items) ||
        !mts_grow(&lm->stretches, &lm->stretch_cap, n, sizeof *lm->stretches)) {
        return mts_fail(err, MTS_ENOMEM, "no memory for a step of %zu positions", n);
    }
    for (size_t i = 0; i < n; i++) {
        steps[i].next = NULL;
    }
    if (lm->no_cache) {
        rc = extend_whole(lm, steps, n, err);
    } else if (!(rc = plan(lm, steps, n, lm->ahead, &count, err)) && count > 0) {
        rc = run_items(lm, steps, count, err);
        if (rc == MTS_ECAPACITY && lm->ahead) { /* the cache may hold what was asked for, and no more */
            give_back(lm, steps, n);
            rc = plan(lm, steps, n, false, &count, err);
            rc = rc ? rc : run_items(lm, steps, count, err);
        }
    }
    if (rc) {
        give_back(lm, steps, n);
        return rc;
    }
    for (size_t i = 0; i < n; i++) {
        steps[i].dist = dist_of(steps[i].next);
    }
    return MTS_OK;
}

/* Whether extend() gives this step without a forward step. */
static bool is_ready(void *context, const MtsState *state, int32_t token)
{
    (void)context;
    return state->ahead && state->ahead_token == token;
}

static int find_ends(MtsLm *lm, MtsError *err)
{
    size_t cap = 0;
    for (size_t token = 0; token < lm->engine->vocab && lm->end_stop; token++) {
        if (!mts_tokenizer_is_end(lm->engine->tokenizer, (int32_t)token)) {
            continue;
        }
        if (!mts_grow(&lm->ends, &cap, lm->end_count + 1, sizeof *lm->ends)) {
            return mts_fail(err, MTS_ENOMEM, "no memory for a session");
        }
        lm->ends[lm->end_count++] = (int32_t)token;
    }
    return MTS_OK;
}

static int make_workers(MtsLm *lm, MtsError *err)
{
    lm->workers = mts_calloc((size_t)lm->threads, sizeof *lm->workers);
    if (!lm->workers) {
        return mts_fail(err, MTS_ENOMEM, "no memory for a session");
    }
    size_t vocab = lm->engine->vocab;
    for (int i = 0; i < lm->threads && (lm->constraint || lm->rules->think_tokens); i++) {
        lm->workers[i].mask = mts_calloc((vocab + 63) / 64, sizeof *lm->workers[i].mask);
        if (!lm->workers[i].mask) {
            return mts_fail(err, MTS_ENOMEM, "no memory for a session");
        }
    }
    if (!lm->constraint && !lm->rules->think_tokens && !lm->rules->stops.count) {
        return MTS_OK;
    }
    int rc = find_ends(lm, err);
    return !rc && lm->rules->stops.count && !lm->end_count
               ? mts_fail(err, MTS_EREQUEST, "%s: has no end token, which stands behind a stop string",
                          lm->engine->path)
               : rc;
}

static int evaluate_prompt(MtsLm *lm, const MtsRequest *request, MtsError *err)
{
    MtsExtend prompt = {.rows = request->prompt_rows, .wanted = MTS_LOGITS_LAST};
    size_t there = 0;
    int rc = lm->beginnings ? mts_beginnings_evaluate(lm->beginnings, request->prompt, request->prompt_count,
                                                      &prompt.prefix, &there, err)
                            : MTS_OK;
    prompt.tokens = request->prompt + there;
    prompt.count = request->prompt_count - there;
    if (rc || (rc = mts_session_extend(lm->session, &prompt, 1, err))) {
        return rc;
    }
    note_pages(lm);
    rc = state_new(&lm->search.root, NULL, -1, prompt.branch, mts_session_logits(lm->session, prompt.logits_row), lm,
                   &lm->workers[0], err);
    if (rc) {
        mts_branch_release(&prompt.branch);
    } else if (lm->search.root->count == 0) {
        rc = mts_fail(err, MTS_ECONSTRAINT, "constraint: no text of at most %zu tokens is found that matches '%.200s'",
                      request->max_tokens, request->constraint);
    } else {
        lm->search.root_dist = dist_of(lm->search.root);
    }
    return rc;
}

/* A KV ring that cannot hold one text is refused rather than begun with; so is a search whose distributions half of the
 * machine's memory cannot hold, for without a cut every state keeps the whole vocabulary. */
static int check_memory(const MtsEngine *engine, const MtsRequest *request, bool masked, size_t texts, MtsError *err)
{
    const MtsCut *cut = &request->cut;
    double entry = sizeof(double) + sizeof(int32_t),
           memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    size_t one = request->prompt_count + request->max_tokens;
    if (engine->kv_tokens && engine->kv_tokens < one) {
        return mts_fail(err, MTS_EREQUEST,
                        "a KV ring of %zu tokens does not hold a prompt of %zu and an answer of up to %zu",
                        engine->kv_tokens, request->prompt_count, request->max_tokens);
    }
    double limit = (double)request->search.max_nfe, positions = (double)texts * (double)request->max_tokens;
    double need = entry * (double)engine->vocab * (limit > 0 && limit < positions ? limit : positions);
    if (cut->top_k == 0 && cut->top_p == 1 && cut->min_p == 0 && !masked && memory > 0 && need > memory / 2) {
        return mts_fail(err, MTS_EREQUEST,
                        "%zu texts of up to %zu tokens over the whole vocabulary of %zu need up to %.1f "
                        "GiB for their distributions; this machine has %.1f: cut them (top-k, top-p, min-p) or ask for "
                        "fewer",
                        texts, request->max_tokens, engine->vocab, need / 0x1p30, memory / 0x1p30);
    }
    return MTS_OK;
}

/* Everything that cannot fail. */
static void begin(MtsLm *lm, const MtsEngine *engine, const MtsRequest *request, MtsConstraint *constraint,
                  const MtsRules *rules, size_t texts)
{
    *lm = (MtsLm){.engine = engine,
                  .cut = request->cut,
                  .end_stop = request->end_stop,
                  .threads = engine->threads,
                  .no_cache = request->no_cache,
                  .prompt = request->prompt,
                  .rows = request->prompt_rows,
                  .prompt_count = request->prompt_count,
                  .kv_tokens = mts_ring_tokens(engine, request->prompt_count, request->max_tokens, texts),
                  .constraint = constraint,
                  .ahead = constraint && mts_constraint_regular(constraint) && !request->no_cache &&
                           rules->think_tokens == 0,
                  .rules = rules};
    lm->search = (MtsSearchModel){.context = lm,
                                  .max_tokens = request->max_tokens,
                                  .extend = extend,
                                  .is_end = is_end,
                                  .ready = is_ready,
                                  .retain = retain,
                                  .release = release};
}

/* The session of the beginnings, where there are any, which rows have not, and it has room for this text; else one of
 * our own. */
static int open_session(MtsLm *lm, const MtsRequest *request, MtsError *err)
{
    MtsSessionStats stats;
    size_t one = request->prompt_count + request->max_tokens;
    if (request->beginnings && !request->no_cache && !request->prompt_rows &&
        (!request->prompt_media || !request->prompt_media->count) && request->beginnings->engine == lm->engine &&
        (lm->engine->kv_tokens || one + MTS_RING_SLACK <= request->beginnings->kv_tokens)) {
        lm->beginnings = request->beginnings;
        lm->session = lm->beginnings->session;
        mts_session_stats(lm->session, &stats);
        lm->recomputed = stats.recomputed;
        return MTS_OK;
    }
    MtsSessionOptions options = {.kv_tokens = lm->kv_tokens, .threads = lm->engine->threads};
    int rc = mts_session_new(&lm->session, lm->engine->model, &options, err);
    const MtsMedia *media = request->prompt_media;
    return rc || !media || !media->count ? rc : mts_session_look(lm->session, media, err);
}

int mts_lm_new(MtsLm **out, const MtsEngine *engine, const MtsRequest *request, MtsConstraint *constraint,
               const MtsRules *rules, size_t texts, MtsError *err)
{
    int rc;
    *out = NULL;
    if ((rc = check_memory(engine, request, constraint != NULL, texts, err))) {
        return rc;
    }
    MtsLm *lm = mts_calloc(1, sizeof *lm);
    if (!lm) {
        return mts_fail(err, MTS_ENOMEM, "no memory for a session");
    }
    begin(lm, engine, request, constraint, rules, texts);
    if ((rc = make_workers(lm, err)) || (rc = open_session(lm, request, err)) ||
        (rc = evaluate_prompt(lm, request, err))) {
        mts_lm_free(&lm);
        return rc;
    }
    *out = lm;
    return MTS_OK;
}

void mts_lm_free(MtsLm **out)
{
    MtsLm *lm = *out;
    if (lm) {
        release(lm, lm->search.root);
        for (int i = 0; lm->workers && i < lm->threads; i++) {
            mts_dist_scratch_free(&lm->workers[i].scratch);
            free(lm->workers[i].mask);
            mts_bytes_free(&lm->workers[i].tail);
        }
        free(lm->workers);
        free(lm->ends);
        free(lm->items);
        free(lm->stretches);
        free(lm->path);
        if (!lm->beginnings) {
            mts_session_free(&lm->session);
        }
        free(lm);
        *out = NULL;
    }
}

const MtsSearchModel *mts_lm_search_model(const MtsLm *lm)
{
    return &lm->search;
}

void mts_lm_stay_behind(MtsLm *lm)
{
    lm->ahead = false;
}

void mts_lm_stats(const MtsLm *lm, MtsSessionStats *stats)
{
    mts_session_stats(lm->session, stats);
    stats->kv_pages_used = lm->pages_peak;
    stats->recomputed += lm->again - lm->recomputed;
}
