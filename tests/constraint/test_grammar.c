/* Grammars: random small ones against an enumeration of their languages, the two notations, and errors with their
 * places. */
#include "toy.h"

#include "core/mem.h"

enum { LONGEST = 8, TEXTS = (1 << (LONGEST + 1)) - 1, RULES = 4, GRAMMARS = MTS_IF_DEAR(100, 1000) };
enum { LONG = MTS_IF_DEAR(2000, 30000) };

/* Texts of a and b up to LONGEST letters, by number: those of n letters from 2^n - 1 on. A language is a set of them.
 */
typedef struct Language {
    bool has[TEXTS];
} Language;

static int length_of(int text)
{
    int n = 0;
    while (text >= (2 << n) - 1) {
        n++;
    }
    return n;
}

static int concat(int a, int b)
{
    int la = length_of(a), lb = length_of(b);
    int bits = ((a - ((1 << la) - 1)) << lb) | (b - ((1 << lb) - 1));
    return la + lb > LONGEST ? -1 : (1 << (la + lb)) - 1 + bits;
}

static void letters(int text, char *out)
{
    int n = length_of(text), bits = text - ((1 << n) - 1);
    for (int i = 0; i < n; i++) {
        out[i] = bits >> (n - 1 - i) & 1 ? 'b' : 'a';
    }
    out[n] = '\0';
}

/* A rule: alternatives of up to three parts, each a letter (-1, -2) or a rule, each once or any number of times. */
typedef struct Part {
    int what;
    char repeat; /* 0, '*', '+' or '?' */
} Part;

typedef struct Rule {
    int alternatives, parts[3];
    Part part[3][3];
} Rule;

static unsigned draw(uint64_t *state, unsigned n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*state >> 33) % n;
}

static void random_grammar(uint64_t *state, Rule rules[RULES], char *text, size_t size)
{
    size_t n = 0;
    for (int r = 0; r < RULES; r++) {
        rules[r].alternatives = 1 + (int)draw(state, 3);
        n += (size_t)snprintf(text + n, size - n, r ? "r%d ::= " : "root ::= ", r);
        for (int a = 0; a < rules[r].alternatives; a++) {
            rules[r].parts[a] = (int)draw(state, 4);
            n += (size_t)snprintf(text + n, size - n, a ? " | " : "");
            for (int p = 0; p < rules[r].parts[a]; p++) {
                Part *part = &rules[r].part[a][p];
                part->what = draw(state, 2) ? -1 - (int)draw(state, 2) : (int)draw(state, RULES);
                part->repeat = draw(state, 4) ? 0 : "*+?"[draw(state, 3)];
                char name[16] = "root";
                if (part->what > 0) {
                    snprintf(name, sizeof name, "r%d", part->what);
                } else if (part->what < 0) {
                    snprintf(name, sizeof name, "\"%c\"", part->what == -1 ? 'a' : 'b');
                }
                n += (size_t)snprintf(text + n, size - n, "%s%.1s ", name, part->repeat ? &part->repeat : "");
            }
            if (rules[r].parts[a] == 0) {
                n += (size_t)snprintf(text + n, size - n, "\"\" ");
            }
        }
        n += (size_t)snprintf(text + n, size - n, "\n");
    }
}

/* A text before all of b's that have m letters: 2^m texts in a row, as those are. */
static void product(const Language *a, const Language *b, Language *out)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < TEXTS; i++) {
        for (int m = 0; a->has[i] && length_of(i) + m <= LONGEST; m++) {
            bool *to = &out->has[concat(i, (1 << m) - 1)];
            const bool *from = &b->has[(1 << m) - 1];
            for (int j = 0; j < 1 << m; j++) {
                to[j] |= from[j];
            }
        }
    }
}

static void closure(Language *one, char repeat)
{
    Language all = *one, more;
    for (int i = 0; i < LONGEST && repeat != '?'; i++) {
        product(&all, one, &more);
        for (int t = 0; t < TEXTS; t++) {
            all.has[t] = all.has[t] || more.has[t];
        }
    }
    all.has[0] = all.has[0] || repeat != '+';
    *one = all;
}

/* The least fixed point of the rules, each language cut at LONGEST letters. */
static void enumerate(const Rule rules[RULES], Language languages[RULES])
{
    memset(languages, 0, RULES * sizeof *languages);
    for (bool changed = true; changed;) {
        changed = false;
        for (int r = 0; r < RULES; r++) {
            for (int a = 0; a < rules[r].alternatives; a++) {
                Language all = {{true}}, next;
                for (int p = 0; p < rules[r].parts[a]; p++) {
                    const Part *part = &rules[r].part[a][p];
                    Language one = {{false}};
                    if (part->what >= 0) {
                        one = languages[part->what];
                    } else {
                        one.has[part->what == -1 ? 1 : 2] = true;
                    }
                    if (part->repeat) {
                        closure(&one, part->repeat);
                    }
                    product(&all, &one, &next);
                    all = next;
                }
                for (int t = 0; t < TEXTS; t++) {
                    changed |= all.has[t] && !languages[r].has[t];
                    languages[r].has[t] |= all.has[t];
                }
            }
        }
    }
}

/* The fewest tokens that spell the last n letters of a text: a, b and ab are tokens. */
static size_t tokens_of(int text, int n)
{
    char written[LONGEST + 1];
    size_t count = 0;
    letters(text, written);
    for (const char *s = written + length_of(text) - n; *s; count++) {
        s += s[0] == 'a' && s[1] == 'b' ? 2 : 1;
    }
    return count;
}

/* Whether a text of the language begins with this one and needs at most `left` tokens behind it. */
static bool completes(const Language *language, int begin, size_t left)
{
    int n = length_of(begin), bits = begin - ((1 << n) - 1);
    for (int t = 0; t < TEXTS; t++) {
        int more = length_of(t) - n;
        if (language->has[t] && more >= 0 && (t - ((1 << (n + more)) - 1)) >> more == bits &&
            tokens_of(t, more) <= left) {
            return true;
        }
    }
    return false;
}

/* The mask behind every beginning, of all tokens, with none to two left: no text that the language's cut loses counts
 * in it. */
static void check_masks(const char *grammar, MtsConstraint *c, const Language *language)
{
    static const int words[TOY_WORDS] = {[10] = 1, [11] = 4, [13] = 2}; /* texts by number: a, ab, b */
    MtsError err = {0};
    for (int begin = 0; length_of(begin) <= 4; begin++) {
        char written[LONGEST + 1];
        MtsConstraintPlace place;
        letters(begin, written);
        assert_ok(mts_constraint_read(c, mts_constraint_start(c), written, strlen(written), &place, &err), &err);
        for (size_t left = 0; place && length_of(begin) + 2 + 2 * (int)left <= LONGEST; left++) {
            uint64_t mask[(TOY_VOCAB + 63) / 64];
            assert_ok(mts_constraint_mask(c, place, left, mask, &err), &err);
            for (int32_t t = 0; t < TOY_VOCAB; t++) {
                int byte = t - TOY_WORDS, word = t < TOY_WORDS ? words[t] : byte == 'a' ? 1 : byte == 'b' ? 2 : 0;
                bool right = word && completes(language, concat(begin, word), left);
                if ((mask[t >> 6] >> (t & 63) & 1) != right) {
                    fail_msg("%s'%s', token %d, %zu left: %s", grammar, written, (int)t, left,
                             right ? "lost" : "let through");
                }
            }
        }
    }
}

static void check_language(const char *text, const Language *language, const MtsVocabulary *v, bool masks, int *held,
                           int *empty)
{
    MtsError err = {0};
    MtsConstraint *c;
    int rc = toy_open(&c, MTS_CONSTRAINT_GRAMMAR, 0, text, v, &err);
    bool any = false;
    for (int t = 0; t < TEXTS; t++) {
        any |= language->has[t];
    }
    if (rc == MTS_ECONSTRAINT && !any) {
        ++*empty;
        return;
    }
    assert_ok(rc, &err);
    ++*held;
    for (int t = 0; t < TEXTS; t++) {
        char written[LONGEST + 1];
        letters(t, written);
        if (toy_accepts(c, written, strlen(written)) != language->has[t]) {
            fail_msg("%s'%s' is %s", text, written, language->has[t] ? "refused" : "let through");
        }
    }
    if (masks) {
        check_masks(text, c, language);
    }
    mts_constraint_free(&c);
}

static void random_grammars_are_their_enumerated_languages(void **state)
{
    (void)state;
    static Language languages[RULES];
    uint64_t chance = 11;
    bool every = getenv("MAXTS_MASKS") != NULL; /* the masks of all of them, not of one in ten */
    int held = 0, empty = 0;
    MtsVocabulary *v = toy_vocabulary();
    for (int i = 0; i < GRAMMARS; i++) {
        Rule rules[RULES];
        char text[2000];
        random_grammar(&chance, rules, text, sizeof text);
        enumerate(rules, languages);
        check_language(text, &languages[0], v, every || i % 10 == 0, &held, &empty);
    }
    print_message("of %d grammars %d are held, %d have no text\n", GRAMMARS, held, empty);
    assert_int_equal(held + empty, GRAMMARS);
    mts_vocabulary_free(&v);
}

static void check(const char *grammar, const char *const *good, const char *const *bad)
{
    MtsError err = {0};
    MtsConstraint *c;
    MtsVocabulary *v = toy_vocabulary();
    assert_ok(toy_open(&c, MTS_CONSTRAINT_GRAMMAR, 0, grammar, v, &err), &err);
    for (; *good; good++) {
        if (!toy_accepts(c, *good, strlen(*good))) {
            fail_msg("%s: '%s' is refused", grammar, *good);
        }
    }
    for (; *bad; bad++) {
        if (toy_accepts(c, *bad, strlen(*bad))) {
            fail_msg("%s: '%s' is let through", grammar, *bad);
        }
    }
    mts_constraint_free(&c);
    mts_vocabulary_free(&v);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void both_notations_are_read(void **state)
{
    (void)state;
    check("root ::= expr # left-recursive, ambiguous\nexpr ::= expr [-+*/] expr | \"(\" expr\n  \")\" | num\n"
          "num ::= [0-9]{1,3} | \"\\x78\"\n",
          LIST("1", "1+2*x", "((x))-999"), LIST("", "1+", "1000", "()", "1 + 2"));
    check("root ::= (\"a\" | [^\\]a-c])+ . \"\\u00e9\"?\n", LIST("ad", "dx\xC3\xA9", "a."), LIST("b", "a", "]x"));
    check(
        "start: sum\n?sum: product | sum \"+\" product\n   | sum \"-\" product -> minus\nproduct: atom (\"*\" atom)*\n"
        "atom: NUMBER | \"(\" sum \")\" | NAME~2..3 // twice or more\nNUMBER.2: /[0-9]+/\nNAME: \"Ab\"i\n%ignore / "
        "+/\n",
        LIST("1+2*3", " 1 + ( 2*3 ) ", "abAB", "ab ab-1"), LIST("1+", "ab", "1 2", "a bab"));
    check("root ::= \"{\" ws \"}\" (| \"x\")\nws ::= | \" \" | \"-\" [ \\t]{0,2}\n", LIST("{}", "{ }x", "{-\t}"),
          LIST("", "{  }"));
    check("start: \"a\" ([\"b\"] | ) c\nc: | \"c\"\n", LIST("a", "ab", "ac", "abc"), LIST("", "b", "acb"));
    check("start: [\"a\"] \"b\"?\n", LIST("", "a", "ab", "b"), LIST("ba"));
    check("start: \"b\"..\"d\"+ \"\\x30\" .. \"9\" \"\\\"\"? \"ab\"\n", LIST("b0ab", "dcb9\"ab"),
          LIST("a0ab", "0ab", "bab"));
}

static void refuse(const char *grammar, int code, const char *says)
{
    MtsError err = {0};
    MtsConstraint *c;
    MtsVocabulary *v = toy_vocabulary();
    int rc = toy_open(&c, MTS_CONSTRAINT_GRAMMAR, 0, grammar, v, &err);
    if (rc != code || !strstr(err.text, says)) {
        fail_msg("%s: %d, not %d: %s", grammar, rc, code, err.text);
    }
    mts_vocabulary_free(&v);
}

static void terminals_of_lark_s_library_are_imported(void **state)
{
    (void)state;
    check("%import common.NUMBER\n%import common.WS -> _GAP\n%import common (CNAME, ESCAPED_STRING,\n  C_COMMENT)\n"
          "start: (NUMBER | CNAME \"=\" ESCAPED_STRING | C_COMMENT)+\n%ignore _GAP\n",
          LIST("1", "1.5e-3", ".5", "2.", "a_1 = \"x\\\"y\"", "/* a * / */ 7", "\n1\t"),
          LIST("", "1.5e", ".", "1a=\"", "a=\"x\"y\"", "/* */ */", "/*/"));
    check("%import common.SIGNED_INT\n%import common.NEWLINE\nstart: SIGNED_INT NEWLINE\n", LIST("-12\n", "+0\r\n\n"),
          LIST("12", "1.0\n", "--1\n"));
    refuse("start: \"a\"\n%import common.INTEGER\n", MTS_EUNSUPPORTED, "line 2, column 16: Lark's library");
    refuse("start: \"a\"\n%import python.NAME\n", MTS_EUNSUPPORTED, "line 2, column 9: of Lark's libraries");
    refuse("start: A\n%import common.INT -> A\nA: \"a\"\n", MTS_EREQUEST, "line 3, column 1");
    refuse("start: A\nA: \"a\"\n%import common.INT -> A\n", MTS_EREQUEST, "line 3, column 23: a rule");
    refuse("start: INT\n%import common (INT WS)\n", MTS_EREQUEST, "line 2, column 21: the names");
    refuse("start: INT\n%import common INT\n", MTS_EREQUEST, "line 2, column 16: a name");
}

/* What an escape of one notation means nothing in the other is no character by itself. */
static void escapes_are_those_of_the_notation(void **state)
{
    (void)state;
    check("\xEF\xBB\xBFroot ::= [\\-\\]\\^] \"\\x41\\u00e9\\n\"\n", LIST("-A\xC3\xA9\n", "]A\xC3\xA9\n"), LIST("\\A"));
    refuse("root ::= [\\d]+\n", MTS_EREQUEST, "line 1, column 11: there is no such escape");
    refuse("\xEF\xBB\xBFroot ::= \"a\" | \"\\w\"\n", MTS_EREQUEST, "line 1, column 17: there is no such escape");
    refuse("root ::= \"\\0\"\n", MTS_EREQUEST, "line 1, column 11: there is no such escape");
    refuse("root ::= \"\\ud83d\"\n", MTS_EREQUEST, "line 1, column 11: no character has this number");
    refuse("root ::= [\\U00110000]\n", MTS_EREQUEST, "line 1, column 11: no character has this number");
    check("start: \"\\d\\.\\n\\\\\\\"\"\n", LIST("\\d\\.\n\\\""), LIST("d.\n\\\"", "0.\n\\\""));
    check("start: /[\\u0061-c]\\Z/ \"\\u00e9K\"i\n", LIST("b\xC3\xA9k", "a\xC3\x89\xE2\x84\xAA"), LIST("ub\xC3\xA9k"));
}

static void lark_s_marks_and_flags_are_read(void **state)
{
    (void)state;
    check("?!start: x Y | Z\n!?x.-1: \"a\"\nY.+2: /b/u\nZ: /c  # c\n  [de]/ix\n", LIST("ab", "cd", "CE"),
          LIST("a", "c d"));
    refuse("start: /a/l\n", MTS_EUNSUPPORTED, "line 1, column 11: of a regular expression's flags");
    refuse("start: /a\nb: /c/\n", MTS_EREQUEST, "line 1, column 8: a regular expression has no closing");
    refuse("start: _list{\"a\"}\n_list{x}: x+\n", MTS_EUNSUPPORTED, "line 1, column 13: Lark's templates");
    refuse("_list{x}: x+\nstart: _list{\"a\"}\n", MTS_EUNSUPPORTED, "line 1, column 1: Lark's templates");
}

/* A terminal is an expression by itself: a look-ahead that would see what stands behind it is not held. */
static void terminals_do_not_look_behind_their_ends(void **state)
{
    (void)state;
    check("start: N (\" \" N)* \"(\"\nN: /(?!if)[a-z]+/\n", LIST("f g(", "i("), LIST("ifs(", "a if("));
    check("start: /b((?!;).)*;/ \"a\"\n", LIST("bc;a"), LIST("b;;a"));
    refuse("start: /[a-z]+(?!\\()/ /.*/\n", MTS_EUNSUPPORTED, "line 1, column 9: /: the pattern looks ahead beyond");
    refuse("start: A \"b\"\nA: /a(?=b)|c/\n", MTS_EUNSUPPORTED, "line 2, column 5: /: the pattern looks ahead beyond");
}

/* `head`, then `piece` so many times, then `tail`; whether the text is accepted. */
static bool repeated_accepts(const char *head, const char *piece, int count, const char *tail, const char *text)
{
    MtsError err = {0};
    MtsConstraint *c;
    MtsVocabulary *v = toy_vocabulary();
    MtsBytes grammar = {0};
    mts_bytes_append_str(&grammar, head);
    for (int i = 0; i < count; i++) {
        mts_bytes_printf(&grammar, piece, i, i + 1);
    }
    mts_bytes_append_str(&grammar, tail);
    assert_ok(toy_open(&c, MTS_CONSTRAINT_GRAMMAR, 0, grammar.data, v, &err), &err);
    bool accepts = toy_accepts(c, text, strlen(text));
    mts_constraint_free(&c);
    mts_bytes_free(&grammar);
    mts_vocabulary_free(&v);
    return accepts;
}

/* Sequences and chains of rules of a length that no stack should have to hold. */
static void long_grammars_are_read(void **state)
{
    (void)state;
    assert_false(repeated_accepts("root ::=", " o", 10 * LONG, "\no ::= \"a\" o \"c\" | \"d\"\n", "dd"));
    assert_true(repeated_accepts("root ::= \"e\" |", " o", 1000, "\no ::= \"a\" o \"c\" |\n", "acac"));
    assert_true(repeated_accepts("root ::= r0\n", "r%d ::= r%d | \"a\"\n", 5000, "r5000 ::= \"b\"\n", "b"));
}

/* What would take the square of its length if each end were gone through by itself: parts that may be left out, regular
 * or not, and many alternatives. */
static void many_parts_and_choices_are_read(void **state)
{
    (void)state;
    assert_true(repeated_accepts("root ::=", " \"a\"?", 2 * LONG, "\n", "aaa"));
    assert_true(repeated_accepts("root ::=", " \"k%d\"?", LONG, "\n", "k7k12k1999"));
    assert_false(repeated_accepts("root ::=", " \"k%d\"?", LONG, "\n", "k12k7"));
    assert_true(repeated_accepts("root ::=", " o?", LONG, "\no ::= \"a\" o? \"c\"\n", "acaacc"));
    assert_true(repeated_accepts("root ::= \"x\"", " | \"word%d\"", LONG, "\n", "word1999"));
    assert_false(repeated_accepts("root ::= \"x\"", " | \"word%d\"", LONG, "\n", "word30000"));
}

static void errors_have_places(void **state)
{
    (void)state;
    refuse("root ::= \"a\"\nb ::= c\n", MTS_EREQUEST, "line 2, column 7: no rule has this name");
    refuse("root ::= \"a\n", MTS_EREQUEST, "line 1, column 10: a text has no closing quote");
    refuse("root ::= (\"a\"\nx ::= \"b\"\n", MTS_EREQUEST, "line 1, column 10: a group is not closed");
    refuse("a ::= \"a\"\n", MTS_EREQUEST, "no rule root");
    refuse("root ::= \"a\"\nroot ::= \"b\"\n", MTS_EREQUEST, "line 2, column 1");
    refuse("root ::= [z-a]\n", MTS_EREQUEST, "line 1, column 10");
    refuse("root ::= \"a\"{3,2}\n", MTS_EREQUEST, "line 1, column 13");
    refuse("start: /a(/\n", MTS_EREQUEST, "line 1");
    refuse("start: \"z\"..\"a\"\n", MTS_EREQUEST, "line 1, column 8: a range");
    refuse("start: \"a\"\n%declare INT\n", MTS_EUNSUPPORTED, "line 2, column 1");
    refuse("root ::= <think> [^<]* </think>\n", MTS_EUNSUPPORTED, "line 1, column 10: tokens, as <...> names them");
    refuse("root ::= \"a\" !<[1001]>\n", MTS_EUNSUPPORTED, "line 1, column 14: tokens");
    refuse("root ::= root \"a\"\n", MTS_ECONSTRAINT, "no finite text");
    MtsBytes loop = {0};
    mts_bytes_append_str(&loop, "root ::= r0\n");
    for (int i = 0; i < 500; i++) {
        mts_bytes_printf(&loop, "r%d ::= r%d \"x\" | \"y\"\n", i, (i + 1) % 500);
    }
    refuse(loop.data, MTS_EUNSUPPORTED, "500 rules may begin with themselves");
    mts_bytes_free(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_grammars_are_their_enumerated_languages),
        cmocka_unit_test(both_notations_are_read),
        cmocka_unit_test(terminals_of_lark_s_library_are_imported),
        cmocka_unit_test(escapes_are_those_of_the_notation),
        cmocka_unit_test(lark_s_marks_and_flags_are_read),
        cmocka_unit_test(terminals_do_not_look_behind_their_ends),
        cmocka_unit_test(errors_have_places),
        cmocka_unit_test(long_grammars_are_read),
        cmocka_unit_test(many_parts_and_choices_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
