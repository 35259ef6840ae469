/* series/wfdb.c - signals of WFDB records.
 *
 * Signals of WFDB records, formats 16 and 212 (PhysioNet's header(5) and signal(5)).
 *
 *     RECORD signals [rate [samples ...]]
 *     FILE format[x1][+offset] [gain[(baseline)][/units] [resolution [zero [first [checksum [block [name]]]]]]]
 *
 * Signals that name the same file lie interleaved in it, one sample each per frame. Format 16: two bytes, low one
 * first, two's complement. Format 212: two samples of 12 bits in three bytes, b0 + (b1 & 15) 2^8 and
 * b2 + (b1 >> 4) 2^8. A value is (sample - baseline) / gain in `units`; the smallest number of either
 * format stands for a missing sample. MATLAB version 4 files of PhysioNet's challenges are format 16 behind
 * an offset of 24 bytes. The first sample and the sum of all (modulo 2^16) are checked where the header has them. */
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "series/csv.h"
#include "core/number.h"
#include "series/read.h"

#define MOST_SIGNALS 1024

typedef struct Signal {
    MtsCell file, units, name;
    int format;
    size_t offset;
    double gain, baseline;
    bool has_first, has_sum;
    long first, sum;
} Signal;

typedef struct Record {
    size_t signals;
    size_t samples; /* 0: as many as the file has */
    double rate;
    Signal *signal; /* [signals] */
    size_t found;
    MtsCell diagnosis; /* of a comment "# Dx: ..." */
} Record;

static MtsCell next_word(MtsCell *rest)
{
    size_t i = 0, begin;
    while (i < rest->size && (rest->data[i] == ' ' || rest->data[i] == '\t')) {
        i++;
    }
    for (begin = i; i < rest->size && rest->data[i] != ' ' && rest->data[i] != '\t'; i++) {
    }
    MtsCell word = {rest->data + begin, i - begin};
    rest->data += i;
    rest->size -= i;
    return word;
}

static int bad_field(const MtsSeriesSet *set, size_t line, const char *field, MtsCell word, MtsError *err)
{
    return mts_fail(err, MTS_EFORMAT, "%s: line %zu: \"%.*s\" is no %s", set->name, line,
                    (int)(word.size < 60 ? word.size : 60), word.data, field);
}

/* The decimal number at the front of *word, which is shortened by it. */
static bool leading_number(MtsCell *word, double *value)
{
    size_t n = 0;
    while (n < word->size && ((word->data[n] >= '0' && word->data[n] <= '9') || strchr("+-.eE", word->data[n]))) {
        if (n > 0 && (word->data[n] == '+' || word->data[n] == '-') && word->data[n - 1] != 'e' &&
            word->data[n - 1] != 'E') {
            break;
        }
        n++;
    }
    if (!mts_number_parse(word->data, n, value)) {
        return false;
    }
    word->data += n;
    word->size -= n;
    return true;
}

static bool whole(MtsCell word, double min, double max, double *value)
{
    return mts_number_parse(word.data, word.size, value) && *value == floor(*value) && *value >= min && *value <= max;
}

static int record_line(const MtsSeriesSet *set, size_t line, MtsCell text, Record *r, MtsError *err)
{
    double v;
    MtsCell name = next_word(&text), signals = next_word(&text), rate = next_word(&text), samples = next_word(&text);
    if (name.size && memchr(name.data, '/', name.size)) {
        return mts_fail(err, MTS_EUNSUPPORTED, "%s: line %zu: records of several segments are not read", set->name,
                        line);
    }
    if (!whole(signals, 1, MOST_SIGNALS, &v)) {
        return bad_field(set, line, "number of signals (1 to 1024)", signals, err);
    }
    r->signals = (size_t)v;
    r->rate = 250; /* the format's default */
    if (rate.size && (!leading_number(&rate, &r->rate) || !(r->rate > 0) || r->rate > 1e9)) {
        return bad_field(set, line, "sampling rate", rate, err);
    }
    if (samples.size) {
        if (!whole(samples, 0, 1e12, &v)) {
            return bad_field(set, line, "number of samples", samples, err);
        }
        r->samples = (size_t)v;
    }
    r->signal = mts_calloc(r->signals, sizeof *r->signal);
    return r->signal ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
}

/* format[xN][:skew][+offset] */
static int format_field(const MtsSeriesSet *set, size_t line, MtsCell word, Signal *s, MtsError *err)
{
    MtsCell rest = word;
    double format, v;
    if (!leading_number(&rest, &format)) {
        return bad_field(set, line, "storage format", word, err);
    }
    if (format != 16 && format != 212) {
        return mts_fail(err, MTS_EUNSUPPORTED, "%s: line %zu: storage format %g is not read (16 and 212 are)",
                        set->name, line, format);
    }
    s->format = (int)format;
    while (rest.size > 0) {
        char kind = rest.data[0];
        rest.data++;
        rest.size--;
        if (!leading_number(&rest, &v) || v != floor(v) || v < 0 || v > 1e12) {
            return bad_field(set, line, "storage format", word, err);
        }
        if ((kind == 'x' && v != 1) || (kind == ':' && v != 0)) {
            return mts_fail(err, MTS_EUNSUPPORTED, "%s: line %zu: several samples a frame and skew are not read",
                            set->name, line);
        }
        if (kind == '+') {
            s->offset = (size_t)v;
        } else if (kind != 'x' && kind != ':') {
            return bad_field(set, line, "storage format", word, err);
        }
    }
    return MTS_OK;
}

/* gain[(baseline)][/units]; whether it has a baseline goes to *based. */
static int gain_field(const MtsSeriesSet *set, size_t line, MtsCell word, Signal *s, bool *based, MtsError *err)
{
    MtsCell rest = word;
    if (!leading_number(&rest, &s->gain) || s->gain < 0 || s->gain > 1e30) {
        return bad_field(set, line, "gain", word, err);
    }
    s->gain = s->gain == 0 ? 200 : s->gain; /* 0: not calibrated, the format's default */
    if (rest.size && rest.data[0] == '(') {
        rest.data++;
        rest.size--;
        *based = leading_number(&rest, &s->baseline) && rest.size && rest.data[0] == ')';
        if (!*based) {
            return bad_field(set, line, "gain", word, err);
        }
        rest.data++;
        rest.size--;
    }
    if (rest.size) {
        if (rest.data[0] != '/') {
            return bad_field(set, line, "gain", word, err);
        }
        s->units = (MtsCell){rest.data + 1, rest.size - 1};
    }
    return MTS_OK;
}

static int signal_line(const MtsSeriesSet *set, size_t line, MtsCell text, Record *r, MtsError *err)
{
    Signal *s = &r->signal[r->found++];
    bool based = false;
    double v;
    s->gain = 200;
    s->units = (MtsCell){"mV", 2};
    s->file = next_word(&text);
    if (memchr(s->file.data, '/', s->file.size) || mts_cell_is(s->file, "~") || mts_cell_is(s->file, "..")) {
        return bad_field(set, line, "file name beside the header", s->file, err);
    }
    int rc = format_field(set, line, next_word(&text), s, err);
    if (rc) {
        return rc;
    }
    MtsCell gain = next_word(&text), resolution = next_word(&text), zero = next_word(&text), first = next_word(&text),
            sum = next_word(&text);
    if (gain.size && (rc = gain_field(set, line, gain, s, &based, err))) {
        return rc;
    }
    if (resolution.size && !whole(resolution, 0, 64, &v)) {
        return bad_field(set, line, "resolution in bits", resolution, err);
    }
    if (zero.size && !whole(zero, INT_MIN, INT_MAX, &v)) {
        return bad_field(set, line, "zero level", zero, err);
    }
    s->baseline = based ? s->baseline : zero.size ? v : 0;
    if (first.size && !whole(first, INT_MIN, INT_MAX, &v)) {
        return bad_field(set, line, "first sample", first, err);
    }
    s->has_first = first.size > 0;
    s->first = s->has_first ? (long)v : 0;
    if (sum.size && !whole(sum, INT_MIN, INT_MAX, &v)) {
        return bad_field(set, line, "checksum", sum, err);
    }
    s->has_sum = sum.size > 0;
    s->sum = s->has_sum ? (long)v : 0;
    next_word(&text); /* block size */
    while (text.size && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.size--;
    }
    s->name = text;
    return MTS_OK;
}

static int read_header(const MtsSeriesSet *set, const char *text, size_t size, Record *r, MtsError *err)
{
    MtsCell rest = {text, size};
    bool begun = false;
    int rc = MTS_OK;
    for (size_t line = 1; rest.size > 0 && !rc; line++) {
        const char *end = memchr(rest.data, '\n', rest.size);
        MtsCell here = {rest.data, end ? (size_t)(end - rest.data) : rest.size};
        rest.size -= here.size + (end != NULL);
        rest.data += here.size + (end != NULL);
        while (here.size && (here.data[here.size - 1] == '\r' || here.data[here.size - 1] == ' ')) {
            here.size--;
        }
        if (here.size && here.data[0] == '#') {
            MtsCell comment = {here.data + 1, here.size - 1};
            if (mts_cell_is(next_word(&comment), "Dx:")) {
                while (comment.size && comment.data[0] == ' ') {
                    comment.data++;
                    comment.size--;
                }
                r->diagnosis = comment;
            }
        } else if (here.size && !begun) {
            begun = true;
            rc = record_line(set, line, here, r, err);
        } else if (here.size && r->found < r->signals) {
            rc = signal_line(set, line, here, r, err);
        }
    }
    if (rc) {
        return rc;
    }
    if (!begun) {
        return mts_fail(err, MTS_EFORMAT, "%s: is empty", set->name);
    }
    if (r->found < r->signals) {
        return mts_fail(err, MTS_EFORMAT, "%s: describes %zu signals of %zu", set->name, r->found, r->signals);
    }
    return MTS_OK;
}

/* Sample i of the file, sign-extended. */
static int sample_at(int format, const unsigned char *p, size_t i)
{
    unsigned v;
    if (format == 16) {
        v = p[2 * i] | (unsigned)p[2 * i + 1] << 8;
        return v < 0x8000 ? (int)v : (int)v - 0x10000;
    }
    const unsigned char *b = p + i / 2 * 3;
    v = i % 2 ? b[2] | (b[1] & 0xF0u) << 4 : b[0] | (b[1] & 0x0Fu) << 8;
    return v < 0x800 ? (int)v : (int)v - 0x1000;
}

/* Samples that `bytes` hold. */
static size_t sample_count(int format, size_t bytes)
{
    return format == 16 ? bytes / 2 : bytes / 3 * 2 + (bytes % 3 == 2);
}

/* Fills channels [from, from + count) of the series, which lie in one file; the series is made here by the first
 * group, whose file decides the length where the header does not. */
static int read_group(const MtsSeriesSet *set, const Record *r, size_t from, size_t count, MtsSeries **series,
                      MtsError *err)
{
    const Signal *first = &r->signal[from];
    const char *slash = strrchr(set->name, '/');
    MtsBytes path = {0};
    MtsMap map = {0};
    bool named = mts_bytes_append(&path, set->name, slash ? (size_t)(slash + 1 - set->name) : 0) &&
                 mts_bytes_append(&path, first->file.data, first->file.size);
    int rc = named ? mts_map_open(&map, path.data, err) : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
    if (rc) {
        goto done;
    }
    size_t bytes = map.size > first->offset ? map.size - first->offset : 0;
    size_t frames = sample_count(first->format, bytes) / count, samples = *series ? (*series)->length : r->samples;
    if (samples == 0) {
        samples = frames;
    }
    if (frames < samples || samples == 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: holds %zu samples of %zu signals, but %s says %zu", path.data, frames,
                      count, set->name, samples);
        goto done;
    }
    if (!*series && !(*series = mts_series_alloc(r->signals, samples))) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out for %zu signals of %zu samples", set->name, r->signals,
                      samples);
        goto done;
    }
    const int missing = first->format == 16 ? -0x8000 : -0x800;
    for (size_t c = 0; c < count; c++) {
        const Signal *s = &r->signal[from + c];
        double *out = (*series)->values + (from + c) * samples;
        uint32_t sum = 0;
        for (size_t t = 0; t < samples; t++) {
            int v = sample_at(s->format, map.data + s->offset, t * count + c);
            sum += (uint32_t)v;
            if (v != missing) {
                out[t] = (v - s->baseline) / s->gain;
            }
        }
        int got = sample_at(s->format, map.data + s->offset, c);
        if (s->has_first && got != s->first) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: signal %zu begins with %d, but %s says %ld", path.data, from + c + 1,
                          got, set->name, s->first);
            goto done;
        }
        if (s->has_sum && ((sum ^ (uint32_t)s->sum) & 0xFFFF) != 0) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: signal %zu has checksum %d, but %s says %ld", path.data, from + c + 1,
                          (int)(int16_t)(uint16_t)(sum & 0xFFFF), set->name, s->sum);
            goto done;
        }
    }
done:
    mts_map_close(&map);
    mts_bytes_free(&path);
    return rc;
}

int mts_read_wfdb(MtsSeriesSet *set, char *text, size_t size, MtsError *err)
{
    Record r = {0};
    MtsSeries *series = NULL;
    int rc = read_header(set, text, size, &r, err);
    for (size_t from = 0, count; !rc && from < r.signals; from += count) {
        const Signal *a = &r.signal[from];
        for (count = 1; from + count < r.signals; count++) {
            const Signal *b = &r.signal[from + count];
            if (a->file.size != b->file.size || memcmp(a->file.data, b->file.data, a->file.size) != 0) {
                break;
            }
            if (a->format != b->format || a->offset != b->offset) {
                rc = mts_fail(err, MTS_EFORMAT, "%s: signals %zu and %zu lie in one file in different formats",
                              set->name, from + 1, from + count + 1);
            }
        }
        if (!rc) {
            rc = read_group(set, &r, from, count, &series, err);
        }
    }
    for (size_t c = 0; !rc && c < r.signals; c++) {
        if (!mts_series_rename(&series->names[c], r.signal[c].name.data, r.signal[c].name.size) ||
            !mts_series_rename(&series->units[c], r.signal[c].units.data, r.signal[c].units.size)) {
            rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
        }
    }
    if (!rc) {
        series->sampling_rate = r.rate;
        rc = mts_set_add(set, series, r.diagnosis.data ? r.diagnosis.data : "", r.diagnosis.size, err);
        series = NULL;
    }
    mts_series_free(&series);
    free(r.signal);
    free(text);
    return rc;
}
