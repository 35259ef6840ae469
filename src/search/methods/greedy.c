/* search/methods/greedy.c - one text, the likeliest token at every step; ties go to the lower token. */
#include "search/methods/methods.h"

#include "search/methods/population.h"

static int greedy_run(MtsRun *run, MtsError *err)
{
    MtsNode *node = run->nodes.root;
    bool go = true;
    int rc = MTS_OK;
    while (rc == MTS_OK && !node->finished) {
        rc = mts_population_evaluate(run, &node, 1, &go, err);
        if (rc != MTS_OK || !go) {
            return rc != MTS_OK ? rc : mts_population_check(run, err);
        }
        if (mts_node_is_dead(node)) {
            run->stop_reason = "rollouts"; /* no answer: the result says so */
            return MTS_OK;
        }
        node = mts_run_child(run, node, 0);
        if (!node) {
            return mts_out_of_memory(err);
        }
    }
    rc = rc == MTS_OK ? mts_run_score(run, &node, 1, err) : rc;
    run->stop_reason = "rollouts";
    return rc == MTS_OK ? mts_population_finish(run, node, 0, 0, err) : rc;
}

const MtsMethodOps mts_greedy_ops = {.name = "greedy", .answers = MTS_ANSWERS_POINT, .run = greedy_run};
