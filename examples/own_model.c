/* examples/own_model.c - a model and a reward of one's own, straight on the search: no file, no tokenizer, no text.
 *
 * Three tokens: 0 and 1 like to repeat, 2 ends a text and comes soon. The reward is what the model avoids: length. */
#include <math.h>
#include <stdio.h>
#include <maxts/search.h>

/* What may follow a prefix; here its last token says all. A model that makes states counts their references. */
struct MtsState {
    MtsDist dist;
};

static int extend(void *context, MtsSearchStep *steps, size_t n, MtsError *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) { /* a neural model would evaluate them together */
        steps[i].next = (MtsState *)context + steps[i].token;
        steps[i].dist = steps[i].next->dist;
    }
    return MTS_OK;
}

static bool is_end(void *context, int32_t token)
{
    return context && token == 2;
}

static void keep(void *context, MtsState *state)
{
    (void)context, (void)state; /* they live as long as main() */
}

static int length(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    (void)context, (void)err;
    *value = (double)candidate->count;
    return MTS_OK;
}

int main(void)
{
    const int32_t tokens[][3] = {{0, 2, 1}, {1, 2, 0}}; /* likeliest first */
    const double logp[][3] = {{log(0.6), log(0.3), log(0.1)}, {log(0.5), log(0.4), log(0.1)}};
    MtsState states[] = {{{3, tokens[0], logp[0], 0}}, {{3, tokens[1], logp[1], 0}}};
    const MtsSearchModel model = {states, &states[0], states[0].dist, 8, extend, is_end, keep, keep, NULL};
    const MtsSearchReward reward = {.score = length};
    MtsSearchSettings settings;
    MtsSearchResult *result;
    MtsError err = {0};
    mts_search_defaults(&settings);
    settings.rollouts = 30;
    if (mts_search(&model, &reward, &settings, NULL, &result, &err)) {
        return fprintf(stderr, "own_model: %s\n", err.text), mts_exit_status(err.code);
    }
    const MtsAnswer *map = &result->answers[result->map];
    printf("the likeliest has %zu tokens, p %.4f and pi* %.4f; ", map->count, exp(map->logp), map->probability);
    printf("log Z is %.2f +- %.2f\n", result->log_z, result->log_z_se);
    mts_search_result_free(&result);
    return 0;
}
