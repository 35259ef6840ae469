/* cli/progress.c - see progress.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/progress.h"
#include "core/file.h"

static const double INTERVAL = 0.1; /* seconds between two lines */

/* The share of the work that is done: of whichever limit will be reached first. */
static double done_share(const Progress *p, const MtsEvent *e, double elapsed)
{
    double share = p->rollouts ? (double)e->rollouts_done / (double)p->rollouts : 0;
    if (p->max_nfe) {
        share = fmax(share, (double)e->nfe / (double)p->max_nfe);
    }
    if (p->max_seconds > 0) {
        share = fmax(share, elapsed / p->max_seconds);
    }
    return fmin(share, 1);
}

static int show(void *context, const MtsEvent *e, MtsError *err)
{
    Progress *p = context;
    double now = mts_seconds();
    (void)err;
    if (now - p->last < INTERVAL) {
        return 0;
    }
    p->last = now;
    double elapsed = now - p->began, share = done_share(p, e, elapsed);
    fprintf(stderr, "\r\033[K%zu of %zu rollouts, %llu positions", e->rollouts_done, p->rollouts,
            (unsigned long long)e->nfe);
    if (e->rollouts_done > 0 && isfinite(e->best_reward)) {
        fprintf(stderr, ", best reward %.4g", e->best_reward);
    }
    if (e->rollouts_done > 0 && isfinite(e->log_z)) {
        fprintf(stderr, ", log Z %.3f", e->log_z);
    }
    if (share > 0) {
        fprintf(stderr, ", about %.0f s left", ceil(elapsed * (1 - share) / share));
    }
    fflush(stderr);
    return 0;
}

void progress_begin(Progress *p, const MtsSearchSettings *settings)
{
    memset(p, 0, sizeof *p);
    p->shown = isatty(STDERR_FILENO);
    p->began = mts_seconds();
    p->max_nfe = settings->max_nfe;
    p->max_seconds = settings->max_seconds;
    p->rollouts = settings->rollouts;
    p->sink = (MtsEventSink){.context = p, .event = show};
}

void progress_say(Progress *p, const char *text)
{
    if (p->shown) {
        fprintf(stderr, "\r\033[K%s", text);
        fflush(stderr);
    }
}

void progress_end(Progress *p)
{
    progress_say(p, "");
}
