/* constraint/pattern_meaning.c - what a pattern means: look-aheads and anchors as expressions.
 *
 * The parser makes a tree. A part without anchors and look-aheads is an expression by itself. With them, a part means
 * something only together with what follows: so the tree is compiled from its end, each part p with the expression k of
 * all that follows it:
 *
 *     p k            for characters          (?=a) k  =  (a ALL) & k        $ k  =  k & EMPTY
 *                                            (?!a) k  = ~(a ALL) & k        ^ k  =  k, at the text's start only
 *
 *     p* k  =  L,    L = k | p L                 p{m,n} k  =  p written out
 *
 * (without anchors and look-aheads repeats stay counts). Each turn of p must take a character: then L stands behind
 * something wherever its own definition names it. Whether a part stands at the start is known but behind something that
 * may be empty, where both cases are taken. */
#include <stdlib.h>

#include "constraint/pattern_tree.h"
#include "core/mem.h"

enum {
    MAX_DEPTH = 2000,
    MOST_WRITTEN =
        100 /* turns of repeats with an anchor or a look-ahead inside that are written out, nested ones too */
};

static MtsRe meaning(MtsPatternParser *p, int at, MtsRe k, bool start);
static MtsRe plain(MtsPatternParser *p, int at);

static MtsRe unsupported(MtsPatternParser *p, const char *what)
{
    mts_pattern_wrong(p, MTS_EUNSUPPORTED, what);
    return MTS_RE_NONE;
}

/* Parts nest in each other as deep as groups do, and where anchors stand behind parts that may be empty, as often as
 * they do: that is no matter of one machine's stack. */
static bool deeper(MtsPatternParser *p)
{
    if (++p->depth > MAX_DEPTH) {
        unsupported(p, "nests too deeply");
    }
    return !p->rc;
}

/* Choices lean to the left; all of one are made an alternative at once. */
static MtsRe plain_choice(MtsPatternParser *p, int at)
{
    MtsRe *list = NULL, all = MTS_RE_NONE;
    size_t count = 0, cap = 0;
    for (bool last = false; !last && !p->rc; at = p->parts[at].a) {
        last = p->parts[at].kind != MTS_PART_CHOICE;
        if (!mts_grow(&list, &cap, count + 1, sizeof *list)) {
            mts_pattern_wrong(p, MTS_ENOMEM, "needs more memory than there is");
            break;
        }
        MtsRe one = plain(p, last ? at : p->parts[at].b);
        list[count++] = one;
    }
    all = mts_re_alt(p->x, list, count);
    free(list);
    return all;
}

/* A part without anchors and look-aheads. Sequences lean to the left: their parts are gone through from the last. */
static MtsRe plain_part(MtsPatternParser *p, int at)
{
    MtsRe rest = MTS_RE_EMPTY;
    for (; p->parts[at].kind == MTS_PART_SEQUENCE; at = p->parts[at].a) {
        rest = mts_re_seq(p->x, plain(p, p->parts[at].b), rest);
    }
    const MtsPatternPart part = p->parts[at];
    switch (part.kind) {
    case MTS_PART_LEAF:
        return mts_re_seq(p->x, part.leaf, rest);
    case MTS_PART_CHOICE:
        return mts_re_seq(p->x, plain_choice(p, at), rest);
    case MTS_PART_REPEATED:
        return mts_re_seq(p->x, mts_re_repeat(p->x, plain(p, part.a), part.min, part.max), rest);
    default:
        return rest;
    }
}

static MtsRe plain(MtsPatternParser *p, int at)
{
    MtsRe re = deeper(p) ? plain_part(p, at) : MTS_RE_NONE;
    p->depth--;
    return re;
}

/* a b k, where b has a ^ and a, without anchors, may be empty: both cases. */
static MtsRe both_cases(MtsPatternParser *p, const MtsPatternPart *part, MtsRe k)
{
    MtsRe first = plain(p, part->a), behind = meaning(p, part->b, k, false);
    MtsRe some = mts_re_nullable(p->x, first) ? mts_re_and(p->x, first, mts_re_not(p->x, MTS_RE_EMPTY)) : first;
    MtsRe all = mts_re_seq(p->x, some, behind);
    return mts_re_nullable(p->x, first) ? mts_re_or(p->x, all, meaning(p, part->b, k, true)) : all;
}

/* A sequence from its last part on. */
static MtsRe sequence(MtsPatternParser *p, int at, MtsRe k, bool start)
{
    while (!p->rc && p->parts[at].special && p->parts[at].kind == MTS_PART_SEQUENCE) {
        const MtsPatternPart part = p->parts[at], a = p->parts[part.a], b = p->parts[part.b];
        bool here = b.starts && start; /* b is at the start where a is empty */
        if (!here || a.kind >= MTS_PART_AHEAD || a.kind == MTS_PART_NOTHING) {
            k = meaning(p, part.b, k, here);
            at = part.a;
        } else if (!a.special) {
            return both_cases(p, &part, k);
        } else if (a.kind != MTS_PART_SEQUENCE) {
            return unsupported(p, "has an anchor behind a look-ahead that is not held");
        } else { /* (x y) b = x (y b) */
            int right = mts_pattern_join(p, MTS_PART_SEQUENCE, a.b, part.b);
            at = mts_pattern_join(p, MTS_PART_SEQUENCE, a.a, right);
        }
    }
    return p->rc ? MTS_RE_NONE : meaning(p, at, k, start);
}

static MtsRe choice(MtsPatternParser *p, int at, MtsRe k, bool start)
{
    MtsRe all = MTS_RE_NONE;
    for (; p->parts[at].special && p->parts[at].kind == MTS_PART_CHOICE; at = p->parts[at].a) {
        all = mts_re_or(p->x, all, meaning(p, p->parts[at].b, k, start));
    }
    return mts_re_or(p->x, meaning(p, at, k, start), all);
}

/* Whether every text of the part has a character at least. */
static bool takes_some(MtsPatternParser *p, int at)
{
    bool some = false;
    if (!deeper(p)) {
        return false;
    }
    for (; p->parts[at].kind == MTS_PART_SEQUENCE && !some; at = p->parts[at].a) {
        some = takes_some(p, p->parts[at].b);
    }
    const MtsPatternPart *part = &p->parts[at];
    switch (part->kind) {
    case MTS_PART_LEAF:
        some = some || !mts_re_nullable(p->x, part->leaf);
        break;
    case MTS_PART_REPEATED:
        some = some || (part->min > 0 && part->max > 0 && takes_some(p, part->a));
        break;
    case MTS_PART_CHOICE:
        some = some || (takes_some(p, part->b) && takes_some(p, part->a));
        break;
    default:
        break;
    }
    p->depth--;
    return some;
}

/* So many turns, and k behind them where that is enough. The first one may be at the start. */
static MtsRe turns(MtsPatternParser *p, const MtsPatternPart *part, MtsRe k, bool start)
{
    bool endless = part->max == MTS_NO_LIMIT;
    uint32_t count = endless ? part->min : part->max, around = p->written;
    uint64_t written = (uint64_t)around * (endless ? (uint64_t)count + 1 : count ? count : 1);
    bool taken = takes_some(p, part->a), first = start && p->parts[part->a].starts;
    MtsRe rest = k;
    if (written > MOST_WRITTEN || (!taken && (endless || (first && count > 1)))) {
        return unsupported(p, "repeats an anchor or a look-ahead in a way that is not held");
    }
    p->written = (uint32_t)written;
    if (endless) {
        rest = mts_re_loop(p->x, mts_re_nullable(p->x, k));
        mts_re_close(p->x, rest, mts_re_or(p->x, k, meaning(p, part->a, rest, false)));
        count += count == 0 && first;
    }
    while (count-- > 0 && !p->rc) {
        MtsRe one = meaning(p, part->a, rest, first && count == 0);
        rest = count < part->min ? one : mts_re_or(p->x, k, one);
    }
    p->written = around;
    return p->rc ? MTS_RE_NONE : rest;
}

/* A part with an anchor or a look-ahead, followed by the texts of k. */
static MtsRe special(MtsPatternParser *p, int at, MtsRe k, bool start)
{
    const MtsPatternPart part = p->parts[at];
    MtsExprs *x = p->x;
    bool ahead = part.kind == MTS_PART_AHEAD || part.kind == MTS_PART_NOT_AHEAD;
    if (ahead && p->extent == MTS_PATTERN_PART && mts_re_nullable(x, k)) {
        return unsupported(p, "looks ahead beyond its own end");
    }
    switch (part.kind) {
    case MTS_PART_SEQUENCE:
        return sequence(p, at, k, start);
    case MTS_PART_CHOICE:
        return choice(p, at, k, start);
    case MTS_PART_REPEATED:
        return turns(p, &part, k, start);
    case MTS_PART_AHEAD:
        return mts_re_and(x, meaning(p, part.a, MTS_RE_ALL, start), k);
    case MTS_PART_NOT_AHEAD:
        return mts_re_and(x, mts_re_not(x, meaning(p, part.a, MTS_RE_ALL, start)), k);
    case MTS_PART_START:
        return start ? k : MTS_RE_NONE;
    case MTS_PART_END:
        return mts_re_and(x, k, MTS_RE_EMPTY);
    case MTS_PART_END_OR_LINE:
        return mts_re_and(x, k, mts_re_repeat(x, mts_re_literal(x, "\n", 1), 0, 1));
    default:
        return MTS_RE_NONE;
    }
}

/* The texts of the part followed by those of k. */
static MtsRe meaning(MtsPatternParser *p, int at, MtsRe k, bool start)
{
    MtsRe re = MTS_RE_NONE;
    if (deeper(p)) {
        re = p->parts[at].special ? special(p, at, k, start) : mts_re_seq(p->x, plain(p, at), k);
    }
    p->depth--;
    return re;
}

int mts_pattern_compile(MtsExprs *x, const char *name, const char *pattern, size_t size, MtsDialect dialect,
                        MtsExtent extent, MtsSpelling spell, MtsRe *out, MtsError *err)
{
    MtsPatternParser p = {.x = x,
                          .name = name,
                          .text = pattern,
                          .size = size,
                          .dialect = dialect,
                          .spell = spell,
                          .extent = extent,
                          .written = 1,
                          .err = err};
    *out = MTS_RE_NONE;
    int whole = mts_pattern_parse(&p);
    p.depth = 0;
    if (!p.rc && extent != MTS_PATTERN_SOMEWHERE) {
        *out = meaning(&p, whole, MTS_RE_EMPTY, true);
    } else if (!p.rc) {
        int any = mts_pattern_dot(&p, true);
        MtsRe one = any < 0 ? MTS_RE_NONE : p.parts[any].leaf, head = mts_re_repeat(x, one, 0, MTS_NO_LIMIT);
        MtsRe tail = MTS_RE_ALL, inside = meaning(&p, whole, tail, false);
        *out = p.rc                    ? MTS_RE_NONE
               : p.parts[whole].starts ? mts_re_or(x, meaning(&p, whole, tail, true),
                                                   mts_re_seq(x, mts_re_repeat(x, one, 1, MTS_NO_LIMIT), inside))
                                       : mts_re_seq(x, head, inside);
    }
    free(p.parts);
    if (!p.rc && mts_exprs_failed(x)) {
        p.rc = mts_fail(err, mts_exprs_failed(x), "%s: the pattern needs more %s than a constraint may take", name,
                        mts_exprs_short_of(x));
    }
    return p.rc;
}
