/* constraint/schema_number.c - what a number may be.
 *
 * Numbers under limits have spellings whose size can be told (json_text.h); multiples are written without exponents. */
#include "constraint/schema_cases.h"

/* Cuts *out by `keyword`, a limit below (side 1) or above (-1). */
static int cut_by_limit(MtsSchema *s, const json_t *part, const char *keyword, int side, bool equal, MtsRe *out)
{
    const json_t *v = json_object_get(part, keyword);
    MtsExprs *x = s->g->exprs;
    MtsDecimal d;
    if (!v || json_is_boolean(v)) {
        return MTS_OK;
    }
    if (!mts_is_number(v)) {
        return mts_fail(s->err, MTS_EREQUEST, "%s: \"%s\" must be a number", s->name, keyword);
    }
    mts_decimal_of(v, &d);
    MtsRe above = mts_json_above(&s->text, &d, side > 0 ? equal : !equal);
    *out = mts_re_and(x, *out, side > 0 ? above : mts_re_not(x, above));
    return MTS_OK;
}

static int cut_by_multiple(MtsSchema *s, const json_t *part, const char *keyword, bool negated, MtsRe *out)
{
    const json_t *v = json_object_get(part, keyword);
    MtsRe all = MTS_RE_NONE;
    MtsDecimal d;
    if (!v) {
        return MTS_OK;
    }
    if (mts_is_number(v)) {
        mts_decimal_of(v, &d);
        all = mts_json_multiple(&s->text, &d);
    }
    if (all == MTS_RE_NONE) {
        return mts_schema_refuse(s, "multipleOf", "is held for positive numbers of at most five digits");
    }
    all = negated ? mts_re_and(s->g->exprs, mts_json_decimal(&s->text), mts_re_not(s->g->exprs, all)) : all;
    *out = mts_re_and(s->g->exprs, *out, all);
    return MTS_OK;
}

static int cut_by_part(MtsSchema *s, const json_t *part, MtsRe *out)
{
    bool above = json_is_true(json_object_get(part, "exclusiveMinimum")); /* draft 4: of `minimum` */
    bool below = json_is_true(json_object_get(part, "exclusiveMaximum"));
    MtsDecimal d;
    size_t i;
    json_t *v;
    int rc;
    if ((rc = cut_by_multiple(s, part, "multipleOf", false, out)) ||
        (rc = cut_by_multiple(s, part, MTS_KEY_NOT_MULTIPLE, true, out)) ||
        (rc = cut_by_limit(s, part, "minimum", 1, !above, out)) ||
        (rc = cut_by_limit(s, part, "exclusiveMinimum", 1, false, out)) ||
        (rc = cut_by_limit(s, part, "maximum", -1, !below, out)) ||
        (rc = cut_by_limit(s, part, "exclusiveMaximum", -1, false, out))) {
        return rc;
    }
    json_array_foreach(json_object_get(part, MTS_KEY_NOT_IN), i, v)
    {
        if (mts_is_number(v)) {
            mts_decimal_of(v, &d);
            *out = mts_re_and(s->g->exprs, *out, mts_re_not(s->g->exprs, mts_json_equal(&s->text, &d)));
        }
    }
    return MTS_OK;
}

int mts_schema_number(MtsSchema *s, const MtsCase *c, MtsRe *out)
{
    static const char *const cuts[] = {"minimum",          "maximum",    "exclusiveMinimum",
                                       "exclusiveMaximum", "multipleOf", MTS_KEY_NOT_MULTIPLE,
                                       MTS_KEY_NOT_IN};
    bool cut = false;
    int rc = MTS_OK;
    for (size_t p = 0; p < c->parts.count; p++) {
        for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
            cut |= json_object_get(c->parts.items[p], cuts[i]) != NULL;
        }
    }
    *out = !(c->types & MTS_BROKEN)  ? mts_json_whole(&s->text, !s->plain_integers)
           : !(c->types & MTS_WHOLE) ? mts_json_fraction(&s->text, !s->plain_integers)
           : cut                     ? mts_json_sized(&s->text)
                                     : mts_json_number(&s->text);
    for (size_t p = 0; p < c->parts.count && !rc; p++) {
        rc = cut_by_part(s, c->parts.items[p], out);
    }
    return rc;
}
