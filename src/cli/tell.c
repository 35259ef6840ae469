/* cli/tell.c - a story as a table. */
#include "cli/tell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

const char *tell_natural(double log_value, char out[32])
{
    double v = exp(log_value);
    bool plain = v == 0 || (v >= 1e-3 && v < 1e6);
    snprintf(out, 32, isnan(log_value) ? "-" : plain ? "%.6f" : "%.6g", v);
    return out;
}

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
        mts_json_add_text(row, name, tell_natural(log_value, text));
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
        add(&row, "W", r->log_w, read);
        add(&row, "Z^", r->log_z, read);
        mts_json_add(&rows, NULL, row);
    }
    return rows;
}
