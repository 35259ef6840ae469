/* series/edf.c - EDF, EDF+ and BDF files.
 *
 * A header of 256 bytes and 256 more for each signal, fields of fixed width in ASCII, padded with blanks:
 *
 *     version 8, patient 80, recording 80, date 8, time 8, header bytes 8, kind 44, records 8, seconds each 8, signals
 * 4 then of all signals: label 16, transducer 80, unit 8, physical least 8, most 8, digital least 8, most 8, filters
 * 80, samples a record 8, reserved 32
 *
 * and then the data records, in each the samples of the first signal, of the second, and so on: two bytes, low one
 * first, two's complement; in BDF three. A value is where the sample lies between the digital extremes, between the
 * physical ones. The signals called "EDF Annotations" hold texts; the first of a record begins with its time,
 * "+567.5\x14\x14", which decides for a file of kind EDF+D whether its records follow one another. The others are a
 * time, a duration or none, and texts, "+30\x15" "60\x14Sleep stage W\x14", each ended by a zero byte.
 *
 * Signals of one rate are one series; with several rates there is a series for each. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/number.h"
#include "series/cell.h"
#include "series/edf.h"
#include "series/read.h"

enum { HEADER = 256, MOST_SIGNALS = 4096 };

typedef struct EdfSignal {
    MtsCell label, unit;
    double physical[2], digital[2]; /* least, most */
    size_t samples;                 /* of a record */
    uint64_t at;                    /* bytes of a record before it */
    bool annotations;
} EdfSignal;

typedef struct EdfFile {
    const char *name;
    const unsigned char *data; /* [size] */
    size_t size, header;       /* bytes */
    size_t width;              /* of a sample, in bytes */
    size_t records;            /* how many */
    uint64_t record;           /* bytes of each; where there is one, no more than the file has */
    double seconds;            /* of a record */
    bool interrupted;          /* kind EDF+D */
    EdfSignal *signal;         /* [signals] */
    size_t signals;
} EdfFile;

/* ---- fields ---- */

/* The field of `width` bytes at `at`, without outer blanks. */
static MtsCell field_at(const EdfFile *f, size_t at, size_t width)
{
    MtsCell cell = {(const char *)f->data + at, width};
    while (cell.size && (cell.data[cell.size - 1] == ' ' || cell.data[cell.size - 1] == '\0')) {
        cell.size--;
    }
    while (cell.size && cell.data[0] == ' ') {
        cell.data++;
        cell.size--;
    }
    return cell;
}

static int number_at(const EdfFile *f, size_t at, size_t width, const char *what, double *value, MtsError *err)
{
    MtsCell cell = field_at(f, at, width);
    return mts_number_parse(cell.data, cell.size, value) ? MTS_OK
                                                         : mts_fail(err, MTS_EFORMAT, "%s: byte %zu: \"%.*s\" is no %s",
                                                                    f->name, at + 1, (int)cell.size, cell.data, what);
}

static int whole_at(const EdfFile *f, size_t at, size_t width, const char *what, double least, double most,
                    double *value, MtsError *err)
{
    int rc = number_at(f, at, width, what, value, err);
    if (!rc && (*value != floor(*value) || *value < least || *value > most)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: byte %zu: %g is no %s (%g to %g)", f->name, at + 1, *value, what, least,
                      most);
    }
    return rc;
}

/* ASCII is what the format allows; where a device wrote a byte of Latin-1 it is read as such. */
static bool rename_latin(char **field, MtsCell cell)
{
    MtsBytes b = {0};
    bool ok = mts_bytes_append(&b, "", 0);
    for (size_t i = 0; ok && i < cell.size; i++) {
        unsigned char c = (unsigned char)cell.data[i];
        const char two[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};
        ok = c < 0x80 ? mts_bytes_append(&b, cell.data + i, 1) : mts_bytes_append(&b, two, 2);
    }
    ok = ok && mts_series_rename(field, b.data ? b.data : "", b.len);
    mts_bytes_free(&b);
    return ok;
}

/* ---- the header ---- */

static int read_kind(EdfFile *f, MtsError *err)
{
    if (f->size >= HEADER && memcmp(f->data, "0       ", 8) == 0) {
        f->width = 2;
    } else if (f->size >= HEADER && memcmp(f->data,
                                           "\xFF"
                                           "BIOSEMI",
                                           8) == 0) {
        f->width = 3;
    } else {
        return mts_fail(err, MTS_EFORMAT, "%s: begins with the header of neither an EDF nor a BDF file", f->name);
    }
    MtsCell kind = field_at(f, 192, 44);
    f->interrupted = kind.size >= 5 && memcmp(kind.data + 1, "DF+D", 4) == 0;
    return MTS_OK;
}

static int read_signal_header(EdfFile *f, size_t i, EdfSignal *s, MtsError *err)
{
    const size_t all = f->signals, at = HEADER;
    double samples;
    int rc;
    s->label = field_at(f, at + 16 * i, 16);
    s->unit = field_at(f, at + 96 * all + 8 * i, 8);
    s->annotations = mts_cell_is(s->label, "EDF Annotations") || mts_cell_is(s->label, "BDF Annotations");
    if ((rc = number_at(f, at + 104 * all + 8 * i, 8, "physical minimum", &s->physical[0], err)) ||
        (rc = number_at(f, at + 112 * all + 8 * i, 8, "physical maximum", &s->physical[1], err)) ||
        (rc = number_at(f, at + 120 * all + 8 * i, 8, "digital minimum", &s->digital[0], err)) ||
        (rc = number_at(f, at + 128 * all + 8 * i, 8, "digital maximum", &s->digital[1], err)) ||
        (rc = whole_at(f, at + 216 * all + 8 * i, 8, "number of samples", 1, 1e8, &samples, err))) {
        return rc;
    }
    s->samples = (size_t)samples;
    if (!s->annotations && (!(s->digital[0] < s->digital[1]) || s->physical[0] == s->physical[1])) {
        return mts_fail(err, MTS_EFORMAT, "%s: signal %zu (%.*s) has digital values %g to %g for %g to %g", f->name,
                        i + 1, (int)s->label.size, s->label.data, s->digital[0], s->digital[1], s->physical[0],
                        s->physical[1]);
    }
    s->at = f->record;
    f->record += (uint64_t)f->width * s->samples; /* at most 4096 times 3e8 */
    return MTS_OK;
}

/* As many records as the file has room for, which must be what it says unless that is -1. */
static int count_records(EdfFile *f, double said, MtsError *err)
{
    size_t bytes = f->size - f->header;
    f->records = (size_t)(bytes / f->record);
    if (said >= 0 && ((size_t)said != f->records || bytes % f->record)) {
        return mts_fail(err, MTS_EFORMAT,
                        "%s: has %zu bytes of data, but %g records of %llu bytes are said to be there", f->name, bytes,
                        said, (unsigned long long)f->record);
    }
    return f->records ? MTS_OK : mts_fail(err, MTS_EFORMAT, "%s: has no data record", f->name);
}

static int read_header(EdfFile *f, MtsError *err)
{
    double header, records, signals;
    int rc;
    if ((rc = read_kind(f, err)) || (rc = whole_at(f, 252, 4, "number of signals", 1, MOST_SIGNALS, &signals, err)) ||
        (rc = whole_at(f, 184, 8, "number of header bytes", HEADER * (signals + 1), HEADER * (signals + 1), &header,
                       err)) ||
        (rc = whole_at(f, 236, 8, "number of records", -1, 1e8, &records, err)) ||
        (rc = number_at(f, 244, 8, "duration of a record", &f->seconds, err))) {
        return rc;
    }
    f->signals = (size_t)signals;
    f->header = (size_t)header;
    if (f->size < f->header) {
        return mts_fail(err, MTS_EFORMAT, "%s: ends within its header of %zu bytes", f->name, f->header);
    }
    f->signal = mts_calloc(f->signals, sizeof *f->signal);
    if (!f->signal) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", f->name);
    }
    for (size_t i = 0; i < f->signals; i++) {
        if ((rc = read_signal_header(f, i, &f->signal[i], err))) {
            return rc;
        }
    }
    return count_records(f, records, err);
}

/* ---- records that follow one another ---- */

/* The time at which a record begins, from its first annotation; false where it tells none. */
static bool record_time(const EdfFile *f, const EdfSignal *s, size_t record, double *time)
{
    const char *text = (const char *)f->data + f->header + record * f->record + s->at;
    const char *end = memchr(text, '\x14', s->samples * f->width);
    return end && (text[0] == '+' || text[0] == '-') && mts_number_parse(text, (size_t)(end - text), time);
}

static int check_continuous(const EdfFile *f, MtsError *err)
{
    const EdfSignal *s = NULL;
    double first = 0, time;
    for (size_t i = f->signals; i-- > 0;) {
        s = f->signal[i].annotations ? &f->signal[i] : s;
    }
    if (!s) {
        return mts_fail(err, MTS_EFORMAT, "%s: may have gaps (EDF+D), and no annotation tells the time", f->name);
    }
    for (size_t r = 0; r < f->records; r++) {
        if (!record_time(f, s, r, &time)) {
            return mts_fail(err, MTS_EFORMAT, "%s: may have gaps (EDF+D), and record %zu does not tell its time",
                            f->name, r + 1);
        }
        first = r == 0 ? time : first;
        double due = first + (double)r * f->seconds;
        if (fabs(time - due) > 1e-6 * (1 + fabs(due))) {
            return mts_fail(err, MTS_EUNSUPPORTED,
                            "%s: has gaps (EDF+D): record %zu begins at %.9g s, where %.9g s were due", f->name, r + 1,
                            time, due);
        }
    }
    return MTS_OK;
}

/* ---- values ---- */

static int32_t sample_at(const EdfFile *f, const unsigned char *p)
{
    uint32_t v = p[0] | (uint32_t)p[1] << 8 | (f->width == 3 ? (uint32_t)p[2] << 16 : 0);
    const uint32_t top = f->width == 3 ? 0x800000u : 0x8000u;
    return (int32_t)(v ^ top) - (int32_t)top;
}

static void read_values(const EdfFile *f, const EdfSignal *s, double *out)
{
    double step = (s->physical[1] - s->physical[0]) / (s->digital[1] - s->digital[0]);
    for (size_t r = 0; r < f->records; r++) {
        const unsigned char *p = f->data + f->header + r * f->record + s->at;
        for (size_t i = 0; i < s->samples; i++) {
            *out++ = (sample_at(f, p + i * f->width) - s->digital[0]) * step + s->physical[0];
        }
    }
}

/* The next signal from i on that has values and, where `samples` is not 0, so many a record. */
static size_t next_signal(const EdfFile *f, size_t i, size_t samples)
{
    while (i < f->signals && (f->signal[i].annotations || (samples && f->signal[i].samples != samples))) {
        i++;
    }
    return i;
}

static int add_rate(MtsSeriesSet *set, const EdfFile *f, size_t samples, bool one, MtsError *err)
{
    size_t channels = 0, c = 0;
    char id[48] = "";
    for (size_t i = next_signal(f, 0, samples); i < f->signals; i = next_signal(f, i + 1, samples)) {
        channels++;
    }
    MtsSeries *s = mts_series_alloc(channels, f->records * samples);
    bool ok = s != NULL;
    for (size_t i = next_signal(f, 0, samples); ok && i < f->signals; i = next_signal(f, i + 1, samples), c++) {
        read_values(f, &f->signal[i], s->values + c * s->length);
        ok = rename_latin(&s->names[c], f->signal[i].label) && rename_latin(&s->units[c], f->signal[i].unit);
    }
    if (ok) {
        s->sampling_rate = (double)samples / f->seconds;
        snprintf(id, sizeof id, "%.9g Hz", s->sampling_rate);
        ok = one || mts_series_rename(&s->id, id, strlen(id));
    }
    if (!ok) {
        mts_series_free(&s);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out for %zu signals of %zu records", f->name, channels,
                        f->records);
    }
    return mts_set_add(set, s, "", 0, err);
}

static int add_rates(MtsSeriesSet *set, const EdfFile *f, MtsError *err)
{
    size_t first = next_signal(f, 0, 0), different = 0;
    if (first == f->signals) {
        return mts_fail(err, MTS_EFORMAT, "%s: has annotations and no signal", f->name);
    }
    if (!(f->seconds > 0)) {
        return mts_fail(err, MTS_EFORMAT, "%s: has records of %g s, so that its signals have no rate", f->name,
                        f->seconds);
    }
    for (size_t i = first; i < f->signals; i = next_signal(f, i + 1, 0)) {
        different += f->signal[i].samples != f->signal[first].samples;
    }
    set->by_rate = different > 0;
    for (size_t i = first; i < f->signals; i = next_signal(f, i + 1, 0)) {
        size_t samples = f->signal[i].samples;
        int rc = next_signal(f, 0, samples) == i ? add_rate(set, f, samples, !set->by_rate, err) : MTS_OK;
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

static void set_start(const EdfFile *f, char start[MTS_START_SIZE])
{
    memcpy(start, f->data + 168, MTS_START_SIZE - 1);
    start[MTS_START_SIZE - 1] = '\0';
}

int mts_read_edf(MtsSeriesSet *set, char *text, size_t size, MtsError *err)
{
    EdfFile f = {.name = set->name, .data = (const unsigned char *)text, .size = size};
    int rc = read_header(&f, err);
    if (!rc && f.interrupted) {
        rc = check_continuous(&f, err);
    }
    rc = rc ? rc : add_rates(set, &f, err);
    if (!rc) {
        set_start(&f, set->start);
    }
    free(f.signal);
    free(text);
    return rc;
}

/* ---- texts ---- */

/* The number of p[0..n), which begins with a sign where `sign`. */
static bool note_number(const char *p, size_t n, bool sign, double *value)
{
    return n > 0 && (!sign || *p == '+' || *p == '-') && mts_number_parse(p, n, value) && isfinite(*value);
}

/* The time of the list of texts [p, end) and its duration; where its texts begin, NULL where it is malformed. */
static const char *note_time(const char *p, const char *end, MtsEdfNote *note)
{
    const char *texts = memchr(p, '\x14', (size_t)(end - p));
    if (!texts) {
        return NULL;
    }
    const char *mark = memchr(p, '\x15', (size_t)(texts - p)), *time_end = mark ? mark : texts;
    note->duration = 0;
    bool ok =
        note_number(p, (size_t)(time_end - p), true, &note->onset) &&
        (!mark || (note_number(mark + 1, (size_t)(texts - mark - 1), false, &note->duration) && note->duration >= 0));
    return ok ? texts + 1 : NULL;
}

/* The lists of texts in a signal's part [p, end) of a record. */
static int take_notes(const EdfFile *f, size_t record, const char *p, const char *end, MtsEdfTake *take, void *context,
                      MtsError *err)
{
    while (p < end && *p) {
        MtsEdfNote note;
        const char *stop = memchr(p, '\0', (size_t)(end - p)), *text = stop ? note_time(p, stop, &note) : NULL;
        while (text && text < stop) {
            const char *text_end = memchr(text, '\x14', (size_t)(stop - text));
            note.text = (MtsCell){text, text_end ? (size_t)(text_end - text) : 0};
            int rc = note.text.size ? take(context, &note, err) : MTS_OK;
            if (rc) {
                return rc;
            }
            text = text_end ? text_end + 1 : NULL;
        }
        if (!text) {
            return mts_fail(err, MTS_EFORMAT, "%s: record %zu has a malformed annotation", f->name, record + 1);
        }
        p = stop + 1;
    }
    return MTS_OK;
}

static void close_file(EdfFile *f, MtsMap *map)
{
    free(f->signal);
    mts_map_close(map);
}

/* The file and its header; close_file() is due where that is MTS_OK. */
static int open_file(EdfFile *f, MtsMap *map, const char *path, MtsError *err)
{
    int rc = mts_map_open(map, path, err);
    if (rc) {
        return rc;
    }
    *f = (EdfFile){.name = path, .data = map->data, .size = map->size};
    if ((rc = read_header(f, err))) {
        close_file(f, map);
    }
    return rc;
}

bool mts_edf_has_notes(const char *path)
{
    MtsMap map;
    EdfFile f;
    MtsError ignored;
    bool has = false;
    if (open_file(&f, &map, path, &ignored)) {
        return false;
    }
    for (size_t i = 0; i < f.signals; i++) {
        has = has || f.signal[i].annotations;
    }
    close_file(&f, &map);
    return has;
}

int mts_edf_notes(const char *path, MtsEdfTake *take, void *context, char start[MTS_START_SIZE], MtsError *err)
{
    MtsMap map;
    EdfFile f;
    int rc = open_file(&f, &map, path, err);
    if (rc) {
        return rc;
    }
    for (size_t r = 0; !rc && r < f.records; r++) {
        for (size_t i = 0; !rc && i < f.signals; i++) {
            const EdfSignal *s = &f.signal[i];
            const char *at = (const char *)f.data + f.header + r * f.record + s->at;
            rc = s->annotations ? take_notes(&f, r, at, at + s->samples * f.width, take, context, err) : MTS_OK;
        }
    }
    if (!rc) {
        set_start(&f, start);
    }
    close_file(&f, &map);
    return rc;
}
