/* cli/cmd_replay.c - an audit of a search: every number of its trace, computed again. */
#include "cli/command.h"
#include "cli/out.h"
#include "core/error.h"

int cmd_replay(const Args *args, MtsError *err)
{
    size_t lines;
    if (!args->operands[0]) {
        return mts_fail(err, MTS_EREQUEST, "replay: which trace? maxts replay FILE");
    }
    int rc = mts_replay(args->operands[0], &lines, err);
    if (rc) {
        return rc;
    }
    json_t *o = json_object();
    mts_json_add_text(&o, "trace", args->operands[0]);
    mts_json_add_int(&o, "lines_confirmed", (json_int_t)lines);
    return out_print(args, o, err);
}
