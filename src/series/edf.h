/* series/edf.h - what an EDF+ or BDF+ file says beside its signals. (Signals: mts_set_read().) */
#ifndef MTS_SERIES_EDF_H
#define MTS_SERIES_EDF_H

#include <stdbool.h>

#include "core/error.h"
#include "series/cell.h"
#include "series/set.h"

/* A stretch of the recording with a text, or a moment. */
typedef struct MtsEdfNote {
    double onset, duration; /* seconds, from the recording's start; 0 where the file gives no duration */
    MtsCell text;           /* UTF-8, valid while it is being taken */
} MtsEdfNote;

/* Returns MTS_OK, or an error, which ends the reading. */
typedef int MtsEdfTake(void *context, const MtsEdfNote *note, MtsError *err);

/* Whether the file at `path` is of kind EDF+ or BDF+ with such texts. */
bool mts_edf_has_notes(const char *path);
/* Takes each text of the file, in its order; start: when the recording began, as MtsSeriesSet has it. */
int mts_edf_notes(const char *path, MtsEdfTake *take, void *context, char start[MTS_START_SIZE], MtsError *err);

#endif
