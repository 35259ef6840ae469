/* engine/identity.c - what a result depends on beside the settings of its search, as one line of text.
 *
 * A checkpoint keeps it, so that a search goes on only with the model file, prompt, cut and reward it began with. Files
 * and arrays enter as hashes.
 */
#include <string.h>

#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "engine/internal.h"
#include "engine/request.h"
#include "reward/fingerprint.h"
#include "search/experience.h"

static bool add_hash(MtsBytes *out, const char *what, uint64_t hash)
{
    char digits[MTS_HASH_DIGITS + 1];
    return mts_bytes_printf(out, "%s %s", what, mts_hash_text(hash, digits));
}

/* The rewards that a table has are part of its file. */
static const char *reward_of(const MtsEngine *engine, const MtsRequest *request)
{
    return engine->table ? NULL : mts_request_reward(request);
}

/* files: the hash of what the reward reads. */
static bool add_rewards(MtsBytes *out, const MtsEngine *engine, const MtsRequest *request, uint64_t files)
{
    char digits[MTS_HASH_DIGITS + 1];
    const char *spec = reward_of(engine, request);
    const MtsRewardFunction *function = request->reward_function;
    return (!spec || mts_bytes_printf(out, ", reward %s", spec)) &&
           (files == MTS_HASH_BEGIN || mts_bytes_printf(out, " of %s", mts_hash_text(files, digits))) &&
           (!function || mts_bytes_printf(out, ", reward function %s", function->name));
}

/* Rows are what an encoder makes of series. */
static bool add_rows(MtsBytes *out, const MtsEngine *engine, const MtsRequest *request)
{
    size_t rows = 0;
    MtsModelInfo info = {0};
    const MtsMedia *media = request->prompt_media;
    if (media && media->count) {
        mts_model_info(engine->model, &info);
        return add_hash(out, ", media", mts_hash_words(MTS_HASH_BEGIN, media->rows, media->count * info.media_width));
    }
    for (size_t i = 0; request->prompt_rows && i < request->prompt_count; i++) {
        rows += request->prompt[i] == MTS_ROW_TOKEN;
    }
    if (rows == 0) {
        return true;
    }
    mts_model_info(engine->model, &info);
    return add_hash(out, ", rows", mts_hash_words(MTS_HASH_BEGIN, request->prompt_rows, rows * info.width));
}

static bool add_stops(MtsBytes *out, const MtsRequest *request)
{
    bool ok = true;
    for (size_t i = 0; i < request->stop_count && ok; i++) {
        ok = add_hash(out, ", stop", mts_hash(MTS_HASH_BEGIN, request->stops[i], strlen(request->stops[i])));
    }
    return ok;
}

/* What earlier searches taught. */
static bool add_experience(MtsBytes *out, const MtsRequest *request)
{
    char digits[MTS_HASH_DIGITS + 1];
    const MtsExperience *e = request->search.experience;
    return !e || mts_bytes_printf(out, ", outlook %s", mts_hash_text(mts_experience_mark(e), digits));
}

int mts_request_identity(const MtsEngine *engine, const MtsRequest *request, const char *target, char **identity,
                         MtsError *err)
{
    MtsBytes out = {0};
    MtsMap file;
    const MtsSeries *series = request->series;
    const char *reward = reward_of(engine, request);
    uint64_t files = MTS_HASH_BEGIN;
    int rc = reward ? mts_reward_hash_files(&files, reward, err) : MTS_OK;
    if (rc || (rc = mts_map_open(&file, engine->path, err))) {
        return rc;
    }
    bool ok = add_hash(&out, "model", mts_hash(MTS_HASH_BEGIN, file.data, file.size));
    mts_map_close(&file);
    ok = ok &&
         add_hash(&out, engine->exact ? " exact, prompt" : ", prompt",
                  mts_hash_words(MTS_HASH_BEGIN, request->prompt, request->prompt_count)) &&
         add_rows(&out, engine, request) &&
         mts_bytes_printf(&out, ", at most %zu tokens, target %s", request->max_tokens, target) &&
         add_stops(&out, request) &&
         (!request->constraint || mts_bytes_printf(&out, ", constraint %s", request->constraint)) &&
         (!request->constraint_form ||
          mts_bytes_printf(&out, " of form %d.%u", (int)request->constraint_form, request->constraint_options)) &&
         add_rewards(&out, engine, request, files) && add_experience(&out, request) &&
         (!series || add_hash(&out, ", series",
                              mts_hash_doubles(MTS_HASH_BEGIN, series->values, series->channels * series->length)));
    if (!ok) {
        mts_bytes_free(&out);
        return mts_fail(err, MTS_ENOMEM, "no memory for the checkpoint");
    }
    *identity = out.data;
    return MTS_OK;
}
