/* cli/live.c - see live.h.
 *
 * The tree is made of what events say: each rollout that comes home adds its way. The most visited nodes are shown,
 * children under their parents, as many as the screen has rows for; it is drawn again at most ten times a second. */
#include "cli/live.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/screen.h"
#include "core/error.h"
#include "core/file.h"
#include "core/mem.h"

#define NONE SIZE_MAX
#define PAUSE 0.1 /* seconds */

enum { ROWS_MOST = 20, INDENT_MOST = 30 };

/* Of nodes that are shown: the head's and the cursor's come on top. */
static size_t rows_most(void)
{
    size_t screen = screen_height(STDERR_FILENO);
    return screen == 0 || screen > ROWS_MOST + 2 ? ROWS_MOST : screen > 3 ? screen - 2 : 1;
}

static size_t child_of(Live *l, size_t parent, int32_t token)
{
    size_t at = l->nodes[parent].first;
    while (at != NONE && l->nodes[at].token != token) {
        at = l->nodes[at].next;
    }
    if (at == NONE && mts_grow(&l->nodes, &l->cap, l->count + 1, sizeof *l->nodes)) {
        at = l->count++;
        l->nodes[at] =
            (LiveNode){.parent = parent, .first = NONE, .next = l->nodes[parent].first, .token = token, .best = NAN};
        l->nodes[parent].first = at;
    }
    return at;
}

static int add(Live *l, const MtsEvent *e, MtsError *err)
{
    for (size_t at = 0, i = 0;; i++) {
        l->nodes[at].visits++;
        l->nodes[at].best = fmax(e->reward, l->nodes[at].best); /* of a NaN and a number the number */
        if (i == e->count) {
            return MTS_OK;
        }
        if ((at = child_of(l, at, e->tokens[i])) == NONE) {
            return mts_fail(err, MTS_ENOMEM, "no memory for the tree that is shown");
        }
    }
}

/* ---- drawing ---- */

/* How often a node has to be visited so that at most `most` are shown. */
static size_t least_visits(const Live *l, size_t most)
{
    size_t least = 0, count;
    do {
        least++;
        count = 0;
        for (size_t i = 0; i < l->count; i++) {
            count += l->nodes[i].visits >= least;
        }
    } while (count > most);
    return least;
}

static void put_row(Live *l, size_t at, size_t depth)
{
    char line[256];
    const LiveNode *n = &l->nodes[at];
    size_t indent = 2 * depth < INDENT_MOST ? 2 * depth : INDENT_MOST, width = screen_width(STDERR_FILENO);
    snprintf(line, sizeof line, "%6zu  best %9.4g  %*s%s", n->visits, n->best, (int)indent, "",
             n->token < 0 ? "(prompt)" : token_label(&l->labels, n->token));
    size_t fits = width ? screen_fit(line, strlen(line), width - 1) : strlen(line);
    fprintf(stderr, "%.*s\033[K\n", (int)fits, line);
    l->rows++;
}

/* The most visited child that is shown and less visited than `below` (of equals: earlier in the list). */
static void put_tree(Live *l, size_t at, size_t depth, size_t least, size_t most)
{
    put_row(l, at, depth);
    for (size_t visits = l->nodes[at].visits; visits >= least && visits > 0; visits--) {
        for (size_t k = l->nodes[at].first; k != NONE && l->rows < most; k = l->nodes[k].next) {
            if (l->nodes[k].visits == visits) {
                put_tree(l, k, depth + 1, least, most);
            }
        }
    }
}

static void draw(Live *l)
{
    char line[sizeof l->head];
    size_t most = rows_most(), width = screen_width(STDERR_FILENO), fits = strlen(l->head);
    snprintf(line, sizeof line, "%s", l->head);
    fits = width ? screen_fit(line, fits, width - 1) : fits;
    if (l->rows) {
        fprintf(stderr, "\033[%zuA", l->rows + 1);
    }
    l->rows = 0;
    fprintf(stderr, "%.*s\033[K\n", (int)fits, line);
    put_tree(l, 0, 0, least_visits(l, most), most);
    fputs("\033[J", stderr);
    fflush(stderr);
}

static int show(void *context, const MtsEvent *e, MtsError *err)
{
    Live *l = context;
    if (e->kind != MTS_EVENT_BACKED_UP || !l->nodes) {
        return MTS_OK;
    }
    int rc = add(l, e, err);
    double now = mts_seconds();
    snprintf(l->head, sizeof l->head, "%zu of %zu rollouts, %llu positions, log Z %.4f, best reward %.4g",
             e->rollouts_done, e->rollouts, (unsigned long long)e->nfe, e->log_z, e->best_reward);
    if (!rc && l->drawing && now - l->last >= PAUSE) {
        l->last = now;
        draw(l);
    }
    return rc;
}

void live_begin(Live *l, const MtsTokenizer *tokenizer)
{
    *l = (Live){.labels = {.tokenizer = tokenizer}, .drawing = screen_redraws(STDERR_FILENO), .last = -1};
    l->sink = (MtsEventSink){.context = l, .event = show};
    if (mts_grow(&l->nodes, &l->cap, 1, sizeof *l->nodes)) {
        l->nodes[l->count++] = (LiveNode){.parent = NONE, .first = NONE, .next = NONE, .token = -1, .best = NAN};
    }
}

void live_end(Live *l)
{
    if (l->drawing && l->rows) {
        draw(l);
    }
    free(l->nodes);
    *l = (Live){0};
}
