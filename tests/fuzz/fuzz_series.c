/* libFuzzer target: any bytes as a file of time series. The first byte chooses the format by a name, the second how it
 * is asked for. A WFDB header ends at its first zero byte; what follows is the signal file beside it. It must end in
 * series of finite values or in one sentence. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "fuzz.h"
#include "series/edf.h"
#include "series/set.h"

/* The hash of a part of the set; MTS_ENOMEM in *rc where memory ran out. */
static uint64_t take(const MtsSeriesSet *set, const char *selection, int *rc)
{
    MtsSeries *s = NULL;
    MtsError err = {0};
    *rc = mts_set_take(set, selection, &s, &err);
    if (*rc) {
        fuzz_require(!s, "no series where it was refused");
        fuzz_refused(*rc, &err);
        return fuzz_hash(FUZZ_HASH, rc, sizeof *rc);
    }
    for (size_t i = 0; i < s->channels * s->length; i++) {
        fuzz_require(isfinite(s->values[i]), "a value is finite");
    }
    uint64_t hash = fuzz_hash(FUZZ_HASH, s->values, s->channels * s->length * sizeof *s->values);
    mts_series_free(&s);
    return hash;
}

static uint64_t take_all(const MtsSeriesSet *set)
{
    static const char *const selections[] = {"", "1", "2/1[-3:]"};
    uint64_t hash = FUZZ_HASH;
    for (size_t i = 0; i < sizeof selections / sizeof *selections; i++) {
        int rc;
        uint64_t part = take(set, selections[i], &rc);
        if (rc == MTS_ENOMEM) {
            return 0;
        }
        hash = fuzz_hash(hash, &part, sizeof part);
    }
    return hash;
}

static int take_note(void *context, const MtsEdfNote *note, MtsError *err)
{
    uint64_t *hash = context;
    (void)err;
    *hash = fuzz_hash(*hash, &note->onset, sizeof note->onset);
    *hash = fuzz_hash(*hash, &note->duration, sizeof note->duration);
    *hash = fuzz_hash(*hash, note->text.data, note->text.size);
    return MTS_OK;
}

/* What an EDF file says beside its signals; MTS_ENOMEM in *rc where memory ran out. */
static uint64_t take_notes(const uint8_t *data, size_t size, int *rc)
{
    MtsError err = {0};
    uint64_t hash = FUZZ_HASH;
    char start[MTS_START_SIZE];
    fuzz_file("x.edf", data, size);
    *rc = mts_edf_notes(fuzz_path("x.edf"), take_note, &hash, start, &err);
    return *rc ? fuzz_refused(*rc, &err) : hash;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"x.csv", "x.tsv", "x.txt", "x.json", "x.ts", "x.edf", "x.bdf", "x.hea"};
    static const char *const missing[] = {NULL, "-99,x"};
    if (size < 2) {
        return 0;
    }
    const uint8_t how = data[1];
    const char *name = data[0] == 'L' ? "x.jsonl" : names[data[0] % 8];
    MtsSeriesOptions options = {.delimiter = ",;\t|  \0\0"[how & 7],
                                .decimal = "\0.,\0"[how >> 3 & 3],
                                .header = (MtsSeriesHeader)((how >> 5) % 3),
                                .missing = missing[how >> 7]};
    data += 2;
    size -= 2;
    if (strcmp(name, "x.hea") == 0) {
        const uint8_t *end = memchr(data, 0, size);
        size_t header = end ? (size_t)(end - data) : size;
        fuzz_file("a.dat", data + header + (end != NULL), size - header - (end != NULL));
        fuzz_file("b.hea", "b 1 100 4\na.dat 16\n", 20);
        size = header;
    }
    char *text = mts_strndup((const char *)data, size);
    MtsSeriesSet set;
    MtsError err = {0};
    if (!text) {
        return 0;
    }
    int rc = mts_set_parse(&set, fuzz_path(name), text, size, how == 0 ? NULL : &options, &err);
    uint64_t hash = rc ? fuzz_refused(rc, &err) : take_all(&set);
    mts_set_free(&set);
    bool spent = rc == MTS_ENOMEM || (!rc && !hash);
    if (strcmp(name, "x.edf") == 0 && !spent) {
        uint64_t notes = take_notes(data, size, &rc);
        hash = rc == MTS_ENOMEM ? 0 : fuzz_hash(hash, &notes, sizeof notes);
    }
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
