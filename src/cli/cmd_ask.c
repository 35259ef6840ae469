/* cli/cmd_ask.c - ask and caption: a text about a series, the one whose statements about it hold best. */
#include <stdio.h>

#include "cli/out.h"
#include "cli/posed.h"
#include "core/error.h"
#include "results/fields.h"

static json_t *describe(const Task *task, const Args *args, const char *question)
{
    const MtsEvalAnswer *a = &task->answer;
    const MtsSearchResult *s = task->result->search;
    json_t *o = json_object();
    mts_json_add(&o, "file", out_string(args->operands[0]));
    if (question) {
        mts_json_add(&o, "question", out_string(question));
    }
    mts_json_add(&o, "answer", out_string(a->text));
    mts_json_add_real(&o, MTS_F_REWARD, s->answers[a->index].reward);
    for (size_t i = 0; i < 2; i++) {
        static const char *const names[] = {MTS_F_CLAIMS_TRUE, MTS_F_CLAIMS_FALSE};
        mts_json_add(&o, names[i], json_incref(json_object_get(a->scores, names[i])));
    }
    mts_json_add_int(&o, MTS_F_ROLLOUTS, (json_int_t)s->rollouts_done);
    mts_json_add_int(&o, MTS_F_NFE, (json_int_t)s->nfe);
    return o;
}

/* What one who asks should know: that of all answers looked at none says something true about what was asked. */
static void note_unanswered(const Task *task, const Args *args, const char *question)
{
    bool unanswered = task->result->search->answers[task->answer.index].reward <= 0;
    if (question && !args->eval_reward && unanswered && !args->quiet) {
        fputs("maxts: ask: no statement that holds answers this question; a larger model (-m) may find one\n", stderr);
    }
}

/* The answer's text, and on a terminal below it what of it was checked. */
static int show(const Task *task, const Args *args, const char *question, MtsError *err)
{
    const MtsEvalAnswer *a = &task->answer;
    if (args->json) {
        return out_print(args, describe(task, args, question), err);
    }
    out_whole_text(task->result->texts[a->index], task->result->text_sizes[a->index]);
    out_puts("\n");
    if (out_is_terminal()) {
        long long right = json_integer_value(json_object_get(a->scores, MTS_F_CLAIMS_TRUE)),
                  wrong = json_integer_value(json_object_get(a->scores, MTS_F_CLAIMS_FALSE));
        out_line("\n(%lld statements checked against the values: %lld hold, %lld do not)", right + wrong, right, wrong);
    }
    return out_flush(err);
}

static int work(Task *task, const Args *args, const char *command, MtsTaskKind kind, MtsError *err)
{
    MtsTask asked = {.kind = kind, .points = args->points == CLI_NO_SIZE ? 0 : args->points};
    int rc = task_open(task, args, command, err);
    if (rc) {
        return rc;
    }
    if (kind == MTS_TASK_ASK && (!(asked.question = args->operands[1]) || !*asked.question)) {
        return mts_fail(err, MTS_EREQUEST, "ask: what? maxts ask FILE \"question\"");
    }
    if (task->series->channels != 1) {
        return mts_fail(err, MTS_EREQUEST,
                        "%s: the series has %zu channels, and answers are checked against one; choose it with "
                        "--column or %s#NAME",
                        command, task->series->channels, args->operands[0]);
    }
    if ((rc = task_pose(task, &asked, err)) || (rc = task_ask(task, args, NULL, err)) ||
        (rc = task_search(task, args, err))) {
        return rc;
    }
    if (!(rc = show(task, args, asked.question, err))) {
        note_unanswered(task, args, asked.question);
    }
    return rc;
}

static int run(const Args *args, const char *command, MtsTaskKind kind, MtsError *err)
{
    Task task = {0};
    int rc = work(&task, args, command, kind, err);
    task_close(&task);
    return rc;
}

int cmd_ask(const Args *args, MtsError *err)
{
    return run(args, "ask", MTS_TASK_ASK, err);
}

int cmd_caption(const Args *args, MtsError *err)
{
    return run(args, "caption", MTS_TASK_CAPTION, err);
}
