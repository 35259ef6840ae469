/* tokenizer/split.c - see split.h.
 *
 * Each pre-tokenizer is published as regular expressions over Unicode properties (split_rules.c): each cuts the pieces
 * that the one before it left, into its matches and what stands between them. The expressions only ever ask of a
 * character which class it has, whether it is in one of a few ranges, or whether it is one certain ASCII character. So
 * the text is first translated to one byte per character: ASCII stays what it is, any other becomes the byte of its
 * class and ranges, and every property of an expression is spelled as those bytes. PCRE2 then matches plain bytes
 * against 32-byte sets. That makes the cuts independent of the Unicode version that the installed PCRE2 knows
 * (unicode.h has ours), and needs neither its UTF-8 checks nor its property tables in the loop.
 *
 * A walk finds the end of the next piece of every stage, each within the one before, and keeps it until the walk has
 * reached it: no stage looks at a character more often than its expression does. */
#include "tokenizer/split.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/near.h"
#include "core/unicode.h"
#include "core/utf8.h"

#define PRE "tokenizer.ggml.pre"

enum {
    BEYOND_ASCII = 0x80, /* and the class, and MTS_CHAR_CLASSES times a bit for each group the character is in */
    LONG_S = 0xFF        /* U+017F, which some expressions name */
};

#define OF(CLASS) (1U << (CLASS))
#define LETTERS (OF(MTS_CHAR_UPPER) | OF(MTS_CHAR_LOWER) | OF(MTS_CHAR_CASELESS))

/* What stands in braces behind \p, or behind a backslash: classes, and its members in ASCII, as a set spells them. */
static const struct {
    const char *name;
    unsigned classes;
    const char *ascii;
} properties[] = {
    {"s", OF(MTS_CHAR_SPACE), "\t-\r "},       {"L", LETTERS, "A-Za-z"},
    {"Lu", OF(MTS_CHAR_UPPER), "A-Z"},         {"Ll", OF(MTS_CHAR_LOWER), "a-z"},
    {"Lo", OF(MTS_CHAR_CASELESS), ""},         {"M", OF(MTS_CHAR_MARK), ""},
    {"N", OF(MTS_CHAR_NUMBER), "0-9"},         {"P", OF(MTS_CHAR_PUNCTUATION), "!-#%-*,-/:;?@\\[-\\]_{}"},
    {"S", OF(MTS_CHAR_SYMBOL), "$+<=>\\^`|~"}, {"17F", 0, ""},
};

struct MtsSplit {
    const MtsSplitRule *rule;
    bool guessed;
    size_t stages;
    pcre2_code *codes[MTS_SPLIT_STAGES];
    pcre2_match_context *limits;
};

struct MtsSplitter {
    const MtsSplit *split;
    const char *text;
    size_t at;                     /* bytes of the text consumed */
    unsigned char *classes;        /* [count] one byte per character */
    size_t count, next;            /* characters, and those consumed */
    size_t ends[MTS_SPLIT_STAGES]; /* of each stage's piece, characters */
    pcre2_match_data *match;
};

static int unknown_name(const MtsGguf *gguf, MtsString name, MtsError *err)
{
    char shown[MTS_SHOWN], hint[MTS_NEAR_HINT];
    MtsBytes known = {NULL, 0, 0};
    bool ok = true;
    for (size_t i = 0; i < mts_split_rule_count; i++) {
        ok = ok && mts_bytes_printf(&known, "%s%s", i > 0 ? ", " : "", mts_split_rules[i].name);
    }
    int rc = !ok ? mts_fail(err, MTS_ENOMEM, "no memory for the pre-tokenizers' names")
                 : mts_fail(err, MTS_EUNSUPPORTED,
                            "%s: " PRE " is \"%s\", which is none of the %zu known ones (docs/tokenizer.md)%s",
                            mts_gguf_path(gguf), mts_str_show(name, shown), mts_split_rule_count,
                            mts_near_in(name.data, name.size, known.data, ", ", hint, sizeof hint));
    mts_bytes_free(&known);
    return rc;
}

/* The rule that the file names. A file that names none is an old one: it is cut by the default, which is not what every
 * model was trained with; whoever asks is told (mts_split_is_guessed). A name that is not known has no such substitute:
 * the model would see ids that it was not trained on. */
static int find_rule(const MtsGguf *gguf, const MtsSplitRule **rule, bool *guessed, MtsError *err)
{
    MtsString name;
    int rc = mts_gguf_get_string(gguf, PRE, false, &name, err);
    if (rc) {
        return rc;
    }
    *guessed = name.size == 0;
    name = *guessed ? (MtsString){"default", 7} : name;
    *rule = mts_split_rule_named(name.data, name.size);
    return *rule ? MTS_OK : unknown_name(gguf, name, err);
}

/* ---- expressions ---- */

static bool in_group(const MtsSplitRange *group, uint32_t code)
{
    for (; group && group->last; group++) {
        if (code >= group->first && code <= group->last) {
            return true;
        }
    }
    return false;
}

static unsigned char class_byte(const MtsSplitWords *words, uint32_t code)
{
    if (code < 0x80 || code == 0x17F) {
        return code < 0x80 ? (unsigned char)code : LONG_S;
    }
    unsigned groups = 0;
    for (unsigned g = 0; g < MTS_SPLIT_GROUPS; g++) {
        groups |= (unsigned)in_group(words->groups[g], code) << g;
    }
    return (unsigned char)(BEYOND_ASCII + groups * MTS_CHAR_CLASSES + mts_char_class(code));
}

/* Appends the members of a property, of a group ("0") or of a property without a group's ("Lu-0"), as they stand inside
 * [...]. */
static bool spell_members(MtsBytes *out, const char *name, size_t size)
{
    size_t i = 0, count = sizeof properties / sizeof *properties;
    unsigned last = (unsigned)(name[size - 1] - '0'), with = 0, without = 0;
    if (size == 1 && last < MTS_SPLIT_GROUPS) {
        with = 1U << last;
    } else if (size > 2 && name[size - 2] == '-') {
        without = 1U << last;
        size -= 2;
    }
    while (!with && (strlen(properties[i].name) != size || memcmp(properties[i].name, name, size) != 0)) {
        if (++i == count) {
            return false;
        }
    }
    unsigned classes = with ? ~0U : properties[i].classes;
    bool ok = with || mts_bytes_append_str(out, properties[i].ascii);
    for (unsigned in = 0; in < 1U << MTS_SPLIT_GROUPS; in++) {
        for (unsigned class = 0; class < MTS_CHAR_CLASSES; class ++) {
            char byte = (char)(BEYOND_ASCII + in * MTS_CHAR_CLASSES + class);
            if ((in & with) == with && !(in & without) && classes >> class & 1) {
                ok = ok && mts_bytes_append(out, &byte, 1);
            }
        }
    }
    bool long_s = !with && (classes & OF(MTS_CHAR_LOWER) || strcmp(properties[i].name, "17F") == 0);
    return ok && (!long_s || mts_bytes_append(out, (char[]){(char)LONG_S}, 1));
}

static bool spell_property(MtsBytes *out, const char *name, size_t size, bool inside, bool others)
{
    return (inside || mts_bytes_append_str(out, others ? "[^" : "[")) && spell_members(out, name, size) &&
           (inside || mts_bytes_append_str(out, "]"));
}

/* An expression of split_rules.c in bytes; false: no memory. */
static bool spell(MtsBytes *out, const char *expression)
{
    bool inside = false, ok = true;
    for (const char *e = expression; *e && ok; e++) {
        if (e[0] == '\\' && e[1] == 'p') {
            const char *name = e + 3, *end = strchr(name, '}');
            ok = spell_property(out, name, (size_t)(end - name), inside, false);
            e = end;
        } else if (e[0] == '\\' && (e[1] == 's' || e[1] == 'S')) {
            ok = spell_property(out, "s", 1, inside, *++e == 'S');
        } else if (e[0] == '\\') {
            ok = mts_bytes_append(out, e++, 2);
        } else {
            inside = *e == '[' || (inside && *e != ']');
            ok = mts_bytes_append(out, e, 1);
        }
    }
    return ok;
}

static int compile_stage(MtsSplit *split, const char *expression, MtsError *err)
{
    MtsBytes spelled = {NULL, 0, 0};
    int error = 0;
    PCRE2_SIZE where = 0;
    pcre2_code *code = NULL;
    if (spell(&spelled, expression)) {
        code = pcre2_compile((PCRE2_SPTR)spelled.data, spelled.len, 0, &error, &where, NULL);
    }
    mts_bytes_free(&spelled);
    if (!code) {
        return mts_fail(err, MTS_ENOMEM, "PCRE2 cannot compile the pre-tokenizer %s: error %d", split->rule->name,
                        error);
    }
    /* Where this PCRE2 has no JIT compiler, the interpreter finds the same words. */
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    split->codes[split->stages++] = code;
    return MTS_OK;
}

int mts_split_by_rule(MtsSplit **split, const MtsSplitRule *rule, MtsError *err)
{
    *split = NULL;
    MtsSplit *made = mts_calloc(1, sizeof *made);
    if (!made) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the pre-tokenizer");
    }
    int rc = MTS_OK;
    made->rule = rule;
    for (size_t k = 0; !rc && k < MTS_SPLIT_STAGES && rule->words->stages[k]; k++) {
        rc = compile_stage(made, rule->words->stages[k], err);
    }
    if (!rc && !(made->limits = pcre2_match_context_create(NULL))) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for the pre-tokenizer");
    }
    if (rc) {
        mts_split_free(&made);
        return rc;
    }
    /* The default limit of ten million steps would end in a long run of spaces. */
    pcre2_set_match_limit(made->limits, UINT32_MAX);
    *split = made;
    return MTS_OK;
}

int mts_split_new(MtsSplit **split, const MtsGguf *gguf, MtsError *err)
{
    *split = NULL;
    const MtsSplitRule *rule;
    bool guessed;
    int rc = find_rule(gguf, &rule, &guessed, err);
    if (rc || (rc = mts_split_by_rule(split, rule, err))) {
        return rc;
    }
    (*split)->guessed = guessed;
    return MTS_OK;
}

void mts_split_free(MtsSplit **split)
{
    if (*split) {
        for (size_t k = 0; k < (*split)->stages; k++) {
            pcre2_code_free((*split)->codes[k]);
        }
        pcre2_match_context_free((*split)->limits);
        free(*split);
        *split = NULL;
    }
}

bool mts_split_adds_bos(const MtsSplit *split)
{
    return split->rule->adds_bos;
}

bool mts_split_ignores_merges(const MtsSplit *split)
{
    return split->rule->ignores_merges;
}

bool mts_split_is_guessed(const MtsSplit *split)
{
    return split->guessed;
}

/* ---- a walk ---- */

int mts_splitter_new(MtsSplitter **splitter, const MtsSplit *split, const char *text, size_t size, MtsError *err)
{
    *splitter = NULL;
    MtsSplitter *made = mts_calloc(1, sizeof *made);
    if (made) {
        made->split = split;
        made->text = text;
        made->classes = mts_calloc(size, 1);
        made->match = pcre2_match_data_create(1, NULL);
    }
    if (!made || !made->classes || !made->match) {
        mts_splitter_free(&made);
        return mts_fail(err, MTS_ENOMEM, "no memory to split a text of %zu bytes into words", size);
    }
    for (size_t at = 0; at < size;) {
        uint32_t code = 0;
        at += mts_utf8_decode(text + at, size - at, &code);
        made->classes[made->count++] = class_byte(split->rule->words, code);
    }
    *splitter = made;
    return MTS_OK;
}

void mts_splitter_free(MtsSplitter **splitter)
{
    if (*splitter) {
        free((*splitter)->classes);
        pcre2_match_data_free((*splitter)->match);
        free(*splitter);
        *splitter = NULL;
    }
}

/* Where the piece of stage k ends that begins at s->next, inside one that ends at `limit`. */
static int find_end(MtsSplitter *s, size_t k, size_t limit, MtsError *err)
{
    int rc =
        pcre2_match(s->split->codes[k], s->classes, limit, s->next, PCRE2_NO_UTF_CHECK, s->match, s->split->limits);
    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->match);
    s->ends[k] = rc == PCRE2_ERROR_NOMATCH ? limit : rc < 0 ? s->next : found[0] > s->next ? found[0] : found[1];
    return s->ends[k] > s->next
               ? MTS_OK
               : mts_fail(err, MTS_ENOMEM, "PCRE2 cannot split the text into words at byte %zu: error %d", s->at, rc);
}

int mts_splitter_next(MtsSplitter *s, size_t *start, size_t *size, MtsError *err)
{
    *start = s->at;
    *size = 0;
    if (s->next == s->count) {
        return MTS_OK;
    }
    size_t end = s->count;
    for (size_t k = 0; k < s->split->stages; k++) {
        int rc = s->ends[k] > s->next ? MTS_OK : find_end(s, k, end, err);
        if (rc) {
            return rc;
        }
        end = s->ends[k];
    }
    for (; s->next < end; s->next++) {
        unsigned char lead = (unsigned char)s->text[s->at];
        s->at += lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    }
    *size = s->at - *start;
    return MTS_OK;
}
