/* tokenizer/split.c - see split.h.
 *
 * Each pre-tokenizer is published as a regular expression over Unicode properties; its words are the matches, found one
 * after another. The expressions only ever ask of a character whether it is a letter (\p{L}), a number (\p{N}), white
 * space (\s), or one certain ASCII character. So the text is first translated to one byte per character: ASCII stays
 * what it is, any other character becomes the byte of its class. PCRE2 then matches plain bytes against 32-byte sets.
 * That makes the cuts independent of the Unicode version that the installed PCRE2 knows (unicode.h has ours), and needs
 * neither its UTF-8 checks nor its property tables in the loop.
 *
 * Every expression matches at least one character wherever it starts, and none backtracks over more than one run of
 * white space per alternative, which that run's match then consumes: the time is linear in the text.
 *
 * With numbers cut out first (smollm), the expression sees each stretch between two of them as a text of its own. */
#include "tokenizer/split.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "core/unicode.h"

#define PRE "tokenizer.ggml.pre"

/* Classes of characters beyond ASCII, and the members of each set inside [...]. U+017F (long s) is a letter that the
 * case-insensitive 's of the newer expressions matches, too. */
#define LETTER_BYTE 0x80
#define NUMBER_BYTE 0x81
#define SPACE_BYTE 0x82
#define OTHER_BYTE 0x83
#define LONG_S_BYTE 0x84
#define L "A-Za-z\x80\x84"
#define N "0-9\x81"
#define S "\t-\r \x82"

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static const char gpt2_words[] = "'(?:s|t|re|ve|m|ll|d)"
                                 "| ?[" L "]+"
                                 "| ?[" N "]+"
                                 "| ?[^" S L N "]+"
                                 "|[" S "]+(?![^" S "])"
                                 "|[" S "]+";

/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * where DIGITS is \p{N}{1,3} (llama-bpe) or \p{N} (qwen2). */
#define MODERN_WORDS(DIGITS)                                                                                           \
    "'(?:[sS\x84]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])"                                                          \
    "|[^\r\n" L N "]?[" L "]+"                                                                                         \
    "|" DIGITS "| ?[^" S L N "]+[\r\n]*"                                                                               \
    "|[" S "]*[\r\n]+"                                                                                                 \
    "|[" S "]+(?![^" S "])"                                                                                            \
    "|[" S "]+"
static const char llama3_words[] = MODERN_WORDS("[" N "]{1,3}");
static const char qwen2_words[] = MODERN_WORDS("[" N "]");

/* The pre-tokenizers by name: a row is all that is known of one. Several names stand for the same words. */
typedef struct Rule {
    const char *name;
    const char *words;
    bool isolate_numbers; /* each number character is a word of its own */
    bool adds_bos;        /* where the file does not say otherwise */
    bool ignores_merges;  /* a word that is a token as a whole becomes that token */
} Rule;

static const Rule rules[] = {
    {"gpt-2", .words = gpt2_words},
    {"smollm", .words = gpt2_words, .isolate_numbers = true},
    {"starcoder", .words = gpt2_words, .isolate_numbers = true},
    {"llama-bpe", .words = llama3_words, .adds_bos = true, .ignores_merges = true},
    {"llama3", .words = llama3_words, .adds_bos = true, .ignores_merges = true},
    {"llama-v3", .words = llama3_words, .adds_bos = true, .ignores_merges = true},
    {"falcon3", .words = llama3_words, .adds_bos = true, .ignores_merges = true},
    {"midm-2.0", .words = llama3_words, .adds_bos = true, .ignores_merges = true},
    {"smaug-bpe", .words = llama3_words},
    {"qwen2", .words = qwen2_words},
    {"deepseek-r1-qwen", .words = qwen2_words},
    {"megrez", .words = qwen2_words},
};

enum { RULES = sizeof rules / sizeof rules[0] };

struct MtsSplit {
    const Rule *rule;
    pcre2_code *code;
    pcre2_match_context *limits;
};

struct MtsSplitter {
    const MtsSplit *split;
    const char *text;
    size_t at;              /* bytes of the text consumed */
    unsigned char *classes; /* [count] one byte per character */
    size_t count, next;     /* characters, and those consumed */
    size_t stretch_end;     /* where the expression's subject ends, characters */
    pcre2_match_data *match;
};

/* "gpt-2, smollm and qwen2": every name. Returns out. */
static char *list_names(char out[256])
{
    size_t at = 0;
    for (size_t i = 0; i < RULES && at < 256; i++) {
        const char *before = i == 0 ? "" : i + 1 < RULES ? ", " : " and ";
        at += (size_t)snprintf(out + at, 256 - at, "%s%s", before, rules[i].name);
    }
    return out;
}

/* The rule that the file names. There is no other to fall back to: another one cuts many texts elsewhere, and the model
 * would see ids that it was not trained on, without a word. */
static int find_rule(const MtsGguf *gguf, const Rule **rule, MtsError *err)
{
    const char *path = mts_gguf_path(gguf);
    char shown[MTS_SHOWN], known[256];
    MtsString name;
    if (!mts_gguf_find(gguf, PRE)) {
        return mts_fail(err, MTS_EFORMAT,
                        "%s: metadata key \"" PRE "\" is missing, which says how text is cut into words; known are %s",
                        path, list_names(known));
    }
    int rc = mts_gguf_get_string(gguf, PRE, true, &name, err);
    if (rc) {
        return rc;
    }
    for (size_t i = 0; i < RULES; i++) {
        if (strlen(rules[i].name) == name.size && memcmp(rules[i].name, name.data, name.size) == 0) {
            *rule = &rules[i];
            return MTS_OK;
        }
    }
    return mts_fail(err, MTS_EUNSUPPORTED, "%s: " PRE " is \"%s\", and the known ones are %s", path,
                    mts_str_show(name, shown), list_names(known));
}

int mts_split_new(MtsSplit **split, const MtsGguf *gguf, MtsError *err)
{
    *split = NULL;
    const Rule *rule;
    int rc = find_rule(gguf, &rule, err);
    if (rc) {
        return rc;
    }
    MtsSplit *made = mts_calloc(1, sizeof *made);
    if (!made) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the pre-tokenizer");
    }
    int error = 0;
    PCRE2_SIZE where = 0;
    made->rule = rule;
    made->code = pcre2_compile((PCRE2_SPTR)rule->words, PCRE2_ZERO_TERMINATED, 0, &error, &where, NULL);
    made->limits = pcre2_match_context_create(NULL);
    if (!made->code || !made->limits) {
        mts_split_free(&made);
        return mts_fail(err, MTS_ENOMEM, "PCRE2 cannot compile the pre-tokenizer %s: error %d", rule->name, error);
    }
    /* The default limit of ten million steps would end in a long run of spaces. */
    pcre2_set_match_limit(made->limits, UINT32_MAX);
    /* Where this PCRE2 has no JIT compiler, the interpreter finds the same words. */
    (void)pcre2_jit_compile(made->code, PCRE2_JIT_COMPLETE);
    *split = made;
    return MTS_OK;
}

void mts_split_free(MtsSplit **split)
{
    if (*split) {
        pcre2_code_free((*split)->code);
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

static unsigned char class_byte(uint32_t code)
{
    static const unsigned char of_class[] = {OTHER_BYTE, LETTER_BYTE, NUMBER_BYTE, SPACE_BYTE};
    if (code < 0x80) {
        return (unsigned char)code;
    }
    return code == 0x17F ? LONG_S_BYTE : of_class[mts_char_class(code)];
}

int mts_splitter_new(MtsSplitter **splitter, const MtsSplit *split, const char *text, size_t size, MtsError *err)
{
    *splitter = NULL;
    MtsSplitter *made = mts_calloc(1, sizeof *made);
    if (made) {
        made->split = split;
        made->text = text;
        made->classes = mts_calloc(size, 1);
        made->match = pcre2_match_data_create_from_pattern(split->code, NULL);
    }
    if (!made || !made->classes || !made->match) {
        mts_splitter_free(&made);
        return mts_fail(err, MTS_ENOMEM, "no memory to split a text of %zu bytes into words", size);
    }
    for (size_t at = 0; at < size;) {
        uint32_t code = 0;
        at += mts_utf8_decode(text + at, size - at, &code);
        made->classes[made->count++] = class_byte(code);
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

static bool is_number(unsigned char class)
{
    return class == NUMBER_BYTE || (class >= '0' && class <= '9');
}

/* The length in characters of the word that starts at s->next (< count); 0 with a sentence when PCRE2 fails. */
static size_t word_length(MtsSplitter *s, MtsError *err)
{
    if (s->split->rule->isolate_numbers) {
        if (is_number(s->classes[s->next])) {
            return 1;
        }
        if (s->stretch_end <= s->next) {
            s->stretch_end = s->next;
            while (s->stretch_end < s->count && !is_number(s->classes[s->stretch_end])) {
                s->stretch_end++;
            }
        }
    } else {
        s->stretch_end = s->count;
    }
    int rc = pcre2_match(s->split->code, s->classes, s->stretch_end, s->next, PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK,
                         s->match, s->split->limits);
    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->match);
    if (rc < 0 || found[1] <= s->next) {
        mts_fail(err, MTS_ENOMEM, "PCRE2 cannot split the text into words at byte %zu: error %d", s->at, rc);
        return 0;
    }
    return found[1] - s->next;
}

int mts_splitter_next(MtsSplitter *s, size_t *start, size_t *size, MtsError *err)
{
    *start = s->at;
    *size = 0;
    if (s->next == s->count) {
        return MTS_OK;
    }
    size_t length = word_length(s, err);
    if (length == 0) {
        return MTS_ENOMEM;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char lead = (unsigned char)s->text[s->at];
        s->at += lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    }
    s->next += length;
    *size = s->at - *start;
    return MTS_OK;
}
