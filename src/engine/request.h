/* engine/request.h - the settings of a request as rows of a table (search/settings.h), and its presets. */
#ifndef MTS_ENGINE_REQUEST_H
#define MTS_ENGINE_REQUEST_H

#include <maxts/engine.h>

#include "search/settings.h"

/* Rows in all: the request's own, then those of its search. Indices of a setting below count them. */
size_t mts_request_setting_count(void);
const MtsSetting *mts_request_setting(size_t index);
/* The struct in which row `index` counts its offset. */
void *mts_request_setting_base(MtsRequest *request, size_t index);

/* The index of the setting that the program calls so; it must be there. */
size_t mts_request_setting_find(const char *option);

/* The index of the setting that is dimension `wheel` of eval's grid, 1 for the first; mts_request_setting_count():
 * there is none. */
size_t mts_request_wheel(unsigned wheel);

/* Puts a value in place of an automatic temperature. The other automatic values follow from the reward and the
 * checkpoint: search puts them there (mts_settings_resolve()). */
void mts_request_resolve(MtsRequest *request);

/* The reward that the request names or defaults to; NULL where it has a function alone. */
const char *mts_request_reward(const MtsRequest *request);

typedef struct MtsPreset {
    const char *name;
    size_t rollouts, max_tokens;
    size_t samples; /* of a data set */
} MtsPreset;

extern const MtsPreset mts_presets[]; /* "balanced" is what mts_request_defaults() says */
extern const size_t mts_preset_count;
#define MTS_PRESET_DEFAULT "balanced"
const MtsPreset *mts_preset_find(const char *name);             /* NULL: there is none */
void mts_preset_list(const char *join, char *out, size_t size); /* their names */

#endif
