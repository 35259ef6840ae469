/* reward/claims.c - from words to claims.
 *
 * A sentence is cut into clauses at commas and at words such as "but" and "then". A clause speaks of one part of the
 * series (of all of it where it names none; a clause that names a part and claims nothing, "In the beginning,", lends
 * it to the next clause of its sentence). Each kind of claim is looked for once per clause; a number serves one claim.
 * "rises, then falls" without parts speaks of the first and of the second half.
 *
 * How claims are judged is at the end of the file. */
#include "reward/claims.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "reward/words.h"

typedef struct Part {
    bool named;
    int from, to; /* twelfths */
} Part;

/* One clause: words [begin, end) of all, and which numbers are spoken for. */
typedef struct Clause {
    const MtsWord *words;
    size_t count;
    uint64_t means; /* of all words together */
    Part part;
    bool *used; /* [count] */
    MtsClaims *claims;
    bool failed; /* memory ran out */
} Clause;

static bool same(const MtsClaim *a, const MtsClaim *b)
{
    return a->kind == b->kind && a->denied == b->denied && a->valued == b->valued && a->from == b->from &&
           a->to == b->to && (!a->valued || fabs(a->value - b->value) <= fmax(a->tolerance, b->tolerance));
}

/* Notes a claim. To deny a direction, a change of unrest or a shift says so little that it is no claim. */
static void claim(Clause *c, MtsClaimKind kind, bool denied, const MtsWord *number, bool about)
{
    if (denied && kind != MTS_CLAIM_SEASONAL) {
        return;
    }
    MtsClaim made = {.kind = kind, .denied = denied, .from = c->part.from, .to = c->part.to};
    made.begin = c->words[0].begin;
    made.end = c->words[c->count - 1].end;
    if (number) {
        made.valued = true;
        made.value = number->value;
        made.tolerance = about ? number->round_unit / 2 : number->unit / 2;
    }
    for (size_t i = 0; i < c->claims->count; i++) {
        if (same(&c->claims->items[i], &made)) {
            return;
        }
    }
    if (!mts_grow(&c->claims->items, &c->claims->cap, c->claims->count + 1, sizeof *c->claims->items)) {
        c->failed = true;
        return;
    }
    c->claims->items[c->claims->count++] = made;
}

/* ---- looking about in a clause ---- */

static uint64_t means_at(const Clause *c, size_t i)
{
    return i < c->count && c->words[i].kind == T_WORD ? c->words[i].means : 0;
}

/* The first word with any of these meanings at or after i; c->count when there is none. */
static size_t find(const Clause *c, size_t i, uint64_t means)
{
    while (i < c->count && !(means_at(c, i) & means)) {
        i++;
    }
    return i;
}

/* Whether a denial stands at most four words before i. */
static bool denied_at(const Clause *c, size_t i)
{
    for (size_t back = 1; back <= 4 && back <= i; back++) {
        if (means_at(c, i - back) & W_NOT) {
            return true;
        }
    }
    return false;
}

/* Whether the number at i is a position: "step 17", "hour 17". */
static bool is_position(const Clause *c, size_t i)
{
    return i > 0 && (means_at(c, i - 1) & W_STEP);
}

static bool is_about(const Clause *c, size_t i)
{
    return i > 0 && (means_at(c, i - 1) & W_ABOUT);
}

/* A number that is not spoken for at or after i, at most `reach` words away, a position or not; c->count: none. */
static size_t number_after(const Clause *c, size_t i, size_t reach, bool position)
{
    for (size_t end = i + reach < c->count ? i + reach : c->count; i < end; i++) {
        if (c->words[i].kind == T_NUMBER && !c->used[i] && !c->words[i].percent && is_position(c, i) == position) {
            return i;
        }
    }
    return c->count;
}

static void claim_number(Clause *c, MtsClaimKind kind, size_t number)
{
    c->used[number] = true;
    claim(c, kind, false, &c->words[number], is_about(c, number));
}

/* ---- parts of the series ---- */

static Part find_part(const Clause *c)
{
    for (size_t i = 0; i < c->count; i++) {
        uint64_t m = means_at(c, i), next = means_at(c, i + 1);
        int width = next & W_HALF ? 6 : next & W_THIRD ? 4 : next & W_QUARTER ? 3 : 0;
        if (width && (m & W_FIRST)) {
            return (Part){true, 0, width};
        }
        if (width && (m & (W_LAST | W_SECOND)) && (width == 6 || (m & W_LAST))) {
            return (Part){true, 12 - width, 12};
        }
        if (m & W_MIDDLE) {
            return (Part){true, 4, 8};
        }
        bool noun = i > 0 && (means_at(c, i - 1) & W_THE); /* "the start", but not "starts" or "start at" */
        bool adverb = (m & (W_EARLY | W_LATE)) && !(m & (W_STARTS | W_ENDS));
        if ((m & W_EARLY) && (noun || adverb)) {
            return (Part){true, 0, 4};
        }
        if ((m & W_LATE) && (noun || adverb)) {
            return (Part){true, 8, 12};
        }
        if (m & W_WHOLE) {
            return (Part){true, 0, 12};
        }
    }
    return (Part){false, 0, 12};
}

/* ---- the kinds of claims ---- */

static void find_period(Clause *c)
{
    size_t every = find(c, 0, W_EVERY), word = find(c, 0, W_SEASONAL | W_PERIOD);
    if (every + 1 < c->count && c->words[every + 1].kind == T_NUMBER && !c->words[every + 1].percent) {
        claim_number(c, MTS_CLAIM_PERIOD, every + 1);
        return;
    }
    if (word == c->count) {
        return;
    }
    size_t number = number_after(c, word, 6, false);
    bool before = false; /* "a 24-step cycle" */
    for (size_t back = 1; back <= 2 && back <= word && number == c->count && !before; back++) {
        const MtsWord *w = &c->words[word - back];
        before = w->kind == T_NUMBER && !w->percent && !c->used[word - back] && !is_position(c, word - back);
        number = before ? word - back : number;
    }
    if (number < c->count && !denied_at(c, word)) {
        claim_number(c, MTS_CLAIM_PERIOD, number);
    } else if (find(c, 0, W_SEASONAL) < c->count) {
        claim(c, MTS_CLAIM_SEASONAL, denied_at(c, find(c, 0, W_SEASONAL)), NULL, false);
    }
}

/* Whether the clause speaks of unrest, so that its "increases" is not a trend. */
static bool find_unrest(Clause *c)
{
    size_t word = find(c, 0, W_UNREST);
    if (word == c->count) {
        return false;
    }
    size_t more = find(c, 0, W_MORE), less = find(c, 0, W_LESS);
    if ((more < c->count) != (less < c->count)) {
        bool down = less < c->count;
        claim(c, down ? MTS_CLAIM_CALMER : MTS_CLAIM_WILDER, denied_at(c, down ? less : more), NULL, false);
    }
    return true;
}

/* The word that says which way: "up" and "down" count behind a verb of motion alone. */
static size_t find_direction(const Clause *c, uint64_t means)
{
    size_t i = find(c, 0, means);
    while (i < c->count && (means_at(c, i) & W_UPDOWN) && !(i > 0 && (means_at(c, i - 1) & W_GOES))) {
        i = find(c, i + 1, means);
    }
    return i;
}

static void find_trend(Clause *c)
{
    size_t sudden = find(c, 0, W_SUDDEN), way = find_direction(c, W_RISE | W_FALL);
    if (sudden < c->count) {
        MtsClaimKind kind = way == c->count             ? MTS_CLAIM_SHIFT
                            : means_at(c, way) & W_RISE ? MTS_CLAIM_SHIFT_UP
                                                        : MTS_CLAIM_SHIFT_DOWN;
        size_t at = number_after(c, 0, c->count, true);
        if (at < c->count) {
            c->used[at] = true;
        }
        claim(c, kind, denied_at(c, sudden), at < c->count ? &c->words[at] : NULL, is_about(c, at));
        return;
    }
    if (way < c->count) {
        claim(c, means_at(c, way) & W_RISE ? MTS_CLAIM_RISES : MTS_CLAIM_FALLS, denied_at(c, way), NULL, false);
        return;
    }
    size_t flat = find(c, 0, W_FLAT), trend = find(c, 0, W_TREND);
    if (flat < c->count) {
        claim(c, MTS_CLAIM_FLAT, denied_at(c, flat), NULL, false);
    } else if (trend < c->count && denied_at(c, trend)) {
        claim(c, MTS_CLAIM_FLAT, false, NULL, false);
    }
}

/* The number that follows i, over words for "about" and "step"; c->count where another thing stands there. */
static size_t number_right_after(const Clause *c, size_t i)
{
    for (i++; i < c->count && (means_at(c, i) & (W_ABOUT | W_THE | W_VALUE)); i++) {
    }
    bool fits =
        i < c->count && c->words[i].kind == T_NUMBER && !c->words[i].percent && !c->used[i] && !is_position(c, i);
    return fits ? i : c->count;
}

/* "from 3 to 9", "between 3 and 9": what begins and ends where there is a trend, the bounds where there is none. */
static void find_pair(Clause *c)
{
    size_t from = find(c, 0, W_FROM | W_BETWEEN);
    if (from == c->count) {
        return;
    }
    size_t a = number_right_after(c, from);
    bool joined = a + 1 < c->count && (means_at(c, a + 1) & (means_at(c, from) & W_FROM ? W_TO : W_AND));
    size_t b = joined ? number_right_after(c, a + 1) : c->count;
    if (b == c->count) {
        return;
    }
    if ((means_at(c, from) & W_FROM) && find_direction(c, W_RISE | W_FALL) < c->count) {
        claim_number(c, MTS_CLAIM_FIRST, a);
        claim_number(c, MTS_CLAIM_LAST, b);
    } else if (c->means & (W_RANGE | W_HOVER)) {
        bool ascending = c->words[a].value <= c->words[b].value;
        claim_number(c, MTS_CLAIM_MIN, ascending ? a : b);
        claim_number(c, MTS_CLAIM_MAX, ascending ? b : a);
    }
}

static void find_extreme(Clause *c, uint64_t means, MtsClaimKind value, MtsClaimKind place)
{
    size_t word = find(c, 0, means);
    if (word == c->count || denied_at(c, word)) {
        return;
    }
    size_t number = number_after(c, word, 7, false), at = number_after(c, word, c->count, true);
    if (number == c->count && at == c->count) {
        number = number_after(c, 0, word, false); /* "170 is the highest value" */
    }
    if (number < c->count) {
        claim_number(c, value, number);
    }
    if (at < c->count) {
        claim_number(c, place, at);
    } else if (c->part.named && c->part.to - c->part.from < 12) {
        claim(c, place, false, NULL, false);
    }
}

static void find_level(Clause *c, uint64_t means, MtsClaimKind kind)
{
    size_t word = find(c, 0, means), number = word < c->count ? number_after(c, word, 6, false) : c->count;
    if (number < c->count && !denied_at(c, word)) {
        claim_number(c, kind, number);
    }
}

/* "hovers around 130" */
static void find_hover(Clause *c)
{
    size_t word = find(c, 0, W_HOVER), about = find(c, word, W_ABOUT);
    size_t number = about < c->count ? number_right_after(c, about) : c->count;
    if (number < c->count) {
        claim_number(c, MTS_CLAIM_MEAN, number);
    }
}

/* "starts at 605", "the initial value is 605" */
static void find_end(Clause *c, uint64_t verb, uint64_t adjective, MtsClaimKind kind)
{
    size_t word = find(c, 0, verb);
    for (size_t i = 0; word == c->count && i + 1 < c->count; i++) {
        word = (means_at(c, i) & adjective) && (means_at(c, i + 1) & W_VALUE) ? i : word;
    }
    size_t number = word < c->count ? number_after(c, word, 5, false) : c->count;
    if (number < c->count) {
        c->part = (Part){false, 0, 12};
        claim_number(c, kind, number);
    }
}

static void read_clause(Clause *c)
{
    c->means = 0;
    for (size_t i = 0; i < c->count; i++) {
        c->means |= means_at(c, i);
    }
    if (c->means & W_MAYBE) {
        return;
    }
    find_period(c);
    find_pair(c);
    if (!find_unrest(c)) {
        find_trend(c);
    }
    find_extreme(c, W_MAX, MTS_CLAIM_MAX, MTS_CLAIM_MAX_AT);
    find_extreme(c, W_MIN, MTS_CLAIM_MIN, MTS_CLAIM_MIN_AT);
    find_level(c, W_DEVIATION, MTS_CLAIM_DEVIATION);
    find_level(c, W_MEDIAN, MTS_CLAIM_MEDIAN);
    find_level(c, W_MEAN, MTS_CLAIM_MEAN);
    find_hover(c);
    find_end(c, W_STARTS, W_FIRST, MTS_CLAIM_FIRST);
    find_end(c, W_ENDS, W_LAST, MTS_CLAIM_LAST);
}

/* ---- sentences to clauses ---- */

/* Whether a clause ends before word i. "and" joins clauses unless it stands between numbers ("between 3 and 9"). */
static bool ends_clause(const MtsWords *all, size_t begin, size_t i)
{
    const MtsWord *w = &all->items[i];
    if (w->kind == T_BREAK || w->kind == T_STOP) {
        return true;
    }
    if (w->kind != T_WORD || i == begin) {
        return false;
    }
    bool after_number = all->items[i - 1].kind == T_NUMBER, paired = false;
    for (size_t k = i + 1; after_number && k < all->count && k <= i + 2; k++) {
        paired |= all->items[k].kind == T_NUMBER;
    }
    bool verb =
        all->items[i - 1].kind == T_WORD && (all->items[i - 1].means & (W_STARTS | W_ENDS)); /* "starts with 605" */
    return ((w->means & W_BREAK) && !verb) || ((w->means & W_AND) && !paired);
}

/* A direction in this clause, and then one in what follows it in the sentence. */
static bool turns_later(const MtsWords *all, size_t end)
{
    bool next = false;
    for (size_t i = end; i < all->count && all->items[i].kind != T_STOP && i < end + 12; i++) {
        uint64_t m = all->items[i].kind == T_WORD ? all->items[i].means : 0;
        next |= (m & W_NEXT) != 0;
        if (next && (m & (W_RISE | W_FALL)) && !(m & W_UPDOWN)) {
            return true;
        }
    }
    return false;
}

static int read_all(const MtsWords *all, bool *used, bool finished, MtsClaims *claims, MtsError *err)
{
    Part lent = {false, 0, 12};
    bool turned = false; /* the clause before began with the first half of a turn */
    for (size_t begin = 0; begin < all->count;) {
        size_t end = begin;
        while (end < all->count && !ends_clause(all, begin, end)) {
            end++;
        }
        if (end == all->count && !finished) {
            break;
        }
        Clause c = {all->items + begin, end - begin, 0, {false, 0, 12}, used + begin, claims, false};
        bool stop = end < all->count && all->items[end].kind == T_STOP;
        if (c.count > 0) {
            size_t before = claims->count;
            Part own = find_part(&c);
            bool moves = find_direction(&c, W_RISE | W_FALL) < c.count;
            c.part = own.named ? own : lent;
            if (!c.part.named && turned) {
                c.part = (Part){true, 6, 12};
            } else if (!c.part.named && moves && turns_later(all, end)) {
                c.part = (Part){true, 0, 6};
                turned = true;
            }
            read_clause(&c);
            lent = own.named && claims->count == before ? own : (Part){false, 0, 12};
        }
        if (c.failed) {
            return mts_fail(err, MTS_ENOMEM, "reward claims: memory ran out after %zu claims", claims->count);
        }
        if (stop) {
            lent = (Part){false, 0, 12};
            turned = false;
        }
        bool mark = end < all->count && all->items[end].kind != T_WORD;
        begin = end + (mark || end == begin);
    }
    return MTS_OK;
}

/* ---- judging ----
 *
 * Of a part in twelfths [from, to) of n values: t from floor(n from / 12) to floor(n to / 12), at least two values. */

static void part_range(const MtsClaim *c, size_t n, size_t *from, size_t *to)
{
    *from = n * (size_t)c->from / 12;
    *to = n * (size_t)c->to / 12;
    if (*to < *from + 2) {
        *to = *from + 2 < n ? *from + 2 : n;
        *from = *to >= 2 ? *to - 2 : 0;
    }
}

/* Whether a stated value is the true one: within what its last digit leaves open, and `share` of the range of all
 * values; what "about 600" leaves open is held to a tenth of that range. */
static bool near_value(const MtsClaim *c, double truth, double share, const MtsFeatures *f)
{
    double range = f->max - f->min, open = c->tolerance > range / 10 ? range / 10 : c->tolerance;
    return fabs(c->value - truth) <= fmax(open, share * range) * (1 + 1e-12);
}

/* Positions count from 0 or from 1, and may be off by 2 % of the length. */
static bool near_position(double said, size_t at, size_t n)
{
    double slack = fmax(0.02 * (double)n, 0.5);
    return said >= (double)at - slack && said <= (double)at + 1 + slack;
}

/* One of rising, falling and flat holds: it is not flat where, the season taken away, time explains the values (|r| >=
 * 0.3) and the line moves by a tenth of the range of all values. */
static bool trend_is(const MtsClaim *c, const MtsSubject *s)
{
    size_t from, to;
    part_range(c, s->features.length, &from, &to);
    MtsTrend line = mts_trend(s->adjusted + from, to - from);
    double change = line.slope * (double)(to - from - 1);
    bool moves = fabs(line.correlation) >= 0.3 && fabs(change) >= 0.1 * (s->features.max - s->features.min);
    return c->kind == MTS_CLAIM_FLAT ? !moves : moves && (c->kind == MTS_CLAIM_RISES ? change > 0 : change < 0);
}

static bool unrest_is(const MtsClaim *c, const double *x, size_t n)
{
    size_t from, to;
    MtsClaim part = *c;
    if (c->from == 0 && c->to == 12) {
        part.from = 6; /* "volatility increases": the second half against the first */
    }
    part_range(&part, n, &from, &to);
    double inside = mts_volatility(x + from, to - from), sum = 0;
    size_t steps = 0;
    for (size_t t = 1; t < n; t++) {
        if (t <= from || t >= to) {
            sum += (x[t] - x[t - 1]) * (x[t] - x[t - 1]);
            steps++;
        }
    }
    double outside = steps ? sqrt(sum / (double)steps) : inside;
    return c->kind == MTS_CLAIM_CALMER ? inside <= 0.8 * outside && outside > 0
                                       : inside >= 1.25 * outside && inside > 0;
}

static bool shift_is(const MtsClaim *c, const MtsFeatures *f)
{
    size_t from, to;
    part_range(c, f->length, &from, &to);
    for (size_t i = 0; i < f->shifts; i++) {
        const MtsShift *s = &f->shift[i];
        bool way = c->kind == MTS_CLAIM_SHIFT || (c->kind == MTS_CLAIM_SHIFT_UP) == (s->step > 0);
        bool there = c->valued ? near_position(c->value, s->at, f->length) : s->at >= from && s->at < to;
        if (way && there) {
            return true;
        }
    }
    return false;
}

static bool place_is(const MtsClaim *c, size_t at, size_t n)
{
    size_t from, to;
    if (c->valued) {
        return near_position(c->value, at, n);
    }
    from = n * (size_t)c->from / 12;
    to = n * (size_t)c->to / 12;
    if (to < from + 2) { /* so few values that parts would overlap: where the middle of this one stands */
        return (2 * at + 1) * 6 >= n * (size_t)c->from && (2 * at + 1) * 6 < n * (size_t)c->to;
    }
    return at >= from && at < to;
}

static bool holds(const MtsClaim *c, const MtsSubject *s)
{
    const double *x = s->x;
    const MtsFeatures *f = &s->features;
    size_t from, to, n = f->length;
    part_range(c, n, &from, &to);
    switch (c->kind) {
    case MTS_CLAIM_RISES:
    case MTS_CLAIM_FALLS:
    case MTS_CLAIM_FLAT:
        return trend_is(c, s);
    case MTS_CLAIM_SEASONAL:
        return f->period > 0;
    case MTS_CLAIM_PERIOD:
        return f->period > 0 && fabs(c->value - (double)f->period) <= 0.05 * (double)f->period;
    case MTS_CLAIM_MAX:
        return near_value(c, f->max, 0.02, f);
    case MTS_CLAIM_MIN:
        return near_value(c, f->min, 0.02, f);
    case MTS_CLAIM_MAX_AT:
        return place_is(c, f->argmax, n);
    case MTS_CLAIM_MIN_AT:
        return place_is(c, f->argmin, n);
    case MTS_CLAIM_MEAN:
        return near_value(c, f->mean, 0.02, f);
    case MTS_CLAIM_MEDIAN:
        return near_value(c, f->median, 0.02, f);
    case MTS_CLAIM_DEVIATION:
        return near_value(c, f->sd, 0.02, f);
    case MTS_CLAIM_FIRST:
        return near_value(c, x[from], 0.02, f);
    case MTS_CLAIM_LAST:
        return near_value(c, x[to - 1], 0.02, f);
    case MTS_CLAIM_CALMER:
    case MTS_CLAIM_WILDER:
        return unrest_is(c, x, n);
    case MTS_CLAIM_SHIFT:
    case MTS_CLAIM_SHIFT_UP:
    case MTS_CLAIM_SHIFT_DOWN:
        return shift_is(c, f);
    }
    return false;
}

int mts_subject_init(MtsSubject *subject, const double *x, size_t n, MtsError *err)
{
    memset(subject, 0, sizeof *subject);
    subject->x = x;
    subject->adjusted = mts_calloc(n, sizeof *x);
    if (!subject->adjusted) {
        return mts_fail(err, MTS_ENOMEM, "reward claims: memory ran out for %zu values", n);
    }
    return mts_features(x, n, &subject->features, subject->adjusted, err);
}

void mts_subject_free(MtsSubject *subject)
{
    free(subject->adjusted);
    memset(subject, 0, sizeof *subject);
}

int mts_claims_find(const MtsSubject *subject, const char *text, size_t size, bool finished, MtsClaims *claims,
                    MtsError *err)
{
    MtsWords words;
    bool *used = NULL;
    memset(claims, 0, sizeof *claims);
    int rc = mts_words_read(text, size, &words, err);
    if (rc) {
        goto done;
    }
    if (!(used = mts_calloc(words.count, sizeof *used))) {
        rc = mts_fail(err, MTS_ENOMEM, "reward claims: memory ran out");
        goto done;
    }
    rc = read_all(&words, used, finished, claims, err);
    for (size_t i = 0; i < claims->count; i++) {
        MtsClaim *c = &claims->items[i];
        c->right = holds(c, subject) != c->denied;
    }
done:
    free(used);
    mts_words_free(&words);
    return rc;
}

int mts_claims_asked(const char *question, size_t size, uint32_t *kinds, MtsError *err)
{
    enum {
#define BIT(kind) (1 << MTS_CLAIM_##kind)
        TREND = BIT(RISES) | BIT(FALLS) | BIT(FLAT),
        SEASON = BIT(SEASONAL) | BIT(PERIOD),
        HIGH = BIT(MAX) | BIT(MAX_AT),
        LOW = BIT(MIN) | BIT(MIN_AT),
        UNREST = BIT(CALMER) | BIT(WILDER) | BIT(DEVIATION),
        SHIFTS = BIT(SHIFT) | BIT(SHIFT_UP) | BIT(SHIFT_DOWN),
    };
    static const struct {
        uint64_t means;
        uint32_t kinds;
    } answers[] = {{W_SUDDEN, SHIFTS},
                   {W_RISE | W_FALL | W_FLAT | W_TREND, TREND},
                   {W_SEASONAL | W_PERIOD | W_EVERY, SEASON},
                   {W_MAX, HIGH},
                   {W_MIN, LOW},
                   {W_RANGE | W_BETWEEN, HIGH | LOW},
                   {W_MEAN | W_HOVER, BIT(MEAN)},
                   {W_MEDIAN, BIT(MEDIAN)},
                   {W_DEVIATION, BIT(DEVIATION)},
                   {W_UNREST, UNREST},
                   {W_STARTS, BIT(FIRST) | TREND},
                   {W_ENDS, BIT(LAST) | TREND}};
#undef BIT
    MtsWords words;
    int rc = mts_words_read(question, size, &words, err);
    *kinds = 0;
    for (size_t i = 0; i < words.count && !rc; i++) {
        uint64_t means = words.items[i].kind == T_WORD ? words.items[i].means : 0;
        for (size_t k = 0; k < sizeof answers / sizeof answers[0]; k++) {
            *kinds |= means & answers[k].means ? answers[k].kinds : 0;
        }
    }
    mts_words_free(&words);
    return rc;
}

void mts_claims_free(MtsClaims *claims)
{
    free(claims->items);
    memset(claims, 0, sizeof *claims);
}

const char *mts_claim_name(MtsClaimKind kind)
{
    static const char *const names[] = {
        "rises",  "falls",     "flat",  "seasonal", "period", "maximum", "minimum", "maximum at", "minimum at", "mean",
        "median", "deviation", "first", "last",     "calmer", "wilder",  "shift",   "shift up",   "shift down"};
    return names[kind];
}
