/* model/choice.h - which form of the int8 products multiplies which shape: measured, once a processor, and kept in the
 * user's cache folder. Both forms give the same bits, so a choice changes the time that a step takes and nothing else.
 */
#ifndef MTS_MODEL_CHOICE_H
#define MTS_MODEL_CHOICE_H

#include "core/error.h"
#include "kernels/kernels.h"

/* How the choices of a model came about. */
typedef struct MtsChoices {
    size_t measured, kept; /* shapes: by this call, perhaps together with earlier ones; by earlier ones, from `file` */
    size_t unsettled;      /* the machine was too busy to be measured: as earlier calls say, or MTS_PRODUCT_ROWS */
    double seconds;        /* that measuring took */
    char *file;            /* where they are kept; NULL: nowhere */
} MtsChoices;

/* Sets product_from of each matrix that kernels have two forms for. They are packed. The file is
 * $XDG_CACHE_HOME/maxts/forms-PROCESSOR, else ~/.cache/maxts/..., and none where MAXTS_CACHE is "off", there is no such
 * folder, or the processor cannot be told; one that cannot be written is not missed. Fails where memory runs out. */
int mts_choose_forms(MtsChoices *choices, const MtsKernels *kernels, MtsWeights *const *weights, size_t count,
                     MtsError *err);

enum { MTS_CHOICE_TIMES = 4 }; /* measurements that settle a shape */

typedef struct MtsFormChoice {
    MtsType type;
    size_t cols, from; /* of weight matrices; activation rows, SIZE_MAX: never, 0: nobody knows */
    size_t times;      /* that it was measured */
    size_t now;        /* `from` as it was measured last, 0: not by this call */
    bool tried;        /* by this call */
} MtsFormChoice;

/* A file's text: the choices of these kernels that it holds, [at most cap]; none where another version or edition wrote
 * it. Returns how many. */
size_t mts_choices_read(const char *text, const char *kernels, MtsFormChoice *choices, size_t cap);

#endif
