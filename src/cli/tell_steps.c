/* cli/tell_steps.c - a story step by step, a screen a rollout: its way, each node with what is known there, and where
 * the estimates are. What the terminal has no rows for is left out of the middle of the way, what it has no columns for
 * goes below, and bars give way to the words beside them. */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/out.h"
#include "cli/screen.h"
#include "cli/tell.h"
#include "core/error.h"
#include "core/mem.h"

enum {
    BAR_MOST = 40,
    BAR_LEAST = 8,
    BAR_FRONT = 23, /* columns before a bar: its name and value */
    WORDS = 36,     /* behind it, with the blanks before them */
    BARS_MOST = 6,
    AROUND = 7, /* other lines of a screen: head, sums, two blank ones, keys, the cursor's */
    KEYS_WIDE = 54
};

/* ---- bars ---- */

typedef struct Bar {
    const char *name;
    double value, whole;
    char says[64];
} Bar;

static void add_bar(Bar *bars, size_t *count, const char *name, double value, double whole, const char *says)
{
    if (isfinite(value)) {
        bars[*count] = (Bar){.name = name, .value = value, .whole = whole};
        snprintf(bars[(*count)++].says, sizeof bars->says, "%s", says);
    }
}

static size_t make_bars(const Story *s, const StoryRollout *r, Bar bars[BARS_MOST])
{
    StoryNode root = story_root(r);
    double z = exp(s->log_z_exact), scale = isfinite(z) ? 1.5 * z : 1.5 * exp(r->log_z);
    size_t count = 0;
    char mean[64];
    snprintf(mean, sizeof mean, isnan(r->log_z_se) ? "the mean so far" : "the mean so far, log within %.3g",
             r->log_z_se);
    add_bar(bars, &count, "z", exp(r->log_z_rollout), scale, "this rollout's own estimate of Z");
    add_bar(bars, &count, "Z^", exp(r->log_z), scale, mean);
    add_bar(bars, &count, "W", exp(r->log_w), scale, "expected, which the policy is from");
    add_bar(bars, &count, "K", exp(root.log_k), scale, "known for certain");
    add_bar(bars, &count, "u", exp(root.log_u), 1, "prior mass not seen yet (of 1)");
    add_bar(bars, &count, "Z", z, scale, "exact");
    return count;
}

static void put_bar(const Bar *bar, bool plain)
{
    size_t screen = out_width(), front = BAR_FRONT + WORDS;
    size_t room = screen == 0 || screen > front + BAR_MOST ? BAR_MOST : screen > front ? screen - front : 0;
    int width = room > BAR_LEAST ? (int)room : BAR_LEAST;
    double share = bar->whole > 0 && bar->value >= 0 ? bar->value / bar->whole : 0;
    int filled = (int)(width * (share > 1 ? 1 : share) + 0.5);
    char line[64 + 3 * BAR_MOST + sizeof bar->says];
    int n = snprintf(line, sizeof line, plain ? "  %-6s %12.6f  " : "  %-6s %12.5e  ", bar->name, bar->value);
    for (int i = 0; i < width; i++) {
        n += snprintf(line + n, sizeof line - (size_t)n, "%s", i < filled ? "\xE2\x96\x88" : "\xC2\xB7");
    }
    snprintf(line + n, sizeof line - (size_t)n, "  %s", bar->says);
    out_cut_line(line);
}

/* ---- the way ---- */

/* Its columns of numbers. */
enum { P, Q, K, U, COLUMNS };
static const char *const NAMES[COLUMNS] = {"p", "drawn by q", "K below", "u below"};

/* At depth i; NaN: there is none. */
static void numbers_at(const StoryRollout *r, size_t i, double numbers[COLUMNS])
{
    const StoryStep *step = i ? &r->steps[i - 1] : NULL;
    const StoryNode *node = i < r->path_count ? &r->path[i] : NULL;
    numbers[P] = step ? step->logp : NAN;
    numbers[Q] = step ? step->log_q : NAN;
    numbers[K] = node ? node->log_k : NAN;
    numbers[U] = node ? node->log_u : NAN;
}

static void find_notations(const StoryRollout *r, bool plain[COLUMNS])
{
    double numbers[COLUMNS];
    for (size_t i = 0; i <= r->count; i++) {
        numbers_at(r, i, numbers);
        for (size_t c = 0; c < COLUMNS; c++) {
            plain[c] = (i == 0 || plain[c]) && tell_is_plain(numbers[c]);
        }
    }
}

static json_t *way_row(const StoryRollout *r, size_t i, const bool plain[COLUMNS], TokenLabels *labels)
{
    const StoryStep *step = i ? &r->steps[i - 1] : NULL;
    double numbers[COLUMNS];
    char text[32];
    json_t *row = json_object();
    mts_json_add_int(&row, "depth", (json_int_t)i);
    mts_json_add_text(&row, "token", step ? token_label(labels, step->token) : "(prompt)");
    numbers_at(r, i, numbers);
    for (size_t c = 0; c < COLUMNS; c++) {
        bool none = !step && (c == P || c == Q);
        mts_json_add_text(&row, NAMES[c], none ? "" : tell_natural(numbers[c], plain[c], text));
    }
    mts_json_add_text(&row, "tree", !step ? "" : step->known ? "known" : "new");
    return row;
}

/* The nodes of the way; where there are more than `most` (0: no limit), a row in the middle says how many are not
 * shown. NULL: memory ran out. */
static json_t *way_rows(const StoryRollout *r, size_t most, TokenLabels *labels)
{
    size_t all = r->count + 1, first = most == 0 || all <= most ? all : (most - 1) / 2, last = all - first;
    bool plain[COLUMNS];
    json_t *rows = json_array();
    find_notations(r, plain);
    if (first < all) {
        last = most - 1 - first;
    }
    for (size_t i = 0; i < first; i++) {
        mts_json_add(&rows, NULL, way_row(r, i, plain, labels));
    }
    if (first < all) {
        char text[48];
        json_t *gap = json_object();
        snprintf(text, sizeof text, "(%zu more)", all - first - last);
        mts_json_add_text(&gap, "depth", "\xE2\x80\xA6");
        mts_json_add_text(&gap, "token", text);
        for (size_t i = 0; i < COLUMNS; i++) {
            mts_json_add_text(&gap, NAMES[i], "");
        }
        mts_json_add_text(&gap, "tree", "");
        mts_json_add(&rows, NULL, gap);
    }
    for (size_t i = first < all ? all - last : all; i < all; i++) {
        mts_json_add(&rows, NULL, way_row(r, i, plain, labels));
    }
    return rows;
}

/* At most so many lines, 0: no limit. */
static int put_way(const StoryRollout *r, size_t lines, TokenLabels *labels, MtsError *err)
{
    json_t *rows = way_rows(r, 0, labels);
    size_t blocks = rows ? out_table_blocks(rows) : 1, each = lines / blocks;
    if (rows && lines && r->count + 2 > each) {
        json_decref(rows);
        rows = way_rows(r, each > 4 ? each - 1 : 3, labels);
    }
    if (!rows) {
        return mts_fail(err, MTS_ENOMEM, "replay: memory ran out");
    }
    out_table(rows);
    json_decref(rows);
    return MTS_OK;
}

/* ---- a screen ---- */

static int put_head(const StoryRollout *r, size_t at, size_t count, TokenLabels *labels, MtsError *err)
{
    MtsBytes line = {0};
    bool ok = mts_bytes_printf(&line, "rollout %zu of %zu: ", at + 1, count);
    for (size_t i = 0; ok && i < r->count; i++) {
        ok = mts_bytes_printf(&line, "%s%s", i ? " " : "", token_label(labels, r->steps[i].token));
    }
    if (ok) {
        out_puts(out_bold());
        out_cut_line(line.data);
        out_puts(out_plain());
    }
    mts_bytes_free(&line);
    return ok ? MTS_OK : mts_fail(err, MTS_ENOMEM, "replay: memory ran out");
}

static int put_frame(const Story *s, size_t at, TokenLabels *labels, MtsError *err)
{
    const StoryRollout *r = &s->rollouts[at];
    Bar bars[BARS_MOST];
    size_t count = make_bars(s, r, bars), screen = out_height(), around = AROUND + count;
    int rc = put_head(r, at, s->count, labels, err);
    if (rc) {
        return rc;
    }
    char sums[128];
    snprintf(sums, sizeof sums, "  reward %.6g, best so far %.6g, %llu positions", r->reward, r->best_reward,
             (unsigned long long)r->nfe);
    out_cut_line(sums);
    out_puts("\n");
    rc = put_way(r, screen == 0 ? 0 : screen > around ? screen - around : 1, labels, err);
    out_puts("\n");
    bool plain = true;
    for (size_t i = 0; i < count; i++) {
        plain = plain && tell_is_plain(log(bars[i].value));
    }
    for (size_t i = 0; i < count; i++) {
        put_bar(&bars[i], plain);
    }
    out_puts("\n");
    return rc;
}

static void put_keys(void)
{
    out_cut_line(out_width() == 0 || out_width() >= KEYS_WIDE
                     ? "  n/space/\xE2\x86\x92 on   p/\xE2\x86\x90 back   g first   G last   q out"
                     : "  n on  p back  g G ends  q out");
}

/* A key, an arrow as the letter that does the same; 'q' at the end of input. */
static int read_key(void)
{
    char c;
    struct pollfd more = {.fd = STDIN_FILENO, .events = POLLIN};
    if (read(STDIN_FILENO, &c, 1) != 1) {
        return 'q';
    }
    if (c != '\033') {
        return c;
    }
    char arrow[2] = {0};
    for (int i = 0; i < 2 && poll(&more, 1, 50) == 1; i++) {
        if (read(STDIN_FILENO, &arrow[i], 1) != 1) {
            return 'q';
        }
    }
    return arrow[1] == 'C' || arrow[1] == 'B' ? 'n' : arrow[1] == 'D' || arrow[1] == 'A' ? 'p' : ' ';
}

/* The rollout that a key leads to; SIZE_MAX: out. */
static size_t follow(size_t at, size_t count, int key)
{
    switch (key) {
    case 'q':
        return SIZE_MAX;
    case 'p':
    case 'b':
    case 'k':
        return at > 0 ? at - 1 : at;
    case 'g':
    case '0':
        return 0;
    case 'G':
    case 'e':
        return count - 1;
    default:
        return at + 1 < count ? at + 1 : at;
    }
}

static int walk(const Story *s, TokenLabels *labels, MtsError *err)
{
    struct termios before, raw;
    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        return mts_fail(err, MTS_EIO, "replay: the terminal does not say how it is set");
    }
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    int rc = MTS_OK;
    for (size_t at = 0; at != SIZE_MAX && !rc; at = rc ? SIZE_MAX : follow(at, s->count, read_key())) {
        out_puts(screen_redraws(STDOUT_FILENO) ? "\033[H\033[2J" : "\n");
        if (!(rc = put_frame(s, at, labels, err))) {
            put_keys();
            rc = out_flush(err);
        }
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return rc;
}

int tell_steps(const Story *s, TokenLabels *labels, MtsError *err)
{
    if (out_is_terminal() && isatty(STDIN_FILENO)) {
        return walk(s, labels, err);
    }
    for (size_t i = 0; i < s->count; i++) {
        int rc = put_frame(s, i, labels, err);
        if (rc) {
            return rc;
        }
    }
    return out_flush(err);
}
