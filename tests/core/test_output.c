/* Files that are written: whole, locked, through links, devices left as they are; and sealed lines. */
#include "../test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <dirent.h>
#include <unistd.h>

#include "core/file.h"
#include "core/output.h"
#include "core/seal.h"

static char dir[] = "/tmp/maxts-output-XXXXXX";
static MtsError err;

static const char *in_dir(const char *name)
{
    static char paths[8][512];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void assert_holds(const char *name, const char *text)
{
    char *data;
    size_t size;
    assert_ok(mts_read_file(in_dir(name), 1000, &data, &size, &err), &err);
    assert_string_equal(data, text);
    free(data);
}

static mode_t kind_of(const char *name)
{
    struct stat st;
    assert_int_equal(lstat(in_dir(name), &st), 0);
    return st.st_mode;
}

/* Empties the folder and counts what was there. */
static size_t sweep(void)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            assert_int_equal(unlink(in_dir(e->d_name)), 0);
            n++;
        }
    }
    closedir(d);
    return n;
}

static void put(const char *name, const char *text)
{
    assert_ok(mts_write_file_atomic(in_dir(name), text, strlen(text), &err), &err);
}

static void links_lead_to_their_file(void **state)
{
    (void)state;
    put("real", "one");
    assert_int_equal(chmod(in_dir("real"), 0604), 0);
    assert_int_equal(symlink("real", in_dir("link")), 0);
    assert_int_equal(symlink(in_dir("link"), in_dir("chain")), 0);
    assert_int_equal(symlink("absent", in_dir("dangling")), 0);
    assert_int_equal(symlink("loop", in_dir("loop")), 0);
    put("chain", "two");
    assert_holds("real", "two");
    assert_int_equal(kind_of("real"), S_IFREG | 0604);
    assert_true(S_ISLNK(kind_of("link")) && S_ISLNK(kind_of("chain")));
    put("dangling", "three");
    assert_holds("absent", "three");
    assert_true(S_ISLNK(kind_of("dangling")));
    assert_int_equal(mts_write_file_atomic(in_dir("loop"), "x", 1, &err), MTS_EIO);
    assert_int_equal(mts_write_file_atomic("", "x", 1, &err), MTS_EIO);
    assert_string_equal(err.text, "a file to write has an empty name");
    assert_int_equal(sweep(), 6);
}

static bool meet(const char *one, const char *other)
{
    bool same;
    assert_ok(mts_output_meet(in_dir(one), in_dir(other), &same, &err), &err);
    return same;
}

/* Of files that are not there yet. */
static void names_of_one_file_meet(void **state)
{
    (void)state;
    bool same;
    assert_int_equal(symlink("absent", in_dir("dangling")), 0);
    assert_int_equal(symlink("loop", in_dir("loop")), 0);
    assert_true(meet("absent", "absent") && meet("absent", "./absent") && meet("dangling", "absent"));
    assert_false(meet("absent", "present") || meet("absent", "folder/absent") || meet("none/a", "other/a"));
    assert_int_equal(mts_output_meet(in_dir("loop"), in_dir("absent"), &same, &err), MTS_EIO);
    assert_int_equal(sweep(), 2);
}

static void a_long_name_is_no_obstacle(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    put(name, "long");
    put(name, "longer");
    assert_holds(name, "longer");
    assert_int_equal(sweep(), 1);
}

static void devices_and_pipes_stay(void **state)
{
    (void)state;
    struct stat before, after;
    assert_int_equal(stat("/dev/null", &before), 0);
    assert_ok(mts_write_file_atomic("/dev/null", "x", 1, &err), &err);
    assert_int_equal(stat("/dev/null", &after), 0);
    assert_true(S_ISCHR(after.st_mode) && after.st_ino == before.st_ino);
    if (stat("/dev/full", &before) == 0) {
        assert_int_equal(mts_write_file_atomic("/dev/full", "x", 1, &err), MTS_EIO);
        assert_non_null(strstr(err.text, "/dev/full: cannot be written: No space"));
        assert_int_equal(stat("/dev/full", &after), 0);
        assert_true(S_ISCHR(after.st_mode) && after.st_ino == before.st_ino);
    }
    assert_int_equal(mkfifo(in_dir("pipe"), 0600), 0);
    int reader = open(in_dir("pipe"), O_RDONLY | O_NONBLOCK);
    MtsOutput *o;
    char got[8] = "";
    assert_ok(mts_output_open(&o, in_dir("pipe"), &err), &err);
    assert_false(mts_output_is_file(o));
    assert_ok(mts_output_replace(o, "ab", 2, &err), &err);
    assert_ok(mts_output_append(o, "cd", 2, true, &err), &err);
    assert_int_equal(read(reader, got, sizeof got), 4);
    assert_string_equal(got, "abcd");
    mts_output_close(&o);
    close(reader);
    assert_true(S_ISFIFO(kind_of("pipe")));
    assert_int_equal(mts_output_open(&o, dir, &err), MTS_EIO);
    assert_null(o);
    assert_int_equal(sweep(), 1);
}

/* What goes to our own standard output, a file, is not lost with what is printed there later. */
static void our_own_output_is_not_replaced(void **state)
{
    (void)state;
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), file = open(in_dir("own"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(file, STDOUT_FILENO);
    int rc = mts_write_file_atomic(in_dir("own"), "page\n", 5, &err);
    bool printed = write(STDOUT_FILENO, "said\n", 5) == 5;
    dup2(kept, STDOUT_FILENO);
    close(kept);
    close(file);
    assert_ok(rc, &err);
    assert_true(printed);
    assert_holds("own", "page\nsaid\n");
    assert_int_equal(sweep(), 1);
}

static void assert_refused(const char *name)
{
    MtsOutput *second;
    assert_int_equal(mts_output_open(&second, in_dir(name), &err), MTS_EIO);
    assert_null(second);
    assert_non_null(strstr(err.text, "is being written by another run"));
    assert_non_null(strstr(err.text, in_dir(name)));
}

static void one_writer_at_a_time(void **state)
{
    (void)state;
    MtsOutput *first, *second;
    char *data;
    size_t size;
    put("f", "old");
    assert_int_equal(symlink("f", in_dir("l")), 0);
    assert_ok(mts_output_open(&first, in_dir("f"), &err), &err);
    assert_refused("f");
    assert_refused("l");
    assert_ok(mts_output_read(first, 100, &data, &size, &err), &err);
    assert_string_equal(data, "old");
    free(data);
    assert_ok(mts_output_replace(first, "new\n", 4, &err), &err);
    assert_refused("f"); /* another file by now, and locked too */
    assert_ok(mts_output_append(first, "more\n", 5, true, &err), &err);
    assert_holds("f", "new\nmore\n");
    assert_ok(mts_output_cut(first, 4, &err), &err);
    assert_ok(mts_output_append(first, "less\n", 5, false, &err), &err);
    assert_holds("f", "new\nless\n");
    mts_output_close(&first);
    assert_ok(mts_output_open(&second, in_dir("f"), &err), &err);
    mts_output_close(&second);
    /* nothing is there yet: whoever makes it has it */
    assert_ok(mts_output_open(&first, in_dir("g"), &err), &err);
    assert_ok(mts_output_open(&second, in_dir("g"), &err), &err);
    assert_ok(mts_output_append(first, "a", 1, true, &err), &err);
    assert_int_equal(mts_output_replace(second, "b", 1, &err), MTS_EIO);
    assert_non_null(strstr(err.text, "is being written by another run"));
    assert_holds("g", "a");
    mts_output_close(&first);
    mts_output_close(&second);
    assert_int_equal(sweep(), 3);
}

/* Many processes add to one file; each that got it wrote all of its lines, in one piece. */
static void many_processes_one_file(void **state)
{
    (void)state;
    enum { PROCESSES = 24, LINES = 20 };
    size_t lines = 0, wrote = 0;
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            MtsOutput *o;
            char line[16];
            int rc = mts_output_open(&o, in_dir("m"), &err), n = snprintf(line, sizeof line, "%d\n", i);
            for (int k = 0; k < LINES && !rc; k++) {
                rc = mts_output_append(o, line, (size_t)n, k == LINES - 1, &err);
            }
            _exit(rc ? 1 : 0);
        }
    }
    for (int status; wait(&status) > 0;) {
        wrote += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    char *data;
    size_t size;
    assert_ok(mts_read_file(in_dir("m"), 1 << 20, &data, &size, &err), &err);
    for (size_t i = 0; i < size; i++) {
        lines += data[i] == '\n';
    }
    free(data);
    assert_true(wrote >= 1);
    assert_int_equal(lines, wrote * LINES);
    assert_int_equal(sweep(), 1);
}

static void what_cannot_be_made_is_named(void **state)
{
    (void)state;
    MtsOutput *o;
    assert_int_equal(mts_output_open(&o, "/nowhere/f", &err), MTS_EIO);
    assert_non_null(strstr(err.text, "/nowhere/f: cannot be created: No such file"));
    if (geteuid() != 0) { /* root may write everywhere */
        put("fixed", "kept");
        assert_int_equal(chmod(in_dir("fixed"), 0400), 0);
        assert_int_equal(mts_write_file_atomic(in_dir("fixed"), "x", 1, &err), MTS_EIO);
        assert_holds("fixed", "kept");
        assert_int_equal(sweep(), 1);
    }
}

/* Every bit of a sealed line, flipped, shows. */
static void seals_show_every_bit(void **state)
{
    (void)state;
    MtsBytes line = {0};
    json_t *v;
    bool bare = true;
    assert_true(mts_bytes_append_str(&line, "{\"before\":1}\n"));
    size_t from = line.len;
    assert_true(mts_bytes_append_str(&line, "{\"key\":\"a|b\",\"reward\":0.409}") && mts_seal(&line, from));
    char *text = line.data + from;
    size_t size = line.len - from;
    assert_ok(mts_seal_parse(&v, "j", 1, text, size, &bare, &err), &err);
    assert_false(bare);
    assert_int_equal(json_object_size(v), 2);
    json_decref(v);
    assert_true(mts_bytes_append_str(&line, "\r")); /* another system's end of line */
    text = line.data + from;
    assert_int_equal(mts_seal_check(text, size + 1), MTS_SEAL_GOOD);
    text[3] ^= 1;
    assert_int_equal(mts_seal_check(text, size + 1), MTS_SEAL_BROKEN);
    text[3] ^= 1;
    for (size_t bit = 0; bit < 8 * size; bit++) {
        text[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(mts_seal_parse(&v, "j", 3, text, size, &bare, &err), MTS_EFORMAT);
        assert_non_null(strstr(err.text, "j: line 3: "));
        assert_null(v);
        text[bit / 8] ^= (char)(1 << bit % 8);
    }
    /* a file of before seals: no line has one */
    assert_ok(mts_seal_parse(&v, "j", 1, "{\"a\":1}", 7, &bare, &err), &err);
    assert_true(bare);
    json_decref(v);
    assert_int_equal(mts_seal_parse(&v, "j", 2, text, size, &bare, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "its checksum is the first of the file"));
    mts_bytes_free(&line);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_lead_to_their_file),       cmocka_unit_test(names_of_one_file_meet),
        cmocka_unit_test(a_long_name_is_no_obstacle),     cmocka_unit_test(devices_and_pipes_stay),
        cmocka_unit_test(our_own_output_is_not_replaced), cmocka_unit_test(one_writer_at_a_time),
        cmocka_unit_test(many_processes_one_file),        cmocka_unit_test(what_cannot_be_made_is_named),
        cmocka_unit_test(seals_show_every_bit),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
