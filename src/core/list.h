/* core/list.h - texts that somebody chooses between, listed in one string. */
#ifndef MTS_CORE_LIST_H
#define MTS_CORE_LIST_H

#include <stddef.h>

#include "core/error.h"

/* The parts that a string has between marks, at least 1, of which any may be empty, without the blanks around them; a
 * part in quotation marks is what stands between them, marks and blanks included, "" for one of them. mts_cut() cuts in
 * place: parts[] point into the string; it returns their number, which mts_parts() of the same string is no less
 * than. */
size_t mts_parts(const char *s, char mark);
size_t mts_cut(char *s, char mark, const char **parts);

/* MTS_EREQUEST where one of texts[] is empty or is another again; `what` is what sentences call one of them. */
int mts_check_texts(const char *const *texts, size_t count, const char *what, MtsError *err);

#endif
