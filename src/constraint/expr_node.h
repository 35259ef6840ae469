/* constraint/expr_node.h - expressions from inside: what expr.c makes and derive.c takes apart. */
#ifndef MTS_CONSTRAINT_EXPR_NODE_H
#define MTS_CONSTRAINT_EXPR_NODE_H

#include "constraint/expr.h"
#include "constraint/steady.h"
#include "core/store.h"

typedef enum ReKind { BYTES, SEQ, ALT, AND, NOT, REPEAT, MULTIPLE, LOOP, EPSILON } ReKind;
typedef enum Life { UNKNOWN, ALIVE, DEAD } Life;

enum {
    FIRST_DERIVED_SLOTS = 1 << 6, /* of the memory of derivatives, which grows with the expressions */
    MOST_DERIVED_SLOTS = 1 << 14
};

typedef struct ReNode {
    uint8_t kind, nullable, searched; /* searched: its emptiness is not seen from its form */
    uint8_t life;                     /* this, shortest and row are filled in later (steady.h) */
    uint32_t a, b;     /* BYTES: set; SEQ, NOT, REPEAT: parts; ALT, AND: lists[a .. a + b); MULTIPLE: modulus, rest;
                          LOOP: its number, whether it is nullable */
    uint32_t min, max; /* REPEAT; MULTIPLE: fraction digits to come, whether the point was read */
    uint32_t shortest; /* bytes of the shortest text; MTS_RE_NOT_KNOWN: not known yet */
    uint32_t least;    /* none has fewer, so much is certain */
    uint32_t row;      /* of its transitions: targets at x->targets + row - 1; 0: none yet */
    uint32_t classes;  /* index of its partition of the bytes */
} ReNode;

typedef struct Partition {
    uint8_t of[256]; /* the class of each byte, in the order of their first bytes */
    uint32_t count;
    uint64_t hash;
} Partition;

typedef struct Derived {
    MtsRe from, to;
    uint32_t byte;
} Derived;

struct MtsExprs {
    ReNode *nodes;
    size_t count, cap;
    uint32_t *slots; /* [slot_count] open addressing, 0: free, else node + 1 */
    size_t slot_count;
    uint32_t *lists;
    size_t list_count, list_cap;
    MtsStore set_numbers; /* of the sets' words */
    MtsRe *loops;         /* [loop_count] what each is, once that is known */
    size_t loop_count, loop_cap;
    MtsByteSet *sets;
    size_t set_count, set_cap;
    MtsStore keys; /* of what was noted: words of bytes */
    MtsRe *noted;  /* [keys.count] */
    size_t noted_cap;
    Partition *partitions;
    size_t partition_count, partition_cap;
    MtsRe *targets; /* MTS_RE_UNKNOWN: nothing has asked yet */
    size_t target_count, target_cap;
    MtsRe *stack; /* working lists, nested */
    size_t stack_count, stack_cap;
    Derived *derived; /* [derived_slots] */
    size_t derived_slots;
    uint32_t *stamps; /* [stamp_cap] of the sets in sight of a derivative */
    size_t stamp_cap;
    uint32_t stamp;
    struct Seen *queue; /* [queue_cap] of a search */
    size_t queue_cap;
    uint32_t *marks; /* [mark_cap] what it has met, by its number */
    size_t mark_cap;
    uint32_t mark;
    MtsSteady outgrown; /* nodes, partitions and targets are read by others meanwhile */
    size_t budget;
    size_t work, begun; /* steps so far, and those that there were when the request began */
    bool tired;         /* it has failed for too many steps */
    int failed;
};

#define MTS_RE_NOT_KNOWN (MTS_NO_LIMIT - 1) /* of a length that nothing has asked for yet */

/* Room for `need` elements of the array, within the budget. */
bool mts_exprs_room(MtsExprs *x, void *array, size_t *cap, size_t need, size_t size);
bool mts_exprs_room_read(MtsExprs *x, void *array, size_t *cap, size_t need, size_t size); /* others read it */

/* The number of this node; a list must stand at the end of x->lists, and is taken back when the node is known. */
MtsRe mts_re_intern(MtsExprs *x, ReNode n);

/* Working lists stand on x->stack. Puts r there, or what it is made of where it is of the list's own kind; and makes
 * the alternative or the intersection of what stands there from `base` on, which it takes off. */
void mts_re_push(MtsExprs *x, ReKind kind, MtsRe r);
MtsRe mts_re_combine(MtsExprs *x, ReKind kind, size_t base);

/* Sums and products of lengths. */
uint32_t mts_length_plus(uint32_t a, uint32_t b);
uint32_t mts_length_times(uint32_t a, uint32_t n);

#endif
