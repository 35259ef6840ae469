/* reward/files.h - files that rewards read, each once. */
#ifndef MTS_REWARD_FILES_H
#define MTS_REWARD_FILES_H

#include <maxts/reward.h>

#include "core/error.h"
#include "evidence/trained.h"

/* What a file is read as. */
typedef struct MtsFileForm {
    size_t size;                                               /* of what read() fills, which starts zeroed */
    int (*read)(void *thing, const char *path, MtsError *err); /* a failure leaves nothing to free */
    void (*free)(void *thing);                                 /* what is in it */
} MtsFileForm;

/* *thing, which stays the files': read from the path unless it is there. `form` is compared by its address. */
int mts_reward_file(MtsRewardFiles *files, const char *path, const MtsFileForm *form, const void **thing,
                    MtsError *err);

/* A file of maxts train (evidence_term.c). */
int mts_reward_trained(MtsRewardFiles *files, const char *path, const MtsTrained **trained, MtsError *err);

#endif
