/* engine/identity.c - what a result depends on beside the settings of its search, as one line of text.
 *
 * A checkpoint keeps it, so that a search goes on only with the model file, prompt, cut and reward it began with. Files
 * and arrays enter as hashes.
 */
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "engine/internal.h"

int mts_request_identity(const MtsEngine *engine, const MtsRequest *request, const char *target, char **identity,
                         MtsError *err)
{
    MtsBytes out = {0};
    MtsMap file;
    const MtsSeries *series = request->series;
    int rc = mts_map_open(&file, engine->path, err);
    if (rc) {
        return rc;
    }
    bool ok =
        mts_bytes_printf(&out, "model %016llx", (unsigned long long)mts_hash(MTS_HASH_BEGIN, file.data, file.size));
    mts_map_close(&file);
    ok =
        ok && mts_bytes_printf(&out, "%s, prompt %016llx, at most %zu tokens, target %s", engine->exact ? " exact" : "",
                               (unsigned long long)mts_hash(MTS_HASH_BEGIN, request->prompt,
                                                            request->prompt_count * sizeof(int32_t)),
                               request->max_tokens, target);
    if (request->constraint) {
        ok = ok && mts_bytes_printf(&out, ", constraint %s", request->constraint);
    }
    if (!engine->table && mts_request_reward(request)) {
        ok = ok && mts_bytes_printf(&out, ", reward %s", mts_request_reward(request));
    }
    if (request->reward_function) {
        ok = ok && mts_bytes_printf(&out, ", reward function %s", request->reward_function->name);
    }
    if (series) {
        ok = ok && mts_bytes_printf(&out, ", series %016llx",
                                    (unsigned long long)mts_hash(MTS_HASH_BEGIN, series->values,
                                                                 series->channels * series->length * sizeof(double)));
    }
    if (!ok) {
        mts_bytes_free(&out);
        return mts_fail(err, MTS_ENOMEM, "no memory for the checkpoint");
    }
    *identity = out.data;
    return MTS_OK;
}
