/* series/wfdb.c - signals of WFDB records.
 *
 * What the header says is wfdb_header.c's, how a file stores samples wfdb_samples.c's. Signals that name the same file
 * lie interleaved in it, in each frame as many samples of each as the header says. A value is
 * (sample - baseline) / gain in the signal's units. Several samples a frame count as their mean, cut to a whole sample
 * as WFDB's own libraries do; one that is missing makes the frame missing. A skewed signal begins so many frames later
 * in its file. The first sample and the sum of all (modulo 2^16) are checked where the header has them. MATLAB version
 * 4 files of PhysioNet's challenges are format 16 behind an offset of 24 bytes.
 *
 * Segments are records that follow one another, "~" among them a gap. In a fixed layout all have the same signals; in a
 * variable one the first segment has no samples and lists the signals, of which the others have any, by name. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "series/read.h"
#include "series/wfdb_header.h"

#define DEFAULT_RATE 250.0
#define MOST_BYTES_OF_HEADER ((size_t)1 << 26)

/* Where the samples of one record go. */
typedef struct WfdbTarget {
    MtsSeries *series;
    size_t at, samples;    /* of the series */
    const size_t *channel; /* [signals of the record] */
} WfdbTarget;

/* A file beside the header, malloc'ed; NULL: memory ran out. */
static char *beside(const char *path, MtsCell name, const char *extension)
{
    MtsBytes b = {0};
    bool ok = mts_bytes_append(&b, path, (size_t)(mts_path_name(path) - path)) &&
              mts_bytes_append(&b, name.data, name.size) && mts_bytes_append_str(&b, extension);
    if (!ok) {
        mts_bytes_free(&b);
    }
    return b.data;
}

static int no_memory(const char *path, MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
}

/* ---- the signals of one file ---- */

/* Signals [from, from + count) of a header lie in one file, with `total` samples in each frame. */
typedef struct SignalGroup {
    size_t from, count, total;
} SignalGroup;

static int find_group(const MtsWfdbHeader *h, size_t from, SignalGroup *g, MtsError *err)
{
    const MtsWfdbSignal *a = &h->signal[from];
    *g = (SignalGroup){from, 0, 0};
    for (size_t i = from; i < h->signals && mts_cell_same(a->file, h->signal[i].file); i++) {
        const MtsWfdbSignal *b = &h->signal[i];
        if (a->format != b->format || a->offset != b->offset) {
            return mts_fail(err, MTS_EFORMAT, "%s: signals %zu and %zu lie in one file in different formats", h->path,
                            from + 1, i + 1);
        }
        if (a->format->flac_bits && a->per_frame != b->per_frame) {
            return mts_fail(err, MTS_EFORMAT,
                            "%s: signals %zu and %zu lie in one FLAC stream with %zu and %zu samples a frame", h->path,
                            from + 1, i + 1, a->per_frame, b->per_frame);
        }
        g->count++;
        g->total += b->per_frame;
    }
    return MTS_OK;
}

/* Opens the file of a group, which must hold `samples` frames (0: one at least); how many it has goes to *frames. */
static int open_group(const MtsWfdbHeader *h, const SignalGroup *g, size_t samples, MtsWfdbFile *file, char **path,
                      size_t *frames, MtsError *err)
{
    const MtsWfdbSignal *s = &h->signal[g->from];
    size_t most;
    *path = beside(h->path, s->file, "");
    if (!*path || !mts_size_mul(samples, g->total, &most)) {
        return no_memory(h->path, err);
    }
    int rc = mts_wfdb_open(file, *path, s->format, s->offset, g->count, s->per_frame, most, err);
    *frames = rc ? 0 : file->count / g->total;
    if (!rc && (*frames < samples || *frames == 0)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: holds %zu samples of %zu signals, but %s says %zu", *path, *frames,
                      g->count, h->path, samples);
    }
    return rc;
}

/* Sums of what a signal's file holds, for its header's checks. */
typedef struct WfdbSeen {
    int32_t first;
    uint32_t sum;
} WfdbSeen;

/* `start` samples of other signals come first in each frame of `total`. */
static WfdbSeen read_signal(const MtsWfdbFile *file, const MtsWfdbSignal *s, size_t start, size_t total, size_t frames,
                            double *out)
{
    WfdbSeen seen = {0, 0};
    uint32_t before = (uint32_t)s->first;
    for (size_t t = 0; t < frames; t++) {
        int64_t sum = 0;
        bool missing = false;
        for (size_t k = 0; k < s->per_frame; k++) {
            int32_t v = file->format->at(file->data, t * total + start + k);
            if (file->format->differences) {
                v = (int32_t)(before += (uint32_t)v);
            }
            seen.first = t == 0 && k == 0 ? v : seen.first;
            seen.sum += (uint32_t)v;
            sum += v;
            missing |= v == file->format->missing;
        }
        if (t >= s->skew && !missing) {
            out[t - s->skew] = ((double)(sum / (int64_t)s->per_frame) - s->baseline) / s->gain;
        }
    }
    return seen;
}

static int check_signal(const MtsWfdbHeader *h, size_t index, const char *path, const WfdbSeen *seen, MtsError *err)
{
    const MtsWfdbSignal *s = &h->signal[index];
    if (s->has_first && !s->format->differences && seen->first != s->first) {
        return mts_fail(err, MTS_EFORMAT, "%s: signal %zu begins with %" PRId32 ", but %s says %" PRId64, path,
                        index + 1, seen->first, h->path, s->first);
    }
    if (s->has_sum && ((seen->sum ^ (uint32_t)s->sum) & 0xFFFF) != 0) {
        return mts_fail(err, MTS_EFORMAT, "%s: signal %zu has checksum %d, but %s says %" PRId64, path, index + 1,
                        (int)(int16_t)(uint16_t)(seen->sum & 0xFFFF), h->path, s->sum);
    }
    return MTS_OK;
}

static int read_group(const MtsWfdbHeader *h, const SignalGroup *g, const WfdbTarget *to, MtsError *err)
{
    MtsWfdbFile file = {0};
    char *path = NULL;
    size_t frames;
    int rc = open_group(h, g, to->samples, &file, &path, &frames, err);
    for (size_t i = g->from, start = 0; !rc && i < g->from + g->count; i++) {
        double *out = to->series->values + to->channel[i] * to->series->length + to->at;
        const WfdbSeen seen = read_signal(&file, &h->signal[i], start, g->total, to->samples, out);
        start += h->signal[i].per_frame;
        rc = check_signal(h, i, path, &seen, err);
    }
    mts_wfdb_close(&file);
    free(path);
    return rc;
}

/* ---- one record ---- */

static int read_signals(const MtsWfdbHeader *h, const WfdbTarget *to, MtsError *err)
{
    SignalGroup g;
    for (size_t from = 0; from < h->signals; from += g.count) {
        int rc = find_group(h, from, &g, err);
        if (!rc && h->signal[from].format->at) { /* otherwise no file and no sample */
            rc = read_group(h, &g, to, err);
        }
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

/* The samples of each signal: what the header says, and at least what the first file has of them. */
static int find_length(const MtsWfdbHeader *h, size_t *samples, MtsError *err)
{
    MtsWfdbFile file = {0};
    char *path = NULL;
    size_t frames, first = 0;
    SignalGroup g;
    while (first + 1 < h->signals && !h->signal[first].format->at) {
        first++;
    }
    if (!h->signal[first].format->at) {
        return mts_fail(err, MTS_EFORMAT, "%s: no signal has a file", h->path);
    }
    int rc = find_group(h, first, &g, err);
    rc = rc ? rc : open_group(h, &g, h->samples, &file, &path, &frames, err);
    if (!rc) {
        *samples = h->samples ? h->samples : frames;
    }
    mts_wfdb_close(&file);
    free(path);
    return rc;
}

static int too_many(const MtsWfdbHeader *h, uint64_t samples, MtsError *err)
{
    return mts_fail(err, MTS_ECAPACITY, "%s: has %zu signals of %llu samples; %zu samples in all are the most", h->path,
                    h->signals, (unsigned long long)samples, MTS_SERIES_MOST_VALUES);
}

static int new_series(const MtsWfdbHeader *h, size_t samples, MtsSeries **series, MtsError *err)
{
    size_t count;
    if (!mts_size_mul(h->signals, samples, &count) || count > MTS_SERIES_MOST_VALUES) {
        return too_many(h, samples, err);
    }
    *series = mts_series_alloc(h->signals, samples);
    if (!*series) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out for %zu signals of %zu samples", h->path, h->signals,
                        samples);
    }
    (*series)->sampling_rate = h->rate > 0 ? h->rate : DEFAULT_RATE;
    return MTS_OK;
}

static int name_channel(const MtsWfdbHeader *h, const MtsWfdbSignal *s, MtsSeries *series, size_t channel,
                        MtsError *err)
{
    bool ok = mts_series_rename(&series->names[channel], s->name.data, s->name.size) &&
              mts_series_rename(&series->units[channel], s->units.data, s->units.size);
    return ok ? MTS_OK : no_memory(h->path, err);
}

static int read_single(const MtsWfdbHeader *h, MtsSeries **series, MtsError *err)
{
    size_t samples = 0, *channel = mts_calloc(h->signals, sizeof *channel);
    int rc = channel ? find_length(h, &samples, err) : no_memory(h->path, err);
    if (rc || (rc = new_series(h, samples, series, err))) {
        goto done;
    }
    for (size_t c = 0; c < h->signals && !rc; c++) {
        channel[c] = c;
        rc = name_channel(h, &h->signal[c], *series, c, err);
    }
    const WfdbTarget to = {*series, 0, samples, channel};
    rc = rc ? rc : read_signals(h, &to, err);
done:
    free(channel);
    return rc;
}

/* ---- several segments ---- */

typedef struct SegmentRecord {
    char *path, *text;
    MtsWfdbHeader header; /* no signals: a gap */
} SegmentRecord;

typedef struct WfdbWhole {
    const MtsWfdbHeader *master;
    SegmentRecord *part; /* [master->segments] */
    MtsSeries *series;
    size_t *channel; /* [master->signals]: of the part at hand */
    bool *named;     /* [master->signals]: the channel has its name and units */
    bool variable;
} WfdbWhole;

static int load_part(const MtsWfdbHeader *master, const MtsWfdbSegment *segment, SegmentRecord *p, MtsError *err)
{
    size_t size = 0;
    int rc;
    if (mts_cell_is(segment->name, "~")) {
        return MTS_OK;
    }
    p->path = beside(master->path, segment->name, ".hea");
    if (!p->path) {
        return no_memory(master->path, err);
    }
    if ((rc = mts_read_file(p->path, MOST_BYTES_OF_HEADER, &p->text, &size, err)) ||
        (rc = mts_wfdb_header(&p->header, p->path, p->text, size, err))) {
        return rc;
    }
    if (p->header.segments) {
        return mts_fail(err, MTS_EFORMAT, "%s: is a segment of %s and has segments itself", p->path, master->path);
    }
    if (p->header.samples && p->header.samples != segment->samples) {
        return mts_fail(err, MTS_EFORMAT, "%s: has %zu samples, but %s says %zu", p->path, p->header.samples,
                        master->path, segment->samples);
    }
    if (p->header.rate > 0 && p->header.rate != (master->rate > 0 ? master->rate : DEFAULT_RATE)) {
        return mts_fail(err, MTS_EFORMAT, "%s: has %g samples per second, but %s has %g", p->path, p->header.rate,
                        master->path, master->rate > 0 ? master->rate : DEFAULT_RATE);
    }
    return MTS_OK;
}

static void free_parts(WfdbWhole *w)
{
    for (size_t i = 0; w->part && i < w->master->segments; i++) {
        mts_wfdb_header_free(&w->part[i].header);
        free(w->part[i].path);
        free(w->part[i].text);
    }
    free(w->part);
    free(w->channel);
    free(w->named);
}

/* Samples of all segments, as the master has to say too. */
static int total_samples(const MtsWfdbHeader *master, size_t *samples, MtsError *err)
{
    uint64_t total = 0;
    for (size_t i = 0; i < master->segments; i++) {
        total += master->segment[i].samples; /* at most 2^20 times MTS_SERIES_MOST_VALUES */
    }
    if (total > MTS_SERIES_MOST_VALUES) {
        return too_many(master, total, err);
    }
    *samples = (size_t)total;
    if (*samples == 0 || (master->samples && *samples != master->samples)) {
        return mts_fail(err, MTS_EFORMAT, "%s: its segments have %zu samples, but it says %zu", master->path, *samples,
                        master->samples);
    }
    return MTS_OK;
}

/* The channel of a part's signal: of the same number, or of the same name that no signal before it has. */
static int find_channel(WfdbWhole *w, const MtsWfdbHeader *h, size_t signal, MtsError *err)
{
    MtsCell name = h->signal[signal].name;
    size_t c = w->variable ? 0 : signal;
    for (; w->variable && c < w->master->signals; c++) {
        bool taken = false;
        for (size_t i = 0; i < signal; i++) {
            taken |= w->channel[i] == c;
        }
        if (!taken && mts_cell_same(name, (MtsCell){w->series->names[c], strlen(w->series->names[c])})) {
            break;
        }
    }
    if (c == w->master->signals) {
        return mts_fail(err, MTS_EFORMAT, "%s: signal %zu (%.*s) is not among the %zu of %s", h->path, signal + 1,
                        (int)(name.size < 60 ? name.size : 60), name.data, w->master->signals, w->master->path);
    }
    w->channel[signal] = c;
    return MTS_OK;
}

/* The first part that has a channel gives its units, with a fixed layout its name too; the others must agree. */
static int agree(WfdbWhole *w, const MtsWfdbHeader *h, const MtsWfdbSignal *s, size_t channel, MtsError *err)
{
    const char *name = w->series->names[channel], *units = w->series->units[channel];
    if (!w->named[channel]) {
        w->named[channel] = true;
        return name_channel(h, s, w->series, channel, err);
    }
    if (!mts_cell_same(s->name, (MtsCell){name, strlen(name)}) ||
        !mts_cell_same(s->units, (MtsCell){units, strlen(units)})) {
        return mts_fail(err, MTS_EFORMAT, "%s: signal %.*s is in %.*s, but %s in %s in a segment before", h->path,
                        (int)(s->name.size < 60 ? s->name.size : 60), s->name.data,
                        (int)(s->units.size < 30 ? s->units.size : 30), s->units.data, name, units);
    }
    return MTS_OK;
}

static int read_part(WfdbWhole *w, const MtsWfdbHeader *h, size_t at, size_t samples, MtsError *err)
{
    if (h->signals > w->master->signals || (!w->variable && h->signals != w->master->signals)) {
        return mts_fail(err, MTS_EFORMAT, "%s: has %zu signals, but %s has %zu", h->path, h->signals, w->master->path,
                        w->master->signals);
    }
    for (size_t i = 0; i < h->signals; i++) {
        int rc = find_channel(w, h, i, err);
        rc = rc ? rc : agree(w, h, &h->signal[i], w->channel[i], err);
        if (rc) {
            return rc;
        }
    }
    const WfdbTarget to = {w->series, at, samples, w->channel};
    return read_signals(h, &to, err);
}

/* The signals of a variable layout, from its first segment. */
static int take_layout(WfdbWhole *w, MtsError *err)
{
    const MtsWfdbHeader *layout = &w->part[0].header;
    w->variable = w->master->segment[0].samples == 0;
    if (w->variable && layout->signals != w->master->signals) {
        return mts_fail(err, MTS_EFORMAT, "%s: lists %zu signals, but %s has %zu",
                        w->part[0].path ? w->part[0].path : "~", layout->signals, w->master->path, w->master->signals);
    }
    for (size_t c = 0; w->variable && c < layout->signals; c++) {
        int rc = name_channel(layout, &layout->signal[c], w->series, c, err);
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

static int read_segments(const MtsWfdbHeader *master, MtsSeries **series, MtsError *err)
{
    WfdbWhole w = {.master = master,
                   .part = mts_calloc(master->segments, sizeof *w.part),
                   .channel = mts_calloc(master->signals, sizeof *w.channel),
                   .named = mts_calloc(master->signals, sizeof *w.named)};
    size_t samples = 0;
    int rc = w.part && w.channel && w.named ? total_samples(master, &samples, err) : no_memory(master->path, err);
    for (size_t i = 0; i < master->segments && !rc; i++) {
        rc = load_part(master, &master->segment[i], &w.part[i], err);
    }
    if (rc || (rc = new_series(master, samples, series, err))) {
        goto done;
    }
    w.series = *series;
    rc = take_layout(&w, err);
    for (size_t i = w.variable ? 1 : 0, at = 0; i < master->segments && !rc; i++) {
        const MtsWfdbHeader *h = &w.part[i].header;
        rc = h->signals ? read_part(&w, h, at, master->segment[i].samples, err) : MTS_OK;
        at += master->segment[i].samples;
    }
done:
    free_parts(&w);
    return rc;
}

/* Those of a header: its own signals' files, or its segments' headers and, once, what these name. */
static bool each_file(const char *path, bool whole, bool (*take)(void *context, const char *path), void *context)
{
    MtsWfdbHeader h = {0};
    MtsError err;
    char *text = NULL;
    size_t size = 0;
    bool ok = true;
    if (mts_read_file(path, MOST_BYTES_OF_HEADER, &text, &size, &err) || mts_wfdb_header(&h, path, text, size, &err)) {
        goto done;
    }
    const size_t count = h.segments ? h.segments : h.signals;
    for (size_t i = 0; i < count && ok; i++) {
        char *file = h.segments ? beside(path, h.segment[i].name, ".hea") : beside(path, h.signal[i].file, "");
        ok = file && take(context, file) && (!h.segments || !whole || each_file(file, false, take, context));
        free(file);
    }
done:
    mts_wfdb_header_free(&h);
    free(text);
    return ok;
}

bool mts_wfdb_each_file(const char *path, bool (*take)(void *context, const char *path), void *context)
{
    return each_file(path, true, take, context);
}

int mts_read_wfdb(MtsSeriesSet *set, char *text, size_t size, MtsError *err)
{
    MtsWfdbHeader h = {0};
    MtsSeries *series = NULL;
    int rc = mts_wfdb_header(&h, set->name, text, size, err);
    rc = rc ? rc : h.segments ? read_segments(&h, &series, err) : read_single(&h, &series, err);
    if (!rc) {
        rc = mts_set_add(set, series, h.diagnosis.data ? h.diagnosis.data : "", h.diagnosis.size, err);
        series = NULL;
    }
    mts_series_free(&series);
    mts_wfdb_header_free(&h);
    free(text);
    return rc;
}
