/* search/experience.c - what finished searches of one data set teach the next ones.
 *
 * A search in waves knows what its prefixes have earned, and not what they lead to. Texts about one sort of thing are
 * made of the same turns: what "over the" or "it repeats every" is worth to a reward is much the same in each. So of
 * each known prefix s of a finished search
 *
 *     v(s) = mean reward of the known texts below s, less phi(s), the reward of s itself
 *
 * is what was still to come, and off(s) = v(s) less the mean v of that search's prefixes of the same depth is what s
 * says of it that its search and its depth do not. Sums of it are kept by the last one, two and three tokens of s, and
 * a prefix of a later search is expected to be off by
 *
 *     f(a) = S(a) / (n(a) + 4),    f(b a) = (S(b a) + 4 f(a)) / (n(b a) + 4),    f(c b a) likewise on f(b a)
 *
 * the mean of what ended in c b a, drawn to that of b a as if four prefixes had said so, and that to that of a.
 *
 * Sums are whole numbers of 2^-24: they come to the same whatever the order in which searches are taken in. */
#include "search/experience.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/store.h"
#include "search/record/checkpoint.h"

enum { TRUSTED = 4 };
#define UNIT 0x1p-24
#define MOST_OFF 0x1p15 /* what lies further off is taken for this */
#define MOST_SEEN ((int64_t)1 << 23)

struct MtsExperience {
    MtsTurn *turns;   /* [count] */
    MtsStore numbers; /* of turns, by their tokens */
    size_t count, cap;
};

int mts_experience_new(MtsExperience **out, MtsError *err)
{
    *out = mts_calloc(1, sizeof **out);
    return *out ? MTS_OK : mts_fail(err, MTS_ENOMEM, "outlook: memory ran out");
}

void mts_experience_free(MtsExperience **out)
{
    MtsExperience *e = *out;
    if (e) {
        free(e->turns);
        mts_store_free(&e->numbers);
        free(e);
    }
    *out = NULL;
}

/* ---- turns by their tokens ---- */

static const MtsTurn *find(const MtsExperience *e, const MtsTurn *turn)
{
    uint32_t number = mts_store_find(&e->numbers, (const uint32_t *)turn->tokens, turn->count);
    return number == MTS_STORE_FULL ? NULL : &e->turns[number];
}

bool mts_experience_put(MtsExperience *e, const MtsTurn *turn)
{
    if (!mts_grow(&e->turns, &e->cap, e->count + 1, sizeof *e->turns)) {
        return false;
    }
    uint32_t number = mts_store_put(&e->numbers, (const uint32_t *)turn->tokens, turn->count);
    if (number == MTS_STORE_FULL) {
        return false;
    }
    MtsTurn *there = &e->turns[number];
    if (number == e->count) {
        *there = *turn;
        there->n = there->sum = 0;
        e->count++;
    }
    if (there->n + turn->n <= MOST_SEEN) { /* beyond that there is nothing to learn, and sums might not hold it */
        there->n += turn->n;
        there->sum += turn->sum;
    }
    return true;
}

/* The turn of `count` tokens. */
static MtsTurn turn_of(int32_t token, const int32_t *last, uint32_t count)
{
    MtsTurn turn = {.tokens = {token}, .count = count};
    for (uint32_t i = 1; i < count; i++) {
        turn.tokens[i] = last[i - 1];
    }
    return turn;
}

bool mts_experience_add(MtsExperience *e, int32_t token, const int32_t last[MTS_TURN_TOKENS - 1], double off)
{
    bool ok = true;
    for (uint32_t count = 1; count <= MTS_TURN_TOKENS && ok; count++) {
        MtsTurn turn = turn_of(token, last, count);
        turn.n = 1;
        turn.sum = (int64_t)floor(fmin(fmax(off, -MOST_OFF), MOST_OFF) / UNIT + 0.5);
        ok = mts_experience_put(e, &turn);
    }
    return ok;
}

bool mts_experience_join(MtsExperience *e, const MtsExperience *other)
{
    bool ok = true;
    for (size_t i = 0; other && i < other->count && ok; i++) {
        ok = mts_experience_put(e, &other->turns[i]);
    }
    return ok;
}

/* ---- what it says ---- */

double mts_experience_value(const MtsExperience *e, int32_t token, const int32_t last[MTS_TURN_TOKENS - 1])
{
    double value = 0;
    for (uint32_t count = 1; count <= MTS_TURN_TOKENS; count++) {
        MtsTurn turn = turn_of(token, last, count);
        const MtsTurn *there = find(e, &turn);
        if (!there) {
            break; /* nor has it met a longer one */
        }
        value = ((double)there->sum * UNIT + TRUSTED * value) / ((double)there->n + TRUSTED);
    }
    return value;
}

size_t mts_experience_count(const MtsExperience *e)
{
    return e->count;
}

const MtsTurn *mts_experience_at(const MtsExperience *e, size_t index)
{
    return &e->turns[index];
}

static uint64_t hash_of(const MtsTurn *turn)
{
    uint64_t h = turn->count;
    for (uint32_t i = 0; i < turn->count; i++) {
        h = (h ^ (uint32_t)turn->tokens[i]) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    return h;
}

uint64_t mts_experience_mark(const MtsExperience *e)
{
    uint64_t mark = 0;
    for (size_t i = 0; e && i < e->count; i++) {
        uint64_t h = hash_of(&e->turns[i]) ^ (uint64_t)e->turns[i].n;
        h = (h * 0x9E3779B97F4A7C15u ^ (uint64_t)e->turns[i].sum) * 0xFF51AFD7ED558CCDu;
        mark += h ^ h >> 32;
    }
    return mark;
}

/* ---- as text ---- */

bool mts_experience_write(const MtsExperience *e, MtsBytes *out)
{
    bool ok = mts_bytes_append_str(out, "[");
    for (size_t i = 0; i < e->count && ok; i++) {
        const MtsTurn *t = &e->turns[i];
        ok = mts_bytes_append_str(out, i ? ",[" : "[") && mts_put_tokens(out, t->tokens, t->count) &&
             mts_bytes_printf(out, ",%lld,%lld]", (long long)t->n, (long long)t->sum);
    }
    return ok && mts_bytes_append_str(out, "]");
}

bool mts_turn_read(const json_t *tokens, const json_t *n, const json_t *sum, MtsTurn *turn)
{
    size_t count = json_array_size(tokens);
    *turn = (MtsTurn){.count = (uint32_t)count, .n = json_integer_value(n), .sum = json_integer_value(sum)};
    bool ok = count >= 1 && count <= MTS_TURN_TOKENS && json_is_integer(n) && json_is_integer(sum) && turn->n >= 1 &&
              turn->n <= MOST_SEEN && fabs((double)turn->sum) <= MOST_OFF / UNIT * (double)turn->n;
    for (size_t i = 0; i < count && ok; i++) {
        json_int_t token = json_integer_value(json_array_get(tokens, i));
        ok = json_is_integer(json_array_get(tokens, i)) && token >= MTS_NO_TOKEN && token <= INT32_MAX;
        turn->tokens[i] = (int32_t)token;
    }
    return ok;
}

int mts_experience_learn(MtsExperience *e, const json_t *lesson, MtsError *err)
{
    size_t i;
    const json_t *each;
    int rc = json_is_array(lesson) ? MTS_OK : mts_fail(err, MTS_EFORMAT, "outlook: a lesson is no list of turns");
    json_array_foreach((json_t *)(uintptr_t)lesson, i, each)
    {
        MtsTurn turn;
        if (!rc && !mts_turn_read(json_array_get(each, 0), json_array_get(each, 1), json_array_get(each, 2), &turn)) {
            rc = mts_fail(err, MTS_EFORMAT, "outlook: entry %zu of a lesson is no [[tokens], n, sum]", i);
        } else if (!rc && !mts_experience_put(e, &turn)) {
            rc = mts_fail(err, MTS_ENOMEM, "outlook: memory ran out");
        }
    }
    return rc;
}

int mts_experience_take(MtsExperience *e, const char *lesson, MtsError *err)
{
    json_t *list = NULL;
    int rc = mts_json_parse(&list, "outlook", lesson, strlen(lesson), err);
    rc = rc ? rc : mts_experience_learn(e, list, err);
    json_decref(list);
    return rc;
}
