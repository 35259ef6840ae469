/* constraint/schema_string.c - what a string may be: lengths, patterns, formats. */
#include <string.h>

#include "constraint/pattern.h"
#include "constraint/schema_cases.h"

#define YEAR_MONTH_DAY                                                                                                 \
    "(?!0000)(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|"      \
    "02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
#define CLOCK "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?"
#define OFFSET "(?:[zZ]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
#define BYTE_NUMBER "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
#define IPV4 BYTE_NUMBER "(?:\\." BYTE_NUMBER "){3}"
#define H16 "[0-9A-Fa-f]{1,4}"
#define LS32 "(?:" H16 ":" H16 "|" IPV4 ")"
#define IPV6                                                                                                           \
    "(?:(?:" H16 ":){6}" LS32 "|::(?:" H16 ":){5}" LS32 "|(?:" H16 ")?::(?:" H16 ":){4}" LS32 "|(?:(?:" H16            \
    ":){0,1}" H16 ")?::(?:" H16 ":){3}" LS32 "|(?:(?:" H16 ":){0,2}" H16 ")?::(?:" H16 ":){2}" LS32 "|(?:(?:" H16      \
    ":){0,3}" H16 ")?::" H16 ":" LS32 "|(?:(?:" H16 ":){0,4}" H16 ")?::" LS32 "|(?:(?:" H16 ":){0,5}" H16 ")?::" H16   \
    "|(?:(?:" H16 ":){0,6}" H16 ")?::)"
#define LABEL "[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?"
#define HOSTNAME "(?=.{1,253}$)" LABEL "(?:\\." LABEL ")*"
#define ATEXT "[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]+"
#define QUOTED "\"(?:[ !#-\\[\\]-~]|\\\\[ -~]){0,62}\""
#define LITERAL "\\[(?:" IPV4 "|IPv6:" IPV6 ")\\]"
#define EMAIL "(?:(?=[^@]{1,64}@)" ATEXT "(?:\\." ATEXT ")*|" QUOTED ")@(?:" LABEL "(?:\\." LABEL ")*|" LITERAL ")"
#define UNRESERVED "[0-9A-Za-z._~!$&'()*+,;=:-]"
#define ESCAPED "%[0-9A-Fa-f]{2}"
#define PCHAR "(?:[0-9A-Za-z._~!$&'()*+,;=:@-]|" ESCAPED ")"
#define TAIL "(?:\\?(?:" PCHAR "|[/?])*)?(?:#(?:" PCHAR "|[/?])*)?"
#define HOST "(?:\\[(?:" IPV6 "|v[0-9A-Fa-f]+\\." UNRESERVED "+)\\]|(?:[0-9A-Za-z._~!$&'()*+,;=-]|" ESCAPED ")*)"
#define AUTHORITY "(?:(?:" UNRESERVED "|" ESCAPED ")*@)?" HOST "(?::[0-9]*)?"
#define HIER "(?://" AUTHORITY "(?:/" PCHAR "*)*|/(?:" PCHAR "+(?:/" PCHAR "*)*)?|" PCHAR "+(?:/" PCHAR "*)*|)"
#define NO_COLON "(?:[0-9A-Za-z._~!$&'()*+,;=@-]|" ESCAPED ")"
#define RELATIVE "(?://" AUTHORITY "(?:/" PCHAR "*)*|/(?:" PCHAR "+(?:/" PCHAR "*)*)?|" NO_COLON "+(?:/" PCHAR "*)*|)"
#define POINTER "(?:/(?:[^~/]|~[01])*)*"
#define URI "[A-Za-z][0-9A-Za-z+.-]*:" HIER TAIL

/* What the standard's formats ask; others annotate. */
const char *mts_format_pattern(const char *format)
{
    static const char *const formats[][2] = {
        {"date", "^" YEAR_MONTH_DAY "$"},
        {"time", "^" CLOCK OFFSET "$"},
        {"date-time", "^" YEAR_MONTH_DAY "[tT]" CLOCK OFFSET "$"},
        {"duration", "^P(?:[0-9]+W|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
                     "(?:T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))?|"
                     "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))$"},
        {"email", "^" EMAIL "$"},
        {"hostname", "^" HOSTNAME "$"},
        {"ipv4", "^" IPV4 "$"},
        {"ipv6", "^" IPV6 "$"},
        {"json-pointer", "^" POINTER "$"},
        {"relative-json-pointer", "^(?:0|[1-9][0-9]*)(?:#|" POINTER ")$"},
        {"uri", "^" URI "$"},
        {"uri-reference", "^(?:" URI "|" RELATIVE TAIL ")$"},
        {"uuid", "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"}};
    for (size_t i = 0; format && i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i][0], format) == 0) {
            return formats[i][1];
        }
    }
    return NULL;
}

int mts_schema_key_pattern(MtsSchema *s, const char *pattern, size_t size, MtsRe *inside)
{
    return mts_pattern_compile(s->g->exprs, s->name, pattern, size, MTS_PATTERN_ECMA, MTS_PATTERN_SOMEWHERE,
                               mts_spell_json, inside, s->err);
}

/* Cuts *inside by the pattern in keyword `key`, or by its complement. */
static int cut_by(MtsSchema *s, const json_t *schema, const char *key, bool format, bool negated, MtsRe *inside)
{
    const json_t *v = json_object_get(schema, key);
    MtsRe one;
    if (!v) {
        return MTS_OK;
    }
    if (!json_is_string(v)) {
        return format ? MTS_OK : mts_fail(s->err, MTS_EREQUEST, "%s: \"%s\" must be a string", s->name, key);
    }
    const char *pattern = format ? mts_format_pattern(json_string_value(v)) : json_string_value(v);
    size_t size = !pattern ? 0 : format ? strlen(pattern) : json_string_length(v);
    int rc = pattern ? mts_schema_key_pattern(s, pattern, size, &one) : MTS_OK;
    if (!rc && pattern) {
        *inside = mts_re_and(s->g->exprs, *inside, negated ? mts_re_not(s->g->exprs, one) : one);
    }
    return rc;
}

static void leave_out(MtsSchema *s, const json_t *values, MtsRe *inside)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)(uintptr_t)values, i, v)
    {
        if (json_is_string(v)) {
            MtsRe one = mts_json_inside(&s->text, json_string_value(v), json_string_length(v));
            *inside = mts_re_and(s->g->exprs, *inside, mts_re_not(s->g->exprs, one));
        }
    }
}

int mts_schema_string(MtsSchema *s, const MtsCase *c, MtsRe *inside)
{
    uint32_t min = 0, max = MTS_NO_LIMIT;
    int rc;
    for (size_t i = 0; i < c->parts.count; i++) {
        uint32_t least = 0, most = MTS_NO_LIMIT;
        if ((rc = mts_schema_count(s, c->parts.items[i], "minLength", &least)) ||
            (rc = mts_schema_count(s, c->parts.items[i], "maxLength", &most))) {
            return rc;
        }
        min = least > min ? least : min;
        max = most < max ? most : max;
    }
    *inside = max < min ? MTS_RE_NONE : mts_re_repeat(s->g->exprs, s->text.any_char, min, max);
    for (size_t i = 0; i < c->parts.count; i++) {
        const json_t *part = c->parts.items[i];
        if ((rc = cut_by(s, part, "pattern", false, false, inside)) ||
            (rc = cut_by(s, part, "format", true, false, inside)) ||
            (rc = cut_by(s, part, MTS_KEY_NOT_PATTERN, false, true, inside)) ||
            (rc = cut_by(s, part, MTS_KEY_NOT_FORMAT, true, true, inside))) {
            return rc;
        }
        leave_out(s, json_object_get(part, MTS_KEY_NOT_IN), inside);
    }
    return MTS_OK;
}
