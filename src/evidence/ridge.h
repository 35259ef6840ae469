/* evidence/ridge.h - least squares with a penalty, its strength and its width chosen on rows that were left out. */
#ifndef MTS_EVIDENCE_RIDGE_H
#define MTS_EVIDENCE_RIDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum { MTS_RIDGE_WIDTHS = 2 };

/* What is to be told from what. Column 0 of the rows is 1 throughout and is not penalised; the others should have a
 * mean near 0 and a deviation near 1 (mts_standardise()). */
typedef struct MtsRidgeData {
    const double *rows;    /* [count][columns] */
    const double *targets; /* [count][outputs] */
    const int *fold;       /* [count], 0 .. folds - 1 */
    size_t count, columns, outputs, folds;
    size_t width[MTS_RIDGE_WIDTHS]; /* the first so many columns are tried; 0: no such try */
    bool apart;                     /* the weights without each fold are asked for */
} MtsRidgeData;

typedef struct MtsRidge {
    double penalty;
    size_t width;
    double *weights; /* [width][outputs] */
    double *without; /* [folds][width][outputs]: of the rows that are not of a fold; NULL where nobody asked */
    double *held;    /* [count][outputs]: what the rows of the other folds say of each row */
} MtsRidge;

/* Brings columns 1 .. to mean 0 and deviation 1 (constant ones to 0), and says what was taken off and divided by. */
void mts_standardise(double *rows, size_t count, size_t columns, double *mean, double *scale);

/* Free the result's lists. The bits depend on the data alone, not on the number of threads. */
int mts_ridge(MtsRidge *ridge, const MtsRidgeData *data, MtsError *err);
void mts_ridge_free(MtsRidge *ridge);

/* Without choices: weights [columns][outputs] from rows [count][columns] that count as much as importance [count] says;
 * the penalty is `penalty` times the sum of that. */
int mts_ridge_fit(const double *rows, const double *targets, const double *importance, size_t count, size_t columns,
                  size_t outputs, double penalty, double *weights, MtsError *err);

#endif
