/* series/jsontable.h - JSON that is a table: records, or columns by name. */
#ifndef MTS_SERIES_JSONTABLE_H
#define MTS_SERIES_JSONTABLE_H

#include <stdbool.h>

#include "core/json.h"
#include "series/set.h"

/* Whether the value is one of
 *
 *   [{"t": 0, "v": 1.5}, ...]                           records; also {"schema": ..., "data": [...]}
 *   {"t": [0, 1], "v": [1.5, 2]}                        columns
 *   {"t": {"0": 0, "1": 1}, "v": {"0": 1.5, "1": 2}}    columns by row name, as pandas writes them
 *   {"0": {"t": 0, "v": 1.5}, "1": {...}}               rows by name, where numbers or dates name them and no columns
 *   {"columns": ["t", "v"], "data": [[0, 1.5], ...]}    rows; an "index" is left out */
bool mts_json_is_table(const json_t *value);

/* Whether all members of an object are called by numbers or dates, as rows are and columns are not. */
bool mts_json_names_rows(const json_t *object);

/* Reads it by the rules of series/form.h: which columns are channels, what is missing, what is no number. */
int mts_read_json_table(MtsSeriesSet *set, const json_t *value, const MtsSeriesOptions *options, MtsError *err);

#endif
