/* libFuzzer target: any bytes as a text under constraints that say the same in different ways: it goes on, ends and has
 * the same masks under all of them. The constraints are made once, and grow with every text that is read. */
#include <stdlib.h>
#include <string.h>

#include "language.h"

enum { WAYS = 3, BUDGET = 4 << 20, MOST_READ = 512 };

typedef struct Source {
    MtsConstraintForm form;
    const char *text;
} Source;

#define PATTERN(text) {MTS_CONSTRAINT_PATTERN, text}
#define GRAMMAR(text) {MTS_CONSTRAINT_GRAMMAR, text}
#define SCHEMA(text) {MTS_CONSTRAINT_SCHEMA, text}

static const Source groups[][WAYS] = {
    {PATTERN("[a-z]{2,5}(?:-[0-9]+)*"), GRAMMAR("root ::= [a-z]{2,5} (\"-\" [0-9]+)*"),
     GRAMMAR("start: /[a-z]{2,5}/ (\"-\" /[0-9]+/)*")},
    {PATTERN("(?:a|b)*a(?:a|b){3}"), PATTERN("(?=[ab]*$).*a[ab]{3}"),
     GRAMMAR("root ::= any \"a\" [ab]{3}\nany ::= \"\" | any [ab]")},
    {PATTERN("(?i)stra(?:ss|\xC3\x9F)e"),
     PATTERN("[sS\xC5\xBF][tT][rR][aA](?:[sS\xC5\xBF]{2}|[\xC3\x9F\xE1\xBA\x9E])[eE]"),
     PATTERN("(?i:STRA)(?i:s{2}|\xE1\xBA\x9E)(?:e|E)")},
    {PATTERN("(?!.*aa)(?!b)[a-c]{0,9}"), PATTERN("(?!b|.*a{2})[a-c]{0,9}"),
     PATTERN("(?=[a-c]{0,9}$)(?!b)(?:a?[bc])*a?")},
    {PATTERN("\\p{Lu}\\P{Lu}{0,40}"), PATTERN("\\p{Lu}[^\\p{Lu}]{0,40}"), PATTERN("(?=\\p{Lu}).\\P{Lu}{0,40}|\\p{Lu}")},
    {GRAMMAR("root ::= \"\" | \"(\" root \")\" root"), GRAMMAR("root ::= \"\" | root \"(\" root \")\""),
     GRAMMAR("start: (\"(\" start \")\")*")},
    {GRAMMAR("root ::= t (\"+\" t)*\nt ::= f (\"*\" f)*\nf ::= [0-9]+ | \"(\" root \")\""),
     GRAMMAR("root ::= t | root \"+\" t\nt ::= f | t \"*\" f\nf ::= d | \"(\" root \")\"\nd ::= [0-9] | d [0-9]"),
     GRAMMAR("start: start \"+\" start | start \"*\" start | \"(\" start \")\" | /[0-9]+/")},
    {SCHEMA("{\"enum\":[\"a\",1,null]}"), SCHEMA("{\"anyOf\":[{\"const\":\"a\"},{\"const\":1.0},{\"type\":\"null\"}]}"),
     SCHEMA("{\"type\":[\"string\",\"number\",\"null\"],\"enum\":[null,\"\\u0061\",1,1,true]}")},
    {SCHEMA("{\"type\":\"string\",\"maxLength\":3}"), SCHEMA("{\"type\":\"string\",\"pattern\":\"^[^]{0,3}$\"}"),
     SCHEMA("{\"type\":\"string\",\"not\":{\"minLength\":4}}")},
    {SCHEMA("{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{\"minimum\":1},\"b\":{}},"
            "\"additionalProperties\":false}"),
     SCHEMA("{\"type\":\"object\",\"allOf\":[{\"required\":[\"a\"]},{\"properties\":{\"a\":{\"minimum\":1}}},"
            "{\"properties\":{\"b\":{},\"a\":{}},\"additionalProperties\":false}]}"),
     SCHEMA("{\"$ref\":\"#/$defs/o\",\"$defs\":{\"o\":{\"type\":\"object\",\"required\":[\"a\"],\"properties\":"
            "{\"b\":true,\"a\":{\"minimum\":1.0}},\"additionalProperties\":false,\"maxProperties\":2}}}")},
    {SCHEMA("{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"maxItems\":3}"),
     SCHEMA(
         "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"integer\"},{\"type\":\"integer\"}],"
         "\"items\":false}"),
     SCHEMA("{\"type\":\"array\",\"not\":{\"minItems\":4},\"items\":{\"$ref\":\"#/$defs/i\"},"
            "\"$defs\":{\"i\":{\"type\":\"integer\"}}}")},
};
enum { GROUPS = sizeof groups / sizeof *groups };
static MtsConstraint *made[GROUPS][WAYS];

typedef struct Reading { /* of one text under one constraint */
    size_t alive;        /* bytes */
    bool taken;
    uint64_t mask[LANGUAGE_MASK]; /* behind them, with so many tokens to come */
} Reading;

static int make(size_t group, size_t way, MtsError *err)
{
    const Source *s = &groups[group][way];
    const MtsConstraintSource source = {s->form, s->text, strlen(s->text), "text", 0, BUDGET};
    return made[group][way] ? 0 : mts_constraint_new(&made[group][way], &source, language_vocabulary(), err);
}

/* Byte by byte, and once more in one go. */
static int read_under(MtsConstraint *c, const char *text, size_t size, size_t left, Reading *r, MtsError *err)
{
    MtsConstraintPlace place = mts_constraint_start(c), next = place, whole;
    int rc;
    for (r->alive = 0; r->alive < size; r->alive++, place = next) {
        if ((rc = mts_constraint_read(c, place, text + r->alive, 1, &next, err))) {
            return rc;
        }
        if (next == MTS_PLACE_DEAD) {
            break;
        }
    }
    if ((rc = mts_constraint_read(c, mts_constraint_start(c), text, r->alive, &whole, err)) ||
        (rc = mts_constraint_may_end(c, place, &r->taken, err)) ||
        (rc = mts_constraint_mask(c, place, left, r->mask, err))) {
        return rc;
    }
    fuzz_require(whole == place, "a text leads to one place");
    r->taken = r->taken && r->alive == size;
    return 0;
}

/* A constraint that has failed is made anew the next time; at once where all texts before have filled its budget. */
static int read_way(size_t group, size_t way, const char *text, size_t size, size_t left, Reading *r, MtsError *err)
{
    int rc = 0;
    for (int tries = 0; tries < 2 && (tries == 0 || rc == MTS_ECAPACITY); tries++) {
        if ((rc = make(group, way, err)) || (rc = read_under(made[group][way], text, size, left, r, err))) {
            mts_constraint_free(&made[group][way]);
        }
    }
    return rc;
}

static int read_all(size_t group, const char *text, size_t size, size_t left, uint64_t *hash, MtsError *err)
{
    Reading first = {0}, other = {0};
    for (size_t way = 0; way < WAYS; way++) {
        Reading *r = way ? &other : &first;
        int rc = read_way(group, way, text, size, left, r, err);
        if (rc) {
            return rc;
        }
        fuzz_require(!way || (other.alive == first.alive && other.taken == first.taken), "all ways take the same text");
        fuzz_require(!way || memcmp(other.mask, first.mask, sizeof first.mask) == 0, "all ways have the same masks");
    }
    *hash = fuzz_hash(fuzz_hash(*hash, &first.alive, sizeof first.alive), &first.taken, sizeof first.taken);
    *hash = fuzz_hash(*hash, first.mask, sizeof first.mask);
    return 0;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    MtsError err = {0};
    uint64_t hash = FUZZ_HASH;
    size_t group = data[0] % GROUPS, left = data[1] < 16 ? data[1] : SIZE_MAX;
    size_t length = size - 2 < MOST_READ ? size - 2 : MOST_READ;
    int rc = read_all(group, (const char *)data + 2, length, left, &hash, &err);
    return rc ? fuzz_refused(rc, &err) : hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
