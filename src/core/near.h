/* core/near.h - the known word that a mistyped one is nearest to, for the end of a sentence. */
#ifndef MTS_CORE_NEAR_H
#define MTS_CORE_NEAR_H

#include <stddef.h>

enum {
    MTS_NEAR_LONGEST = 40, /* bytes of a word; longer ones are near to nothing */
    MTS_NEAR_HINT = 64     /* room for a hint */
};

/* Zero-initialise it, but for the word. */
typedef struct MtsNear {
    const char *word; /* [size] what was written */
    size_t size;
    char best[MTS_NEAR_LONGEST + 1]; /* "" while nothing is near */
    size_t distance;
} MtsNear;

/* How many characters must be put in, left out, exchanged or swapped with their neighbour to make b of a, case and '_'
 * for '-' apart. */
size_t mts_near_distance(const char *a, size_t n, const char *b, size_t m);

/* Takes the candidate [size] where it is near and nearer than those before it. */
void mts_near_try(MtsNear *near, const char *candidate, size_t size);

/* The words of a list, joined by any of the characters of `joins`. */
void mts_near_try_list(MtsNear *near, const char *list, const char *joins);

/* "; did you mean 'search'?", or "" where nothing is near. */
const char *mts_near_hint(const MtsNear *near, char *out, size_t size);

/* The hint for a word [size] that is none of a list's. */
const char *mts_near_in(const char *word, size_t size, const char *list, const char *joins, char *hint, size_t room);

#endif
