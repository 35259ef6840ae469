/* evidence/exam_file.c - what answered questions have taught, as a file: one sealed line of JSON.
 *
 * {"maxts":"evidence","kind":"questions","version":1,"about":{..},"knows":true,"weights":{"form":..,..},"seen":"..",
 * "crc":".."}. A rule that the file does not name is worth nothing, one that it alone knows is an error. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "evidence/exam.h"
#include "evidence/sealed.h"

enum { VERSION = 1 };

int mts_questions_write(const MtsQuestions *q, const char *path, MtsError *err)
{
    json_t *o = mts_sealed_begin("questions", VERSION, q->about), *weights = json_object();
    for (size_t r = 0; r < mts_statement_rules; r++) {
        mts_json_add_real(&weights, mts_statement_rule(r), q->weight[r]);
    }
    mts_json_add_flag(&o, "knows", q->knows);
    mts_json_add(&o, "weights", weights);
    mts_json_add(&o, "seen", mts_seen_json(&q->seen));
    return mts_sealed_write(o, path, err);
}

static int read_weights(MtsQuestions *q, json_t *file, const char *name, MtsError *err)
{
    json_t *weights = json_object_get(file, "weights"), *value;
    const char *rule;
    if (!json_is_object(weights)) {
        return mts_fail(err, MTS_EFORMAT, "%s: weights is no object", name);
    }
    const json_t *knows = json_object_get(file, "knows");
    q->knows = !knows || json_is_true(knows); /* older files do not say */
    if (!(q->weight = mts_calloc(mts_statement_rules, sizeof *q->weight))) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    json_object_foreach(weights, rule, value)
    {
        size_t r = 0;
        while (r < mts_statement_rules && strcmp(mts_statement_rule(r), rule) != 0) {
            r++;
        }
        if (r == mts_statement_rules) {
            return mts_fail(err, MTS_EFORMAT, "%s: weights: there is no rule '%.40s'", name, rule);
        }
        q->weight[r] = json_number_value(value);
        if (!json_is_number(value) || !(fabs(q->weight[r]) <= 1e6)) {
            return mts_fail(err, MTS_EFORMAT, "%s: weights: %s is no number to 1e6", name, rule);
        }
    }
    return MTS_OK;
}

int mts_questions_parse(MtsQuestions **questions, const char *name, const char *text, size_t size, MtsError *err)
{
    json_t *file = NULL;
    MtsQuestions *q = *questions = mts_calloc(1, sizeof *q);
    int rc = q ? mts_sealed_parse(&file, name, "questions", VERSION, text, size, &q->about, err)
               : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    if (rc || (rc = read_weights(q, file, name, err)) ||
        (rc = mts_seen_read(&q->seen, file, name, MTS_QUESTIONS_MOST, err))) {
        mts_questions_free(questions);
    }
    json_decref(file);
    return rc;
}
