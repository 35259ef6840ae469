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
    return rc ? rc
              : out_print(args,
                          json_pack("{s:o, s:I}", "trace", out_string(args->operands[0]), "lines_confirmed",
                                    (json_int_t)lines),
                          err);
}
