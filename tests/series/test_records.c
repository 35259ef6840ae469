/* WFDB records of every storage format and EDF files, as PyPI's wfdb and pyedflib read them (tests/series/records, made
 * by tools/make_record_fixtures.py), and what is refused of them. */
#include "../test.h"

#include <math.h>
#include <stdbool.h>
#include <unistd.h>

#include <config.h>

#include "core/file.h"
#include "core/json.h"
#include "series/set.h"

static void check_texts(const char *file, const json_t *want, char *const *got, size_t n)
{
    assert_int_equal(json_array_size(want), n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(json_string_value(json_array_get(want, i)), got[i]) != 0) {
            fail_msg("%s: channel %zu has \"%s\"", file, i + 1, got[i]);
        }
    }
}

static void check_record(const char *file, const json_t *want, const MtsSeries *s)
{
    check_texts(file, json_object_get(want, "names"), s->names, s->channels);
    check_texts(file, json_object_get(want, "units"), s->units, s->channels);
    assert_true(s->sampling_rate == json_number_value(json_object_get(want, "rate")));
    for (size_t c = 0; c < s->channels; c++) {
        const json_t *values = json_array_get(json_object_get(want, "values"), c);
        assert_int_equal(json_array_size(values), s->length);
        for (size_t i = 0; i < s->length; i++) {
            const json_t *v = json_array_get(values, i);
            double got = s->values[c * s->length + i];
            bool same = json_is_null(v) ? isnan(got)
                                        : fabs(got - json_number_value(v)) <= 1e-12 * (1 + fabs(json_number_value(v)));
            if (!same) {
                fail_msg("%s: channel %zu, value %zu is %.17g, the reference has %.17g", file, c + 1, i + 1, got,
                         json_is_null(v) ? NAN : json_number_value(v));
            }
        }
    }
}

static void as_others_read_them(void **state)
{
    (void)state;
    MtsError err = {0};
    json_t *all = NULL, *want;
    const char *file;
    size_t read = 0;
    assert_ok(mts_json_read(&all, test_path("tests/series/records/records.json"), 1 << 24, &err), &err);
    json_object_foreach(all, file, want)
    {
        char path[256];
        MtsSeriesSet set;
        snprintf(path, sizeof path, "tests/series/records/%s", file);
        int rc = mts_set_read(&set, test_path(path), &err);
        if (rc == MTS_EUNSUPPORTED && strstr(err.text, "built without libFLAC") && !MTS_HAVE_FLAC) {
            mts_set_free(&set);
            continue;
        }
        assert_ok(rc, &err);
        assert_int_equal(set.count, json_is_array(want) ? json_array_size(want) : 1);
        for (size_t i = 0; i < set.count; i++) {
            check_record(file, json_is_array(want) ? json_array_get(want, i) : want, set.item[i]);
        }
        mts_set_free(&set);
        read++;
    }
    assert_true(read >= 20);
    json_decref(all);
}

/* ---- what is refused ---- */

static char folder[64];

static const char *beside(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_text(const char *name, const char *text, size_t size)
{
    MtsError err = {0};
    assert_ok(mts_write_file_atomic(beside(name), text, size, &err), &err);
}

static const char *const written[] = {"a.dat", "b.dat", "d.dat", "b.hea", "c.hea", "r.hea"};

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/mts_records_XXXXXX");
    return mkdtemp(folder) ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        unlink(beside(written[i]));
    }
    return rmdir(folder);
}

static void refuse(const char *header, int code, const char *part)
{
    MtsError err = {0};
    MtsSeries *s = NULL;
    write_text("r.hea", header, strlen(header));
    int rc = mts_series_read(&s, beside("r.hea"), &err);
    if (rc != code || !strstr(err.text, part) || s) {
        fail_msg("%s: %d \"%s\", expected %d and \"%s\"", header, rc, err.text, code, part);
    }
}

static void refused_records(void **state)
{
    (void)state;
    write_text("a.dat", "\1\0\2\0\3\0\4\0", 8);
    write_text("d.dat", "\xFF\xFF\xFF\x7F\0\0\0\x80\0\0\0\x80\0\0\0\x80", 16);
    write_text("b.dat", "fLaC none", 9);
    write_text("b.hea", "b 1 100 4\na.dat 16 1/mV 0 0 1 10 0 II\n", 38);
    write_text("c.hea", "c 1 100 4\na.dat 16 1/uV 0 0 1 10 0 II\n", 38);
    refuse("r 1 100 4\na.dat 17\n", MTS_EUNSUPPORTED, "storage format 17 is not read (8, 16,");
    refuse("r 1 100 4\na.dat 16.5\n", MTS_EUNSUPPORTED, "storage format 16.5 is not read");
    refuse("r 1 100 4\na.dat 16x0\n", MTS_EFORMAT, "\"16x0\" is no storage format");
    refuse("r 1 100 4\na.dat 16:-1\n", MTS_EFORMAT, "\"16:-1\" is no storage format");
    refuse("r 1 100 4\na.dat 16y\n", MTS_EFORMAT, "\"16y\" is no storage format");
    refuse("r 1 100 4\na.dat 16x3\n", MTS_EFORMAT, "holds 1 samples of 1 signals, but");
    refuse("r 1 100 4\na.dat 0\n", MTS_EFORMAT, "no file name beside");
    refuse("r 1 100 4\n~ 16\n", MTS_EFORMAT, "no file name beside");
    refuse("r 1 100 4\n~ 0\n", MTS_EFORMAT, "no signal has a file");
    refuse("r 1 100 4\na.dat 16 1(2/mV\n", MTS_EFORMAT, "\"1(2/mV\" is no gain");
    refuse("r 1 100 4\na.dat 16 1 0 0 1 11\n", MTS_EFORMAT, "has checksum 10, but");
    refuse("r 1 100 4\na.dat 16 1 0 0 1 4294901771\n", MTS_EFORMAT, "has checksum 10, but");
    refuse("r 1 100 4\na.dat 16 1 0 0 4294967295\n", MTS_EFORMAT, "begins with 1, but");
    refuse("r 1 100 4\nd.dat 32 1 0 0 4294967295\n", MTS_EFORMAT, "begins with 2147483647, but");
    refuse("r 1 100 4\nd.dat 32 1 0 0 2147483648\n", MTS_EFORMAT, "says 2147483648");
    refuse("r 1 100 4\na.dat 16+4294967296\n", MTS_EFORMAT, "holds 0 samples of 1 signals, but");
    refuse("r 1 100 4\nb.dat 516\n", MTS_HAVE_FLAC ? MTS_EFORMAT : MTS_EUNSUPPORTED,
           MTS_HAVE_FLAC ? "damaged FLAC stream" : "built without libFLAC");
    refuse("r 2 100 4\nb.dat 516\nb.dat 516x2\n", MTS_EFORMAT, "in one FLAC stream with 1 and 2 samples a frame");
    refuse("r/2 1 100 8\nb 4\n", MTS_EFORMAT, "describes 1 segments of 2");
    refuse("r/0 1 100 8\n", MTS_EFORMAT, "\"0\" is no number of segments");
    refuse("r/2 1 100 9\nb 4\nb 4\n", MTS_EFORMAT, "its segments have 8 samples, but it says 9");
    refuse("r/2 1 100\nb 4\n../b 4\n", MTS_EFORMAT, "\"../b\" is no record beside");
    refuse("r/2 1 100\nb 4\nb x\n", MTS_EFORMAT, "\"x\" is no number of samples");
    refuse("r/2 1 100\nb 4\nb 3\n", MTS_EFORMAT, "b.hea: has 4 samples, but");
    refuse("r/2 1 200\nb 4\nb 4\n", MTS_EFORMAT, "b.hea: has 100 samples per second, but");
    refuse("r/2 2 100\nb 4\nb 4\n", MTS_EFORMAT, "b.hea: has 1 signals, but");
    refuse("r/2 1 100\nb 4\nc 4\n", MTS_EFORMAT, "c.hea: signal II is in uV, but II in mV in a segment before");
    refuse("r/2 1 100\nb 4\nd 4\n", MTS_EIO, "d.hea: cannot be opened");
    refuse("r/2 1 100\nb 4\nr 4\n", MTS_EFORMAT, "r.hea: is a segment of");
    refuse("r/2 1 100\n~ 0\nb 4\n", MTS_EFORMAT, "lists 0 signals, but");
    refuse("r/2 1 100\nb 4\n~ 900000000000\n", MTS_ECAPACITY, "samples in all are the most");
    refuse("r/2 1 100\n~ 4\nb 4\n", MTS_EFORMAT, "channel II, value 1 of 8 is missing"); /* never filled in */
}

/* A FLAC stream cut anywhere, or with any one bit flipped, is noticed. */
static void damaged_streams(void **state)
{
    (void)state;
    static const char header[] = "r 3 100\nb.dat 516\nb.dat 516\nb.dat 516\n";
    MtsError err = {0};
    char *data;
    size_t size, silent = 0;
    if (!MTS_HAVE_FLAC) {
        skip();
    }
    assert_ok(mts_read_file(test_path("tests/series/records/f516.dat"), 1 << 20, &data, &size, &err), &err);
    write_text("r.hea", header, strlen(header));
    size_t begin = 4; /* of the frames, behind blocks of tags and padding */
    for (bool last = false; !last;) {
        const unsigned char *b = (const unsigned char *)data + begin;
        last = b[0] >> 7;
        begin += 4 + ((size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3]);
    }
    assert_true(begin < size);
    for (size_t i = begin; i < size; i++) {
        MtsSeriesSet set;
        write_text("b.dat", data, i);
        assert_true(mts_set_read(&set, beside("r.hea"), &err) < 0);
        mts_set_free(&set);
        data[i] = (char)(data[i] ^ 4);
        write_text("b.dat", data, size);
        silent += mts_set_read(&set, beside("r.hea"), &err) == 0;
        mts_set_free(&set);
        data[i] = (char)(data[i] ^ 4);
    }
    assert_int_equal(silent, 0);
    free(data);
}

/* ---- EDF ---- */

static char *edf; /* [edf_size] tests/series/records/plus.edf: 5 signals, the last one's samples are annotations */
static size_t edf_size;

static int edf_parse(const char *name, const char *bytes, size_t size, const char *selection, MtsSeries **s,
                     MtsError *err)
{
    MtsSeriesSet set;
    char *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    copy[size] = '\0';
    *s = NULL;
    int rc = mts_set_parse(&set, name, copy, size, NULL, err);
    rc = rc ? rc : mts_set_take(&set, selection, s, err);
    mts_set_free(&set);
    return rc;
}

/* `text` written over the file at `at`, then read. */
static void refuse_edf(size_t at, const char *text, const char *selection, int code, const char *part)
{
    MtsError err = {0};
    MtsSeries *s;
    char *copy = malloc(edf_size);
    memcpy(copy, edf, edf_size);
    memcpy(copy + at, text, strlen(text));
    int rc = edf_parse("x.edf", copy, edf_size, selection, &s, &err);
    if (rc != code || !strstr(err.text, part) || s) {
        fail_msg("%zu %s: %d \"%s\", expected %d and \"%s\"", at, text, rc, err.text, code, part);
    }
    free(copy);
}

/* Where the second record's time stands: "+1\x14". */
static size_t second_time(void)
{
    for (size_t i = 256 * 6; i + 4 < edf_size; i++) {
        if (memcmp(edf + i, "+1\x14\x14", 4) == 0) {
            return i;
        }
    }
    fail();
    return 0;
}

static void edf_files(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsSeries *s = NULL;
    char *copy;
    assert_ok(mts_read_file(test_path("tests/series/records/plus.edf"), 1 << 20, &edf, &edf_size, &err), &err);
    /* what is named must have one rate */
    assert_ok(edf_parse("x.rec", edf, edf_size, "EEG Pz-Oz,EEG Fpz-Cz[5:]", &s, &err), &err);
    assert_true(s->channels == 2 && s->length == 55 && s->sampling_rate == 20);
    assert_string_equal(s->names[0], "EEG Pz-Oz");
    mts_series_free(&s);
    assert_ok(edf_parse("x.edf", edf, edf_size, "2 Hz/Resp", &s, &err), &err);
    assert_true(s->length == 6 && s->sampling_rate == 2);
    mts_series_free(&s);
    refuse_edf(0, "0", "", MTS_EREQUEST, "holds 2 series; choose one as in x.edf#20 Hz");
    refuse_edf(0, "0", "Temp,EEG Pz-Oz", MTS_EREQUEST, "have different sampling rates (2 Hz and 20 Hz)");
    refuse_edf(0, "0", "Temp,x", MTS_EREQUEST, "has no one channel \"x\"");
    refuse_edf(256 + 16, "EEG Fpz-Cz", "EEG Fpz-Cz", MTS_EREQUEST, "has no one channel \"EEG Fpz-Cz\"");
    /* the header */
    refuse_edf(0, "1", "", MTS_EFORMAT, "header of neither an EDF nor a BDF file");
    refuse_edf(252, "x", "", MTS_EFORMAT, "byte 253: \"x\" is no number of signals");
    refuse_edf(252, "4", "", MTS_EFORMAT, "is no number of header bytes (1280 to 1280)");
    refuse_edf(236, "4", "", MTS_EFORMAT, "but 4 records of");
    refuse_edf(236, "2", "", MTS_EFORMAT, "but 2 records of");
    refuse_edf(244, "0", "", MTS_EFORMAT, "records of 0 s");
    refuse_edf(256 + 5 * 120, "2047    ", "", MTS_EFORMAT, "signal 1 (EEG Fpz-Cz) has digital values 2047 to 2047");
    refuse_edf(256 + 5 * 104, "-1,5", "", MTS_EFORMAT, "is no physical minimum");
    /* gaps */
    assert_int_equal(memcmp(edf + 192, "EDF+C", 5), 0);
    copy = malloc(edf_size);
    memcpy(copy, edf, edf_size);
    copy[196] = 'D';
    assert_ok(edf_parse("x.edf", copy, edf_size, "20 Hz", &s, &err), &err); /* its records follow one another */
    mts_series_free(&s);
    copy[second_time() + 1] = '2';
    assert_int_equal(edf_parse("x.edf", copy, edf_size, "20 Hz", &s, &err), MTS_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "has gaps (EDF+D): record 2 begins at 2 s, where 1 s were due"));
    copy[second_time()] = '?';
    assert_int_equal(edf_parse("x.edf", copy, edf_size, "20 Hz", &s, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "record 2 does not tell its time"));
    /* as many records as there are, where the writer was stopped; a unit in Latin-1 */
    memcpy(copy, edf, edf_size);
    memcpy(copy + 236, "-1", 2);
    memcpy(copy + 256 + 5 * 96, "\xB5V", 2);
    assert_ok(edf_parse("x.edf", copy, edf_size - 1, "EEG Fpz-Cz", &s, &err), &err);
    assert_int_equal(s->length, 40);
    assert_string_equal(s->units[0], "\xC2\xB5V");
    mts_series_free(&s);
    for (size_t n = 0; n < edf_size; n++) { /* cut anywhere else it is refused */
        assert_true(edf_parse("x.edf", edf, n, "20 Hz", &s, &err) < 0);
    }
    free(copy);
    free(edf);
}

/* Twenty-two signals whose samples of a record are 2^32 + 2 bytes, before two records of two bytes, or one of four. */
static void endless_records(void **state)
{
    (void)state;
    enum { SIGNALS = 22, HEADER = 256 * (SIGNALS + 1) };
    static const struct {
        size_t at, width;
        const char *text;
    } all[] = {{0, 8, "0"}, {184, 8, "5888"}, {236, 8, "-1"}, {244, 8, "1"}, {252, 4, "22"}};
    static const struct {
        size_t at, width;
        const char *text;
    } each[] = {{104, 8, "-1"}, {112, 8, "1"}, {120, 8, "-1"}, {128, 8, "1"}, {216, 8, "99999999"}};
    static char file[HEADER + 4];
    MtsError err = {0};
    MtsSeries *s = NULL;
    memset(file, ' ', HEADER);
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        memcpy(file + all[k].at, all[k].text, strlen(all[k].text));
    }
    for (size_t i = 0; i < SIGNALS; i++) {
        for (size_t k = 0; k < sizeof each / sizeof *each; k++) {
            memcpy(file + 256 + each[k].at * SIGNALS + each[k].width * i, each[k].text, strlen(each[k].text));
        }
    }
    memcpy(file + 256 + 216 * SIGNALS + 8 * (SIGNALS - 1), "47483670", 8);
    assert_int_equal(edf_parse("x.edf", file, sizeof file, "", &s, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "has no data record"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_others_read_them), cmocka_unit_test(refused_records), cmocka_unit_test(endless_records),
        cmocka_unit_test(damaged_streams),     cmocka_unit_test(edf_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
