/* core/list.c - whether texts can be told apart. */
#include "core/list.h"

#include <string.h>

int mts_check_texts(const char *const *texts, size_t count, const char *what, MtsError *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!*texts[i]) {
            return mts_fail(err, MTS_EREQUEST, "%s %zu is empty", what, i + 1);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(texts[i], texts[k]) == 0) {
                return mts_fail(err, MTS_EREQUEST, "%s %zu is %s %zu again: '%.80s'", what, i + 1,
                                strrchr(what, ' ') ? strrchr(what, ' ') + 1 : what, k + 1, texts[i]);
            }
        }
    }
    return MTS_OK;
}
