/* series/wfdb_header.c - what a WFDB header says (PhysioNet's header(5)).
 *
 *     RECORD[/segments] signals [rate[/counter][(base)] [samples ...]]
 *
 * and then for each signal, or for each segment,
 *
 *     FILE format[xN][:skew][+offset] [gain[(baseline)][/units] [bits [zero [first [checksum [block [name]]]]]]]
 *     RECORD samples
 *
 * '#' begins a comment line. */
#include "series/wfdb_header.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/number.h"
#include "series/set.h"

enum { MOST_SIGNALS = 1024, MOST_SEGMENTS = 1 << 20, MOST_PER_FRAME = 1 << 16 };

/* ---- words ---- */

static void skip_spaces(MtsCell *rest)
{
    while (rest->size && (rest->data[0] == ' ' || rest->data[0] == '\t')) {
        rest->data++;
        rest->size--;
    }
}

static MtsCell next_word(MtsCell *rest)
{
    size_t n = 0;
    skip_spaces(rest);
    while (n < rest->size && rest->data[n] != ' ' && rest->data[n] != '\t') {
        n++;
    }
    MtsCell word = {rest->data, n};
    rest->data += n;
    rest->size -= n;
    return word;
}

/* Takes `c` off the front; false where it is not there. */
static bool take(MtsCell *rest, char c)
{
    if (rest->size == 0 || rest->data[0] != c) {
        return false;
    }
    rest->data++;
    rest->size--;
    return true;
}

static int bad_field(const MtsWfdbHeader *h, size_t line, const char *field, MtsCell word, MtsError *err)
{
    return mts_fail(err, MTS_EFORMAT, "%s: line %zu: \"%.*s\" is no %s", h->path, line,
                    (int)(word.size < 60 ? word.size : 60), word.data, field);
}

/* The decimal number at the front of *word, which is shortened by it. */
static bool leading_number(MtsCell *word, double *value)
{
    size_t n = 0;
    while (n < word->size && ((word->data[n] >= '0' && word->data[n] <= '9') || memchr("+-.eE", word->data[n], 5))) {
        bool sign = word->data[n] == '+' || word->data[n] == '-';
        if (n > 0 && sign && (word->data[n - 1] | 0x20) != 'e') {
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

/* ---- the first line ---- */

static int record_name(MtsWfdbHeader *h, size_t line, MtsCell name, MtsError *err)
{
    double v;
    const char *slash = name.size ? memchr(name.data, '/', name.size) : NULL;
    if (!slash) {
        return MTS_OK;
    }
    MtsCell count = {slash + 1, name.size - (size_t)(slash + 1 - name.data)};
    if (!whole(count, 1, MOST_SEGMENTS, &v)) {
        return bad_field(h, line, "number of segments (1 to 1048576)", count, err);
    }
    h->segments = (size_t)v;
    return MTS_OK;
}

/* The most is that of one signal: how many there are is not known yet. */
static int sample_count(const MtsWfdbHeader *h, size_t line, MtsCell word, size_t *count, MtsError *err)
{
    double v;
    if (!whole(word, 0, 1e12, &v)) {
        return bad_field(h, line, "number of samples", word, err);
    }
    if (v > (double)MTS_SERIES_MOST_VALUES) {
        return mts_fail(err, MTS_ECAPACITY, "%s: line %zu says %.0f samples; %zu samples in all are the most", h->path,
                        line, v, MTS_SERIES_MOST_VALUES);
    }
    *count = (size_t)v;
    return MTS_OK;
}

static int record_line(MtsWfdbHeader *h, size_t line, MtsCell text, MtsError *err)
{
    double v;
    int rc = record_name(h, line, next_word(&text), err);
    MtsCell signals = next_word(&text), rate = next_word(&text), samples = next_word(&text), rest = rate;
    if (rc) {
        return rc;
    }
    if (!whole(signals, 1, MOST_SIGNALS, &v)) {
        return bad_field(h, line, "number of signals (1 to 1024)", signals, err);
    }
    h->signals = (size_t)v;
    if (rate.size && (!leading_number(&rest, &h->rate) || !(h->rate > 0) || h->rate > 1e9)) {
        return bad_field(h, line, "sampling rate", rate, err);
    }
    if (samples.size && (rc = sample_count(h, line, samples, &h->samples, err))) {
        return rc;
    }
    h->signal = h->segments ? NULL : mts_calloc(h->signals, sizeof *h->signal);
    h->segment = h->segments ? mts_calloc(h->segments, sizeof *h->segment) : NULL;
    return h->signal || h->segment ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", h->path);
}

/* ---- a signal ---- */

/* One of xN, :skew and +offset, which may be beyond what memory can hold and is then beyond every file. */
static bool format_suffix(MtsCell *rest, MtsWfdbSignal *s)
{
    static const char kinds[] = "x:+";
    static const double least[] = {1, 0, 0}, most[] = {MOST_PER_FRAME, 1e9, 1e12};
    size_t *const fields[] = {&s->per_frame, &s->skew, &s->offset};
    double v;
    for (size_t k = 0; k < 3; k++) {
        if (take(rest, kinds[k])) {
            bool ok = leading_number(rest, &v) && v == floor(v) && v >= least[k] && v <= most[k];
            *fields[k] = !ok ? 0 : v < (double)SIZE_MAX ? (size_t)v : SIZE_MAX;
            return ok;
        }
    }
    return false;
}

static int format_field(const MtsWfdbHeader *h, size_t line, MtsCell word, MtsWfdbSignal *s, MtsError *err)
{
    MtsCell rest = word;
    double number;
    if (!leading_number(&rest, &number)) {
        return bad_field(h, line, "storage format", word, err);
    }
    s->format = number == floor(number) && fabs(number) < 1000 ? mts_wfdb_format((int)number) : NULL;
    if (!s->format) {
        return mts_fail(err, MTS_EUNSUPPORTED,
                        "%s: line %zu: storage format %g is not read (8, 16, 24, 32, 61, 80, 160, 212, 310, 311, 508, "
                        "516 and 524 are)",
                        h->path, line, number);
    }
    while (rest.size > 0) {
        if (!format_suffix(&rest, s)) {
            return bad_field(h, line, "storage format", word, err);
        }
    }
    return MTS_OK;
}

/* gain[(baseline)][/units]; whether it has a baseline goes to *based. */
static int gain_field(const MtsWfdbHeader *h, size_t line, MtsCell word, MtsWfdbSignal *s, bool *based, MtsError *err)
{
    MtsCell rest = word;
    bool ok = leading_number(&rest, &s->gain) && fabs(s->gain) <= 1e30;
    s->gain = s->gain == 0 ? 200 : s->gain; /* 0: not calibrated, the format's default */
    if (ok && take(&rest, '(')) {
        *based = ok = leading_number(&rest, &s->baseline) && take(&rest, ')');
    }
    if (ok && take(&rest, '/')) {
        s->units = rest;
        rest.size = 0;
    }
    return ok && rest.size == 0 ? MTS_OK : bad_field(h, line, "gain", word, err);
}

/* A field of whole numbers that may be absent; *there says whether it is not. */
static int whole_field(const MtsWfdbHeader *h, size_t line, MtsCell *text, const char *field, bool *there, double *v,
                       MtsError *err)
{
    MtsCell word = next_word(text);
    *there = word.size > 0;
    *v = 0;
    return *there && !whole(word, INT_MIN, UINT_MAX, v) ? bad_field(h, line, field, word, err) : MTS_OK;
}

static int file_field(const MtsWfdbHeader *h, size_t line, MtsCell word, MtsWfdbSignal *s, MtsError *err)
{
    s->file = word;
    bool beside = mts_path_is_name(word.data, word.size) && !mts_cell_is(word, "..");
    return beside ? MTS_OK : bad_field(h, line, "file name beside the header", word, err);
}

static int signal_line(const MtsWfdbHeader *h, size_t line, MtsCell text, MtsWfdbSignal *s, MtsError *err)
{
    bool based = false, there;
    double zero, v;
    int rc;
    *s = (MtsWfdbSignal){.per_frame = 1, .gain = 200, .units = {"mV", 2}};
    if ((rc = file_field(h, line, next_word(&text), s, err)) ||
        (rc = format_field(h, line, next_word(&text), s, err))) {
        return rc;
    }
    if (mts_cell_is(s->file, "~") != (s->format->at == NULL)) {
        return bad_field(h, line, "file name beside the header", s->file, err);
    }
    MtsCell gain = next_word(&text);
    if ((gain.size && (rc = gain_field(h, line, gain, s, &based, err))) ||
        (rc = whole_field(h, line, &text, "resolution in bits", &there, &v, err)) ||
        (rc = whole_field(h, line, &text, "zero level", &there, &zero, err))) {
        return rc;
    }
    s->baseline = based ? s->baseline : zero;
    if ((rc = whole_field(h, line, &text, "first sample", &s->has_first, &v, err))) {
        return rc;
    }
    s->first = (int64_t)v;
    if ((rc = whole_field(h, line, &text, "checksum", &s->has_sum, &v, err))) {
        return rc;
    }
    s->sum = (int64_t)v;
    next_word(&text); /* block size */
    skip_spaces(&text);
    s->name = text;
    return MTS_OK;
}

/* ---- a segment ---- */

static int segment_line(const MtsWfdbHeader *h, size_t line, MtsCell text, MtsWfdbSegment *s, MtsError *err)
{
    s->name = next_word(&text);
    if (!mts_path_is_name(s->name.data, s->name.size) || s->name.data[0] == '.') {
        return bad_field(h, line, "record beside the header", s->name, err);
    }
    return sample_count(h, line, next_word(&text), &s->samples, err);
}

/* ---- all of it ---- */

static MtsCell next_line(MtsCell *rest)
{
    const char *end = memchr(rest->data, '\n', rest->size);
    MtsCell here = {rest->data, end ? (size_t)(end - rest->data) : rest->size};
    rest->size -= here.size + (end != NULL);
    rest->data += here.size + (end != NULL);
    while (here.size && (here.data[here.size - 1] == '\r' || here.data[here.size - 1] == ' ')) {
        here.size--;
    }
    skip_spaces(&here);
    return here;
}

static void comment_line(MtsWfdbHeader *h, MtsCell text)
{
    take(&text, '#');
    if (mts_cell_is(next_word(&text), "Dx:")) {
        skip_spaces(&text);
        h->diagnosis = text;
    }
}

int mts_wfdb_header(MtsWfdbHeader *h, const char *path, const char *text, size_t size, MtsError *err)
{
    MtsCell rest = {text, size};
    bool begun = false;
    size_t found = 0;
    *h = (MtsWfdbHeader){.path = path};
    for (size_t line = 1; rest.size > 0; line++) {
        MtsCell here = next_line(&rest);
        int rc = MTS_OK;
        if (here.size && here.data[0] == '#') {
            comment_line(h, here);
        } else if (here.size && !begun) {
            begun = true;
            rc = record_line(h, line, here, err);
        } else if (here.size && h->segments && found < h->segments) {
            rc = segment_line(h, line, here, &h->segment[found++], err);
        } else if (here.size && !h->segments && found < h->signals) {
            rc = signal_line(h, line, here, &h->signal[found++], err);
        }
        if (rc) {
            return rc;
        }
    }
    if (!begun) {
        return mts_fail(err, MTS_EFORMAT, "%s: is empty", path);
    }
    size_t wanted = h->segments ? h->segments : h->signals;
    return found == wanted ? MTS_OK
                           : mts_fail(err, MTS_EFORMAT, "%s: describes %zu %s of %zu", path, found,
                                      h->segments ? "segments" : "signals", wanted);
}

void mts_wfdb_header_free(MtsWfdbHeader *h)
{
    free(h->signal);
    free(h->segment);
    *h = (MtsWfdbHeader){0};
}
