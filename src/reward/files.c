/* reward/files.c - see files.h. */
#include "reward/files.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

typedef struct KeptFile {
    char *path;
    const MtsFileForm *form;
    void *thing;
} KeptFile;

struct MtsRewardFiles {
    KeptFile *kept; /* [count] */
    size_t count, cap;
};

int mts_reward_files_new(MtsRewardFiles **files, MtsError *err)
{
    *files = mts_calloc(1, sizeof **files);
    return *files ? MTS_OK : mts_fail(err, MTS_ENOMEM, "reward: memory ran out");
}

void mts_reward_files_free(MtsRewardFiles **files)
{
    MtsRewardFiles *f = *files;
    for (size_t i = 0; f && i < f->count; i++) {
        f->kept[i].form->free(f->kept[i].thing);
        free(f->kept[i].thing);
        free(f->kept[i].path);
    }
    if (f) {
        free(f->kept);
        free(f);
    }
    *files = NULL;
}

int mts_reward_file(MtsRewardFiles *f, const char *path, const MtsFileForm *form, const void **thing, MtsError *err)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->kept[i].form == form && strcmp(f->kept[i].path, path) == 0) {
            *thing = f->kept[i].thing;
            return MTS_OK;
        }
    }
    KeptFile one = {mts_strdup(path), form, mts_calloc(1, form->size)};
    bool room = one.path && one.thing && mts_grow(&f->kept, &f->cap, f->count + 1, sizeof *f->kept);
    int rc = room ? form->read(one.thing, path, err) : mts_fail(err, MTS_ENOMEM, "reward: memory ran out");
    if (rc) {
        free(one.path);
        free(one.thing);
        return rc;
    }
    f->kept[f->count++] = one;
    *thing = one.thing;
    return MTS_OK;
}
