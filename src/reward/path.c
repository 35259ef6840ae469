/* reward/path.c - see path.h. */
#include "reward/path.h"

#include <math.h>
#include <stdlib.h>

#include "series/set.h"

MtsPathForm mts_path_form(const MtsSeries *x)
{
    MtsPathForm f = {1, 1};
    double most = 0;
    for (size_t t = 0; t < x->length; t++) {
        most = fmax(most, fabs(x->values[t]));
        while (f.unit > 1.5e-6 && fabs(x->values[t] / f.unit - round(x->values[t] / f.unit)) > 1e-3) {
            f.unit /= 10;
        }
    }
    for (; most >= 10; most /= 10) {
        f.digits++;
    }
    return f;
}

static bool is_separator(char c)
{
    return c == ' ' || c == ',' || c == ';' || c == '\n' || c == '\t' || c == '\r';
}

bool mts_path_is_list(const MtsRewardText *text, size_t horizon)
{
    size_t words = 0;
    for (size_t i = 0; i < text->size;) {
        if (is_separator(text->text[i])) {
            i++;
            continue;
        }
        size_t digits = 0, points = 0;
        if (text->text[i] == '-' || text->text[i] == '+') {
            i++;
        }
        for (; i < text->size && !is_separator(text->text[i]); i++) {
            bool digit = text->text[i] >= '0' && text->text[i] <= '9';
            if (!digit && (text->text[i] != '.' || points++ > 0)) {
                return false;
            }
            digits += digit;
        }
        bool open = !text->finished && i == text->size;
        if (digits == 0 && !open) {
            return false;
        }
        words++;
    }
    return text->finished ? words == horizon : words <= horizon;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value nearest to `wanted` that a number between low and high has, its sign apart. */
static void come_nearer(double wanted, double low, double high, double *nearest)
{
    double value = fmin(fmax(wanted, low), high);
    *nearest = fabs(value - wanted) < fabs(*nearest - wanted) ? value : *nearest;
}

/* Where the word that touches the end of an unfinished text begins. */
static size_t open_word(const MtsRewardText *text)
{
    size_t at = text->size;
    while (!text->finished && at > 0 && !is_separator(text->text[at - 1])) {
        at--;
    }
    return at;
}

/* What a number that begins at `at` and touches the text's end counts as where the last season has `season`; that
 * itself where there is no number yet. */
static double open_number(const MtsPathForm *f, const MtsRewardText *text, size_t at, double season)
{
    size_t digits = 0;
    bool negative = at < text->size && text->text[at] == '-';
    at += at < text->size && (negative || text->text[at] == '+');
    double low = 0, place = 1, wanted = negative ? -season : season, nearest = HUGE_VAL;
    for (; at < text->size && is_digit(text->text[at]); at++, digits++) {
        low = 10 * low + (text->text[at] - '0');
    }
    bool point = at < text->size && text->text[at] == '.';
    for (at += point; at < text->size && is_digit(text->text[at]); at++) {
        place /= 10;
        low += place * (text->text[at] - '0');
    }
    if (at < text->size || digits == 0 || !(low <= MTS_SERIES_ABSURD)) {
        return season;
    }
    if (point || digits >= f->digits) {
        come_nearer(wanted, low, fmax(low, low + place - f->unit), &nearest);
    } else {
        for (size_t j = digits; j <= f->digits; j++, low *= 10, place *= 10) {
            come_nearer(wanted, low, low + place - f->unit, &nearest);
        }
    }
    return negative ? -nearest : nearest;
}

int mts_path_read(const MtsRewardText *text, const MtsPathForm *form, const double *expected, size_t horizon, double *y,
                  size_t *said, MtsError *err)
{
    double *numbers = NULL;
    size_t n = 0, whole = open_word(text);
    int rc = mts_reward_numbers(text->text, whole, &numbers, &n, err);
    for (size_t t = 0; !rc && t < horizon; t++) {
        y[t] = t < n ? numbers[t] : expected[t];
    }
    *said = n < horizon ? n : horizon;
    if (!rc && whole < text->size && n < horizon) {
        y[n] = open_number(form, text, whole, expected[n]);
        ++*said;
    }
    free(numbers);
    return rc;
}
