/* search/methods/population.c - see population.h. */
#include "search/methods/population.h"

#include "search/positions.h"

/* The positions that finishing one of these prefixes may need behind their own step, as far as the limit is one that a
 * text is certain to fit into. */
static uint64_t kept_back(const MtsSearch *search, const MtsNode *node)
{
    uint64_t one = search->model->max_tokens - 1;
    return search->settings.max_nfe < one ? 0 : one - node->depth;
}

/* At the step where a search that is being replayed was cut short. */
static bool at_cut(MtsSearch *search)
{
    const MtsStopPoint *cut = search->cut;
    if (!cut || (size_t)json_integer_value(json_object_get(cut->line, "steps")) != search->steps_taken) {
        return false;
    }
    search->stop_reason = cut->reason;
    return true;
}

bool mts_population_write_stop(const MtsSearch *search, MtsBytes *line)
{
    return mts_bytes_printf(line, ",\"steps\":%zu", search->steps_taken);
}

int mts_population_extend(MtsSearch *search, MtsNode *const *nodes, size_t n, bool *go, MtsError *err)
{
    uint64_t most = search->settings.max_nfe, wanted = search->done ? 0 : kept_back(search, nodes[0]);
    for (size_t i = 0; i < n; i++) {
        wanted += !nodes[i]->evaluated; /* twice for two particles on one prefix: at worst it stops a step early */
    }
    *go = !at_cut(search) && !mts_search_stopped(search);
    if (*go && most > 0 && search->nfe + wanted > most) {
        search->stop_reason = "nfe";
        *go = false;
    }
    int rc = *go ? mts_search_evaluate(search, nodes, n, err) : MTS_OK;
    search->charged = search->nfe;
    search->steps_taken += *go;
    return rc;
}

int mts_population_back_up(MtsSearch *search, MtsNode *text, double log_q, double log_weight, MtsError *err)
{
    size_t index = search->done++;
    for (MtsNode *node = text; node; node = node->parent) {
        mts_node_visit(node);
    }
    search->decode_tokens += text->depth;
    mts_search_count_text(search, text);
    int rc = mts_search_answer(search, text, log_weight, err);
    mts_node_tokens(text, search->tokens);
    MtsEvent event = {.kind = MTS_EVENT_SCORED,
                      .rollout = index,
                      .tokens = search->tokens,
                      .count = text->depth,
                      .log_q = log_q,
                      .logp = text->path_logp,
                      .reward = text->reward,
                      .log_z_rollout = (double)NAN};
    if (rc || (rc = mts_search_emit(search, &event, err))) {
        return rc;
    }
    event.kind = MTS_EVENT_BACKED_UP;
    return mts_search_emit(search, &event, err);
}
