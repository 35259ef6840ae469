#include "../test.h"

#include <unistd.h>

#include "core/file.h"
#include "results/journal.h"

static char dir[64], path[4][96];

static json_t *json(const char *text)
{
    MtsError err = {0};
    json_t *value;
    assert_ok(mts_json_parse(&value, "test", text, strlen(text), &err), &err);
    return value;
}

static int append(MtsJournal *j, const char *text, MtsError *err)
{
    json_t *record = json(text);
    int rc = mts_journal_append(j, record, err);
    json_decref(record);
    return rc;
}

static MtsJournal *reopen(const char *file, const char *head, size_t *dropped)
{
    MtsError err = {0};
    MtsJournal *j;
    json_t *h = json(head);
    assert_ok(mts_journal_open(&j, file, h, dropped, &err), &err);
    json_decref(h);
    return j;
}

static void cleanup(void)
{
    for (int i = 0; i < 4; i++) {
        unlink(path[i]);
    }
}

static void records_survive_and_never_repeat(void **state)
{
    (void)state;
    MtsError err = {0};
    size_t dropped;
    cleanup();
    MtsJournal *j = reopen(path[0], "{\"run\":1}", &dropped);
    assert_ok(append(j, "{\"key\":\"a\",\"v\":0.1}", &err), &err);
    assert_ok(append(j, "{\"key\":\"b\",\"v\":2}", &err), &err);
    assert_int_equal(append(j, "{\"key\":\"a\"}", &err), MTS_EREQUEST);
    assert_int_equal(append(j, "{\"v\":3}", &err), MTS_EREQUEST);
    mts_journal_close(&j);
    j = reopen(path[0], "{\"run\":1}", &dropped);
    assert_int_equal(dropped, 0);
    assert_int_equal(mts_journal_count(j), 2);
    assert_non_null(mts_journal_find(j, "b"));
    assert_null(mts_journal_find(j, "c"));
    mts_journal_close(&j);

    json_t *other = json("{\"run\":2}");
    assert_int_equal(mts_journal_open(&j, path[0], other, NULL, &err), MTS_EREQUEST);
    assert_null(j);
    json_decref(other);
}

/* Cut at every byte, as a power failure would: whole lines stay, the rest is dropped, and finishing the work gives
 * the bytes of the uninterrupted run. */
static void any_cut_resumes_to_the_same_bytes(void **state)
{
    (void)state;
    MtsError err = {0};
    static const char *const records[] = {"{\"key\":\"a\",\"v\":0.1}", "{\"key\":\"b\",\"t\":\"\\u00e9\\n\"}",
                                          "{\"key\":\"c\"}"};
    char *whole, *again;
    size_t size, again_size, dropped;
    cleanup();
    MtsJournal *j = reopen(path[0], "{\"run\":1}", NULL);
    for (int i = 0; i < 3; i++) {
        assert_ok(append(j, records[i], &err), &err);
    }
    mts_journal_close(&j);
    assert_ok(mts_read_file(path[0], 10000, &whole, &size, &err), &err);
    for (size_t cut = 0; cut <= size; cut++) {
        assert_ok(mts_write_file_atomic(path[1], whole, cut, &err), &err);
        j = reopen(path[1], "{\"run\":1}", &dropped);
        assert_true(dropped <= cut);
        for (int i = 0; i < 3; i++) {
            json_t *record = json(records[i]);
            if (!mts_journal_find(j, json_string_value(json_object_get(record, "key")))) {
                assert_ok(mts_journal_append(j, record, &err), &err);
            }
            json_decref(record);
        }
        mts_journal_close(&j);
        assert_ok(mts_read_file(path[1], 10000, &again, &again_size, &err), &err);
        assert_int_equal(again_size, size);
        assert_memory_equal(again, whole, size);
        free(again);
    }
    free(whole);
}

/* A file of somebody else's without an end of line would else count as a line that was begun. */
static void foreign_file_is_kept(void **state)
{
    (void)state;
    static const char *const files[] = {"my notes", "{\"run\":2,\"crc\":\"", "{\"run\":1}x", "\0 x", " "};
    json_t *head = json("{\"run\":1}");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const size_t size = i == 3 ? 3 : strlen(files[i]);
        MtsError err = {0};
        MtsJournal *j;
        char *text;
        size_t now;
        cleanup();
        assert_ok(mts_write_file_atomic(path[0], files[i], size, &err), &err);
        assert_int_equal(mts_journal_open(&j, path[0], head, NULL, &err), MTS_EREQUEST);
        assert_null(j);
        assert_ok(mts_read_file(path[0], 1000, &text, &now, &err), &err);
        assert_int_equal(now, size);
        assert_memory_equal(text, files[i], size);
        free(text);
    }
    json_decref(head);
    MtsError err = {0};
    size_t dropped;
    assert_ok(mts_write_file_atomic(path[0], "\0\0\0", 3, &err), &err); /* as a crash may leave a file */
    MtsJournal *j = reopen(path[0], "{\"run\":1}", &dropped);
    assert_int_equal(dropped, 3);
    mts_journal_close(&j);
}

static void damage_in_the_middle_is_named(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsJournal *j;
    json_t *head = json("{\"run\":1}");
    static const char *const broken[] = {"{\"run\":1}\n{\"key\":\n", "{\"run\":1}\n{\"v\":1}\n",
                                         "{\"run\":1}\n{\"key\":\"a\"}\n{\"key\":\"a\"}\n"};
    for (int i = 0; i < 3; i++) {
        assert_ok(mts_write_file_atomic(path[1], broken[i], strlen(broken[i]), &err), &err);
        assert_int_equal(mts_journal_open(&j, path[1], head, NULL, &err), MTS_EFORMAT);
        assert_non_null(strstr(err.text, path[1]));
    }
    assert_int_equal(mts_journal_open(&j, "/nowhere/j", head, NULL, &err), MTS_EIO);
    json_decref(head);
}

/* Who has it open has it alone; a file from before there were checksums stays one. */
static void one_writer_and_old_files(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsJournal *second;
    static const char old[] = "{\"run\":1}\n{\"key\":\"a\"}\n";
    json_t *head = json("{\"run\":1}");
    char *text;
    size_t size;
    cleanup();
    assert_ok(mts_write_file_atomic(path[0], old, sizeof old - 1, &err), &err);
    MtsJournal *j = reopen(path[0], "{\"run\":1}", NULL);
    assert_int_equal(mts_journal_open(&second, path[0], head, NULL, &err), MTS_EIO);
    assert_non_null(strstr(err.text, path[0]));
    assert_non_null(strstr(err.text, "is being written by another run"));
    assert_ok(append(j, "{\"key\":\"b\"}", &err), &err);
    mts_journal_close(&j);
    assert_ok(mts_read_file(path[0], 10000, &text, &size, &err), &err);
    assert_string_equal(text, "{\"run\":1}\n{\"key\":\"a\"}\n{\"key\":\"b\"}\n");
    free(text);
    json_decref(head);
}

static void shards_merge_to_one_run(void **state)
{
    (void)state;
    MtsError err = {0};
    cleanup();
    MtsJournal *j = reopen(path[0], "{\"run\":1,\"shard\":\"0/2\"}", NULL);
    assert_ok(append(j, "{\"key\":\"a\",\"seconds\":1}", &err), &err);
    assert_ok(append(j, "{\"key\":\"c\",\"in\":[{\"seconds\":9,\"v\":1}]}", &err), &err);
    mts_journal_close(&j);
    j = reopen(path[1], "{\"run\":1,\"shard\":\"1/2\"}", NULL);
    assert_ok(append(j, "{\"key\":\"b\"}", &err), &err);
    assert_ok(append(j, "{\"key\":\"c\",\"in\":[{\"seconds\":5,\"v\":1}]}", &err), &err);
    mts_journal_close(&j);

    const char *const paths[] = {path[0], path[1]};
    json_t *order = json("[\"a\",\"b\",\"c\"]"), *more = json("[\"a\",\"b\",\"c\",\"d\"]"),
           *fewer = json("[\"a\",\"b\"]");
    assert_ok(mts_journal_merge(paths, 2, order, false, path[2], &err), &err);
    char *text;
    size_t size;
    assert_ok(mts_read_file(path[2], 10000, &text, &size, &err), &err);
    assert_string_equal(text, "{\"run\":1,\"crc\":\"2fa57592\"}\n{\"key\":\"a\",\"seconds\":1,\"crc\":\"57076a49\"}\n"
                              "{\"key\":\"b\",\"crc\":\"a4f38174\"}\n"
                              "{\"key\":\"c\",\"in\":[{\"seconds\":9,\"v\":1}],\"crc\":\"a8094e38\"}\n");
    free(text);
    assert_int_equal(mts_journal_merge(paths, 2, more, false, path[2], &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "\"d\""));
    assert_ok(mts_journal_merge(paths, 2, more, true, path[2], &err), &err);
    assert_int_equal(mts_journal_merge(paths, 2, fewer, false, path[2], &err), MTS_EFORMAT);
    json_decref(order);
    json_decref(more);
    json_decref(fewer);

    cleanup();
    j = reopen(path[0], "{\"run\":1}", NULL);
    assert_ok(append(j, "{\"key\":\"a\",\"v\":1}", &err), &err);
    mts_journal_close(&j);
    j = reopen(path[1], "{\"run\":1}", NULL);
    assert_ok(append(j, "{\"key\":\"a\",\"v\":2}", &err), &err);
    mts_journal_close(&j);
    order = json("[\"a\"]");
    assert_int_equal(mts_journal_merge(paths, 2, order, false, path[2], &err), MTS_EFORMAT);
    json_decref(order);
}

int main(void)
{
    strcpy(dir, "/tmp/maxts-journal-XXXXXX");
    if (!mkdtemp(dir)) {
        return 1;
    }
    for (int i = 0; i < 4; i++) {
        snprintf(path[i], sizeof path[i], "%s/%d.jsonl", dir, i);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_survive_and_never_repeat),
        cmocka_unit_test(any_cut_resumes_to_the_same_bytes),
        cmocka_unit_test(foreign_file_is_kept),
        cmocka_unit_test(damage_in_the_middle_is_named),
        cmocka_unit_test(one_writer_and_old_files),
        cmocka_unit_test(shards_merge_to_one_run),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cleanup();
    rmdir(dir);
    return failed;
}
