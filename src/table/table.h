/* table/table.h - a table laid out as arrays, for whoever enumerates it. */
#ifndef MTS_TABLE_TABLE_H
#define MTS_TABLE_TABLE_H

#include <maxts/table.h>

typedef struct MtsTableRow { /* an unfinished prefix */
    const MtsTable *table;
    size_t first, count; /* entries [first, first + count) of the table's arrays */
    size_t parent;       /* row; the root's is 0 */
    int32_t token;       /* the last of the prefix; -1 at the root */
    uint32_t depth;
    double log_mass; /* log of the sum of its probabilities */
} MtsTableRow;

typedef struct MtsTableText { /* a finished text */
    size_t row;               /* the prefix before its last token */
    int32_t token;            /* the last one */
    double logp;              /* log p(text) */
    double reward;
} MtsTableText;

struct MtsTable {
    char *name;
    size_t vocab, max_tokens;
    int32_t eos;
    MtsTableRow *rows; /* [row_count]; a row comes after its parent */
    size_t row_count, row_cap;
    MtsTableText *texts; /* [text_count] */
    size_t text_count, text_cap;
    /* Entries of positive probability, row by row, by descending probability, ties by token. */
    int32_t *tokens;
    double *logp;
    int64_t *next; /* a row's index, or ~index of a text */
    size_t entry_count, token_cap, logp_cap, next_cap;
};

/* What follows `row` by `token`: as MtsTable.next; INT64_MIN when the token has probability 0. */
int64_t mts_table_next(const MtsTable *table, size_t row, int32_t token);

/* log of sum over texts below of p(text | prefix) exp(lambda r), for each row, into log_w[row_count]. */
void mts_table_values(const MtsTable *table, double lambda, double *log_w);

#endif
