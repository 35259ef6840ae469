/* search/methods/greedy.c - one text, the likeliest token at every step; ties go to the lower token. */
#include "search/positions.h"
#include "search/methods/methods.h"
#include "search/methods/population.h"

static int greedy_lead(MtsSearch *search, MtsError *err)
{
    MtsNode *node = search->nodes.root;
    bool go = true;
    int rc;
    while (!node->finished) {
        if ((rc = mts_population_extend(search, &node, 1, &go, err))) {
            return rc;
        }
        if (!go) {
            return MTS_OK;
        }
        if (mts_node_is_dead(node)) {
            search->stop_reason = "rollouts"; /* no answer: the result says so */
            return MTS_OK;
        }
        node = mts_search_child(search, node, 0);
        if (!node) {
            return mts_out_of_memory(err);
        }
    }
    search->stop_reason = "rollouts";
    rc = mts_search_score(search, &node, 1, err);
    return rc ? rc : mts_population_back_up(search, node, 0, 0, err);
}

const MtsMethodOps mts_greedy_ops = {
    .answers = MTS_ANSWERS_POINT, .lead = greedy_lead, .write_stop = mts_population_write_stop};
