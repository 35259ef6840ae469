/* cli/progress.c - see progress.h.
 *
 * A row never fills the last column, where some terminals begin the next line. A terminal that has become narrower
 * since breaks the old row into several: they are counted by its new width and wiped together. */
#include "cli/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/screen.h"
#include "core/file.h"

/* Seconds: between two rows of a terminal; elsewhere until the first line, twice as long until each next one, at most
 * the last. */
static const double INTERVAL = 0.1, FIRST_LINE = 30, LONGEST_PAUSE = 600;

void progress_begin(Progress *p, bool quiet)
{
    memset(p, 0, sizeof *p);
    p->to = stderr;
    p->shown = !quiet;
    p->redraws = screen_redraws(STDERR_FILENO);
    p->began = mts_seconds();
    p->last = p->redraws ? 0 : p->began;
    p->pause = p->redraws ? INTERVAL : FIRST_LINE;
}

/* ---- rows ---- */

bool progress_due(Progress *p, double now)
{
    if (!p->shown || now - p->last < p->pause) {
        return false;
    }
    p->last = now;
    p->pause = p->redraws ? INTERVAL : fmin(2 * p->pause, LONGEST_PAUSE);
    return true;
}

void progress_part(ProgressRow *row, const char *format, ...)
{
    va_list list;
    if (row->count < PROGRESS_PARTS) {
        va_start(list, format);
        vsnprintf(row->parts[row->count++], PROGRESS_PART, format, list);
        va_end(list);
    }
}

void progress_left(ProgressRow *row, double seconds)
{
    if (seconds < 120) {
        progress_part(row, "about %.0f s left", ceil(seconds));
    } else if (seconds < 7200) {
        progress_part(row, "about %.0f min left", ceil(seconds / 60));
    } else if (isfinite(seconds)) {
        progress_part(row, "about %.1f h left", seconds / 3600);
    }
}

void progress_join(const ProgressRow *row, size_t columns, char *out, size_t size)
{
    size_t used = 0, at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < row->count; i++) {
        const char *part = row->parts[i];
        size_t wide = screen_columns(part, strlen(part)), join = i ? 2 : 0, bytes = strlen(part);
        if (columns && i == 0 && wide > columns) {
            bytes = screen_fit(part, bytes, columns);
        } else if (columns && used + join + wide > columns) {
            continue; /* a shorter one behind it may fit */
        }
        if (at + join + bytes >= size) {
            return;
        }
        at += (size_t)snprintf(out + at, size - at, "%s%.*s", i ? ", " : "", (int)bytes, part);
        used += join + wide;
    }
}

/* Back to the start of the row on the screen, with nothing on it. */
static void wipe(const Progress *p)
{
    size_t width = screen_width(STDERR_FILENO);
    if (width && p->columns > width) {
        fprintf(p->to, "\033[%zuA\r\033[J", (p->columns - 1) / width);
    } else {
        fputs("\r\033[K", p->to);
    }
}

static void draw(Progress *p, const char *line)
{
    if (p->redraws) {
        wipe(p);
        p->columns = screen_columns(line, strlen(line));
        fputs(line, p->to);
    } else {
        fprintf(p->to, "%s\n", line);
    }
    fflush(p->to);
}

/* A row's columns: the last one stays free. */
static size_t room(const Progress *p)
{
    size_t width = p->redraws ? screen_width(STDERR_FILENO) : 0;
    return width > 1 ? width - 1 : width;
}

void progress_put(Progress *p, const ProgressRow *row)
{
    char line[PROGRESS_PARTS * (PROGRESS_PART + 2)];
    progress_join(row, room(p), line, sizeof line);
    draw(p, line);
}

void progress_say(Progress *p, const char *text)
{
    if (p->shown && p->redraws) {
        ProgressRow row = {0};
        progress_part(&row, "%s", text);
        p->last = mts_seconds();
        progress_put(p, &row);
    }
}

void progress_end(Progress *p)
{
    if (p->shown && p->redraws) {
        draw(p, "");
    }
}

/* ---- a search's ---- */

/* The share of the work that is done: of whichever limit will be reached first. While a wave is under way no text is
 * finished; its positions then tell, as if all texts were of the greatest length. */
static double done_share(const Progress *p, const MtsEvent *e, double elapsed)
{
    double share = p->rollouts ? (double)e->rollouts_done / (double)p->rollouts : 0;
    if (p->rollouts && p->max_tokens) {
        share = fmax(share, (double)e->nfe / ((double)p->rollouts * (double)p->max_tokens));
    }
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
    if (!progress_due(p, now)) {
        return 0;
    }
    ProgressRow row = {0};
    double elapsed = now - p->began, share = done_share(p, e, elapsed);
    progress_part(&row, "%zu of %zu rollouts", e->rollouts_done, p->rollouts);
    progress_left(&row, share > 0 ? elapsed * (1 - share) / share : NAN);
    if (e->rollouts_done > 0 && isfinite(e->best_reward)) {
        progress_part(&row, "best reward %.4g", e->best_reward);
    }
    progress_part(&row, "%llu positions", (unsigned long long)e->nfe);
    if (e->rollouts_done > 0 && isfinite(e->log_z)) {
        progress_part(&row, "log Z %.3f", e->log_z);
    }
    progress_put(p, &row);
    return 0;
}

void progress_begin_search(Progress *p, bool quiet, const MtsSearchSettings *settings, size_t max_tokens)
{
    progress_begin(p, quiet);
    p->max_nfe = settings->max_nfe;
    p->max_seconds = settings->max_seconds;
    p->rollouts = settings->rollouts;
    p->max_tokens = max_tokens;
    p->sink = (MtsEventSink){.context = p, .event = show};
}
