/* cli/cmd_replay.c - an audit of a search: every number of its trace, computed again; and the search told by it. */
#include <math.h>

#include "cli/command.h"
#include "cli/out.h"
#include "cli/tell.h"
#include "core/error.h"

/* With the model, tokens get their texts, and a table its exact Z. */
static int know_model(const Args *args, MtsEngine **engine, TokenLabels *labels, Story *story, MtsError *err)
{
    MtsTableExact exact;
    int rc = open_engine(engine, args, MTS_ENGINE_TEXT, err);
    if (rc) {
        return rc;
    }
    labels->tokenizer = mts_engine_tokenizer(*engine);
    if (mts_engine_is_table(*engine)) {
        rc = mts_table_exact(mts_engine_table(*engine), story->lambda, &exact, err);
        story->log_z_exact = rc ? story->log_z_exact : exact.log_z;
    }
    return rc;
}

static int put_table(const Args *args, const Story *story, TokenLabels *labels, MtsError *err)
{
    json_t *rows = tell_rows(story, labels, !args->json);
    if (args->json) {
        json_t *o = json_object();
        mts_json_add(&o, "rollouts", rows);
        return out_print(args, o, err);
    }
    if (!rows) {
        return mts_fail(err, MTS_ENOMEM, "replay: memory ran out");
    }
    out_table(rows);
    json_decref(rows);
    return out_flush(err);
}

static int tell_as(const Args *args, size_t *lines, MtsError *err)
{
    Story story = {0};
    TokenLabels labels = {0};
    MtsEngine *engine = NULL;
    int rc = story_read(&story, args->operands[0], lines, err);
    if (rc || (args->model && (rc = know_model(args, &engine, &labels, &story, err))) ||
        (args->html && (rc = tell_page(&story, &labels, args->html, err)))) {
        goto done;
    }
    if (args->table) {
        rc = put_table(args, &story, &labels, err);
    }
    rc = rc || !args->step ? rc : tell_steps(&story, &labels, err);
done:
    mts_engine_free(&engine);
    story_free(&story);
    return rc;
}

int cmd_replay(const Args *args, MtsError *err)
{
    size_t lines;
    if (!args->operands[0]) {
        return mts_fail(err, MTS_EREQUEST, "replay: which trace? maxts replay FILE");
    }
    int rc = args->table || args->step || args->html ? tell_as(args, &lines, err)
                                                     : mts_replay(args->operands[0], &lines, err);
    if (rc || args->table || args->step) {
        return rc;
    }
    json_t *o = json_object();
    mts_json_add_text(&o, "trace", args->operands[0]);
    mts_json_add_int(&o, "lines_confirmed", (json_int_t)lines);
    if (args->html) {
        mts_json_add_text(&o, "page", args->html);
    }
    return out_print(args, o, err);
}
