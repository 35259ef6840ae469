/* series/wfdb.h - annotations of PhysioNet's WFDB records. (Signals: mts_set_read() of the .hea file.) */
#ifndef MTS_SERIES_WFDB_H
#define MTS_SERIES_WFDB_H

#include <stddef.h>

#include "core/error.h"

typedef struct MtsAnnotation {
    size_t sample; /* counted from 0 */
    int code;      /* the format's number: 1 a normal beat, 5 a ventricular one, 28 a change of rhythm, ... */
    char *text;    /* the auxiliary text, such as "(AFIB"; "" where there is none */
} MtsAnnotation;

typedef struct MtsAnnotations {
    MtsAnnotation *items; /* [count], by ascending sample */
    size_t count, cap;
    double resolution; /* samples a second that places are counted in, where the file says so; 0: the record's */
} MtsAnnotations;

/* Reads an annotation file (.atr) in the MIT format beside a record of `rate`; MTS_EFORMAT where places are counted in
 * another one. Release with mts_annotations_free(), also on failure. */
int mts_annotations_read(MtsAnnotations *annotations, const char *path, double rate, MtsError *err);
/* The same from bytes; `name` stands for the path. */
int mts_annotations_parse(MtsAnnotations *annotations, const char *name, const void *data, size_t size, MtsError *err);
void mts_annotations_free(MtsAnnotations *annotations);

/* The one-character sign of a code ('N', 'V', 'A', '+', ...), 0 for one that has none. */
char mts_annotation_sign(int code);

#endif
