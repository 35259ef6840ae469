/* search/settings.h - the settings of a search as JSON, for checkpoints and traces. */
#ifndef MTS_SEARCH_SETTINGS_H
#define MTS_SEARCH_SETTINGS_H

#include <stdbool.h>

#include <maxts/search.h>

#include "core/json.h"

struct MtsRun;

/* The settings that a result is a function of, with the model's max_tokens and the caller's identity, as a new
 * object; unless `whole`, without those that may change when a search goes on (how long). NULL: memory ran out. */
json_t *mts_settings_json(const struct MtsRun *run, bool whole);

/* The settings alone. */
json_t *mts_settings_fields(const MtsSearchSettings *settings, bool whole);

/* Back again from a whole one (identity and max_tokens apart): NULL, or the name of a field that is missing or
 * out of range. */
const char *mts_settings_read(const json_t *from, MtsSearchSettings *settings);

#endif
