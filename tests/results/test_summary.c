/* A run's records brought to rows: means over samples, classes, ratios, agreement; and the sentences for broken files.
 */
#include "../test.h"

#include <math.h>
#include <unistd.h>

#include "results/head.h"
#include "results/records.h"
#include "results/summary.h"

static char path[64];

static void write_file(const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/mts_summary_XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? 1 : close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

#define HEAD                                                                                                           \
    "{\"maxts\":\"eval\",\"stage\":\"har\",\"samples\":[\"a\",\"b\",\"c\"],\"runs\":[{\"method\":\"greedy\","          \
    "\"variant\":\"\",\"seeded\":false},"                                                                              \
    "{\"method\":\"maxent-ts\",\"variant\":\"\",\"seeded\":true}],\"seeds\":[0,1]}\n"

/* A record of sample, method and seed with a reward and labels; `more` are further scores, each led by a comma. */
static const char *line(const char *sample, const char *method, int seed, const char *reward, const char *label,
                        const char *given, const char *more)
{
    static char text[12][400];
    static int turn;
    char said[40];
    turn = (turn + 1) % 12;
    snprintf(said, sizeof said, given ? "\"%s\"" : "null", given);
    snprintf(text[turn], sizeof text[turn],
             "{\"key\":\"%s|%s||%d\",\"sample\":\"%s\",\"method\":\"%s\",\"variant\":\"\",\"seed\":%d,\"reward\":%s,"
             "\"seconds\":0.5,\"correct\":%s,"
             "\"scores\":{\"label\":\"%s\",\"predicted\":%s%s}}\n",
             sample, method, seed, sample, method, seed, reward, given && strcmp(label, given) == 0 ? "true" : "false",
             label, said, more);
    return text[turn];
}

static json_t *read_summary(const char *const *lines, size_t n, json_t **records)
{
    MtsError err = {0};
    json_t *head;
    char text[6000] = HEAD;
    for (size_t i = 0; i < n; i++) {
        strcat(text, lines[i]);
    }
    write_file(text);
    assert_ok(mts_results_read(path, &head, records, &err), &err);
    assert_int_equal(json_array_size(*records), n);
    json_t *summary = mts_results_summary(head, *records);
    assert_non_null(summary);
    json_decref(head);
    return summary;
}

static double value(const json_t *row, const char *name, const char *member)
{
    const json_t *v = json_object_get(json_object_get(row, name), member);
    if (!json_is_number(v)) {
        fail_msg("%s.%s is no number", name, member);
    }
    return json_number_value(v);
}

static void near(double a, double b)
{
    if (!(fabs(a - b) < 1e-12)) {
        fail_msg("%.17g is not %.17g", a, b);
    }
}

static void rows(void **state)
{
    (void)state;
    json_t *records;
    const char *const lines[] = {line("a", "greedy", 0, "1", "walk", "walk", ",\"claims_true\":3,\"claims_false\":1"),
                                 line("b", "greedy", 0, "2", "run", "walk", ",\"claims_true\":0,\"claims_false\":0"),
                                 line("c", "greedy", 0, "null", "run", NULL, ",\"claims_true\":1,\"claims_false\":3"),
                                 line("a", "maxent-ts", 0, "1", "walk", "walk", ""),
                                 line("b", "maxent-ts", 0, "2", "run", "run", ""),
                                 line("b", "maxent-ts", 1, "5", "run", "run", ""),
                                 line("a", "maxent-ts", 1, "2", "walk", "run", "")};
    json_t *summary = read_summary(lines, 7, &records), *list = json_object_get(summary, "rows");
    const json_t *greedy = json_array_get(list, 0), *tree = json_array_get(list, 1);
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(json_integer_value(json_object_get(summary, "expected")), 9);
    near(value(greedy, "reward", "mean"), 1.5); /* a missing reward is no reward of 0 */
    near(value(greedy, "reward", "n"), 2);
    near(value(greedy, "accuracy", "mean"), 1.0 / 3);
    /* walk: 1 right, 1 false alarm; run: 2 missed */
    near(value(greedy, "macro_f1", "mean"), (2.0 / 3 + 0) / 2);
    assert_int_equal(json_integer_value(json_object_get(greedy, "missing")), 1);
    near(value(greedy, "claims_true_share", "mean"), 4.0 / 8); /* of all claims, not a mean of shares */
    near(value(greedy, "claims_true", "mean"), 4.0 / 3);
    assert_null(json_object_get(greedy, "consistency"));
    near(value(tree, "reward", "mean"), (1.5 + 3.5) / 2); /* of samples, whose seeds are averaged first */
    near(value(tree, "reward", "n"), 2);
    near(value(tree, "reward", "low"), 1.5);
    near(value(tree, "reward", "high"), 3.5);
    near(value(tree, "accuracy", "mean"), 0.75);
    near(value(tree, "macro_f1", "mean"), (2.0 / 3 + 4.0 / 5) / 2);
    near(value(tree, "kappa", "mean"), (0.75 - 0.5) / (1 - 0.5));
    near(value(tree, "consistency", "mean"), 0.5);
    near(json_number_value(json_object_get(tree, "total_seconds")), 2);
    assert_null(json_object_get(tree, "nfe"));
    json_t *difference = mts_results_compare(records, tree, greedy, "reward");
    near(value(difference, "difference", "mean"), ((1.5 - 1) + (3.5 - 2)) / 2);
    near(value(difference, "difference", "n"), 2); /* c is only in one of them */
    assert_true(fabs(json_number_value(json_object_get(difference, "p")) - 0.5) <
                0.03); /* two of four flips of two samples are as far out */
    json_decref(difference);
    difference = mts_results_compare(records, tree, greedy, "nfe");
    assert_true(json_is_null(difference));
    json_decref(difference);
    json_decref(summary);
    json_decref(records);
}

static void one_sample(void **state)
{
    (void)state;
    json_t *records;
    const char *const lines[] = {line("a", "m", 0, "1", "x", "x", ""), line("a", "m", 1, "4", "x", "x", ""),
                                 line("a", "m", 2, "null", "x", "x", "")};
    json_t *summary = read_summary(lines, 3, &records);
    const json_t *row = json_array_get(json_object_get(summary, "rows"), 0);
    near(value(row, "reward", "mean"), 2.5);
    near(value(row, "reward", "n"), 2); /* seeds */
    near(value(row, "reward", "low"), 1);
    near(value(row, "reward", "high"), 4);
    json_decref(summary);
    json_decref(records);
}

/* A question's category is scored by itself. */
static void groups(void **state)
{
    (void)state;
    MtsError err = {0};
    json_t *head, *records;
    static const char *const answers[][3] = {{"x", "p", "p"}, {"x", "q", "q"}, {"y", "p", "q"}, {"y", "r", "r"}};
    char text[2000] = HEAD;
    for (int i = 0; i < 4; i++) {
        sprintf(text + strlen(text),
                "{\"key\":\"%d\",\"sample\":\"%d\",\"method\":\"m\",\"group\":\"%s\",\"scores\":{\"label\":\"%s\","
                "\"predicted\":\"%s\"}}\n",
                i, i, answers[i][0], answers[i][1], answers[i][2]);
    }
    write_file(text);
    assert_ok(mts_results_read(path, &head, &records, &err), &err);
    json_t *summary = mts_results_summary(head, records);
    const json_t *row = json_array_get(json_object_get(summary, "rows"), 0);
    near(value(row, "macro_f1", "mean"), (1 + (0 + 0 + 1) / 3.0) / 2); /* x: all right; y: p missed, q false, r right */
    json_decref(summary);
    json_decref(head);
    json_decref(records);
}

static void refuse(const char *text, const char *words)
{
    MtsError err = {0};
    json_t *head, *records;
    write_file(text);
    int rc = mts_results_read(path, &head, &records, &err);
    if (rc != MTS_EFORMAT || !strstr(err.text, words) || !strstr(err.text, path) || head || records) {
        fail_msg("%d \"%s\", expected \"%s\"", rc, err.text, words);
    }
}

static void broken_files(void **state)
{
    (void)state;
    MtsError err = {0};
    json_t *head, *records;
    refuse("", "has no head");
    refuse("{\"maxts\":\"eval\"}\n", "line 1 is not the head");
    refuse("{\"key\":\"a\"}\n", "line 1 is not the head");
    refuse(HEAD "{\"key\":\n", "line 2: is not valid JSON");
    refuse(HEAD "[]\n", "line 2 is no JSON object");
    refuse(HEAD "{\"key\":\"a\",\"sample\":\"s\"}\n", "line 2: \"method\" is missing");
    refuse(HEAD "{\"key\":\"a\",\"sample\":\"s\",\"method\":\"m\",\"nfe\":\"many\"}\n", "line 2: \"nfe\" is no number");
    refuse(HEAD
           "{\"key\":\"a\",\"sample\":\"s\",\"method\":\"m\",\"series\":[{\"name\":\"x\",\"values\":[1,\"2\"]}]}\n",
           "\"series\" is no list of channels");
    refuse(HEAD "{\"key\":\"a\",\"sample\":\"s\",\"method\":\"m\",\"explain\":[3]}\n",
           "\"explain\" is no list of tree nodes");
    refuse(HEAD
           "{\"key\":\"a\",\"sample\":\"s\",\"method\":\"m\"}\n{\"key\":\"a\",\"sample\":\"s\",\"method\":\"m\"}\n",
           "line 3 repeats the key \"a\"");
    write_file(HEAD "{\"key\":\"a\",\"sample\":\"s\",\"method\":\"m\"}\n{\"key\":\"b\",\"sam"); /* a crash: that record
                                                                                                   is not done */
    assert_ok(mts_results_read(path, &head, &records, &err), &err);
    assert_int_equal(json_array_size(records), 1);
    json_decref(head);
    json_decref(records);
}

static void how_many(void **state)
{
    (void)state;
    static const struct {
        const char *shard;
        size_t records;
    } cases[] = {{NULL, 9}, {"0/2", 6}, {"1/2", 3}, {"2/4", 3}, {"3/4", 0}};
    for (size_t i = 0; i < 5; i++) {
        json_t *head = json_loads(HEAD, 0, NULL);
        if (cases[i].shard) {
            assert_int_equal(json_object_set_new(head, "shard", json_string(cases[i].shard)), 0);
        }
        assert_int_equal(mts_results_expected(head), cases[i].records);
        json_decref(head);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),         cmocka_unit_test(one_sample), cmocka_unit_test(groups),
        cmocka_unit_test(broken_files), cmocka_unit_test(how_many),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
