/* constraint/json_text.h - how JSON is written: the pieces that schemas are made of. */
#ifndef MTS_CONSTRAINT_JSON_TEXT_H
#define MTS_CONSTRAINT_JSON_TEXT_H

#include "constraint/charset.h"
#include "constraint/grammar.h"
#include "core/json.h"

typedef struct MtsJsonText {
    MtsGrammar *g;
    bool any_space;   /* white space wherever JSON allows it; else one optional blank behind ',' and ':' */
    MtsRe any_char;   /* one character inside a string */
    MtsRe any_text;   /* any number of them */
    MtsRe ascii[128]; /* the spellings of one; MTS_RE_NONE: not asked for yet */
    MtsRe space, comma, colon;
    MtsRe sized, whole; /* kinds of numbers; MTS_RE_NONE: not asked for yet */
} MtsJsonText;

void mts_json_text_init(MtsJsonText *j, MtsGrammar *g, bool any_space);

/* The inside of a string that means exactly this text; the same between quotes. */
MtsRe mts_json_inside(MtsJsonText *j, const char *text, size_t size);
MtsRe mts_json_quoted(const MtsJsonText *j, MtsRe inside);

/* Whether `set`, insides of strings that has all spellings of a text or none of them, has those of this text. */
bool mts_json_means(const MtsJsonText *j, MtsRe set, const char *text, size_t size);

/* All spellings of a number without an exponent; of any number. */
MtsRe mts_json_decimal(const MtsJsonText *j);
MtsRe mts_json_number(const MtsJsonText *j);

/* Spellings whose size can be told: those without an exponent, and with one behind one digit that is not 0 before the
 * point. Of integers those, with a part of zeros too (`any`), or of digits alone; of numbers that are no integers those
 * without an exponent or with one below zero (`any`), or all but digits alone. */
MtsRe mts_json_sized(MtsJsonText *j);
MtsRe mts_json_integer(const MtsJsonText *j);
MtsRe mts_json_whole(MtsJsonText *j, bool any);
MtsRe mts_json_fraction(MtsJsonText *j, bool any);

/* A schema's numbers, integers beyond 64 bits too (mts_json_digits). */
bool mts_is_number(const json_t *v);
bool mts_is_object(const json_t *v);
double mts_number_of(const json_t *v);

/* Whether JSON values are the same, numbers by what they are: 1 and 1.0, 9007199254740993 and no other. */
bool mts_same_value(const json_t *a, const json_t *b);

/* A number in decimal digits. */
typedef struct MtsDecimal {
    bool negative;
    char whole[336], part[352]; /* digits before the point, without leading zeros ("" is 0), and behind it, without
                                   trailing ones */
} MtsDecimal;

/* The shortest decimal that reads back to the value. */
void mts_decimal_of(const json_t *number, MtsDecimal *out);

/* Sized spellings of x with x > d, or x >= d (`equal`). */
MtsRe mts_json_above(const MtsJsonText *j, const MtsDecimal *d, bool equal);

/* The sized spellings of d. */
MtsRe mts_json_equal(const MtsJsonText *j, const MtsDecimal *d);

/* Decimals that are multiples of d, which is positive; MTS_RE_NONE: d is beyond what can be held. */
MtsRe mts_json_multiple(const MtsJsonText *j, const MtsDecimal *d);

/* The spellings of a value, members in any order. */
MtsGrammarNode mts_json_value(MtsJsonText *j, const json_t *value);

#endif
