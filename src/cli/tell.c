/* cli/tell.c - a story as a table. */
#include "cli/tell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

bool tell_is_plain(double log_value)
{
    double v = exp(log_value);
    return isnan(v) || v == 0 || (v >= 1e-3 && v < 1e6);
}

const char *tell_natural(double log_value, bool plain, char out[32])
{
    snprintf(out, 32, isnan(log_value) ? "-" : plain ? "%.6f" : "%.5e", exp(log_value));
    return out;
}

enum { FACTORS_MOST = 3, NUMBERS = 5 };
static const char *const NAMES[NUMBERS] = {"z", "K", "u", "W", "Z^"};

/* How the columns are written: q as the choices whose product it is, where no text has many; which are plain. */
typedef struct Notation {
    bool factors, q_plain, plain[NUMBERS];
} Notation;

static double log_q_of(const StoryRollout *r)
{
    double log_q = 0;
    for (size_t k = 0; k < r->count; k++) {
        log_q += r->steps[k].log_q;
    }
    return log_q;
}

static void write_q(const StoryRollout *r, const Notation *how, char *out, size_t size)
{
    size_t n = 0;
    char text[32];
    double log_q = log_q_of(r);
    snprintf(out, size, "%s", tell_natural(log_q, how->q_plain, text));
    for (size_t k = 0; k < r->count && how->factors && !isnan(log_q); k++) {
        n += (size_t)snprintf(out + n, size - n, "%s%s", k ? " * " : "",
                              tell_natural(r->steps[k].log_q, how->q_plain, text));
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

static void numbers_of(const StoryRollout *r, double numbers[NUMBERS])
{
    StoryNode root = story_root(r);
    const double all[NUMBERS] = {r->log_z_rollout, root.log_k, root.log_u, r->log_w, r->log_z};
    memcpy(numbers, all, sizeof all);
}

static Notation find_notation(const Story *s)
{
    Notation how = {true, true, {true, true, true, true, true}};
    for (size_t i = 0; i < s->count; i++) {
        how.factors = how.factors && s->rollouts[i].count <= FACTORS_MOST;
    }
    for (size_t i = 0; i < s->count; i++) {
        const StoryRollout *r = &s->rollouts[i];
        double numbers[NUMBERS];
        numbers_of(r, numbers);
        for (size_t c = 0; c < NUMBERS; c++) {
            how.plain[c] = how.plain[c] && tell_is_plain(numbers[c]);
        }
        how.q_plain = how.q_plain && (how.factors || tell_is_plain(log_q_of(r)));
        for (size_t k = 0; k < r->count && how.factors; k++) {
            how.q_plain = how.q_plain && tell_is_plain(r->steps[k].log_q);
        }
    }
    return how;
}

json_t *tell_rows(const Story *s, TokenLabels *labels, bool read)
{
    json_t *rows = json_array();
    const Notation how = find_notation(s);
    for (size_t i = 0; i < s->count; i++) {
        const StoryRollout *r = &s->rollouts[i];
        json_t *row = json_object();
        char q[128], text[32];
        double numbers[NUMBERS];
        write_q(r, &how, q, sizeof q);
        numbers_of(r, numbers);
        mts_json_add_int(&row, "i", (json_int_t)r->index + 1);
        mts_json_add(&row, "text", text_of(r, labels));
        mts_json_add_text(&row, "q", q);
        for (size_t c = 0; c < NUMBERS && read; c++) {
            mts_json_add_text(&row, NAMES[c], tell_natural(numbers[c], how.plain[c], text));
        }
        for (size_t c = 0; c < NUMBERS && !read; c++) {
            mts_json_add_real(&row, NAMES[c], exp(numbers[c]));
        }
        mts_json_add(&rows, NULL, row);
    }
    return rows;
}
