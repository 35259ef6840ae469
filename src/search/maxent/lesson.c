/* search/maxent/lesson.c - what a finished search has learnt of the turns of its texts; search/experience.c has the
 * rule and says how the next ones use it. */
#include <stdlib.h>

#include "core/mem.h"
#include "search/maxent/maxent.h"

typedef struct Below { /* of a node: the texts below it that have a finite reward */
    double sum, count;
} Below;

typedef struct Level { /* of a depth: what was still to come at its nodes */
    double sum, count;
} Level;

typedef struct Lesson {
    const MtsSearch *search;
    MtsExperience *experience;
    Below *below;  /* [nodes] by id */
    Level *levels; /* [depths] */
} Lesson;

static void add_texts(Lesson *l)
{
    const MtsEstimate *e = &mts_maxent(l->search)->estimate;
    for (size_t i = 0; i < e->text_count; i++) {
        double reward = e->texts[i]->reward;
        for (const MtsNode *node = e->texts[i]; node && reward != -HUGE_VAL; node = node->parent) {
            l->below[node->id].sum += reward;
            l->below[node->id].count += 1;
        }
    }
}

/* Of a node that texts are below: what is still to come. A text has nothing of its own but its last prefix's. */
static double to_come(const Lesson *l, const MtsNode *node)
{
    const MtsNode *prefix = node->finished ? node->parent : node;
    bool scored = prefix->parent && prefix->scored && prefix->reward != -HUGE_VAL;
    return l->below[node->id].sum / l->below[node->id].count - (scored ? prefix->reward : 0);
}

/* Takes the node in: among those of its depth, or, once all are there, by what it is off from them. */
static bool take(Lesson *l, const MtsNode *node, bool compare)
{
    Level *level = &l->levels[node->depth];
    if (!node->parent || l->below[node->id].count == 0) {
        return true;
    }
    if (!compare) {
        level->sum += to_come(l, node);
        level->count += 1;
        return true;
    }
    int32_t last[MTS_TURN_TOKENS - 1];
    mts_turn_before(node, last);
    return mts_experience_add(l->experience, node->token, last, to_come(l, node) - level->sum / level->count);
}

static bool learn(Lesson *l)
{
    bool ok = true;
    add_texts(l);
    for (int compare = 0; compare < 2; compare++) {
        for (size_t i = 0; i < l->search->nodes.count && ok; i++) {
            ok = take(l, mts_nodes_at(&l->search->nodes, i), compare);
        }
    }
    return ok;
}

static size_t depths_of(const MtsSearch *search)
{
    size_t depths = 0;
    for (size_t i = 0; i < search->nodes.count; i++) {
        size_t depth = mts_nodes_at(&search->nodes, i)->depth;
        depths = depth >= depths ? depth + 1 : depths;
    }
    return depths;
}

bool mts_maxent_lesson(const MtsSearch *search, MtsBytes *out)
{
    MtsError err;
    if (!mts_search_is_led_by_prefixes(search)) {
        return true;
    }
    Lesson l = {.search = search,
                .below = mts_calloc(search->nodes.count, sizeof *l.below),
                .levels = mts_calloc(depths_of(search), sizeof *l.levels)};
    bool ok = l.below && l.levels && !mts_experience_new(&l.experience, &err) && learn(&l) &&
              mts_experience_write(l.experience, out);
    mts_experience_free(&l.experience);
    free(l.below);
    free(l.levels);
    return ok;
}
