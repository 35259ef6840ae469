/* constraint/masker.h - what masks are made of and kept in, shared by mask.c, inside.c, onward.c and within.c.
 *
 * Any number of threads make masks at once. They read what is known without a lock and take `lock` where the automaton
 * grows, one byte at a time; what two of them make at once is made twice and kept once. Which thread comes first
 * changes numbers of places, never a mask. */
#ifndef MTS_CONSTRAINT_MASKER_H
#define MTS_CONSTRAINT_MASKER_H

#include <pthread.h>

#include "constraint/automaton.h"
#include "constraint/steady.h"
#include "constraint/vocabulary.h"

typedef struct MtsMasker MtsMasker;

typedef struct MtsInside { /* what a walk has found inside one expression; never changed */
    uint32_t *list;        /* [count] tokens, or NULL and */
    uint64_t *bits;        /* [words] */
    uint32_t *exits;       /* [exit_count] nodes with something below them at which the expression may end */
    size_t count, exit_count;
    uint32_t farthest; /* bytes of the shortest good end behind any of the tokens */
} MtsInside;

typedef struct MtsTokenRun {
    uint32_t from, to; /* of v->sorted */
} MtsTokenRun;

typedef struct MtsOnward { /* a place that tokens lead to */
    MtsPlace place;
    uint32_t shortest;
    uint32_t first, last; /* runs[first .. last) are its tokens, */
    uint32_t tokens;      /* so many */
} MtsOnward;

typedef struct MtsOnwards { /* all that may follow at a place; never changed */
    MtsOnward *to;          /* [count] those nearest to an end first */
    size_t count;
    MtsTokenRun *runs; /* [run_count] */
    size_t run_count, tokens;
    size_t walked; /* nodes of the trie looked at */
} MtsOnwards;

typedef struct MtsKept { /* the mask of a place; never changed */
    uint32_t farthest;
    uint64_t bits[]; /* [words] */
} MtsKept;

/* The mask of a place near the limit on tokens. Branches that go side by side ask for the same ones. */
enum { MTS_LATE_SLOTS = 256 };
typedef struct MtsLate {
    MtsPlace place; /* MTS_DEAD: the slot is free */
    size_t left;
    uint64_t *bits; /* [words] */
} MtsLate;

struct MtsMasker {
    MtsAutomaton *a;
    MtsExprs *x;
    const MtsVocabulary *v;
    pthread_mutex_t lock;         /* of all that grows */
    pthread_rwlock_t keeping;     /* read: what is kept stays; written: it is forgotten */
    MtsInside **inside[2];        /* by expression; [1]: with its exits */
    MtsKept **kept;               /* by place */
    MtsOnwards **onwards;         /* by place */
    MtsPlace *level;              /* by place: where any plain byte leads, as far as that is seen at once */
    MtsRe *even[2];               /* by expression: where any plain byte leads; [1]: without ending there */
    uint32_t *straight;           /* by place: within.c's */
    MtsLate late[MTS_LATE_SLOTS]; /* the last one asked for of each slot; read and written under the lock */
    size_t inside_cap[2], kept_cap, even_cap[2], straight_cap, onwards_cap, level_cap;
    MtsSteady outgrown;   /* of the tables above */
    size_t bytes, budget; /* of what the tables point to */
    bool all_bytes;       /* every byte is a token */
};

/* MTS_OK, or why calls fail or return MTS_DEAD that should not. */
int mts_masker_failed(MtsMasker *m);

/* Steps and lengths of expressions and places, from any thread that holds `keeping`. */
MtsPlace mts_masker_step(MtsMasker *m, MtsPlace place, unsigned byte);
MtsRe mts_masker_re(MtsMasker *m, MtsRe r, unsigned byte);
uint32_t mts_masker_re_shortest(MtsMasker *m, MtsRe r);
uint32_t mts_masker_shortest(MtsMasker *m, MtsPlace place);

/* A copy of a place's threads, malloc'ed; and what a thread's tail says of it: bytes of its shortest text, and the
 * place at its beginning (MTS_DEAD at the end). */
MtsThread *mts_masker_threads(MtsMasker *m, MtsPlace place, size_t *count);
uint32_t mts_masker_behind(MtsMasker *m, MtsTail tail, MtsPlace *entry);

/* Counts bytes that the tables point to, under the lock. */
void mts_masker_count(MtsMasker *m, size_t more, size_t less);

/* The element of a table; 0 or NULL where there is none. */
#define MTS_TABLE_AT(table, cap, at) ((at) < MTS_NOW(cap) ? MTS_NOW(MTS_NOW(table)[at]) : 0)

/* What stays inside expression r; NULL when memory ran out. Valid while `keeping` is held. */
const MtsInside *mts_inside(MtsMasker *m, MtsRe r, bool exits);

/* Whether all plain bytes lead from r to one expression, where they may follow. */
bool mts_inside_even(MtsMasker *m, MtsRe r);

void mts_inside_free(MtsMasker *m, MtsInside **inside);

/* What is behind the tokens that may follow at a place; NULL when memory ran out. Valid while `keeping` is held. */
const MtsOnwards *mts_onwards(MtsMasker *m, MtsPlace place);
void mts_onwards_free(MtsMasker *m, MtsOnwards **onwards);

/* Takes from bits [words], the mask of `place`, the tokens behind which no text of at most `left` tokens ends well;
 * false when memory ran out. */
bool mts_mask_keep_within(MtsMasker *m, MtsPlace place, size_t left, uint64_t *bits);

#endif
