/* eval/outlook.c - see outlook.h. */
#include "eval/outlook.h"

#include <string.h>

#include "core/file.h"
#include "core/hash.h"
#include "results/fields.h"
#include "results/records.h"
#include "search/experience.h"

int mts_outlook_take(MtsExperience *experience, const json_t *record, MtsError *err)
{
    const json_t *lesson = json_object_get(record, MTS_F_LESSON);
    return lesson ? mts_experience_learn(experience, lesson, err) : MTS_OK;
}

static const char *text_at(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

/* Tokens mean the same to the same model alone, and rewards count in the same units where they are of one kind. */
static int check_head(const char *path, const json_t *head, const MtsEngine *engine, const char *reward, MtsError *err)
{
    char digits[MTS_HASH_DIGITS + 1];
    const char *there = text_at(head, MTS_F_REWARD);
    size_t kind = strcspn(reward, ":");
    MtsMap file;
    int rc = mts_map_open(&file, mts_engine_path(engine), err);
    if (rc) {
        return rc;
    }
    mts_hash_text(mts_hash(MTS_HASH_BEGIN, file.data, file.size), digits);
    mts_map_close(&file);
    if (strcmp(text_at(json_object_get(head, MTS_F_MODEL), MTS_F_HASH), digits) != 0) {
        return mts_fail(err, MTS_EREQUEST, "outlook: %s: another model than %s taught it", path,
                        mts_engine_path(engine));
    }
    if (strcspn(there, ":") != kind || strncmp(there, reward, kind) != 0) {
        return mts_fail(err, MTS_EREQUEST, "outlook: %s: it was taught under the reward '%s', not '%s'", path, there,
                        reward);
    }
    return MTS_OK;
}

static int take_all(MtsExperience *experience, const char *path, const json_t *records, MtsError *err)
{
    size_t i, lessons = 0;
    const json_t *record;
    json_array_foreach(records, i, record)
    {
        int rc = mts_outlook_take(experience, record, err);
        if (rc) {
            return rc;
        }
        lessons += json_is_array(json_object_get(record, MTS_F_LESSON));
    }
    return lessons ? MTS_OK
                   : mts_fail(err, MTS_EREQUEST, "outlook: %s: no record has a lesson; eval --learn keeps them", path);
}

int mts_outlook_read(MtsExperience **out, const char *path, const MtsEngine *engine, const char *reward, MtsError *err)
{
    json_t *head = NULL, *records = NULL;
    int rc;
    *out = NULL;
    if ((rc = mts_results_read(path, &head, &records, err)) || (rc = check_head(path, head, engine, reward, err)) ||
        (rc = mts_experience_new(out, err)) || (rc = take_all(*out, path, records, err))) {
        mts_experience_free(out);
    }
    json_decref(head);
    json_decref(records);
    return rc;
}
