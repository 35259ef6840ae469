/* Stages: their samples from small files of each layout, the sentences for bad ones, and scoring. */
#include "../test.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/json.h"
#include "results/metrics.h"
#include "stages/stage.h"
#include "stages/task.h"

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[32][160];
    static int turn;
    turn = (turn + 1) % 32;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static const char *file_of(const char *name, const char *text)
{
    const char *path = in_folder(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/mts_stage_XXXXXX");
    return mkdtemp(folder) ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = {"a.csv", "b.csv", "q.json", "n.txt", "h.txt",  "r.hea", "r.dat",
                                        "r.atr", "q.hea", "l.ts",   "a.txt", "a.json", "p.edf", "h.edf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unlink(in_folder(names[i]));
    }
    return rmdir(folder);
}

static void refuse(const char *name, const char *path, const char *more, int code, const char *part)
{
    MtsError err = {0};
    MtsStage *s = NULL;
    int rc = mts_stage_open(&s, name, path, more, NULL, &err);
    if (rc != code || !strstr(err.text, part) || s) {
        fail_msg("%s: %d \"%s\", expected %d and \"%s\"", name, rc, err.text, code, part);
    }
}

/* ---- what OpenTSLM's stages ask ---- */

/* Texts to the byte, values to the 7 digits that the file has. */
static void compare_published(const MtsStage *stage, const json_t *want)
{
    MtsError err = {0};
    MtsPublished got;
    const json_t *texts = json_object_get(want, "texts"), *values = json_object_get(want, "values");
    assert_ok(mts_stage_published(stage->kind, &stage->samples[0], &got, &err), &err);
    assert_non_null(got.before);
    assert_string_equal(got.before, json_string_value(json_object_get(want, "before")));
    assert_string_equal(got.after, json_string_value(json_object_get(want, "after")));
    assert_int_equal(got.count, json_array_size(texts));
    for (size_t c = 0; c < got.count; c++) {
        const json_t *row = json_array_get(values, c);
        assert_string_equal(got.texts[c], json_string_value(json_array_get(texts, c)));
        assert_int_equal(got.length, json_array_size(row));
        for (size_t t = 0; t < got.length; t++) {
            double x = json_number_value(json_array_get(row, t));
            assert_true(fabs(got.values[c * got.length + t] - x) < 2e-6 * (1 + fabs(x)));
        }
    }
    mts_published_free(&got);
}

static json_t *published_json(void)
{
    MtsError err = {0};
    json_t *all;
    assert_ok(mts_json_read(&all, test_path("tests/stages/published.json"), 1 << 20, &err), &err);
    return all;
}

static void asked_as_published(void **state)
{
    (void)state;
    MtsError err = {0};
    json_t *all = published_json(), *one;
    size_t i;
    json_array_foreach(all, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "stage"));
        MtsStage *s;
        if (strcmp(name, "ecg") == 0) { /* heart_questions() has its record */
            continue;
        }
        const char *path = file_of("a.csv", json_string_value(json_object_get(one, "csv")));
        assert_ok(mts_stage_open(&s, name, path, NULL, NULL, &err), &err);
        compare_published(s, one);
        mts_stage_free(&s);
    }
    assert_int_equal(json_array_size(all), 5);
    json_decref(all);
}

static void activity(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsStage *s = NULL;
    const char *csv = "label,x_axis,y_axis,z_axis\nsit,\"[0.9, 1.0, 1.1, 1]\",\"[0, 0.1, 0, 0]\",\"[0, 0, 0.2, 0]\"\n"
                      "run,\"[1, 1, 1, 1]\",\"[0, 0, 0, 0]\",\"[0, 0, 0, 1]\"\n";
    const MtsStageOptions options = {.points = 2};
    assert_ok(mts_stage_open(&s, "har", file_of("a.csv", csv), NULL, &options, &err), &err);
    assert_int_equal(s->count, 2);
    const MtsSample *one = &s->samples[0], *two = &s->samples[1];
    assert_string_equal(one->key, "har:1");
    assert_int_equal(one->option_count, 2);
    assert_int_equal(one->truth.option, 0);
    assert_int_equal(two->truth.option, 1);
    assert_non_null(strstr(one->prompt, "x_axis: 0.950, 1.050\ny_axis: 0.050, 0.000\n"));
    assert_non_null(strstr(one->prompt, "one of sit or run."));
    assert_int_equal(one->series->channels, 3);
    assert_true(one->series->sampling_rate == 50 && one->series->values[2] == 1.1);
    assert_int_equal(mts_stage_answer(s, one, "It runs. Answer: Run.", 21), 1);
    assert_int_equal(mts_stage_answer(s, one, "Answer: swim", 12), MTS_NO_LABEL);
    mts_stage_free(&s);
    assert_null(s);
    refuse("har", file_of("a.csv", "label,x_axis,y_axis,z_axis\nsit,\"[9, 9]\",\"[1, 1]\",\"[4, 4]\"\n"), NULL,
           MTS_EFORMAT, "probably m/s^2");
    refuse("har", file_of("a.csv", "label,x_axis\nsit,\"[1, 1]\"\n"), NULL, MTS_EFORMAT, "has 1 axes, not 3");
    refuse("har", file_of("a.csv", "label,y_axis,x_axis,z_axis\nsit,\"[1, 1]\",\"[0, 0]\",\"[0, 0]\"\n"), NULL,
           MTS_EFORMAT, "axis 1 is called y_axis, where x is meant to stand");
    refuse("har", file_of("a.csv", "x_axis,y_axis\n\"[1]\",\"[1]\"\n"), NULL, MTS_EFORMAT, "no label");
    refuse("har", in_folder("a.csv"), in_folder("b.csv"), MTS_EREQUEST, "takes no second file");
    refuse("swim", in_folder("a.csv"), NULL, MTS_EREQUEST, "\"swim\" is unknown");
}

static void sleep_nights(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsStage *s = NULL;
    char *text = malloc(3 * 3000 * 8), *at = text;
    for (int t = 0; t < 2 * 3000; t++) { /* two windows at 100 Hz, values 0 2 0 2 ... */
        at += sprintf(at, "%d\n", t % 2 * 2);
    }
    const char *night = file_of("n.txt", text);
    assert_ok(mts_stage_open(&s, "sleep", night, file_of("h.txt", "[Hypnogram]\n2\n2\n2\n2\n2\n2\n0\n0\n0\n0\n0\n0\n"),
                             NULL, &err),
              &err);
    assert_int_equal(s->count, 2);
    assert_int_equal(s->samples[0].truth.option, 3);
    assert_int_equal(s->samples[1].truth.option, 4);
    assert_int_equal(s->samples[0].series->length, 1500);
    assert_true(s->samples[0].series->values[7] == 1);
    assert_int_equal(mts_stage_answer(s, &s->samples[0], "Answer: N2", 10), 3);
    assert_int_equal(mts_stage_answer(s, &s->samples[0], "Answer: rem", 11), 1);
    assert_int_equal(mts_stage_answer(s, &s->samples[0], "Answer: Non-REM stage 3.", 24), 4);
    assert_int_equal(mts_stage_answer(s, &s->samples[0], "Answer: dreaming", 16), MTS_NO_LABEL);
    mts_stage_free(&s);
    assert_ok(mts_stage_open(&s, "sleep", night, file_of("h.txt", "5\n5\n5\n5\n5\n5\n1\n2\n2\n2\n2\n2\n"), NULL, &err),
              &err);
    assert_int_equal(s->count, 1); /* a window of two stages is none */
    mts_stage_free(&s);
    refuse("sleep", night, file_of("h.txt", "5\n5\n5\n5\n5\n6\n"), MTS_EFORMAT, "entry 6 is 6, not a sleep stage");
    refuse("sleep", night, file_of("h.txt", "5\n5\n5\n5\n5\n5\n5\n"), MTS_EFORMAT, "are not at a multiple of 50 Hz");
    refuse("sleep", file_of("a.csv", "time_series,more,label\n\"[1, 2]\",\"[3, 4]\",N1\n"), NULL, MTS_EFORMAT,
           "has 2 values of 2 channels, more than 30 s of one at 50 Hz");
    refuse("sleep", night, file_of("h.txt", "5\n5\n"), MTS_EFORMAT, "are 600 a second: what is each entry for?");
    free(text);
}

/* An EDF+ file of one signal, `samples` in each of `records` records of a second. */
static const char *edf_of(const char *name, const char *label, const char *start, int records, int samples,
                          const void *data, size_t size)
{
    char header[512 + 1];
    const char *path = in_folder(name);
    int n = snprintf(header, sizeof header, "%-8s%-80s%-80s%-16s%-8s%-44s%-8d%-8s%-4s", "0", "X X X X", "Startdate X",
                     start, "512", "EDF+C", records, "1", "1");
    assert_int_equal(n, 256);
    n = snprintf(header + 256, sizeof header - 256, "%-16s%-80s%-8s%-8s%-8s%-8s%-8s%-80s%-8d%-32s", label, "", "uV",
                 "-100", "100", "-100", "100", "", samples, "");
    assert_int_equal(n, 256);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(header, 1, 512, f), 512);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
    return path;
}

/* One record of texts, where '|' is a zero byte, '~' ends a text, '@' comes before a duration. */
static const char *notes_of(const char *start, const char *texts)
{
    char data[256] = "";
    size_t n = strlen(texts);
    assert_true(n < sizeof data);
    for (size_t i = 0; i < n; i++) {
        data[i] = texts[i] == '|' ? '\0' : texts[i] == '~' ? '\x14' : texts[i] == '@' ? '\x15' : texts[i];
    }
    return edf_of("h.edf", "EDF Annotations", start, 1, sizeof data / 2, data, sizeof data);
}

/* A hypnogram as annotations, which need not cover the night. */
static void noted_nights(void **state)
{
    (void)state;
    static const char start[] = "24.04.8916.13.00";
    enum { SECONDS = 185, RATE = 100, WINDOW = 30 * RATE };
    static const struct {
        const char *key;
        int option;
    } want[] = {{"sleep:1", 0}, {"sleep:3", 1}, {"sleep:5", 4}, {"sleep:6", 4}};
    static const struct {
        const char *texts, *part;
    } bad[] = {{"+0~~|+0@30~Lights off~|", "none of its annotations is a stage of sleep"},
               {"+0~~|+0~Sleep stage W~|", "\"Sleep stage W\" at 0 s has no duration"},
               {"+0@60~Sleep stage W~|+30@30~Sleep stage R~|", "two stages of sleep at 30 s"},
               {"+0@60~Sleep stage W|", "record 1 has a malformed annotation"},
               {"0@60~Sleep stage W~|", "record 1 has a malformed annotation"},
               {"+0@-60~Sleep stage W~|", "record 1 has a malformed annotation"},
               {"+inf@60~Sleep stage W~|", "record 1 has a malformed annotation"}};
    MtsError err = {0};
    MtsStage *s = NULL;
    unsigned char *values = calloc((size_t)SECONDS * RATE, 2);
    values[2 * 2 * WINDOW] = 2; /* the first value of the third window */
    const char *night = edf_of("p.edf", "EEG", start, SECONDS, RATE, values, (size_t)SECONDS * RATE * 2);
    const char *notes = notes_of(start, "+0~~|+0@30~sleep stage w~Lights off~|+30@15~Sleep stage N1~|"
                                        "+45@15~Sleep stage 2~|+60@30.0~Sleep stage R~|+90@30~Movement time~|"
                                        "+120@999~Sleep stage 4~|");
    assert_ok(mts_stage_open(&s, "sleep", night, notes, NULL, &err), &err);
    assert_int_equal(s->count, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < s->count; i++) {
        assert_string_equal(s->samples[i].key, want[i].key);
        assert_int_equal(s->samples[i].truth.option, want[i].option);
        assert_true(s->samples[i].series->values[0] == (i == 1 ? 1 : 0)); /* the mean of two */
    }
    mts_stage_free(&s);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refuse("sleep", night, notes_of(start, bad[i].texts), MTS_EFORMAT, bad[i].part);
    }
    refuse("sleep", night, notes_of("24.04.8916.13.30", "+0@60~Sleep stage W~|"), MTS_EFORMAT,
           "begins at 24.04.89 16.13.30, and ");
    free(values);
}

static void forecasts_and_captions(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsStage *s = NULL;
    const char *past =
        file_of("a.csv", "V1,V2,V3,V4,V5,V6,V7,V8,V9,V10,V11\nH1,1,2,3,4,5,6,7,8,9,10\nW2,5,5,5,5,5,5,5,5\n");
    const char *future = file_of("b.csv", "V1,V2,V3\nH1,11,12\nW2,6,7\n");
    const MtsStageOptions options = {.context = 8};
    assert_ok(mts_stage_open(&s, "forecast", past, future, &options, &err), &err);
    assert_int_equal(s->count, 2);
    assert_string_equal(s->samples[0].key, "forecast:H1");
    assert_true(s->samples[0].horizon == 2 && s->samples[0].season == 24 && s->samples[1].season == 1);
    assert_true(s->samples[0].series->length == 8 && s->samples[0].series->values[0] == 3 &&
                s->samples[0].truth.future[1] == 12);
    assert_string_equal(strchr(s->samples[0].prompt, '\n'),
                        "\n3, 4, 5, 6, 7, 8, 9, 10"); /* last, so that they are what is gone on with */
    assert_null(strstr(s->samples[0].prompt, "11"));  /* the future is not in it */
    mts_stage_free(&s);
    refuse("forecast", past, NULL, MTS_EREQUEST, "needs a second file");
    refuse("forecast", past, file_of("b.csv", "V1,V2,V3\nH1,11,12\nW3,6,7\n"), MTS_EREQUEST, "has no series \"W2\"");
    refuse("forecast", past, file_of("b.csv", "V1,V2,V3\nH1,11,12\nW2,6,7\nW2,8,9\n"), MTS_EREQUEST,
           "has two series called \"W2\"");
    refuse("forecast", past,
           file_of("b.csv", "V1,V2,V3,V4,V5,V6,V7,V8,V9,V10,V11\nH1,1,2,3,4,5,6,7,8,9,10,11\nW2,6,7\n"), MTS_EFORMAT,
           "the future of H1 begins with its past");
    /* an id that is a number is no place in another file */
    const char *numbered = file_of("n.txt", "unique_id,y\n1,1\n1,2\n2,3\n2,4\n");
    refuse("forecast", numbered, file_of("b.csv", "unique_id,y\n2,5\n2,6\n9,7\n9,8\n"), MTS_EREQUEST,
           "has no series \"1\"");
    refuse("forecast", file_of("h.txt", "1,2,3\n4,5,6\n"), numbered, MTS_EFORMAT, "a row that begins with its name");
    assert_ok(mts_stage_open(&s, "m4", past, file_of("b.csv", "id,caption\nW2,\"Flat, at 5.\"\n"), NULL, &err), &err);
    assert_int_equal(s->count, 2);
    assert_string_equal(s->samples[0].truth.text, "");
    assert_string_equal(s->samples[1].truth.text, "Flat, at 5.");
    assert_non_null(strstr(s->samples[1].prompt, "A time series of 8 values:\n5, 5,"));
    mts_stage_free(&s);
    refuse("m4", past, file_of("b.csv", "id,caption\nW2,x\nW2,y\n"), MTS_EFORMAT, "has two captions of W2");
    refuse("m4", past, file_of("b.csv", "id,caption\nW9,x\n"), MTS_EREQUEST, "no caption is of a series that is there");
    assert_true(mts_stage_season("H1") == 24 && mts_stage_season("Hungary") == 1 && mts_stage_season("") == 1);
    refuse("m4", past, file_of("b.csv", "id,text\nW2,x\n"), MTS_EFORMAT, "no columns id and caption");
}

/* The words in which a model that reads series is asked sample k, and how many series of which length. */
static void assert_asked(const MtsStage *s, size_t k, const char *before, const char *text, const char *after,
                         size_t count, size_t length)
{
    MtsError err = {0};
    MtsPublished got;
    assert_ok(mts_stage_published(s->kind, &s->samples[k], &got, &err), &err);
    assert_string_equal(got.before, before);
    assert_string_equal(got.texts[count - 1], text);
    assert_string_equal(got.after, after);
    assert_true(got.count == count && got.length == length && !got.bare);
    mts_published_free(&got);
}

/* The tasks' labels, of two channels and of one. */
static void labels_are_asked_by_rows(void **state)
{
    (void)state;
    static const char *const labels[] = {"up", "down", "flat"};
    MtsError err = {0};
    MtsStage *s;
    MtsSeries *series;
    assert_ok(mts_series_read(&series, file_of("a.csv", "x,y\n1,2\n2,2\n3,5\n"), &err), &err);
    MtsTask task = {.kind = MTS_TASK_CLASSIFY, .series = series, .labels = labels, .label_count = 3};
    assert_ok(mts_stage_of_task(&s, &task, &err), &err);
    assert_asked(s, 0, "A time series of 3 values:", "This is the time series y, it has mean 3.0000 and std 1.7321.",
                 "What is it? Say what you see, then end with \"Answer: \" and one of up, down or flat.", 2, 3);
    mts_stage_free(&s);
    series->channels = 1;
    task.question = "Where does it go?";
    assert_ok(mts_stage_of_task(&s, &task, &err), &err);
    assert_asked(s, 0, "A time series of 3 values:", "This is the time series, it has mean 2.0000 and std 1.0000.",
                 "Where does it go? Say what you see, then end with \"Answer: \" and one of up, down or flat.", 1, 3);
    mts_stage_free(&s);
    series->channels = 2;
    mts_series_free(&series);
}

static MtsStage *open_table(const char *name, const char *text, const char *label)
{
    MtsError err = {0};
    MtsStage *s = NULL;
    assert_ok(mts_stage_of_labelled(&s, file_of(name, text), &(MtsLabelColumns){label, NULL}, &err), &err);
    return s;
}

static void assert_row(MtsStage *s, size_t k, const char *label, size_t n, const double *values)
{
    assert_true(k < s->count);
    const MtsSample *one = &s->samples[k];
    assert_string_equal(one->options[one->truth.option], label);
    assert_int_equal(one->series->length, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(one->series->values[i] == values[i]);
    }
}

static void refuse_table(const char *name, const char *text, const char *label, int code, const char *part)
{
    MtsError err = {0};
    MtsStage *s = NULL;
    int rc = mts_stage_of_labelled(&s, file_of(name, text), &(MtsLabelColumns){label, NULL}, &err);
    if (rc != code || !strstr(err.text, part) || s) {
        fail_msg("%s: %d \"%s\", expected %d and \"%s\"", text, rc, err.text, code, part);
    }
}

/* What the series are learnt from is their values, however they are written, and never what says the label. */
static void labelled_tables(void **state)
{
    (void)state;
    static const char *const same[] = {
        "v0,v1,v2,what\n1.5,2,3,a\n-4,5,6.25,b\n",
        "\xEF\xBB\xBFv0;v1;v2;what\r\n1,5;2;3;a\r\n-4;5;6,25;b\r\n",
        "# made by hand\n# twice\nv0,v1,v2,what\n1.5,2,3,a\n-4,5,6.25,b\n",
        "sep=;\nv0;v1;v2;what\n\"1,5\";2;3;a\n-4;5;6,25;b\n",
        "v0,v1,v2,what,\n\" 1.5\",2,3,a,\n-4,5,6.25,b,\n",
        ",v0,v1,v2,what\n17,1.5,2,3,a\n4,-4,5,6.25,b\n", /* pandas' index, shuffled */
        "index,v0,v1,v2,what\n0,1.5,2,3,a\n1,-4,5,6.25,b\n",
        "'v0','v1','v2','what'\n1.5,2,3,'a'\n-4,5,6.25,'b'\n",
    };
    const double first[] = {1.5, 2, 3}, second[] = {-4, 5, 6.25};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        MtsStage *s = open_table("a.csv", same[i], "what");
        assert_int_equal(s->count, 2);
        assert_row(s, 0, "a", 3, first);
        assert_row(s, 1, "b", 3, second);
        mts_stage_free(&s);
    }
    static const char *const bare[] = {"a,1.5,2,3\nb,-4,5,6.25\n", "a  1.5  2  3\nb  -4  5  6.25\n"}; /* UCR's */
    for (size_t i = 0; i < 2; i++) {
        MtsStage *s = open_table("a.txt", bare[i], "1");
        assert_row(s, 0, "a", 3, first);
        assert_row(s, 1, "b", 3, second);
        mts_stage_free(&s);
        refuse_table("a.txt", bare[i], "0", MTS_EREQUEST,
                     "has no header; its columns are called by their numbers, 1 to 4");
    }
    MtsStage *s = open_table("a.csv", "0,1,2,3\na,1.5,2,3\nb,-4,5,6.25\n", "0"); /* pandas' numbers of columns */
    assert_row(s, 0, "a", 3, first);
    mts_stage_free(&s);
    s = open_table("a.csv", "id,what,v0,v1,v2\np,a,1.5,2,3\np,b,-4,5,6.25\n", "what");
    assert_row(s, 1, "b", 3, second);
    assert_string_equal(s->samples[1].series->id, "p");
    mts_stage_free(&s);
    s = open_table("a.json", "[{\"label\":0.5,\"values\":[1.5,2,3]},{\"label\":1.5,\"values\":[-4,5,6.25]}]", "label");
    assert_row(s, 0, "0.5", 3, first);
    mts_stage_free(&s);
    s = open_table("l.ts", "@classLabel true a b\n@data\n1.5,2,3:a\n-4,5,6.25:b\n", "class");
    assert_row(s, 1, "b", 3, second);
    mts_stage_free(&s);
    refuse_table("l.ts", "@classLabel true a b\n@data\n1:a\n2:b\n", "what", MTS_EREQUEST, "are called label or class");
    const char *told = "what_id,v0,v1,v2,what\n0,1.5,2,3,a\n1,-4,5,6,b\n0,1,2,2,a\n1,5,5,1,b\n0,7,2,4,a\n";
    refuse_table("a.csv", told, "what", MTS_EFORMAT, "column 1 (what_id) is not called like the 3 values (v0");
    refuse_table("a.csv", "q,r,s,t,what\n0,1.5,2,3,a\n1,-4,5,6,b\n0,1,2,2,a\n1,5,5,1,b\n0,7,3,4,a\n", "what",
                 MTS_EFORMAT, "column 1 (q) has one number for each label");
    refuse_table("a.csv", "who,what,v0,v1,v2\n1,a,1.5,2,3\n1,b,-4,5,6\n2,a,1,2,2\n", "what", MTS_EFORMAT,
                 "column 1 (who) is not called like");
    refuse_table("a.csv", "what,v0,what\na,1,b\nb,2,b\n", "what", MTS_EREQUEST, "2 columns are called 'what'");
    refuse_table("a.csv", "what,v0,v1\na,1,2\nNaN,2,1\n", "what", MTS_EFORMAT, "sample 2 has no label, for");
    refuse_table("a.csv", "what,v0,v1\nwalk,1,2\nwalk.,2,1\n", "what", MTS_EFORMAT, "would be read as option walk");
    refuse_table("a.csv", told, "which", MTS_EREQUEST, "no column is called 'which'");
    refuse_table("a.csv", "PAR1....PAR1", "what", MTS_EUNSUPPORTED, "is a Parquet file");
    /* a value that happens to tell stands between others of its name, and series by rule are their labels' altogether
     */
    s = open_table("a.csv", "v0,v1,v2,what\n0,1,3,a\n1,2,4,b\n0,3,1,a\n1,2,2,b\n0,1,5,a\n", "what");
    assert_int_equal(s->count, 5);
    mts_stage_free(&s);
    s = open_table("a.csv", "x,y,z,what\n0,1,3,a\n1,2,4,b\n0,1,3,a\n1,2,4,b\n0,1,3,a\n", "what");
    assert_int_equal(s->count, 5);
    mts_stage_free(&s);
}

static void questions(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsStage *s = NULL;
    const char *json =
        "[{\"question\":\"Which?\",\"options\":[\"one\",\"two\"],\"answer\":\"two\",\"ts\":[1,2,3],\"category\":\"c\"},"
        "{\"question\":\"How much?\",\"options\":[17.92,5.37],\"answer\":5.37,\"ts1\":[1,2],\"ts2\":[3,4,5]},"
        "{\"question\":\"Same?\",\"options\":[\"yes\",\"no\"],\"answer\":\"no\",\"ts1\":[1,3],\"ts2\":[3,5]}]";
    assert_ok(mts_stage_open(&s, "tsqa", file_of("q.json", json), NULL, NULL, &err), &err);
    assert_int_equal(s->count, 3);
    assert_int_equal(s->samples[0].truth.option, 1);
    assert_string_equal(s->samples[0].group, "c");
    assert_non_null(strstr(s->samples[0].prompt, "Which?\nA) one\nB) two\n"));
    assert_int_equal(s->samples[1].truth.option, 1);
    assert_non_null(strstr(s->samples[1].prompt, "Time series 2: 3.00, 4.00, 5.00\n"));
    assert_asked(s, 0, "", "This is the time series, it has mean 2.0000 and std 1.0000.",
                 "Which?\nA) one\nB) two\nEnd with \"Answer: \" and the letter of the right option.", 1, 3);
    MtsPublished none;
    assert_ok(mts_stage_published(s->kind, &s->samples[1], &none, &err), &err);
    assert_null(none.before); /* two series of unlike length */
    mts_published_free(&none);
    assert_asked(s, 2, "", "This is the time series 2, it has mean 4.0000 and std 1.4142.",
                 "Same?\nA) yes\nB) no\nEnd with \"Answer: \" and the letter of the right option.", 2, 2);
    assert_int_equal(mts_stage_answer(s, &s->samples[0], "Answer: B) two", 14), 1);
    assert_int_equal(mts_stage_answer(s, &s->samples[0], "Answer: A", 9), 0);
    mts_stage_free(&s);
    refuse("tsqa", file_of("q.json", "[{\"question\":\"x\",\"options\":[\"a\",\"b\"],\"answer\":\"c\",\"ts\":[1]}]"),
           NULL, MTS_EFORMAT, "none of its options");
    refuse("tsqa", file_of("q.json", "[{\"question\":\"x\",\"options\":[\"a\",\"a\"],\"answer\":\"a\",\"ts\":[1]}]"),
           NULL, MTS_EFORMAT, "two of its options are the answer");
    refuse("tsqa", file_of("q.json", "[{\"question\":\"x\",\"options\":[\"B\",\"A\"],\"answer\":\"A\",\"ts\":[1]}]"),
           NULL, MTS_EFORMAT, "the answer \"A\" would be read as option A: name option 1 otherwise");
    refuse("tsqa",
           file_of("q.json", "\xEF\xBB\xBF[{\"question\":\"x\",\"options\":[\"a\",\"b\"],\"answer\":\"a\","
                             "\"ts\":[1,1e300]}]"),
           NULL, MTS_EFORMAT, "question 1: its series is no list of numbers, none above 1e30");
    refuse("tsqa",
           file_of("q.json", "[{\"question\":\"x\",\"options\":[\"a\",\"b\"],\"answer\":\"a\",\"ts\":[1],\"ts1\":[1],"
                             "\"ts2\":[2]}]"),
           NULL, MTS_EFORMAT, "has three series");
    refuse("tsqa", file_of("q.json", "[{\"question\":\"x\",\"options\":[\"a\",\"b\"],\"answer\":\"a\"}]"), NULL,
           MTS_EFORMAT, "has no series");
    refuse("tsqa",
           file_of("q.json", "[{\"question\":\"x\",\"options\":[\"a\",\"b\"],\"answer\":\"a\",\"ts\":[1,null]}]"), NULL,
           MTS_EFORMAT, "no list of numbers");
    const char *csv = "Task,Question,Series,Answer\nvolatility,\"Which one, (a) x or (b) y?\",\"[1, 2, 3]\",(b) y is\n";
    assert_ok(mts_stage_open(&s, "tsqa", file_of("a.csv", csv), NULL, NULL, &err), &err);
    assert_true(s->count == 1 && s->samples[0].truth.option == 1 && s->samples[0].option_count == 3);
    assert_string_equal(s->samples[0].group, "volatility");
    assert_non_null(strstr(s->samples[0].prompt, "Which one, (a) x or (b) y?\nSeries: 1.00, 2.00, 3.00\n"));
    assert_int_equal(mts_stage_answer(s, &s->samples[0], "Answer: (b) y", 13), 1);
    assert_int_equal(mts_stage_answer(s, &s->samples[0], "", 0), MTS_NO_LABEL);
    mts_stage_free(&s);
    refuse("tsqa", file_of("a.csv", "Task,Question,Series,Answer\nt,q,\"[1, 2]\",yes\n"), NULL, MTS_EFORMAT,
           "\"yes\" does not begin with (a)");
    refuse("tsqa", file_of("a.csv", "Task,Query,Series,Answer\nt,q,\"[1, 2]\",(a)\n"), NULL, MTS_EFORMAT,
           "has no columns Series");
    refuse("tsqa", file_of("q.json", "{}"), NULL, MTS_EFORMAT, "no list of questions");
    refuse("tsqa", file_of("q.json", "[]"), NULL, MTS_EFORMAT, "has no sample");
}

/* A record at 10 Hz, 40 s, one signal in format 16, its beats at the given times (10ths of a second) and codes. */
static void write_record(const char *units, const int (*beats)[2], size_t count)
{
    char text[160];
    FILE *f;
    snprintf(text, sizeof text, "r 1 10 400\nr.dat 16 100/%s 16 0 0 0 0 II\n", units);
    file_of("r.hea", text);
    f = fopen(in_folder("r.dat"), "wb");
    assert_non_null(f);
    for (int t = 0; t < 400; t++) {
        fputc(t == 0 ? 0 : t % 2 ? 10 : 246, f); /* +-0.1, and they sum to 10 */
        fputc(t == 0 || t % 2 ? 0 : 255, f);
    }
    fclose(f);
    snprintf(text, sizeof text, "r 1 10 400\nr.dat 16 100/%s 16 0 0 10 0 II\n", units);
    file_of("r.hea", text);
    f = fopen(in_folder("r.atr"), "wb");
    assert_non_null(f);
    int last = 0;
    for (size_t i = 0; i < count; i++) {
        int word = beats[i][1] << 10 | (beats[i][0] - last);
        fputc(word & 255, f);
        fputc(word >> 8, f);
        last = beats[i][0];
    }
    fputc(0, f);
    fputc(0, f);
    fclose(f);
}

static void heart_beats(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsStage *s = NULL;
    const int beats[][2] = {{5, 1}, {60, 28}, {110, 1}, {150, 5}, {210, 8}, {290, 1}, {310, 1}, {330, 6}};
    write_record("mV", beats, 8);
    assert_ok(mts_stage_open(&s, "ecg", folder, NULL, NULL, &err), &err);
    assert_int_equal(s->count, 3); /* the fourth has a fusion beat */
    assert_string_equal(s->samples[1].key, "ecg:r-2");
    assert_true(s->samples[0].truth.option == 1 && s->samples[1].truth.option == 0 && s->samples[2].truth.option == 1);
    assert_true(s->samples[1].series->length == 100 && s->samples[1].series->sampling_rate == 10);
    assert_true(s->samples[1].series->values[0] == -0.1 && s->samples[1].series->values[1] == 0.1);
    assert_non_null(strstr(s->samples[1].prompt, "one of yes or no."));
    assert_asked(s, 1, "One lead of an electrocardiogram in mV over 10 seconds:",
                 "This is the time series, it has mean 0.0000 and std 0.1005.",
                 "Is there a ventricular ectopic beat? Say what you see, then end with \"Answer: \" and one of yes or "
                 "no.",
                 1, 100);
    assert_int_equal(mts_stage_answer(s, &s->samples[1], "Answer: Yes.", 12), 0);
    mts_stage_free(&s);
    write_record("mV", beats + 3, 3); /* before the first and after the last beat nothing was annotated */
    assert_ok(mts_stage_open(&s, "ecg", folder, NULL, NULL, &err), &err);
    assert_true(s->count == 2 && s->samples[0].truth.option == 0);
    assert_string_equal(s->samples[0].key, "ecg:r-2");
    mts_stage_free(&s);
    write_record("uV", beats, 8);
    refuse("ecg", folder, NULL, MTS_EFORMAT, "channel II is in uV, not mV");
    write_record("mV", beats, 8);
    file_of("q.hea", "q 1 10 400\nr.dat 16 100/mV 16 0 0 10 0 II\n# Dx: 426783006\n");
    refuse("ecg", folder, NULL, MTS_EFORMAT, "some records have diagnoses and some have beats");
    unlink(in_folder("r.atr")); /* then it is a record without any question */
    assert_ok(mts_stage_open(&s, "ecg", folder, NULL, NULL, &err), &err);
    assert_true(s->count == 1 && s->samples[0].truth.option == 0 && s->samples[0].option_count == 6);
    mts_stage_free(&s);
}

/* ECG-QA as published, on a record of two leads with 20 values each at 500 Hz. */
static void heart_questions(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsStage *s = NULL;
    char whole[200];
    const char *dirs[] = {"records500", "records500/21000"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mkdir(in_folder(dirs[i]), 0777), 0);
    }
    FILE *f = fopen(in_folder("records500/21000/21837_hr.dat"), "wb");
    assert_non_null(f);
    int sum[2] = {0, 0};
    for (int t = 0; t < 20; t++) {
        for (int c = 0; c < 2; c++) {
            int v = 10 * t + c;
            sum[c] += v;
            fputc(v & 255, f);
            fputc(v >> 8, f);
        }
    }
    fclose(f);
    snprintf(whole, sizeof whole,
             "21837_hr 2 500 20\n21837_hr.dat 16 100/mV 16 0 0 %d 0 I\n21837_hr.dat 16 100/mV 16 0 1 %d 0 II\n", sum[0],
             sum[1]);
    file_of("records500/21000/21837_hr.hea", whole);
    file_of(
        "answers_for_each_template.csv",
        "template_id,classes\n1,\"['no', 'not sure', 'yes']\"\n7,\"['st/t change', \"\"it's 'odd'\"\"]\"\n9,none\n");
    const char *head = "question,answer,template_id,question_type,ecg_id,clinical_context,rationale\n";
    char csv[600];
    snprintf(csv, sizeof csv,
             "%s\"Is it noisy, or not?\",yes,1,single-verify,[21837],\"72-year-old, male\",because\n"
             "Which?,It's 'odd'.,7,single-choose,[21837],,\n",
             head);
    file_of("a.csv", csv);
    assert_ok(mts_stage_open(&s, "ecg", in_folder("a.csv"), folder, NULL, &err), &err);
    assert_int_equal(s->count, 2);
    const MtsSample *one = &s->samples[0], *two = &s->samples[1];
    assert_string_equal(one->key, "ecg:1");
    assert_string_equal(one->group, "1");
    assert_true(one->option_count == 3 && one->truth.option == 2 && two->option_count == 2 && two->truth.option == 1);
    assert_string_equal(two->options[0], "st/t change");
    assert_string_equal(two->options[1], "it's 'odd'");
    assert_true(one->series->channels == 2 && one->series->length == 4 && one->series->sampling_rate == 100);
    assert_true(one->series->values[1] == 0.5 && one->series->values[4 + 3] == 1.51); /* every fifth value */
    assert_non_null(
        strstr(one->prompt, "0.01, 0.51, 1.01, 1.51\n72-year-old, male\nIs it noisy, or not?\n")); /* lead II */
    assert_non_null(strstr(one->prompt, "one of no, not sure or yes."));
    assert_int_equal(mts_stage_answer(s, one, "Answer: Not sure", 16), 1);
    json_t *published = published_json();
    compare_published(s, json_array_get(published, 4));
    json_decref(published);
    mts_stage_free(&s);
    static const struct {
        const char *row, *part;
    } bad[] = {{"q,maybe,1,x,[21837],,\n", "line 2: the answer \"maybe\" is none"},
               {"q,no,5,x,[21837],,\n", "template \"5\" has no list"},
               {"q,no,9,x,[21837],,\n", "no list of strings"},
               {"q,no,1,x,21837,,\n", "no record's number"},
               {"q,no,1,x,[2183x],,\n", "no record's number"}};
    for (size_t i = 0; i < 5; i++) {
        snprintf(csv, sizeof csv, "%s%s", head, bad[i].row);
        refuse("ecg", file_of("a.csv", csv), folder, MTS_EFORMAT, bad[i].part);
    }
    refuse("ecg", file_of("a.csv", "question,answer,template_id\nq,no,1\n"), folder, MTS_EFORMAT,
           "has no column ecg_id");
    snprintf(csv, sizeof csv, "%sq,no,1,x,[7],,\n", head);
    refuse("ecg", file_of("a.csv", csv), folder, MTS_EIO, "records500/00000/00007_hr.hea");
    refuse("ecg", in_folder("a.csv"), NULL, MTS_EREQUEST, "PTB-XL's folder");
    refuse("ecg", folder, folder, MTS_EREQUEST, "takes no second file");
    unlink(in_folder("records500/21000/21837_hr.dat"));
    unlink(in_folder("records500/21000/21837_hr.hea"));
    unlink(in_folder("answers_for_each_template.csv"));
    rmdir(in_folder(dirs[1]));
    rmdir(in_folder(dirs[0]));
}

/* What data/ ships opens as the stages that data/README.md says, every class there is. */
static void shipped_files(void **state)
{
    (void)state;
    static const struct {
        const char *name, *path, *more;
        size_t count;
        int classes[7]; /* samples of each right option */
    } cases[] = {{"har", "har.csv", NULL, 70, {10, 10, 10, 10, 10, 10, 10}},
                 {"tsqa", "tsqa.json", NULL, 72, {24, 24, 24}},
                 {"ecg", "ecg", NULL, 36, {13, 23}},
                 {"m4", "m4.csv", NULL, 24, {0}},
                 {"forecast", "forecast_past.csv", "forecast_future.csv", 43, {0}}};
    for (size_t i = 0; i < 5; i++) {
        MtsError err = {0};
        MtsStage *s = NULL;
        char path[64], more[64];
        int found[7] = {0};
        snprintf(path, sizeof path, "data/%s", cases[i].path);
        snprintf(more, sizeof more, "data/%s", cases[i].more ? cases[i].more : "");
        assert_ok(
            mts_stage_open(&s, cases[i].name, test_path(path), cases[i].more ? test_path(more) : NULL, NULL, &err),
            &err);
        assert_int_equal(s->count, cases[i].count);
        for (size_t k = 0; k < s->count; k++) {
            if (s->samples[k].truth.option >= 0) {
                found[s->samples[k].truth.option]++;
            }
        }
        assert_memory_equal(found, cases[i].classes, sizeof found);
        mts_stage_free(&s);
    }
}

/* The published files, where developers have them beside the source. */
static void published_files(void **state)
{
    (void)state;
    static const struct {
        const char *name, *path, *more;
        size_t count;
    } cases[] = {{"har", "har/uci_har_test.csv.gz", NULL, 500},
                 {"tsqa", "tsqa/time_series_exam.json.gz", NULL, 564},
                 {"ecg", "ecg/cinc2021", NULL, 42},
                 {"ecg", "ecg", NULL, 2585},
                 {"m4", "m4/Weekly-train.csv.gz", NULL, 359},
                 {"forecast", "m4/Hourly-train.csv.gz", "m4/Hourly-test.csv.gz", 414},
                 {"sleep", "sleep/excerpt2.txt.gz", "sleep/Hypnogram_excerpt2.txt", 43}};
    for (size_t i = 0; i < 7; i++) {
        MtsError err = {0};
        MtsStage *s = NULL;
        char path[256], more[256];
        snprintf(path, sizeof path, "../shared/data/%s", cases[i].path);
        snprintf(more, sizeof more, "../shared/data/%s", cases[i].more ? cases[i].more : "");
        if (access(test_path(path), R_OK) != 0) {
            skip();
        }
        assert_ok(
            mts_stage_open(&s, cases[i].name, test_path(path), cases[i].more ? test_path(more) : NULL, NULL, &err),
            &err);
        assert_int_equal(s->count, cases[i].count);
        mts_stage_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asked_as_published), cmocka_unit_test(labels_are_asked_by_rows),
        cmocka_unit_test(activity),           cmocka_unit_test(sleep_nights),
        cmocka_unit_test(noted_nights),       cmocka_unit_test(forecasts_and_captions),
        cmocka_unit_test(labelled_tables),    cmocka_unit_test(questions),
        cmocka_unit_test(heart_beats),        cmocka_unit_test(heart_questions),
        cmocka_unit_test(shipped_files),      cmocka_unit_test(published_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
