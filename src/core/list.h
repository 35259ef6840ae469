/* core/list.h - texts that somebody chooses between, listed in one string. */
#ifndef MTS_CORE_LIST_H
#define MTS_CORE_LIST_H

#include <stddef.h>

#include "core/error.h"

/* How many parts a string has between marks, at least 1, of which any may be empty; and the same parts[] without the
 * blanks around them, which point into the string: it is cut in place. Returns their number. */
size_t mts_parts(const char *s, char mark);
size_t mts_cut(char *s, char mark, const char **parts);

/* MTS_EREQUEST where one of texts[] is empty or is another again; `what` is what sentences call one of them. */
int mts_check_texts(const char *const *texts, size_t count, const char *what, MtsError *err);

#endif
