/* Stop strings, limited thinking and equal texts: searches that see everything against the law of their texts, which
 * is enumerated here from the model's next-token probabilities alone. */
#include "../test.h"

#include <math.h>
#include <unistd.h>

#include <maxts/engine.h>

#include "core/file.h"

enum { TOP = 3, MOST = 5, TEXTS = 300, TEXT_SIZE = 256 };
static const double LAMBDA = 2;

typedef struct Case {
    const char *stops[2];
    size_t stop_count, think;
    bool prefixes, open; /* open: the prompt ends with the opening mark */
} Case;

typedef struct Law { /* of the distinct texts */
    struct {
        char text[TEXT_SIZE]; /* [size] may hold NULs */
        double p;
        size_t size, ways;
    } all[TEXTS];
    size_t count;
    double z;
} Law;

static MtsEngine *engine;
static MtsError err;
static int32_t mark[2]; /* <think>, </think> */
static size_t vocab;

/* ---- a tiny model that thinks: two of its tokens renamed ---- */

static void rename_token(char *data, size_t size, const char *old, const char *new)
{
    size_t n = strlen(old), at = 8;
    while (at + n <= size && (data[at - 8] != (char)n || memcmp(data + at, old, n) != 0)) {
        at++;
    }
    assert_true(at + n <= size && strlen(new) == n);
    memcpy(data + at, new, n);
}

static int open_model(void **state)
{
    char path[512], *data;
    const char *root = getenv("MAXTS_SOURCE_ROOT"), *dir = getenv("TMPDIR");
    size_t size, length;
    (void)state;
    snprintf(path, sizeof path, "%s/tests/golden/llama-tied.gguf", root ? root : ".");
    assert_ok(mts_read_file(path, 1 << 26, &data, &size, &err), &err);
    rename_token(data, size, "Describ", "<think>");
    rename_token(data, size, "Describe", "</think>");
    snprintf(path, sizeof path, "%s/maxts-course-%d.gguf", dir ? dir : "/tmp", (int)getpid());
    assert_ok(mts_write_file_atomic(path, data, size, &err), &err);
    free(data);
    const MtsEngineOptions options = {.model = {.threads = 1}};
    assert_ok(mts_engine_open(&engine, path, &options, &err), &err);
    unlink(path);
    const MtsTokenizer *t = mts_engine_tokenizer(engine);
    vocab = mts_tokenizer_vocab(t);
    for (size_t i = 0; i < vocab; i++) {
        const char *bytes = mts_token_bytes(t, (int32_t)i, true, &length);
        mark[0] = length == 7 && memcmp(bytes, "<think>", 7) == 0 ? (int32_t)i : mark[0];
        mark[1] = length == 8 && memcmp(bytes, "</think>", 8) == 0 ? (int32_t)i : mark[1];
    }
    assert_true(mark[0] > 0 && mark[1] > 0);
    return 0;
}

static int close_model(void **state)
{
    (void)state;
    mts_engine_free(&engine);
    return 0;
}

/* ---- the reward ---- */

static double value_of(const char *text, size_t size)
{
    double value = 0.05 * (double)size;
    for (size_t i = 0; i < size; i++) {
        value += 0.01 * (double)((unsigned char)text[i] % 17);
    }
    return value;
}

static int score(void *context, const MtsTextCandidate *candidate, double *value, MtsError *error)
{
    (void)context;
    (void)error;
    *value = value_of(candidate->text, candidate->size);
    return 0;
}

/* ---- the law ---- */

static bool is_end(int32_t token)
{
    return mts_tokenizer_is_end(mts_engine_tokenizer(engine), token);
}

/* Where the answer begins in tokens: behind the closing mark and the blanks that follow it. */
static size_t answer_at(const Case *c, const int32_t *tokens, size_t count)
{
    size_t at = 0, size;
    if (!c->think || !c->open) {
        return 0;
    }
    while (at < count && tokens[at] != mark[1]) {
        at++;
    }
    for (at += at < count; at < count; at++) {
        const char *bytes = mts_token_bytes(mts_engine_tokenizer(engine), tokens[at], false, &size);
        if (strspn(bytes, " \t\n\v\f\r") < size) {
            break;
        }
    }
    return at;
}

/* The answer's text, cut at the first stop string; whether there was one. */
static bool text_of(const Case *c, const int32_t *tokens, size_t count, char *out, size_t *out_size)
{
    size_t from = answer_at(c, tokens, count), size, first;
    char *text;
    assert_ok(mts_engine_text(engine, tokens + from, count - from, &text, &size, &err), &err);
    assert_true(size < TEXT_SIZE);
    first = size;
    for (size_t i = 0; i < c->stop_count; i++) {
        size_t n = strlen(c->stops[i]), at = 0;
        while (at + n <= size && memcmp(text + at, c->stops[i], n) != 0) {
            at++;
        }
        first = at + n <= size && at < first ? at : first;
    }
    memcpy(out, text, first);
    *out_size = first;
    free(text);
    return first < size;
}

static void add_text(Law *law, const Case *c, const int32_t *tokens, size_t count, double logp)
{
    char text[TEXT_SIZE];
    size_t i = 0, size;
    text_of(c, tokens, count - (is_end(tokens[count - 1]) ? 1 : 0), text, &size);
    while (i < law->count && (law->all[i].size != size || memcmp(law->all[i].text, text, size) != 0)) {
        i++;
    }
    assert_true(i < TEXTS);
    memcpy(law->all[i].text, text, size);
    law->all[i].size = size;
    law->count += i == law->count;
    law->all[i].p += exp(logp);
    law->all[i].ways++;
    law->z += exp(logp + LAMBDA * value_of(text, size));
}

static void enumerate(Law *law, const Case *c, const MtsTokens *prompt, int32_t *tokens, size_t count, double logp)
{
    char text[TEXT_SIZE];
    size_t size;
    if (count == MOST || (count > 0 && is_end(tokens[count - 1]))) {
        add_text(law, c, tokens, count, logp);
        return;
    }
    bool thinking = c->think && c->open;
    for (size_t i = 0; i < count; i++) {
        thinking = thinking && tokens[i] != mark[1];
    }
    if (thinking && count == c->think) {
        tokens[count] = mark[1];
        enumerate(law, c, prompt, tokens, count + 1, logp);
        return;
    }
    if (!thinking && text_of(c, tokens, count, text, &size)) {
        for (tokens[count] = 0; !is_end(tokens[count]); tokens[count]++) {
        }
        enumerate(law, c, prompt, tokens, count + 1, logp);
        return;
    }
    MtsScored *scored = NULL;
    int32_t *all = malloc((prompt->count + count) * sizeof *all);
    memcpy(all, prompt->ids, prompt->count * sizeof *all);
    memcpy(all + prompt->count, tokens, count * sizeof *all);
    assert_ok(mts_engine_score(engine, all, prompt->count + count, vocab, &scored, &err), &err);
    const int32_t *ids = scored->ids + (scored->count - 1) * vocab;
    const double *next = scored->logp + (scored->count - 1) * vocab;
    for (size_t i = 0, kept = 0; kept < TOP; i++) {
        if (!thinking || !is_end(ids[i])) {
            tokens[count] = ids[i];
            enumerate(law, c, prompt, tokens, count + 1, logp + next[i]);
            kept++;
        }
    }
    mts_scored_free(&scored);
    free(all);
}

/* ---- the searches ---- */

static MtsRequest request_of(const Case *c, const MtsTokens *prompt, const MtsRewardFunction *reward)
{
    MtsRequest r;
    mts_request_defaults(engine, &r);
    r.prompt = prompt->ids;
    r.prompt_count = prompt->count;
    r.max_tokens = MOST;
    r.cut = (MtsCut){.temperature = 1, .top_k = TOP, .top_p = 1};
    r.stops = c->stops;
    r.stop_count = c->stop_count;
    r.think_tokens = c->think;
    r.reward_function = reward;
    r.search.lambda = LAMBDA;
    r.search.rollouts = 4000;
    return r;
}

static void compare(const MtsTextResult *result, const Law *law, size_t *joined)
{
    const MtsSearchResult *s = result->search;
    assert_string_equal(s->stop_reason, "exhausted");
    assert_true(fabs(s->log_z - log(law->z)) < 1e-9);
    assert_int_equal(s->answer_count, law->count);
    for (size_t i = 0; i < law->count; i++) {
        size_t at = 0;
        double value = value_of(law->all[i].text, law->all[i].size);
        while (at < s->answer_count && (result->text_sizes[at] != law->all[i].size ||
                                        memcmp(result->texts[at], law->all[i].text, law->all[i].size) != 0)) {
            at++;
        }
        assert_true(at < s->answer_count);
        const MtsAnswer *a = &s->answers[at];
        const MtsTokenisations *t = &result->tokenisations[at];
        assert_true(fabs(a->reward - value) < 1e-12);
        assert_true(fabs(exp(a->logp) / law->all[i].p - 1) < 1e-9);
        assert_true(fabs(a->probability - law->all[i].p * exp(LAMBDA * value) / law->z) < 1e-9);
        assert_int_equal(t->count, law->all[i].ways);
        assert_int_equal(t->ways[0].count, a->count);
        assert_memory_equal(t->ways[0].tokens, a->tokens, a->count * sizeof *a->tokens);
        *joined += t->count > 1;
    }
    const MtsAnswer *map = &s->answers[s->map];
    for (size_t i = 0; i < s->answer_count; i++) {
        assert_true(map->logp + LAMBDA * map->reward >= s->answers[i].logp + LAMBDA * s->answers[i].reward);
        assert_true(s->answers[s->best].reward >= s->answers[i].reward);
    }
}

static MtsTokens prompt_of(const Case *c)
{
    MtsTokens prompt = {0};
    assert_ok(mts_engine_tokenize(engine, "What series is", 14, &prompt, &err), &err);
    if (c->open) {
        prompt.ids = realloc(prompt.ids, (prompt.count + 1) * sizeof *prompt.ids);
        assert_non_null(prompt.ids);
        prompt.ids[prompt.count++] = mark[0];
    }
    return prompt;
}

/* Stop strings that texts of the law hold: `skip` texts on, `size` bytes, which may lie across tokens. */
static void find_stop(const Case *c, size_t skip, size_t size, char *out)
{
    MtsTokens prompt = prompt_of(c);
    int32_t tokens[MOST];
    Law *law = calloc(1, sizeof *law);
    assert_non_null(law);
    enumerate(law, c, &prompt, tokens, 0, 0);
    for (size_t i = 0; i < law->count; i++) {
        const char *text = law->all[i].text;
        size_t length = law->all[i].size, ascii = 0;
        for (size_t k = 0; k < length; k++) {
            ascii += text[k] > 0 && (unsigned char)text[k] < 0x80; /* char may have no sign */
        }
        if (length > size + 1 && ascii == length && skip-- == 0) {
            memcpy(out, text + length / 2 - size / 2, size);
            out[size] = '\0';
            break;
        }
    }
    assert_true(out[0]);
    free(law);
    mts_tokens_free(&prompt);
}

static void searches_follow_the_law(void **state)
{
    (void)state;
    size_t joined = 0, cases = 0;
    for (int i = 0; i < 16; i += MTS_IF_DEAR(5, 1)) {
        char first[8] = "", second[8] = "";
        Case c = {.prefixes = i & 1, .open = i & 4, .think = i & 4 ? 2 : 0};
        if (i & 2) {
            find_stop(&c, (size_t)i / 8, 1, first);
            find_stop(&c, (size_t)i / 8 + 1, 2, second);
            c.stops[c.stop_count++] = first;
            c.stops[c.stop_count++] = second;
        }
        MtsTokens prompt = prompt_of(&c);
        MtsRewardFunction reward = {.name = "bytes", .prefixes = c.prefixes, .score = score};
        MtsRequest request = request_of(&c, &prompt, &reward);
        request.search.seed = (uint64_t)i;
        int32_t tokens[MOST];
        Law *law = calloc(1, sizeof *law);
        MtsTextResult *result = NULL;
        assert_non_null(law);
        enumerate(law, &c, &prompt, tokens, 0, 0);
        assert_ok(mts_engine_search(engine, &request, &result, &err), &err);
        compare(result, law, &joined);
        cases++;
        free(law);
        mts_text_result_free(&result);
        mts_tokens_free(&prompt);
    }
    assert_true(cases == MTS_IF_DEAR(4, 16) && joined > MTS_IF_DEAR(1, 8));
}

/* ---- one answer, as it grows ---- */

typedef struct Written {
    char text[4096];
    size_t size;
} Written;

static int take(void *context, const char *text, size_t size, MtsError *error)
{
    Written *w = context;
    (void)error;
    memcpy(w->text + w->size, text, size);
    w->size += size;
    return 0;
}

static void what_is_written_ends_before_the_stop(void **state)
{
    (void)state;
    size_t stopped = 0;
    for (uint64_t seed = 0; seed < MTS_IF_DEAR(16, 60); seed++) {
        Case c = {.stops = {"e", " s"}, .stop_count = 2, .open = seed % 2, .think = seed % 2 ? 4 : 0};
        MtsTokens prompt = prompt_of(&c);
        MtsRequest request = request_of(&c, &prompt, NULL);
        MtsGenerated *g = NULL;
        Written written = {.size = 0};
        request.max_tokens = 40;
        request.cut.top_k = 0;
        request.search.seed = seed;
        assert_ok(mts_engine_generate(engine, &request, false, take, &written, &g, &err), &err);
        assert_int_equal(written.size, g->text_size);
        assert_memory_equal(written.text, g->text, g->text_size);
        assert_null(strchr(g->text, 'e'));
        assert_null(strstr(g->text, " s"));
        stopped += strcmp(g->stop_reason, "stop") == 0;
        if (c.think) {
            size_t at = 0;
            for (; g->tokens[at] != mark[1]; at++) {
                assert_true(at < c.think && !is_end(g->tokens[at]));
            }
        }
        mts_generated_free(&g);
        mts_tokens_free(&prompt);
    }
    assert_true(stopped > MTS_IF_DEAR(4, 20));
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    Case c = {.stops = {"a", ""}};
    MtsTokens prompt = prompt_of(&c);
    for (int i = 0; i < 7; i++) {
        const char *words[] = {"1 to 256", "constraint",   "end-stop", "think-tokens",
                               "1 to 256", "think-tokens", "rejection"};
        MtsRequest request = request_of(&c, &prompt, NULL);
        MtsTextResult *result = NULL;
        const char *broken = "\xff";
        request.stop_count = i == 0 ? 2 : i == 1 || i == 2 || i == 4;
        request.stops = i == 4 ? &broken : c.stops;
        request.constraint = i == 1 || i == 6 ? "a+" : NULL;
        request.search.method = i == 6 ? MTS_REJECTION : request.search.method;
        request.end_stop = i != 2;
        request.think_tokens = i == 3 ? MOST - 2 : i == 5 ? MOST + 7 : i == 6;
        assert_int_equal(mts_engine_search(engine, &request, &result, &err), MTS_EREQUEST);
        assert_non_null(strstr(err.text, words[i]));
        assert_null(result);
    }
    mts_tokens_free(&prompt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_follow_the_law),
        cmocka_unit_test(what_is_written_ends_before_the_stop),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
