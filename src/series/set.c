/* series/set.c - what a file holds, and choosing from it.
 *
 * What a file holds, and choosing from it. The selection's grammar is in maxts/series.h; a word is tried as a
 * name first and as a number second, so that a series called "3" can be had. */
#include "series/set.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void mts_set_free(MtsSeriesSet *set)
{
    for (size_t i = 0; i < set->count; i++) {
        mts_series_free(&set->item[i]);
        free(set->label[i]);
    }
    for (size_t i = 0; i < set->aside_count; i++) {
        free(set->aside[i].name);
        free(set->aside[i].cell);
    }
    free(set->item);
    free(set->label);
    free(set->aside);
    free(set->name);
    memset(set, 0, sizeof *set);
}

int mts_set_add(MtsSeriesSet *set, MtsSeries *series, const char *label, size_t n, MtsError *err)
{
    char *copy = mts_strndup(label, n);
    if (!copy || !mts_grow(&set->item, &set->item_cap, set->count + 1, sizeof *set->item) ||
        !mts_grow(&set->label, &set->label_cap, set->count + 1, sizeof *set->label)) {
        free(copy);
        mts_series_free(&series);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out after %zu series", set->name, set->count);
    }
    set->item[set->count] = series;
    set->label[set->count++] = copy;
    return MTS_OK;
}

/* ---- columns that are no channels ---- */

static bool named(const char *name, const char *s, size_t n)
{
    return strlen(name) == n && memcmp(name, s, n) == 0;
}

int mts_set_put_aside(MtsSeriesSet *set, const MtsAside *note, MtsError *err)
{
    if (!note->name || !note->cell ||
        !mts_grow(&set->aside, &set->aside_cap, set->aside_count + 1, sizeof *set->aside)) {
        free(note->name);
        free(note->cell);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out after %zu columns", set->name, set->aside_count);
    }
    set->aside[set->aside_count++] = *note;
    return MTS_OK;
}

const char *mts_set_place(const MtsSeriesSet *set, size_t line, char out[40])
{
    snprintf(out, 40, "%s %zu", set->row ? set->row : "line", line - (set->row != NULL));
    return out;
}

static int explain(const MtsSeriesSet *set, const MtsAside *a, MtsError *err)
{
    char column[112], place[40];
    mts_set_place(set, a->line, place);
    snprintf(column, sizeof column, a->name[0] ? "column %zu (%.80s)" : "column %zu", a->column, a->name);
    switch (a->use) {
    case MTS_COLUMN_EMPTY:
        return mts_fail(err, MTS_EFORMAT, "%s: %s has no value", set->name, column);
    case MTS_COLUMN_TIME:
        return mts_fail(err, MTS_EREQUEST, "%s: %s holds dates (%s: \"%s\") and is no channel", set->name, column,
                        place, a->cell);
    case MTS_COLUMN_WORDS:
        return mts_fail(err, MTS_EREQUEST, "%s: %s holds words (%s: \"%s\") and is no channel", set->name, column,
                        place, a->cell);
    default:
        return mts_fail(err, MTS_EFORMAT,
                        "%s: %s: %s: \"%s\" is not a number (--column, --decimal and --na say how to read a table)",
                        set->name, place, column, a->cell);
    }
}

int mts_set_explain(const MtsSeriesSet *set, const char *name, size_t n, MtsError *err)
{
    for (size_t i = 0; i < set->aside_count; i++) {
        const MtsAside *a = &set->aside[i];
        if (n ? named(a->name, name, n) : a->use == MTS_COLUMN_BROKEN) {
            return explain(set, a, err);
        }
    }
    if (n > 0 || set->count > 0) {
        return MTS_OK;
    }
    return set->aside_count ? explain(set, &set->aside[set->aside_count - 1], err)
                            : mts_fail(err, MTS_EFORMAT, "%s: has no column with a value", set->name);
}

/* ---- choosing ---- */

/* "H12, channel x" or what of it there is, for sentences. */
static const char *describe(const MtsSeries *s, size_t channel, char out[160])
{
    MtsBytes b = {0};
    if (s->id[0]) {
        mts_bytes_printf(&b, "series %.60s, ", s->id);
    }
    if (s->names[channel][0]) {
        mts_bytes_printf(&b, "channel %.60s, ", s->names[channel]);
    } else if (s->channels > 1) {
        mts_bytes_printf(&b, "channel %zu, ", channel + 1);
    }
    size_t n = b.len < 159 ? b.len : 159;
    if (n) {
        memcpy(out, b.data, n);
    }
    out[n] = '\0';
    mts_bytes_free(&b);
    return out;
}

/* One past a channel's last value that is present. */
static size_t present_length(const MtsSeries *s, size_t channel)
{
    const double *x = s->values + channel * s->length;
    size_t n = s->length;
    while (n > 0 && isnan(x[n - 1])) {
        n--;
    }
    return n;
}

/* Checks samples [from, to) of a channel; `end` is the end of its longest companion. */
static int check_channel(const MtsSeriesSet *set, const MtsSeries *s, size_t channel, size_t from, size_t to,
                         size_t end, MtsError *err)
{
    char where[160];
    const double *x = s->values + channel * s->length;
    size_t own = present_length(s, channel);
    if (own < to && own < end) {
        return mts_fail(err, MTS_EFORMAT, "%s: %shas %zu values, but another channel has %zu: lengths are unequal",
                        set->name, describe(s, channel, where), own, end);
    }
    for (size_t i = from; i < to; i++) {
        if (isnan(x[i])) {
            return mts_fail(err, MTS_EFORMAT, "%s: %svalue %zu of %zu is missing", set->name,
                            describe(s, channel, where), i + 1, own);
        }
        if (!(fabs(x[i]) <= MTS_SERIES_ABSURD)) {
            return mts_fail(err, MTS_EFORMAT, "%s: %svalue %zu is %g, absurd for a measurement (limit %g)", set->name,
                            describe(s, channel, where), i + 1, x[i], MTS_SERIES_ABSURD);
        }
    }
    return MTS_OK;
}

int mts_set_check(const MtsSeriesSet *set, const MtsSeries *series, MtsError *err)
{
    for (size_t c = 0; c < series->channels; c++) {
        int rc = check_channel(set, series, c, 0, series->length, series->length, err);
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

/* Reads a whole word as a number counted from 1 up to `most`; 0 when it is none. */
static size_t index_of(const char *s, size_t n, size_t most)
{
    size_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9' || v > most) {
            return 0;
        }
        v = v * 10 + (size_t)(s[i] - '0');
    }
    return v <= most ? v : 0;
}

/* The item that s[0..n) names: set->count when none. */
static size_t find_item(const MtsSeriesSet *set, const char *s, size_t n)
{
    for (size_t i = 0; i < set->count; i++) {
        if (named(set->item[i]->id, s, n)) {
            return i;
        }
    }
    size_t v = index_of(s, n, set->count);
    return v ? v - 1 : set->count;
}

typedef struct Range {
    bool has_from, has_to, present;
    long long from, to;
} Range;

static bool read_index(const char *s, size_t n, bool *has, long long *value)
{
    *has = n > 0;
    *value = 0;
    size_t i = n > 0 && s[0] == '-' ? 1 : 0;
    if (n > 0 && (i == n || n - i > 15)) {
        return false;
    }
    for (size_t j = i; j < n; j++) {
        if (s[j] < '0' || s[j] > '9') {
            return false;
        }
        *value = *value * 10 + (s[j] - '0');
    }
    *value = i ? -*value : *value;
    return true;
}

/* Splits "...[a:b]" off s[0..*n); leaves *n alone where the end is no range. */
static void split_range(const char *s, size_t *n, Range *range)
{
    memset(range, 0, sizeof *range);
    if (*n < 3 || s[*n - 1] != ']') {
        return;
    }
    size_t open = *n - 1;
    while (open > 0 && s[open] != '[') {
        open--;
    }
    const char *colon = s[open] == '[' ? memchr(s + open, ':', *n - open) : NULL;
    if (!colon) {
        return;
    }
    const char *a = s + open + 1, *b = colon + 1, *end = s + *n - 1;
    if (read_index(a, (size_t)(colon - a), &range->has_from, &range->from) &&
        read_index(b, (size_t)(end - b), &range->has_to, &range->to)) {
        range->present = true;
        *n = open;
    }
}

/* Those that a file shows where nothing is asked for: not its index, unless it has nothing else but times. */
static int pick_all(const MtsSeriesSet *set, const MtsSeries *s, size_t *pick, size_t *count, MtsError *err)
{
    int rc = mts_set_explain(set, "", 0, err); /* a broken column may be the one that was meant */
    bool alone = set->indices == s->channels;
    for (size_t i = 0; !rc && alone && i < set->aside_count; i++) {
        const MtsAside *a = &set->aside[i];
        bool meant = a->use == MTS_COLUMN_WORDS || (a->use == MTS_COLUMN_TIME && !a->index) ||
                     (a->use == MTS_COLUMN_EMPTY && a->name[0]);
        rc = meant ? explain(set, a, err) : MTS_OK;
    }
    for (*count = 0; !rc && *count < s->channels - (alone ? 0 : set->indices); ++*count) {
        pick[*count] = *count;
    }
    return rc;
}

/* The channel called word[0..n), or of this number counted from 1. */
static int find_channel(const MtsSeriesSet *set, const MtsSeries *s, const char *word, size_t n, size_t *channel,
                        MtsError *err)
{
    size_t found = s->channels;
    for (size_t c = 0; c < s->channels && n > 0; c++) {
        if (named(s->names[c], word, n)) {
            if (found < s->channels) {
                return mts_fail(err, MTS_EREQUEST,
                                "%s: has two channels called \"%.*s\"; their numbers are %zu and %zu", set->name,
                                (int)(n < 80 ? n : 80), word, found + 1, c + 1);
            }
            found = c;
        }
    }
    if (found == s->channels) {
        int rc = n ? mts_set_explain(set, word, n, err) : MTS_OK;
        size_t v = index_of(word, n, s->channels);
        if (rc) {
            return rc;
        }
        found = v ? v - 1 : found;
    }
    *channel = found;
    return found < s->channels
               ? MTS_OK
               : mts_fail(err, MTS_EREQUEST, "%s: has no channel \"%.*s\" among its %zu (the first is \"%s\")",
                          set->name, (int)(n < 80 ? n : 80), word, s->channels, s->names[0]);
}

/* Picks channels by the comma-separated words w[0..n), into fresh *pick; every one when n is 0. */
static int pick_channels(const MtsSeriesSet *set, const MtsSeries *s, const char *w, size_t n, size_t **pick,
                         size_t *count, MtsError *err)
{
    size_t most = s->channels, words = 1;
    for (size_t i = 0; i < n; i++) {
        words += w[i] == ',';
    }
    *count = 0;
    *pick = mts_calloc(words > most ? words : most, sizeof **pick);
    if (!*pick) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
    }
    if (n == 0) {
        return pick_all(set, s, *pick, count, err);
    }
    for (size_t begin = 0; begin <= n;) {
        const char *comma = memchr(w + begin, ',', n - begin);
        size_t end = comma ? (size_t)(comma - w) : n;
        int rc = find_channel(set, s, w + begin, end - begin, &(*pick)[*count], err);
        if (rc) {
            return rc;
        }
        ++*count;
        begin = end + 1;
    }
    return MTS_OK;
}

/* The item that has a channel of this name, where one has and no other; set->count otherwise. */
static size_t find_item_of_channel(const MtsSeriesSet *set, const char *s, size_t n)
{
    size_t found = set->count;
    for (size_t i = 0; i < set->count; i++) {
        for (size_t c = 0; c < set->item[i]->channels; c++) {
            if (named(set->item[i]->names[c], s, n) && found != i) {
                if (found < set->count) {
                    return set->count;
                }
                found = i;
            }
        }
    }
    return found;
}

/* Of a recording with several rates: the item of the channels that the words name, which must have one rate. */
static int pick_rate(const MtsSeriesSet *set, const char *w, size_t n, const MtsSeries **item, MtsError *err)
{
    size_t first = set->count;
    for (size_t begin = 0; begin <= n;) {
        const char *comma = memchr(w + begin, ',', n - begin);
        size_t end = comma ? (size_t)(comma - w) : n, at = find_item_of_channel(set, w + begin, end - begin);
        if (at == set->count) {
            return mts_fail(err, MTS_EREQUEST, "%s: has no one channel \"%.*s\" (the first is \"%s\")", set->name,
                            (int)(end - begin < 80 ? end - begin : 80), w + begin, set->item[0]->names[0]);
        }
        if (first < set->count && at != first) {
            return mts_fail(err, MTS_EREQUEST, "%s: the channels \"%.*s\" have different sampling rates (%s and %s)",
                            set->name, (int)(n < 80 ? n : 80), w, set->item[first]->id, set->item[at]->id);
        }
        first = at;
        begin = end + 1;
    }
    *item = set->item[first];
    return MTS_OK;
}

/* The item that the selection's words name, and what is left of them for channels. */
static int pick_item(const MtsSeriesSet *set, const char **words, size_t *n, const MtsSeries **item, MtsError *err)
{
    if (set->count == 0) {
        return mts_fail(err, MTS_EFORMAT, "%s: holds no series", set->name);
    }
    bool one = set->count == 1;
    size_t whole = find_item(set, *words, *n);
    if (*n == 0 && one) {
        *item = set->item[0];
        return MTS_OK;
    }
    if (*n > 0 && whole < set->count && (!one || named(set->item[0]->id, *words, *n))) {
        *item = set->item[whole];
        *n = 0;
        return MTS_OK;
    }
    const char *slash = memchr(*words, '/', *n);
    if (slash) {
        size_t first = find_item(set, *words, (size_t)(slash - *words));
        if (first < set->count) {
            *item = set->item[first];
            *n -= (size_t)(slash + 1 - *words);
            *words = slash + 1;
            return MTS_OK;
        }
    }
    if (one) {
        *item = set->item[0];
        return MTS_OK;
    }
    if (*n == 0) {
        return mts_fail(err, MTS_EREQUEST, "%s: holds %zu series; choose one as in %s#%s", set->name, set->count,
                        set->name, set->item[0]->id[0] ? set->item[0]->id : "1");
    }
    if (set->by_rate) {
        return pick_rate(set, *words, *n, item, err);
    }
    return mts_fail(err, MTS_EREQUEST, "%s: has no series \"%.*s\" among its %zu (the first is \"%s\")", set->name,
                    (int)(*n < 80 ? *n : 80), *words, set->count, set->item[0]->id);
}

/* Python's rule: negative counts from the end, both ends are cut to what there is. */
static size_t place(bool has, long long at, size_t otherwise, size_t length)
{
    if (!has) {
        return otherwise;
    }
    if (at < 0) {
        at = at + (long long)length < 0 ? 0 : at + (long long)length;
    }
    return (unsigned long long)at > length ? length : (size_t)at;
}

/* The channels and the range of an item, checked and copied. */
static int take_from(const MtsSeriesSet *set, const MtsSeries *item, const char *words, size_t n, const Range *range,
                     const char *selection, MtsSeries **series, MtsError *err)
{
    size_t count = 0, *pick = NULL;
    MtsSeries *out = NULL;
    int rc = pick_channels(set, item, words, n, &pick, &count, err);
    if (rc) {
        goto done;
    }
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        size_t own = present_length(item, pick[i]);
        end = own > end ? own : end;
    }
    if (end == 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: series \"%s\" has no values", set->name, item->id);
        goto done;
    }
    size_t from = place(range->has_from, range->from, 0, end), to = place(range->has_to, range->to, end, end);
    if (from >= to) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: the range of \"%s\" is empty: the series has %zu values", set->name,
                      selection, end);
        goto done;
    }
    for (size_t i = 0; i < count && !rc; i++) {
        rc = check_channel(set, item, pick[i], from, to, end, err);
    }
    if (rc) {
        goto done;
    }
    out = mts_series_alloc(count, to - from);
    bool ok = out && mts_series_rename(&out->id, item->id, strlen(item->id));
    for (size_t i = 0; ok && i < count; i++) {
        const char *name = item->names[pick[i]], *unit = item->units[pick[i]];
        memcpy(out->values + i * out->length, item->values + pick[i] * item->length + from,
               out->length * sizeof *out->values);
        ok = mts_series_rename(&out->names[i], name, strlen(name)) &&
             mts_series_rename(&out->units[i], unit, strlen(unit));
    }
    if (!ok) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out for %zu values", set->name, to - from);
        goto done;
    }
    out->sampling_rate = item->sampling_rate;
    *series = out;
    out = NULL;
done:
    free(pick);
    mts_series_free(&out);
    return rc;
}

int mts_set_take(const MtsSeriesSet *set, const char *selection, MtsSeries **series, MtsError *err)
{
    const char *words = selection;
    size_t n = strlen(selection);
    const MtsSeries *item = NULL;
    Range range;
    *series = NULL;
    split_range(words, &n, &range);
    int rc = pick_item(set, &words, &n, &item, err);
    return rc ? rc : take_from(set, item, words, n, &range, selection, series, err);
}

int mts_set_take_at(const MtsSeriesSet *set, size_t index, size_t last, MtsSeries **series, MtsError *err)
{
    *series = NULL;
    if (index >= set->count) {
        return mts_fail(err, MTS_EREQUEST, "%s: has %zu series, no number %zu", set->name, set->count, index + 1);
    }
    const Range range = {.has_from = last > 0, .present = last > 0, .from = -(long long)last};
    return take_from(set, set->item[index], "", 0, &range, set->item[index]->id, series, err);
}
