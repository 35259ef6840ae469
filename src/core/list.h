/* core/list.h - texts that somebody chooses between. */
#ifndef MTS_CORE_LIST_H
#define MTS_CORE_LIST_H

#include <stddef.h>

#include "core/error.h"

/* MTS_EREQUEST where one of texts[] is empty or is another again; `what` is what sentences call one of them. */
int mts_check_texts(const char *const *texts, size_t count, const char *what, MtsError *err);

#endif
