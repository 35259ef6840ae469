/* reward/words.h - prose to words with meanings, numbers, and the ends of clauses. */
#ifndef MTS_REWARD_WORDS_H
#define MTS_REWARD_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* What a word may mean; a word has any number of these. */
#define W_RISE (1ull << 0)
#define W_FALL (1ull << 1)
#define W_FLAT (1ull << 2)
#define W_TREND (1ull << 3) /* speaks of a trend without saying which */
#define W_NOT (1ull << 4)
#define W_MAYBE (1ull << 5) /* a clause with it claims nothing */
#define W_ABOUT (1ull << 6)
#define W_MAX (1ull << 7)
#define W_MIN (1ull << 8)
#define W_MEAN (1ull << 9)
#define W_MEDIAN (1ull << 10)
#define W_DEVIATION (1ull << 11)
#define W_SEASONAL (1ull << 12)
#define W_PERIOD (1ull << 13)
#define W_EVERY (1ull << 14)
#define W_UNREST (1ull << 15) /* volatility, noise, fluctuations */
#define W_MORE (1ull << 16)
#define W_LESS (1ull << 17)
#define W_SUDDEN (1ull << 18)
#define W_STEP (1ull << 19) /* the number after it is a position */
#define W_STARTS (1ull << 20)
#define W_ENDS (1ull << 21)
#define W_VALUE (1ull << 22)
#define W_FIRST (1ull << 23) /* "first", "initial" */
#define W_LAST (1ull << 24)  /* "last", "final" */
#define W_SECOND (1ull << 25)
#define W_HALF (1ull << 26)
#define W_THIRD (1ull << 27)
#define W_QUARTER (1ull << 28)
#define W_EARLY (1ull << 29) /* a part by itself: "initially", "early" */
#define W_MIDDLE (1ull << 30)
#define W_LATE (1ull << 31)
#define W_WHOLE (1ull << 32)
#define W_RANGE (1ull << 33) /* ranges, varies, fluctuates: numbers after it bound the values */
#define W_HOVER (1ull << 34) /* fluctuates, hovers: a number after "around" is the level */
#define W_FROM (1ull << 35)
#define W_TO (1ull << 36)
#define W_BETWEEN (1ull << 37)
#define W_AND (1ull << 38)
#define W_BREAK (1ull << 39) /* but, while, then: begins another clause */
#define W_THE (1ull << 40)
#define W_PERCENT (1ull << 41)
#define W_NEXT (1ull << 42)   /* then, followed: what comes before is the first half, what comes after the second */
#define W_UPDOWN (1ull << 43) /* "up", "down": a direction only behind a verb of motion */
#define W_GOES (1ull << 44)

typedef enum MtsWordKind { T_WORD, T_NUMBER, T_BREAK, T_STOP } MtsWordKind;

typedef struct MtsWord {
    MtsWordKind kind;
    uint64_t means;     /* of a word */
    double value, unit; /* of a number: what it says, and one in its last written place (0 with an exponent) */
    double round_unit;  /* one in its last place that is not 0 */
    bool percent;
    size_t begin, end; /* bytes of the text */
} MtsWord;

typedef struct MtsWords {
    MtsWord *items;
    size_t count, cap;
} MtsWords;

/* Release with mts_words_free(), also on failure. T_STOP ends a sentence, T_BREAK (a comma and the like) a clause. */
int mts_words_read(const char *text, size_t size, MtsWords *words, MtsError *err);
void mts_words_free(MtsWords *words);

#endif
