/* cli/tell.c - a story as a table, and step by step. */
#include "cli/tell.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/out.h"
#include "core/error.h"
#include "core/mem.h"

enum { BAR = 40 };

/* exp of a logarithm; "-" where there is none. */
static const char *natural(double log_value, char out[32])
{
    double v = exp(log_value);
    bool plain = v == 0 || (v >= 1e-3 && v < 1e6);
    snprintf(out, 32, isnan(log_value) ? "-" : plain ? "%.6f" : "%.6g", v);
    return out;
}

static void put_text(const StoryRollout *r, TokenLabels *labels, const char *join)
{
    for (size_t i = 0; i < r->count; i++) {
        fprintf(out_stream(), "%s%s", i ? join : "", token_label(labels, r->steps[i].token));
    }
}

/* ---- the table ---- */

/* The choices whose product is q, or q alone where they are many. */
static void write_q(const StoryRollout *r, char *out, size_t size)
{
    size_t n = 0;
    double log_q = 0;
    out[0] = '\0';
    for (size_t k = 0; k < r->count; k++) {
        log_q += r->steps[k].log_q;
        if (r->count <= 3) {
            n += (size_t)snprintf(out + n, size - n, "%s%.6f", k ? " * " : "", exp(r->steps[k].log_q));
        }
    }
    if (r->count > 3 || isnan(log_q)) {
        snprintf(out, size, isnan(log_q) ? "-" : "%.6g", exp(log_q));
    }
}

static json_t *text_of(const StoryRollout *r, TokenLabels *labels)
{
    MtsBytes text = {0};
    bool ok = mts_bytes_append_str(&text, "");
    for (size_t i = 0; ok && i < r->count; i++) {
        ok = mts_bytes_printf(&text, "%s%s", i ? "," : "", token_label(labels, r->steps[i].token));
    }
    json_t *string = ok ? mts_json_string(text.data, text.len) : NULL;
    mts_bytes_free(&text);
    return string;
}

/* A cell that is read, or the number itself. */
static void add(json_t **row, const char *name, double log_value, bool read)
{
    char text[32];
    if (read) {
        mts_json_add_text(row, name, natural(log_value, text));
    } else {
        mts_json_add_real(row, name, exp(log_value));
    }
}

json_t *tell_rows(const Story *s, TokenLabels *labels, bool read)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < s->count; i++) {
        const StoryRollout *r = &s->rollouts[i];
        StoryNode root = story_root(r);
        json_t *row = json_object();
        char q[128];
        write_q(r, q, sizeof q);
        mts_json_add_int(&row, "i", (json_int_t)r->index + 1);
        mts_json_add(&row, "text", text_of(r, labels));
        mts_json_add_text(&row, "q", q);
        add(&row, "z", r->log_z_rollout, read);
        add(&row, "K", root.log_k, read);
        add(&row, "u", root.log_u, read);
        add(&row, "Z^", r->log_z, read);
        mts_json_add(&rows, NULL, row);
    }
    return rows;
}

/* ---- step by step ---- */

static void put_bar(const char *name, double value, double whole, const char *says)
{
    double share = whole > 0 && value >= 0 ? value / whole : 0;
    int filled = (int)(BAR * (share > 1 ? 1 : share) + 0.5);
    fprintf(out_stream(), "  %-6s %12.6f  ", name, value);
    for (int i = 0; i < BAR; i++) {
        fputs(i < filled ? "\xE2\x96\x88" : "\xC2\xB7", out_stream());
    }
    fprintf(out_stream(), "  %s\n", says);
}

static void put_frame(const Story *s, size_t at, TokenLabels *labels)
{
    const StoryRollout *r = &s->rollouts[at];
    StoryNode root = story_root(r);
    double z = exp(s->log_z_exact), scale = isfinite(z) ? 1.5 * z : 1.5 * exp(r->log_z);
    fprintf(out_stream(), "%srollout %zu of %zu%s: ", out_bold(), at + 1, s->count, out_plain());
    put_text(r, labels, " ");
    fprintf(out_stream(), "\n  reward %.6g, best so far %.6g, %llu positions\n\n", r->reward, r->best_reward,
            (unsigned long long)r->nfe);
    fprintf(out_stream(), "  depth  %-14s %10s %10s  %12s %10s\n", "token", "p", "drawn by q", "K below", "u below");
    for (size_t i = 0; i <= r->count; i++) {
        StoryNode node = i < r->path_count ? r->path[i] : (StoryNode){NAN, NAN, NAN};
        char k[32], u[32], p[32] = "", q[32] = "";
        if (i > 0) {
            natural(r->steps[i - 1].logp, p);
            natural(r->steps[i - 1].log_q, q);
        }
        fprintf(out_stream(), "  %5zu  %-14s %10s %10s  %12s %10s%s\n", i,
                i ? token_label(labels, r->steps[i - 1].token) : "(prompt)", p, q, natural(node.log_k, k),
                natural(node.log_u, u), i && !r->steps[i - 1].known ? "  new" : "");
    }
    putc('\n', out_stream());
    if (isfinite(r->log_z_rollout)) {
        put_bar("z", exp(r->log_z_rollout), scale, "this rollout's own estimate of Z");
    }
    if (isfinite(r->log_z)) {
        char says[96];
        snprintf(says, sizeof says, isnan(r->log_z_se) ? "the mean so far" : "the mean so far, log within %.3g",
                 r->log_z_se);
        put_bar("Z^", exp(r->log_z), scale, says);
    }
    if (!isnan(root.log_k)) {
        put_bar("K", exp(root.log_k), scale, "known for certain");
        put_bar("u", exp(root.log_u), 1, "prior mass not seen yet (of 1)");
    }
    if (isfinite(z)) {
        put_bar("Z", z, scale, "exact");
    }
    putc('\n', out_stream());
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
        fputs("\033[H\033[2J", out_stream());
        put_frame(s, at, labels);
        fputs("  n/space/\xE2\x86\x92 on   p/\xE2\x86\x90 back   g first   G last   q out\n", out_stream());
        rc = out_flush(err);
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
        put_frame(s, i, labels);
    }
    return out_flush(err);
}
