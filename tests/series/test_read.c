/* Files to series: the layouts, the selections, and a sentence for everything else. */
#include "../test.h"

#include <math.h>
#include <unistd.h>

#include <maxts/series.h>

#include "core/mem.h"
#include "core/rng.h"
#include "series/set.h"

static char path[64];

static const char *write_file(const char *extension, const void *data, size_t size)
{
    snprintf(path, sizeof path, "/tmp/mts_series_%ld%s", (long)getpid(), extension);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
    return path;
}

static int read_text(const char *extension, const char *text, const char *selection, MtsSeries **s, MtsError *err)
{
    char spec[256];
    snprintf(spec, sizeof spec, "%s%s", write_file(extension, text, strlen(text)), selection);
    int rc = mts_series_read(s, spec, err);
    unlink(path);
    return rc;
}

/* Expects channels x length and the given values, channel by channel. */
static void expect(const char *extension, const char *text, const char *selection, size_t channels, size_t length,
                   const double *values)
{
    MtsError err = {0};
    MtsSeries *s = NULL;
    assert_ok(read_text(extension, text, selection, &s, &err), &err);
    assert_int_equal(s->channels, channels);
    assert_int_equal(s->length, length);
    for (size_t i = 0; i < channels * length; i++) {
        if (s->values[i] != values[i]) {
            fail_msg("%s%s: value %zu is %g, not %g", text, selection, i + 1, s->values[i], values[i]);
        }
    }
    mts_series_free(&s);
    assert_null(s);
}

#define EXPECT(ext, text, sel, ch, len, ...)                                                                           \
    do {                                                                                                               \
        const double want_[] = {__VA_ARGS__};                                                                          \
        expect(ext, text, sel, ch, len, want_);                                                                        \
    } while (0)

static void refuse(const char *extension, const char *text, const char *selection, int code, const char *part)
{
    MtsError err = {0};
    MtsSeries *s = NULL;
    int rc = read_text(extension, text, selection, &s, &err);
    if (rc != code || !strstr(err.text, part) || s) {
        fail_msg("%s%s: %d \"%s\", expected %d and \"%s\"", text, selection, rc, err.text, code, part);
    }
    assert_non_null(strstr(err.text, "/tmp/mts_series_"));
}

static void columns(void **state)
{
    (void)state;
    EXPECT(".csv", "1\n2\n3\n", "", 1, 3, 1, 2, 3);
    EXPECT(".csv", "v\r\n1\r\n\r\n2\r\n", "", 1, 2, 1, 2);
    EXPECT(".csv", "\xEF\xBB\xBFx,y\n1,4\n2,5\n3,6", "", 2, 3, 1, 2, 3, 4, 5, 6);
    EXPECT(".csv", "x,y\n1,4\n2,5\n3,6", "#y", 1, 3, 4, 5, 6);
    EXPECT(".csv", "x,y\n1,4\n2,5\n3,6", "#y,1[-2:]", 2, 2, 5, 6, 2, 3);
    EXPECT(".csv", "x,y\n1,4\n2,5\n3,6", "#[0:1]", 2, 1, 1, 4);
    EXPECT(".csv", "date,v\n2020-01-01,7\n2020-01-02,8\n", "", 1, 2, 7, 8);
    EXPECT(".csv", "a;b\n1;2\n3;4\n", "#b", 1, 2, 2, 4);
    EXPECT(".tsv", "a b\tc\n1\t2\n", "#a b", 1, 1, 1);
    EXPECT(".txt", "[C3-A1]\n   -0.5\n  0.25\n", "#C3-A1", 1, 2, -0.5, 0.25);
    EXPECT(".txt", " 1  2\n 3\t4\n", "#2", 1, 2, 2, 4);
    EXPECT(".csv", "\"a \"\"b\"\"\",c\n\"1\",2\n", "#a \"b\"", 1, 1, 1);
    EXPECT(".csv", "x,y\n1,4\n2,5\n3,\n", "#x", 1, 3, 1, 2, 3);
    EXPECT(".csv", "x,y\n1,4\n2,5\n3,\n", "#y", 1, 2, 4, 5);
}

/* Newest first, as banks and exchanges export them: a series is in the order of time. */
static void newest_first(void **state)
{
    (void)state;
    EXPECT(".csv", "timestamp,close\n2026-11-27,3\n2026-11-26,2\n2026-11-25,1\n", "", 1, 3, 1, 2, 3);
    EXPECT(".csv", "Date,a,b\n\"Nov 2, 2026\",3,6\n\"Nov 1, 2026\",2,5\n\"Oct 31, 2026\",1,4\n", "", 2, 3, 1, 2, 3, 4,
           5, 6);
    EXPECT(".csv", "Date,v\n12/31/2025,2\n12/30/2025,1\n", "", 1, 2, 1, 2);
    EXPECT(".csv", "Datum;v\n01.02.2026;2,5\n31.01.2026;1,5\n", "", 1, 2, 1.5, 2.5);
    EXPECT(".csv", "Date,Time,v\n2026-01-02,00:00,4\n2026-01-01,12:00,3\n2026-01-01,00:00,2\n", "", 1, 3, 2, 3, 4);
    EXPECT(".csv", "t,v\n01/02/2026 01:00 PM,3\n01/02/2026 11:00 AM,2\n01/02/2026 12:30 AM,1\n", "", 1, 3, 1, 2, 3);
    EXPECT(".csv", "quarter,v\n2026Q1,3\n2025Q4,2\n2025Q3,1\n", "", 1, 3, 1, 2, 3);
    EXPECT(".csv", "unique_id,ds,y\nA,2026-02-01,2\nA,2026-01-01,1\nB,2026-01-01,3\nB,2026-02-01,4\n", "#A", 1, 2, 1,
           2);
    EXPECT(".csv", "unique_id,ds,y\nA,2026-02-01,2\nA,2026-01-01,1\nB,2026-01-01,3\nB,2026-02-01,4\n", "#B", 1, 2, 3,
           4);
    /* more numbers than a time has */
    EXPECT(".csv", "unique_id,ds,y\nA,2026-01 1:2:3:4:5:6:7:8:9:10,1\nA,2026-02 1:2:3:4:5:6:7:8:9:10,2\n", "#A", 1, 2,
           1, 2);
    /* the clock is set back */
    EXPECT(".csv", "t,v\n2026-10-25 02:30,1\n2026-10-25 03:00,2\n2026-10-25 02:30,3\n2026-10-25 03:00,4\n", "", 1, 4, 1,
           2, 3, 4);
    EXPECT(".csv", "t,v\n2026-10-25 03:00,4\n2026-10-25 02:30,3\n2026-10-25 03:00,2\n2026-10-25 02:30,1\n", "", 1, 4, 1,
           2, 3, 4);
    /* equal, of the day alone, zones that differ, beside a column that counts: as they stand */
    EXPECT(".csv", "index,date,v\n0,2026-01-03,3\n1,2026-01-01,1\n2,2026-01-02,2\n", "", 1, 3, 3, 1, 2);
    EXPECT(".csv", "date,v\n2026-01-03,3\n2026-01-03,1\n", "", 1, 2, 3, 1);
    EXPECT(".csv", "time,v\n00:02:00,3\n00:01:00,1\n", "", 1, 2, 3, 1);
    EXPECT(".csv", "t,v\n2026-01-01T02:00:00+02:00,3\n2026-01-01T02:00:00+01:00,1\n", "", 1, 2, 3, 1);
    EXPECT(".csv", "t,v\n2026-01-01 00:00:00.25,3\n2026-01-01 00:00:00.3,1\n", "", 1, 2, 3, 1);
    EXPECT(".csv", "date,v\n01/03/2026,3\n02/02/2026,1\n", "", 1, 2, 3, 1); /* or it rises, if months are first */
    refuse(".csv", "date,v\n2026-01-03,3\n2026-01-01,1\n2026-01-02,2\n", "", MTS_EFORMAT, "line 3: its date is before");
    refuse(".csv", "date,shop,v\n2026-01-01,1,5\n2026-01-02,1,6\n2026-01-01,2,7\n2026-01-02,2,8\n", "#v", MTS_EFORMAT,
           "line 4: its date is before");
    refuse(".csv", "unique_id,ds,y\nA,2026-02-01,2\nA,2026-01-01,1\nA,2026-03-01,3\n", "#A", MTS_EFORMAT,
           "line 3: its date is before");
}

static void rows_long_and_lists(void **state)
{
    (void)state;
    const char *m4 = "\"V1\",\"V2\",\"V3\",\"V4\"\n\"H1\",\"605\",\"586\",\"\"\n\"H2\",\"1\",\"2\",\"3\"\n";
    EXPECT(".csv", m4, "#H1", 1, 2, 605, 586);
    EXPECT(".csv", m4, "#2", 1, 3, 1, 2, 3);
    EXPECT(".csv", m4, "#H2[:-1]", 1, 2, 1, 2);
    EXPECT(".csv", "A,1,2\nB,3,4,5\n", "#B", 1, 3, 3, 4, 5);
    const char *longer = "id,date,value\nQ1,2000,5\nQ1,2001,6\nQ2,2000,7\n";
    EXPECT(".csv", longer, "#Q1", 1, 2, 5, 6);
    EXPECT(".csv", longer, "#Q2", 1, 1, 7);
    const char *lists =
        "label,x_axis,y_axis\nsit,\"[1, 2]\",\"[3, 4]\"\nlabel,x_axis,y_axis\nrun,\"[[5,6]]\",\"[7, 8]\"\n";
    EXPECT(".csv", lists, "#2/y_axis", 1, 2, 7, 8);
    EXPECT(".csv", lists, "#1", 2, 2, 1, 2, 3, 4);
    EXPECT(".csv", "item_id,timestamp,target\nA,2020-01-01,1\nA,2020-01-02,2\nB,2020-01-01,3\n", "#A", 1, 2, 1, 2);
    EXPECT(".csv", "id,x,target\n1,0.5,1\n2,0.7,0\n", "#x", 1, 2, 0.5, 0.7); /* a target alone names no values */
    EXPECT(".json", "[1, 2.5, -3e2]", "", 1, 3, 1, 2.5, -300);
    EXPECT(".json", "[[1, 2], [3, 4]]", "#2", 1, 2, 3, 4);
    EXPECT(".json", "{\"x\": [1, 2], \"y\": [3, 4]}", "#y,x", 2, 2, 3, 4, 1, 2);
    MtsError err = {0};
    MtsSeries *s = NULL;
    assert_ok(read_text(".json",
                        "{\"values\":[1,2],\"sampling_rate\":50,\"id\":\"w\",\"names\":[\"ax\"],\"units\":[\"g\"]}", "",
                        &s, &err),
              &err);
    assert_true(s->sampling_rate == 50);
    mts_series_free(&s);
    assert_ok(read_text(".json", "{\"values\":[1,2],\"fs\":50,\"id\":\"w\",\"names\":[\"ax\"],\"units\":[\"g\"]}", "",
                        &s, &err),
              &err);
    assert_true(s->sampling_rate == 50);
    assert_string_equal(s->id, "w");
    assert_string_equal(s->names[0], "ax");
    assert_string_equal(s->units[0], "g");
    mts_series_free(&s);
}

/* Which column is which, and what is a number in it: docs/series.md has the rules. */
static void tables_as_people_have_them(void **state)
{
    (void)state;
    /* the decimal mark */
    EXPECT(".csv", "step;load\n1;10,5\n2;11,2\n3;9,9\n", "", 1, 3, 10.5, 11.2, 9.9);
    EXPECT(".csv", "step;load\n1;10,5\n2;11,2\n3;9,9\n", "#step", 1, 3, 1, 2, 3);
    EXPECT(".csv", "1,5;2,5\n1,6;2,6\n1,7;2,8\n", "", 2, 3, 1.5, 1.6, 1.7, 2.5, 2.6, 2.8);
    EXPECT(".csv", "a;b\n1.234,5;1\n12,25;2\n", "#a", 1, 2, 1234.5, 12.25);
    EXPECT(".csv", "a;b\n0,125;1\n1,250;2\n", "#a", 1, 2, 0.125, 1.25);
    EXPECT(".csv", "a;b\n1,250;1\n3,750;2\n", "#a", 1, 2, 1.25, 3.75); /* semicolons because the comma is taken */
    EXPECT(".tsv", "a\tb\n-1,5\t1\n+2,25\t2\n", "#a", 1, 2, -1.5, 2.25);
    EXPECT(".csv", "a,b\n\"1,234.5\",1\n\"1,234\",2\n", "#a", 1, 2, 1234.5, 1234);
    EXPECT(".csv", "a,b\n\"1,234,567\",1\n12,2\n", "#a", 1, 2, 1234567, 12);
    /* the header */
    EXPECT(".csv", "1,2020-01-01,5\n2,2020-01-02,6\n3,2020-01-03,7\n", "", 1, 3, 5, 6, 7);
    EXPECT(".csv", "2020-01-01,5\n2020-01-02,6\n", "", 1, 2, 5, 6);
    EXPECT(".csv", "country,2019,2020,2021\nA,1,2,3\nB,4,5,6\n", "#B", 1, 3, 4, 5, 6);
    EXPECT(".csv", ",0,1,2\nA,1,2,4\nB,4,5,7\n", "#A", 1, 3, 1, 2, 4);
    EXPECT(".csv", "site,2020-01,2020-02\nA,1,2\nB,4,5\n", "#A", 1, 2, 1, 2);
    EXPECT(".csv", "time,V1,V2\n0,0.1,0.2\n1,0.3,0.4\n2,0.5,0.6\n", "#V1", 1, 3, 0.1, 0.3, 0.5);
    EXPECT(".txt", "\"V1\" \"V2\"\n\"1\" 1 6\n\"2\" 2 7\n\"3\" 3 8\n", "#1", 1, 3, 1, 2, 3);
    EXPECT(".txt", "\"V1\" \"V2\"\n\"1\" 1 6\n\"2\" 2 7\n\"3\" 3 8\n", "#V2", 1, 3, 6, 7, 8);
    EXPECT(".csv", "\"\",\"x\"\n\"1\",0.5\n\"2\",0.25\n", "", 1, 2, 0.5, 0.25);
    EXPECT(".csv", "Unnamed: 0,x\n0,0.5\n1,0.25\n", "", 1, 2, 0.5, 0.25);
    /* index and time, missing values, words */
    EXPECT(".csv", "t,v\n0,7\n0.5,8\n", "", 1, 2, 7, 8);
    EXPECT(".csv", "t,v\n0,7\n0.5,8\n", "#t,v", 2, 2, 0, 0.5, 7, 8);
    EXPECT(".csv", "t\n3\n4\n", "", 1, 2, 3, 4);             /* nothing else is there */
    EXPECT(".csv", "t,v\n3,1\n2,2\n", "", 2, 2, 3, 2, 1, 2); /* counts nothing */
    EXPECT(".csv", "when,v,note\n01.02.2020 10:00,7,ok\n02.02.2020 10:00,8,\n", "", 1, 2, 7, 8);
    EXPECT(".csv", "q,v\n2020Q1,7\n2020Q2,8\n", "", 1, 2, 7, 8);
    EXPECT(".csv", "v\n<NA>\n1\n#N/A\nNaT\n2\n\\N\n.\n", "#[1:2]", 1, 1, 1);
    EXPECT(".csv", "a|b\n1|2\n3|4\n", "#b", 1, 2, 2, 4);
    EXPECT(".csv", "note;a,b\n1,2\n3,4\n", "#b", 1, 2, 2, 4); /* a semicolon in one line delimits nothing */
    refuse(".csv", "t,v\n1,10\n2,1O\n3,12\n", "", MTS_EFORMAT, "line 3: column 2 (v): \"1O\" is not a number");
    refuse(".csv", "t,v\n1,10\n2,<NA>\n3,12\n", "", MTS_EFORMAT, "value 2 of 3 is missing");
    refuse(".csv", "t,v\n1,\"1,234\"\n2,\"1,240\"\n", "", MTS_EFORMAT, "line 2: column 2 (v): \"1,234\" is not");
    refuse(".csv", "t,v,w\n1,5%,1\n2,6%,2\n", "", MTS_EFORMAT, "line 2: column 2 (v): \"5%\" is not a number");
    refuse(".csv", "t,v,w\n1,5%,1\n2,6%,2\n", "#v", MTS_EFORMAT, "line 2: column 2 (v): \"5%\" is not a number");
    EXPECT(".csv", "t,v,w\n1,5%,1\n2,6%,2\n", "#w", 1, 2, 1, 2);
    refuse(".csv", "t,v,w\n1,7 kg,1\n2,8 kg,2\n", "", MTS_EFORMAT, "\"7 kg\" is not a number");
    refuse(".csv", "t,v\n1,inf\n2,3\n", "", MTS_EFORMAT, "\"inf\" is not a number");
    refuse(".csv", "a;b\n1.5;1\n2,5;2\n", "", MTS_EFORMAT, "line 3: column 1 (a): \"2,5\" is not a number");
    EXPECT(".csv", ",0,1\n0,1.5,2.5\n1,4.5,5.5\n", "", 2, 2, 1.5, 4.5, 2.5, 5.5); /* pandas, without names */
    EXPECT(".csv", ",0\n0,1.5\n1,4.5\n2,7\n", "", 1, 3, 1.5, 4.5, 7);
    EXPECT(".csv", "label,1,2,3\nwalk,4,5,6\nrun,7,8,9\n", "#walk", 1, 3, 4, 5, 6);
    refuse(".csv", "label,1,2,3\nwalk,4,5,6\nrun,7,8,9\n", "#label", MTS_EREQUEST,
           "has no series \"label\" among its 2");
    EXPECT(".csv", "H1,1,2,3\nH2,4,5,6\n", "#H1", 1, 3, 1, 2, 3);
    /* what looks like dates and is not called so is never left out for a count */
    refuse(".csv", "t;v\n1;1 234 567\n2;2 345 678\n", "", MTS_EFORMAT, "column 2 (v): \"1 234 567\" is not a number");
    refuse(".csv", "t,v\n1,3 1 4\n2,1 5 9\n", "", MTS_EFORMAT, "line 2: column 2 (v): \"3 1 4\" is not a number");
    refuse(".csv", "t,v\n1,1.5.\n2,2.5.\n", "", MTS_EFORMAT, "line 2: column 2 (v): \"1.5.\" is not a number");
    refuse(".csv", "1;10.1-20.2\n2;10.2-20.3\n", "", MTS_EFORMAT, "line 1: column 2: \"10.1-20.2\" is not a number");
    refuse(".csv", "1;2500-99\n2;2500-98\n", "", MTS_EFORMAT, "line 1: column 2: \"2500-99\" is not a number");
    refuse(".csv", "t,v\n1,1.2.3\n2,1.2.4\n", "", MTS_EREQUEST, "column 2 (v) holds dates (line 2: \"1.2.3\")");
    EXPECT(".csv", "d,v\n2020-01-31-12.30.00,5\n2020-01-31-12.30.05,7\n", "", 1, 2, 5, 7);
    EXPECT(".csv", "week,v\n2020-W53,5\n2021-W01,7\n", "", 1, 2, 5, 7);
    EXPECT(".csv", "d,v\n31.12.2020 23,5\n01.01.2021 00,7\n", "", 1, 2, 5, 7);
    refuse(".csv", "t,v\n1,12:30\n2,12:31\n", "", MTS_EREQUEST, "column 2 (v) holds dates");
    EXPECT(".csv", "t,v\n1,12:30\n2,12:31\n", "#t", 1, 2, 1, 2);
    EXPECT(".csv", "date,t\n2020-01-01,1\n2020-01-02,2\n", "", 1, 2, 1, 2);
    EXPECT(".csv", "day,v\n2020 01 01,5\n2020 01 02,7\n", "", 1, 2, 5, 7);
    refuse(".csv", "date,v\n2020-01-01,1\n2020-01-02,2\n", "#date", MTS_EREQUEST,
           "column 1 (date) holds dates (line 2");
    refuse(".csv", "note,v\nok,1\nno,2\n", "#date", MTS_EREQUEST, "no channel \"date\"");
    refuse(".csv", "x,x\n1,2\n3,4\n", "#x", MTS_EREQUEST, "two channels called \"x\"; their numbers are 1 and 2");
    EXPECT(".csv", "x,x\n1,2\n3,4\n", "#2", 1, 2, 2, 4);
}

static void tables_as_they_are_said_to_be(void **state)
{
    (void)state;
    const struct {
        const char *text, *spec;
        MtsSeriesOptions options;
        size_t channels;
        double first, last; /* of all values */
    } rows[] = {
        {"t,v\n1,\"1,234\"\n2,\"1,240\"\n", "", {.decimal = '.'}, 1, 1234, 1240},
        {"t,v\n1,\"1,234\"\n2,\"1,240\"\n", "", {.decimal = ','}, 1, 1.234, 1.24},
        {"1;2\n3;4\n", "", {.header = MTS_HEADER_YES}, 2, 3, 4},
        {"x;2\n3;4\n5;6\n", "", {.header = MTS_HEADER_NO, .columns = "1"}, 1, 2, 6}, /* the first column is broken */
        {"a,b\n1,-99\n2,5\n", "#[1:]", {.missing = "-99,x", .columns = "b"}, 1, 5, 5},
        {"a;b,c\n1;2,5\n2;3,5\n", "", {.delimiter = ',', .columns = "c"}, 1, 5, 5},
        {"a b,c\n1,2\n3,4\n", "", {.columns = "a b"}, 1, 1, 3},
        {"A,1,2\nB,3,4\n", "#B[1:]", {.columns = "1"}, 1, 4, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char spec[256];
        MtsError err = {0};
        MtsSeries *s = NULL;
        snprintf(spec, sizeof spec, "%s%s", write_file(".csv", rows[i].text, strlen(rows[i].text)), rows[i].spec);
        int rc = mts_series_read_with(&s, spec, &rows[i].options, &err);
        unlink(path);
        assert_ok(rc, &err);
        double first = s->values[0], last = s->values[s->channels * s->length - 1];
        if (s->channels != rows[i].channels || first != rows[i].first || last != rows[i].last) {
            fail_msg("%s: %zu channels from %g to %g", rows[i].text, s->channels, first, last);
        }
        mts_series_free(&s);
    }
}

/* JSON that is a table goes by the rules of tables. */
static void json_tables(void **state)
{
    (void)state;
    EXPECT(".json", "[{\"t\": 0, \"v\": 1.5}, {\"t\": 1, \"v\": 1234}]", "", 1, 2, 1.5, 1234);
    EXPECT(".json", "[{\"t\": 0, \"v\": 1.5}, {\"t\": 1, \"v\": 1234}]", "#t", 1, 2, 0, 1);
    EXPECT(".json", "[{\"d\": \"2020-01-01\", \"a\\\"b\": \"1.5\", \"ok\": true}]", "#a\"b", 1, 1, 1.5);
    EXPECT(".json", "[{\"v\": \"1,5\"}, {\"v\": \"2,5\"}]", "", 1, 2, 1.5, 2.5);
    EXPECT(".json", "[{\"v\": null}, {\"v\": 0.1}]", "#[1:]", 1, 1, 0.1);
    EXPECT(".json", "[{\"a\": 1}, {\"a\": 2, \"b\": 3}]", "#a", 1, 2, 1, 2);
    EXPECT(".json", "[{\"id\": \"A\", \"value\": 1}, {\"id\": \"B\", \"value\": 2}]", "#B", 1, 1, 2);
    EXPECT(".json", "[{\"id\": \"A\", \"x\": [1, 2.5]}, {\"id\": \"B\", \"x\": [3, 4]}]", "#A", 1, 2, 1, 2.5);
    EXPECT(".json", "{\"t\": [0, 1], \"v\": [3, -1e-7]}", "", 1, 2, 3, -1e-7);
    EXPECT(".json", "{\"date\": [\"2020-01\", \"2020-02\"], \"values\": [3, 4]}", "", 1, 2, 3, 4);
    EXPECT(".json", "{\"t\": {\"0\": 0, \"1\": 1}, \"v\": {\"0\": 7, \"1\": 8}}", "", 1, 2, 7, 8);
    EXPECT(".json", "{\"columns\": [\"t\", \"v\"], \"index\": [0, 1], \"data\": [[0, 7], [1, 8]]}", "", 1, 2, 7, 8);
    EXPECT(".json", "{\"schema\": {}, \"data\": [{\"index\": 0, \"v\": 7}, {\"index\": 1, \"v\": 8}]}", "", 1, 2, 7, 8);
    /* rows by name, of columns; a column by row; rows whose columns are called by numbers, by column */
    EXPECT(".json", "{\"2020-01-01\": {\"v\": 7}, \"2020-01-02\": {\"v\": 8}}", "", 1, 2, 7, 8);
    EXPECT(".json", "{\"0\": {\"v\": 7, \"w\": 5}, \"1\": {\"v\": 8, \"w\": 6}}", "", 2, 2, 7, 8, 5, 6);
    EXPECT(".json", "{\"0\": {\"0\": 7, \"1\": 5}, \"1\": {\"0\": 8, \"1\": 6}}", "#1", 1, 2, 8, 6);
    EXPECT(".json", "{\"2020-01-01\": 1.5, \"2020-01-02\": -2}", "", 1, 2, 1.5, -2);
    refuse(".json", "{\"0\": null, \"1\": 1.5}", "", MTS_EFORMAT, "value 1 of 2 is missing");
    /* JSON lines */
    const char *lines = "{\"item_id\": \"A\", \"start\": \"2020-01-01\", \"target\": [1, 2]}\r\n\n"
                        "{\"item_id\": \"B\", \"start\": \"2020-01-01\", \"target\": [3, 4.5]}";
    EXPECT(".jsonl", lines, "#B", 1, 2, 3, 4.5);
    EXPECT(".ndjson", "{\"t\": 0, \"v\": 7}\n{\"t\": 1, \"v\": 8}\n", "", 1, 2, 7, 8);
    EXPECT(".jsonl", "1\n2.5\n", "", 1, 2, 1, 2.5);
    EXPECT(".jsonl", "[1, 2]\n[3, 4]\n", "#2", 1, 2, 3, 4);
    refuse(".jsonl", "{\"v\": 1}\n{\"v\": }\n", "", MTS_EFORMAT, "line 2: is not valid JSON");
    refuse(".jsonl", " \n\n", "", MTS_EFORMAT, "is empty");
    refuse(".json", "{\"values\":[1],\"fs\":50,\"sampling_rate\":25}", "", MTS_EFORMAT,
           "\"sampling_rate\" and \"fs\" differ");
    refuse(".json", "[{\"v\": 1}, {\"v\": \"5%\"}]", "", MTS_EFORMAT, "record 2: column 1 (v): \"5%\" is not a number");
    refuse(".json", "[{\"v\": 1}, {\"v\": null}, {\"v\": 3}]", "", MTS_EFORMAT, "value 2 of 3 is missing");
    refuse(".json", "[{\"a\": 1}, {\"a\": 2, \"b\": 3}]", "#b", MTS_EFORMAT, "value 1 of 2 is missing");
    refuse(".json", "[{\"a\": \"x\", \"b\": 3}]", "#a", MTS_EREQUEST, "holds words (record 1: \"x\")");
    refuse(".json", "[{\"a\": 1}, 2]", "", MTS_EFORMAT, "element 2 is no object, unlike the first");
    refuse(".json", "[{\"a\": {\"b\": 1}}]", "", MTS_EFORMAT, "record 1: \"a\" is an object and no value");
    refuse(".json", "{\"a\": [1, \"x\"]}", "", MTS_EFORMAT, "value 2: column 1 (a): \"x\" is not a number");
    refuse(".json", "{\"a\": [1, 2], \"b\": [1]}", "", MTS_EFORMAT,
           "channel b, has 1 values, but another channel has 2");
    refuse(".json", "{\"a\": {\"0\": 1}, \"b\": {}}", "", MTS_EFORMAT, "column \"b\" has 0 rows, but the first has 1");
    refuse(".json", "{\"columns\": [\"t\"], \"data\": [[1, 2]]}", "", MTS_EFORMAT, "row 1 has 2 values for 1 columns");
    refuse(".json", "{\"a\": 1}", "", MTS_EFORMAT, "\"a\" is no list of numbers");
    refuse(".json", "{\"a\": []}", "", MTS_EFORMAT, "header and no values");
    refuse(".json", "[1, NaN]", "", MTS_EFORMAT, "near 'NaN'"); /* no JSON, whatever Python writes */
    refuse(".json", "[1, Infinity]", "", MTS_EFORMAT, "near 'Infinity'");
}

/* Columns that are no channels are looked at in one pass: a pass for each took 45 s here. */
static void many_words(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    MtsError err = {0};
    MtsSeriesSet set = {0};
    MtsBytes text = {0};
    for (size_t row = 0; row < 3; row++) {
        for (size_t c = 0; c < MANY; c++) {
            if (row == 0) {
                mts_bytes_printf(&text, "c%zu,", c);
            } else if (row > 1 && c > 0) {
                mts_bytes_append_str(&text, "x,");
            }
            mts_bytes_append_str(&text, row > 0 && c == 0 ? "7," : row == 1 ? "," : "");
        }
        text.data[text.len - 1] = '\n';
    }
    assert_ok(mts_set_parse(&set, "x.csv", text.data, text.len, NULL, &err), &err);
    assert_int_equal(set.aside_count, MANY - 1);
    const MtsAside *last = &set.aside[MANY - 2];
    assert_true(last->use == MTS_COLUMN_WORDS && last->column == MANY && last->line == 3);
    assert_string_equal(last->cell, "x");
    mts_set_free(&set);
}

static void bad_files_and_selections(void **state)
{
    (void)state;
    refuse(".csv", "", "", MTS_EFORMAT, "is empty");
    refuse(".csv", "x,y\n", "", MTS_EFORMAT, "header and no values");
    refuse(".csv", "x\n1\nabc\n", "", MTS_EFORMAT, "line 3: column 1 (x): \"abc\" is not a number");
    refuse(".csv", "x,y\n1\n", "", MTS_EFORMAT, "line 2 has 1 cells, but the first row has 2");
    refuse(".csv", "x\n1\n\"\"\n3\n", "", MTS_EFORMAT, "value 2 of 3 is missing");
    refuse(".csv", "x\n1\nNaN\n3\n", "", MTS_EFORMAT, "value 2 of 3 is missing");
    refuse(".csv", "x,y\n1,2\n3,\n", "", MTS_EFORMAT, "channel y, has 1 values, but another channel has 2");
    refuse(".csv", "x\n1\n-2e31\n", "", MTS_EFORMAT, "value 2 is -2e+31, absurd");
    refuse(".csv", "x\n1\n\"2\n", "", MTS_EFORMAT, "line 3: a quote is opened");
    refuse(".csv", "x\n\"1\"2\n", "", MTS_EFORMAT, "text follows a closing quote");
    refuse(".csv", "id,value\nA,1\nB,2\nA,3\n", "#A", MTS_EFORMAT, "series \"A\" are not together");
    refuse(".csv", "A,1,2\nB,3,x\n", "#B", MTS_EFORMAT, "line 2: \"x\" is not a number");
    refuse(".csv", "A,1,2\nB,3,4\n", "", MTS_EREQUEST, "holds 2 series; choose one");
    refuse(".csv", "A,1,2\nB,3,4\n", "#C", MTS_EREQUEST, "no series \"C\" among its 2");
    refuse(".csv", "x,y\n1,2\n", "#z", MTS_EREQUEST, "no channel \"z\"");
    refuse(".csv", "x,y\n1,2\n", "#x,", MTS_EREQUEST, "no channel \"\"");
    refuse(".csv", "x\n1\n2\n", "#[2:5]", MTS_EREQUEST, "is empty: the series has 2 values");
    refuse(".csv", "x,y\n[1],[2,a]\n", "", MTS_EFORMAT, "cells");
    refuse(".csv", "x\n\"[1, a]\"\n", "", MTS_EFORMAT, "line 2: \"a\" is not a number");
    refuse(".json", "[1, 2", "", MTS_EFORMAT, "not valid JSON");
    refuse(".json", "[1, \"a\"]", "", MTS_EFORMAT, "value 2 of a list is no number");
    refuse(".json", "[1, null, 3]", "", MTS_EFORMAT, "value 2 of 3 is missing");
    refuse(".json", "[[1, 2], [3]]", "", MTS_EFORMAT, "lengths are unequal");
    refuse(".json", "[]", "", MTS_EFORMAT, "no values");
    refuse(".json", "7", "", MTS_EFORMAT, "neither a list");
    refuse(".json", "{\"values\":[1],\"sampling_rate\":0}", "", MTS_EFORMAT, "sampling_rate");
    MtsError err = {0};
    MtsSeries *s = NULL;
    assert_int_equal(mts_series_read(&s, "/nonexistent/x.csv#1", &err), MTS_EIO);
    assert_non_null(strstr(err.text, "/nonexistent/x.csv: "));
    assert_int_equal(mts_series_read(&s, test_path("tests/test.h"), &err) < 0, 1);
    double bad[] = {1, INFINITY};
    assert_int_equal(mts_series_from_values(&s, bad, 2, &err), MTS_EREQUEST);
    assert_int_equal(mts_series_from_values(&s, bad, 0, &err), MTS_EREQUEST);
    assert_ok(mts_series_from_values(&s, bad, 1, &err), &err);
    mts_series_free(&s);
}

/* Random damage to good files: ends in a series of finite values or in a sentence. */
static void damaged_files(void **state)
{
    (void)state;
    static const struct {
        const char *extension, *text;
    } seed[] = {{".csv", "\"V1\",\"V2\",\"V3\"\n\"H1\",\"605\",\"586\"\n\"H2\",\"1\",\"2.5e3\"\n"},
                {".csv", "id,date,value\nQ1,2000-01-01,5\nQ1,2001-01-01,6\nQ2,2000-01-01,7\n"},
                {".csv", "label,x_axis\nsit,\"[1, 2, -3]\"\nrun,\"[[5,6]]\"\n"},
                {".txt", "[C3]\n -0.5\n 0.25\n"},
                {".json", "{\"values\": [[1, 2], [3, 4]], \"sampling_rate\": 50, \"names\": [\"a\", \"b\"]}"}};
    MtsRng rng = mts_rng(3, 0, 0);
    size_t good = 0, bad = 0;
    for (int i = 0; i < 50000; i++) {
        size_t which = (size_t)i % 5, n = strlen(seed[which].text);
        char text[256], name[32];
        memcpy(text, seed[which].text, n + 1);
        for (uint64_t k = 1 + mts_rng_bits(&rng) % 3; k > 0; k--) {
            size_t at = (size_t)(mts_rng_bits(&rng) % n);
            switch (mts_rng_bits(&rng) % 3) {
            case 0:
                text[at] = (char)mts_rng_bits(&rng);
                break;
            case 1:
                text[at] = "\",\n[];0e-{}\t"[mts_rng_bits(&rng) % 12];
                break;
            default:
                n = at + 1;
                break;
            }
        }
        snprintf(name, sizeof name, "damaged%s", seed[which].extension);
        MtsError err = {0};
        MtsSeries *s = NULL;
        MtsSeriesSet set;
        char *copy = malloc(n + 1);
        memcpy(copy, text, n);
        copy[n] = '\0';
        int rc = mts_set_parse(&set, name, copy, n, NULL, &err);
        if (rc == MTS_OK) {
            rc = mts_set_take(&set, i % 2 ? "1" : "", &s, &err);
        }
        mts_set_free(&set);
        if (rc == MTS_OK) {
            good++;
            for (size_t v = 0; v < s->channels * s->length; v++) {
                assert_true(isfinite(s->values[v]));
            }
            mts_series_free(&s);
        } else {
            bad++;
            assert_null(s);
            assert_true(err.text[0] != '\0');
        }
    }
    assert_true(good > 100 && bad > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns),
        cmocka_unit_test(rows_long_and_lists),
        cmocka_unit_test(newest_first),
        cmocka_unit_test(tables_as_people_have_them),
        cmocka_unit_test(tables_as_they_are_said_to_be),
        cmocka_unit_test(json_tables),
        cmocka_unit_test(many_words),
        cmocka_unit_test(bad_files_and_selections),
        cmocka_unit_test(damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
