/* gzip, .ts and WFDB: what they mean, and random damage to each. */
#include "../test.h"

#include <math.h>
#include <stdbool.h>
#include <unistd.h>

#include <maxts/series.h>

#include "core/file.h"
#include "core/rng.h"
#include "series/gzip.h"
#include "series/set.h"
#include "series/wfdb.h"

static char folder[64];

static const char *beside(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(beside(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/mts_formats_XXXXXX");
    return mkdtemp(folder) ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = {"a.dat", "b.dat", "b.mat", "r.hea", "r.atr"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unlink(beside(names[i]));
    }
    return rmdir(folder);
}

/* A text in memory, as if it were a file of that name in the folder. */
static int parse(const char *name, const char *text, size_t n, const char *selection, MtsSeries **s, char *label,
                 MtsError *err)
{
    MtsSeriesSet set;
    char *copy = malloc(n + 1);
    memcpy(copy, text, n);
    copy[n] = '\0';
    *s = NULL;
    int rc = mts_set_parse(&set, beside(name), copy, n, NULL, err);
    if (rc == MTS_OK) {
        rc = mts_set_take(&set, selection, s, err);
    }
    if (rc == MTS_OK && label) {
        snprintf(label, 64, "%s", set.label[0]);
    }
    mts_set_free(&set);
    return rc;
}

static void refuse(const char *name, const char *text, int code, const char *part)
{
    MtsError err = {0};
    MtsSeries *s = NULL;
    int rc = parse(name, text, strlen(text), "", &s, NULL, &err);
    if (rc != code || !strstr(err.text, part) || s) {
        fail_msg("%s: %d \"%s\", expected %d and \"%s\"", text, rc, err.text, code, part);
    }
}

static void gzip_members(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    assert_ok(mts_series_read(&s, test_path("tests/series/squares.csv.gz"), &err), &err);
    assert_int_equal(s->length, 600);
    for (size_t i = 0; i < 600; i++) {
        assert_true(s->values[i] == (double)(i * i));
    }
    mts_series_free(&s);
}

static void gzip_damage(void **state)
{
    (void)state;
    MtsError err = {0};
    char *packed, *out;
    size_t size, n;
    assert_ok(mts_read_file(test_path("tests/series/squares.csv.gz"), 1 << 20, &packed, &size, &err), &err);
    assert_int_equal(mts_gunzip("x", packed, size, 100, &out, &n, &err), MTS_EIO);
    assert_non_null(strstr(err.text, "more than the limit of 100 bytes"));
    for (size_t cut = 0; cut < size; cut++) { /* every truncation fails, save those between members */
        char *part = malloc(cut ? cut : 1);
        memcpy(part, packed, cut);
        int rc = mts_gunzip("x", part, cut, 1 << 20, &out, &n, &err);
        if (rc == MTS_OK) {
            assert_true(cut + 2 < size && mts_is_gzip(packed + cut, size - cut));
            free(out);
        }
        free(part);
    }
    MtsRng rng = mts_rng(5, 0, 0);
    size_t undetected = 0;
    for (int i = 0; i < 3000; i++) {
        size_t at = (size_t)(mts_rng_bits(&rng) % size);
        char was = packed[at];
        packed[at] = (char)(packed[at] ^ (1 << (mts_rng_bits(&rng) % 8)));
        if (mts_gunzip("x", packed, size, 1 << 20, &out, &n, &err) == MTS_OK) {
            undetected++; /* time, system and flag bytes of the header */
            free(out);
        }
        packed[at] = was;
    }
    assert_true(undetected < 300);
    free(packed);
}

#define TS                                                                                                             \
    "% a comment\n@problemName x\n@timestamps false\n@dimensions 2\n@classLabel true a b\n@data\n"                     \
    "1,2,3:4,5,6:a\n7,?,9:1,2,3:b\n1,2:3,4,5:b\n"

static void ts_files(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    char label[64];
    assert_ok(parse("x.ts", TS, strlen(TS), "1", &s, label, &err), &err);
    assert_int_equal(s->channels, 2);
    assert_int_equal(s->length, 3);
    assert_true(s->values[0] == 1 && s->values[5] == 6);
    assert_string_equal(label, "a");
    mts_series_free(&s);
    assert_int_equal(parse("x.ts", TS, strlen(TS), "2", &s, NULL, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "series 2, channel 1, value 2 of 3 is missing"));
    assert_int_equal(parse("x.ts", TS, strlen(TS), "3", &s, NULL, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "lengths are unequal"));
    assert_ok(parse("x.ts", TS, strlen(TS), "2/2[1:]", &s, NULL, &err), &err);
    assert_true(s->length == 2 && s->values[0] == 2);
    mts_series_free(&s);
    refuse("x.ts", "@dimensions 2\n@data\n1,2\n", MTS_EFORMAT, "line 3 has 1 dimensions, not 2");
    /* what the header says must hold, and how the text is stored and packed changes nothing */
    refuse("x.ts", "@univariate true\n@data\n1,2:3,4\n", MTS_EFORMAT, "line 3 has 2 dimensions, not 1");
    refuse("x.ts", "@equalLength true\n@seriesLength 3\n@data\n1,2\n", MTS_EFORMAT,
           "line 4 has 2 values, but @seriesLength says 3");
    refuse("x.ts", "@classLabel true a b\n@data\n1,2:c\n", MTS_EFORMAT, "line 3: \"c\" is none of the classes");
    static const char *const names[] = {"x.ts", "X.TS", "x.ts.gz"};
    const char *marked = "\xEF\xBB\xBF@univariate true\n@equalLength true\n@seriesLength 2\n@classLabel true A b\n"
                         "@data\n1,2:a\n3,4:b\n";
    for (size_t i = 0; i < 3; i++) {
        assert_ok(parse(names[i], marked, strlen(marked), "2", &s, label, &err), &err);
        assert_true(s->length == 2 && s->values[0] == 3);
        assert_string_equal(label, "a");
        mts_series_free(&s);
    }
    assert_ok(parse("x.json.gz", "[1, 2.5]", 8, "", &s, NULL, &err), &err);
    assert_true(s->length == 2 && s->values[1] == 2.5);
    mts_series_free(&s);
    const char *timed = "# (a comment\n@timestamps true\n@classLabel true a\n@data\n"
                        "(0,1.5),(1, 2.5):(2020-01-01 00:00:00,3),(2020-01-01 01:00:00,?):a\n";
    assert_ok(parse("x.ts", timed, strlen(timed), "1/1", &s, label, &err), &err);
    assert_true(s->length == 2 && s->values[0] == 1.5 && s->values[1] == 2.5);
    assert_string_equal(label, "a");
    mts_series_free(&s);
    refuse("x.ts", "@timestamps true\n@data\n(0,1),(0,2)\n", MTS_EFORMAT, "line 3: the time 0 is not after");
    refuse("x.ts", "@timestamps true\n@data\n(0,1),2\n", MTS_EFORMAT, "line 3: \"2\" is no (time,value)");
    refuse("x.ts", "@timestamps true\n@data\n(a,1)\n", MTS_EFORMAT, "line 3: \"(a,1)\" is no (time,value)");
    refuse("x.ts", "@timestamps true\n@data\n(1,2,3)\n", MTS_EFORMAT, "line 3: \"2,3\" is not a number");
    refuse("x.ts", "@timestamps true\n@data\n(1,2\n", MTS_EFORMAT, "line 3: \"(1,2\" is no (time,value)");
    refuse("x.ts", "@data\n1,x,3\n", MTS_EFORMAT, "line 2: \"x\" is not a number");
    refuse("x.ts", "1,2,3\n", MTS_EFORMAT, "none of @, # and %");
    refuse("x.ts", "@problemName y\n", MTS_EFORMAT, "no @data");
    refuse("x.ts", "@data\n", MTS_EFORMAT, "holds no series");
    refuse("x.ts", "@dimensions -1\n@data\n", MTS_EFORMAT, "\"-1\" is no number of dimensions");
}

/* Two signals of 5 samples in format 212, three of 4 in format 16 behind 24 bytes; computed by hand. */
static const int first_signals[2][5] = {{995, 1000, -2047, 2047, 3}, {1011, -5, 0, 7, -1}};
static const int second_signals[3][4] = {{-32767, 32767, 1, -2}, {100, 200, 300, 400}, {5, 6, -32768, 8}};

static void write_signals(void)
{
    unsigned char a[15], b[24 + 24] = {0};
    for (int i = 0; i < 10; i += 2) {
        unsigned x = (unsigned)first_signals[0][i / 2] & 0xFFF, y = (unsigned)first_signals[1][i / 2] & 0xFFF;
        a[i / 2 * 3] = (unsigned char)(x & 0xFF);
        a[i / 2 * 3 + 1] = (unsigned char)(x >> 8 | (y >> 8) << 4);
        a[i / 2 * 3 + 2] = (unsigned char)(y & 0xFF);
    }
    for (int t = 0; t < 4; t++) {
        for (int c = 0; c < 3; c++) {
            unsigned v = (unsigned)second_signals[c][t] & 0xFFFF;
            b[24 + 2 * (3 * t + c)] = (unsigned char)(v & 0xFF);
            b[25 + 2 * (3 * t + c)] = (unsigned char)(v >> 8);
        }
    }
    write_file("a.dat", a, sizeof a);
    write_file("b.mat", b, sizeof b);
}

static void wfdb_records(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    char label[64];
    write_signals();
    const char *r =
        "r 2 360 5\na.dat 212 200 11 1024 995 1998 0 MLII\na.dat 212 100(11)/uV 11 1024 1011 1012 0 V5\n# 69 M\n";
    assert_ok(parse("r.hea", r, strlen(r), "", &s, NULL, &err), &err);
    assert_true(s->sampling_rate == 360 && s->length == 5 && s->channels == 2);
    assert_string_equal(s->names[0], "MLII");
    assert_string_equal(s->units[0], "mV");
    assert_string_equal(s->units[1], "uV");
    for (int t = 0; t < 5; t++) {
        assert_true(s->values[t] == (first_signals[0][t] - 1024) / 200.0);
        assert_true(s->values[5 + t] == (first_signals[1][t] - 11) / 100.0);
    }
    mts_series_free(&s);
    const char *m =
        "r 3 500\r\nb.mat 16x1+24 1000.0(0)/mV 16 0 -32767 -1 0 I\r\nb.mat 16x1+24 1000.0(0)/mV 16 0 100 1000 0 II\r\n"
        "b.mat 16x1+24 1000.0(0)/mV 16 0 5 -32749 0 aVR\r\n# Age: 7\r\n# Dx: 426177001,12\r\n";
    assert_ok(parse("r.hea", m, strlen(m), "II", &s, label, &err), &err);
    assert_true(s->length == 4 && s->values[3] == 0.4 && s->sampling_rate == 500);
    assert_string_equal(label, "426177001,12");
    mts_series_free(&s);
    assert_int_equal(parse("r.hea", m, strlen(m), "aVR", &s, NULL, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "channel aVR, value 3 of 4 is missing"));
    write_file("r.hea", r, strlen(r));
    assert_ok(mts_series_read(&s, beside("r.dat"), &err), &err); /* the signal file stands for its header */
    mts_series_free(&s);
    refuse("r.hea", "r 1 360 5\na.dat 212 200 11 1024 996\n", MTS_EFORMAT, "signal 1 begins with 995, but");
    refuse("r.hea", "r 2 360 5\na.dat 212 200 11 1024 995 1999\na.dat 212\n", MTS_EFORMAT, "has checksum 1998, but");
    refuse("r.hea", "r 2 360 6\na.dat 212\na.dat 212\n", MTS_EFORMAT, "holds 5 samples of 2 signals, but");
    refuse("r.hea", "r 2 360 5\na.dat 212\n", MTS_EFORMAT, "describes 1 signals of 2");
    refuse("r.hea", "r 1 360 5\n../a.dat 212\n", MTS_EFORMAT, "is no file name beside");
    refuse("r.hea", "r 2 360 5\na.dat 212\na.dat 16\n", MTS_EFORMAT, "in one file in different formats");
    refuse("r.hea", "r 1 0 5\na.dat 212\n", MTS_EFORMAT, "\"0\" is no sampling rate");
    refuse("r.hea", "r 0 360\n", MTS_EFORMAT, "\"0\" is no number of signals");
    refuse("r.hea", "r 1 360 5\na.dat 212 x\n", MTS_EFORMAT, "\"x\" is no gain");
    refuse("r.hea", "r 1 360\nnone.dat 212\n", MTS_EIO, "none.dat: cannot be opened");
    refuse("r.hea", "# only a comment\n", MTS_EFORMAT, "is empty");
    refuse("r.hea", "r 1 360\nb.mat 16+99999\n", MTS_EFORMAT, "holds 0 samples");
}

static const unsigned char notes[] = {18, 112,                 /* 28 at 18: a change of rhythm */
                                      3,  252, '(', 'N', 0, 0, /* with 3 bytes of text, padded */
                                      59, 4,                   /* a normal beat at 77 */
                                      0,  236, 1,   0,   0, 0, /* skip 65536 */
                                      10, 20,                  /* a ventricular one 10 later */
                                      1,  244,                 /* its channel */
                                      0,  0};

static void annotations(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsAnnotations a;
    assert_ok(mts_annotations_parse(&a, "n.atr", notes, sizeof notes, &err), &err);
    assert_int_equal(a.count, 3);
    assert_int_equal(a.items[0].sample, 18);
    assert_int_equal(a.items[0].code, 28);
    assert_string_equal(a.items[0].text, "(N");
    assert_int_equal(a.items[1].sample, 77);
    assert_int_equal(a.items[2].sample, 77 + 65536 + 10);
    assert_int_equal(mts_annotation_sign(a.items[2].code), 'V');
    assert_int_equal(mts_annotation_sign(28), '+');
    assert_int_equal(mts_annotation_sign(49), 0);
    mts_annotations_free(&a);
    static const unsigned char far[] = {0, 0xEC, 0xFF, 0x7F, 0xFF, 0xFF, 0, 0xEC, 0xFF, 0x7F, 0xFF, 0xFF, 3, 4, 0, 0};
    assert_int_equal(mts_annotations_parse(&a, "n.atr", far, sizeof far, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "a time behind every end")); /* 2^32 + 1 */
    mts_annotations_free(&a);
    for (size_t n = 0; n < sizeof notes - 1; n++) { /* every truncation is noticed */
        unsigned char *part = malloc(n ? n : 1);
        memcpy(part, notes, n);
        assert_int_equal(mts_annotations_parse(&a, "n.atr", part, n, &err), MTS_EFORMAT);
        mts_annotations_free(&a);
        free(part);
    }
    static const unsigned char back[] = {77, 4, 0, 236, 255, 255, 246, 255, 5, 4, 0, 0}; /* 77, then 10 - 5 before it */
    assert_int_equal(mts_annotations_parse(&a, "n.atr", back, sizeof back, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "a time before the last one"));
    mts_annotations_free(&a);
}

/* Places that are counted in another unit than the record's samples are said to be in the first note. */
static void annotations_of_another_rate(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsAnnotations a;
    static const char text[] = "## time resolution: 250";
    unsigned char file[64] = {0, 22 << 2, sizeof text - 1, 252};
    memcpy(file + 4, text, sizeof text - 1);
    memcpy(file + 4 + sizeof text, (const unsigned char[]){18, 4, 0, 0}, 4);
    write_file("r.atr", file, 8 + sizeof text);
    const char *path = beside("r.atr");
    assert_ok(mts_annotations_read(&a, path, 250, &err), &err);
    assert_true(a.count == 2 && a.resolution == 250 && a.items[1].sample == 18);
    mts_annotations_free(&a);
    assert_int_equal(mts_annotations_read(&a, path, 360, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "counted at another rate"));
    mts_annotations_free(&a);
}

/* The real records that developers have beside the source: all checksums hold, and 100 is as published. */
static void published_records(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    MtsAnnotations a;
    if (access(test_path("../shared/data/ecg/100.hea"), R_OK) != 0) {
        skip();
    }
    assert_ok(mts_series_read(&s, test_path("../shared/data/ecg/100.hea#V5"), &err), &err);
    assert_true(s->length == 650000 && s->values[0] == -0.065);
    mts_series_free(&s);
    assert_ok(mts_annotations_read(&a, test_path("../shared/data/ecg/100.atr"), 360, &err), &err);
    size_t kind[64] = {0};
    for (size_t i = 0; i < a.count; i++) {
        kind[a.items[i].code & 63]++;
    }
    assert_true(kind[1] == 2239 && kind[8] == 33 && kind[5] == 1); /* normal, atrial premature, ventricular */
    assert_true(a.items[1].sample == 77);
    mts_annotations_free(&a);
}

static void damaged_files(void **state)
{
    (void)state;
    static const char hea[] =
        "r 2 360 5\na.dat 212 200 11 1024 995 1998 0 MLII\na.dat 212 100(11)/uV 11 1024 1011 1012 0 V5\n# Dx: 1\n";
    MtsRng rng = mts_rng(6, 0, 0);
    size_t good = 0, bad = 0;
    write_signals();
    for (int i = 0; i < 30000; i++) {
        char text[512];
        const char *from = i % 3 == 0 ? TS : i % 3 == 1 ? hea : (const char *)notes;
        size_t n = i % 3 == 2 ? sizeof notes : strlen(from);
        memcpy(text, from, n);
        for (uint64_t k = 1 + mts_rng_bits(&rng) % 3; k > 0 && n > 0; k--) {
            size_t at = (size_t)(mts_rng_bits(&rng) % n);
            switch (mts_rng_bits(&rng) % 4) {
            case 0:
                text[at] = (char)mts_rng_bits(&rng);
                break;
            case 1:
                text[at] = "\n :,?@0129(/+x"[mts_rng_bits(&rng) % 14];
                break;
            case 2:
                memmove(text + at, text + at + 1, n - at - 1);
                n--;
                break;
            default:
                n = mts_rng_bits(&rng) % 8 ? n : at;
                break;
            }
        }
        MtsError err = {0};
        MtsSeries *s = NULL;
        int rc;
        if (i % 3 == 2) {
            MtsAnnotations a;
            char *exact = malloc(n ? n : 1);
            memcpy(exact, text, n);
            rc = mts_annotations_parse(&a, "x", exact, n, &err);
            mts_annotations_free(&a);
            free(exact);
        } else {
            rc = parse(i % 3 ? "r.hea" : "x.ts", text, n, i % 3 ? "" : "1", &s, NULL, &err);
        }
        for (size_t v = 0; s && v < s->channels * s->length; v++) {
            assert_true(isfinite(s->values[v]));
        }
        mts_series_free(&s);
        good += rc == MTS_OK;
        bad += rc != MTS_OK;
        assert_true(rc == MTS_OK || err.text[0]);
    }
    assert_true(good > 1000 && bad > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_members),      cmocka_unit_test(gzip_damage),
        cmocka_unit_test(ts_files),          cmocka_unit_test(wfdb_records),
        cmocka_unit_test(annotations),       cmocka_unit_test(annotations_of_another_rate),
        cmocka_unit_test(published_records), cmocka_unit_test(damaged_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
