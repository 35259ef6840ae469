/* Reward programs: good ones, and every way to be a bad one. The programs are shell lines, so that the test needs
 * nothing but /bin/sh. */
#include "../test.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <maxts/reward.h>

#include "core/file.h"

/* Answers the length of the question's line. */
#define COUNTING "while read -r line; do echo \"{\\\"reward\\\": ${#line}}\"; done"

static int ask_once(const char *spec, const char *text, double *value, MtsError *err)
{
    MtsReward *r = NULL;
    const MtsRewardInput input = {"say \"hi\"\n", NULL, NULL, NULL};
    int rc = mts_reward_new(&r, spec, &input, err);
    if (rc == MTS_OK) {
        rc = mts_reward_score(r, text, strlen(text), -1.5, 3, true, value, err);
        rc = rc ? rc : mts_reward_finish(r, err);
    }
    mts_reward_free(&r);
    return rc;
}

/* No child of ours is left, dead or alive. */
static void assert_no_children(void)
{
    int status;
    assert_true(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
}

static void a_program_lives_on(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsReward *r = NULL;
    const MtsRewardInput input = {"p", NULL, NULL, NULL};
    /* counts its questions: one process answers all */
    assert_ok(mts_reward_new(&r, "command:n=0; while read -r line; do n=$((n+1)); echo $n; done", &input, &err), &err);
    assert_true(mts_reward_is_slow(r));
    assert_false(mts_reward_scores_prefixes(r));
    for (int i = 1; i <= 5; i++) {
        double v = NAN;
        assert_ok(mts_reward_score(r, "text", 4, -1, 1, true, &v, &err), &err);
        assert_true(v == i);
    }
    mts_reward_free(&r);
    assert_no_children();
}

static void the_question_is_one_json_line(void **state)
{
    (void)state;
    MtsError err = {0};
    double v = NAN;
    static const char expected[] =
        "{\"id\":1,\"prompt\":\"say "
        "\\\"hi\\\"\\n\",\"text\":\"a\\nb\",\"finished\":true,\"logprob\":-1.5,\"tokens\":3}";
    char spec[256];
    assert_ok(ask_once("command:" COUNTING, "a\nb", &v, &err), &err);
    assert_true(v == (double)strlen(expected));
    snprintf(spec, sizeof spec, "command:while read -r l; do [ \"$l\" = '%s' ] && echo 1 || echo 0; done", expected);
    assert_ok(ask_once(spec, "a\nb", &v, &err), &err);
    assert_true(v == 1);
    assert_ok(ask_once("0.5*command:timeout=600 " COUNTING " + length:3", "a\nb", &v, &err), &err);
    assert_true(v == 0.5 * (double)strlen(expected) + 1);
    assert_no_children();
}

static void bad_programs(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *part;
    } cases[] = {
        {"command:/nonexistent/score", "/nonexistent/score ended with exit status 127 before it answered (not found)"},
        {"command:/dev/null", "exit status 126 before it answered (not executable)"},
        {"command:exit 3", "ended with exit status 3"},
        {"command:read -r l; kill -9 $$", "was ended by signal 9"},
        {"command:timeout=0.2 sleep 6000", "gave no answer within 0.2 s"},
        {"command:timeout=0.2 read -r l; sleep 6000 | sleep 6000", "gave no answer within 0.2 s"},
        {"command:timeout=0.2 read -r l; printf 12; sleep 6000", "gave no answer within 0.2 s"},
        {"command:timeout=600 read -r l; exec >&-; sleep 6000", "closed its output"},
        {"command:read -r l; echo nonsense", "answered \"nonsense\", not {\"id\": 1, \"reward\": number}"},
        {"command:read -r l; echo", "answered \"\""},
        {"command:read -r l; echo NaN", "answered \"NaN\""},
        {"command:read -r l; echo '{\"score\": 1}'", "answered"},
        {"command:read -r l; echo '{\"reward\": \"1\"}'", "answered"},
        {"command:read -r l; echo '{\"reward\": 1, \"error\": [\"why\"]}'", "answered"},
        {"command:read -r l; echo '{\"error\": \"no licence\"}'", "says: no licence"},
        {"command:read -r l; printf '1\\n2\\n'", "more than one line"},
        {"command:echo 7; read -r l; echo 1; read -r l",
         "which was not asked for"}, /* before the question, or as its answer */
        {"command:read -r l; echo 1; sleep 0.05; echo 2", "wrote \"2\", which was not asked for"},
        {"command:read -r l; echo 1; read -r l; echo late; sleep 60", "wrote \"late\", which was not asked for"},
        {"command:read -r l; echo 1; read -r l; printf half", "wrote \"half\", which was not asked for"},
        {"command:read -r l; echo '{\"id\": 2, \"reward\": 1}'", "was asked question 1 and answered number 2"},
        {"command:read -r l; echo '{\"id\": \"1\", \"reward\": 1}'", "answered number \"1\""},
        {"command:read -r l; head -c 3000000 /dev/zero", "longer than 1048576 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        MtsError err = {0};
        double v, begun = mts_seconds();
        int rc = ask_once(cases[i].spec, "text", &v, &err);
        if (rc != MTS_EREWARD || !strstr(err.text, cases[i].part)) {
            fail_msg("%s: %d \"%s\", expected \"%s\"", cases[i].spec, rc, err.text, cases[i].part);
        }
        assert_true(mts_seconds() - begun < 300); /* it was not waited for */
        assert_no_children();
    }
    MtsError err = {0};
    double v;
    assert_int_equal(ask_once("command:" COUNTING, "\xFF", &v, &err), MTS_EREWARD);
    assert_non_null(strstr(err.text, "no valid UTF-8"));
}

/* A program that answers with numbers has to go on so, and each is that of its question. */
static void answers_repeat_the_number(void **state)
{
    (void)state;
    static const char numbered[] = "command:n=0; while read -r l; do n=$((n+1)); "
                                   "echo \"{\\\"id\\\": $n, \\\"reward\\\": $((n*n))}\"; done";
    static const char forgetful[] =
        "command:read -r l; echo '{\"id\": 1, \"reward\": 4}'; read -r l; echo 5; read -r l";
    static const char late[] = "command:read -r l; echo 4; read -r l; echo '{\"id\": 2, \"reward\": 1}'; read -r l";
    const MtsRewardInput input = {"p", NULL, NULL, NULL};
    MtsError err = {0};
    MtsReward *r = NULL;
    double v = NAN;
    assert_ok(mts_reward_new(&r, numbered, &input, &err), &err);
    for (int i = 1; i <= 4; i++) {
        assert_ok(mts_reward_score(r, "t", 1, -1, 1, true, &v, &err), &err);
        assert_true(v == i * i);
    }
    assert_ok(mts_reward_finish(r, &err), &err);
    mts_reward_free(&r);
    assert_ok(mts_reward_new(&r, forgetful, &input, &err), &err);
    assert_ok(mts_reward_score(r, "t", 1, -1, 1, true, &v, &err), &err);
    assert_int_equal(mts_reward_score(r, "t", 1, -1, 1, true, &v, &err), MTS_EREWARD);
    assert_non_null(strstr(err.text, "answered question 2 without an \"id\""));
    mts_reward_free(&r);
    assert_ok(mts_reward_new(&r, late, &input, &err), &err);
    assert_ok(mts_reward_score(r, "t", 1, -1, 1, true, &v, &err), &err);
    assert_int_equal(mts_reward_score(r, "t", 1, -1, 1, true, &v, &err), MTS_EREWARD);
    assert_non_null(strstr(err.text, "answered question 2 with an \"id\""));
    mts_reward_free(&r);
    assert_no_children();
}

/* A line slips out after the first answer, and every later answer is that to the question before it: whether this is
 * seen at a question or at the end, the values are not used. */
static void shifted_answers_are_not_used(void **state)
{
    (void)state;
    static const char shifting[] = "command:n=0; while read -r l; do n=$((n+1)); sleep 0.02; echo $n; "
                                   "[ $n = 1 ] && { sleep 0.01; echo 1000; }; done";
    const MtsRewardInput input = {"p", NULL, NULL, NULL};
    for (int questions = 1; questions <= 6; questions++) {
        MtsError err = {0};
        MtsReward *r = NULL;
        double v = NAN;
        assert_ok(mts_reward_new(&r, shifting, &input, &err), &err);
        int rc = MTS_OK;
        for (int i = 0; i < questions && !rc; i++) {
            rc = mts_reward_score(r, "t", 1, -1, 1, true, &v, &err);
        }
        rc = rc ? rc : mts_reward_finish(r, &err);
        assert_int_equal(rc, MTS_EREWARD);
        mts_reward_free(&r);
    }
    assert_no_children();
}

/* Nothing of ours is open in a program but standard input, output and error: not even what a host forgot to mark. */
static void programs_inherit_nothing(void **state)
{
    (void)state;
    MtsError err = {0};
    double v = NAN;
    int forgotten = dup(1), high = fcntl(1, F_DUPFD, 200);
    assert_true(forgotten > 2 && high >= 200);
    assert_ok(ask_once("command:read -r l; n=0; for f in /proc/self/fd/*; do [ -e $f ] && [ ${f##*/} -gt 2 ] && "
                       "[ ${f##*/} -lt 300 ] && ls -l $f >&2 && n=$((n+1)); done; echo $n",
                       "t", &v, &err),
              &err);
    close(forgotten);
    close(high);
    assert_true(v == 0);
}

/* More memory than it may have. */
static void memory_is_limited(void **state)
{
    (void)state;
    static const char hungry[] = "read -r l; x=$(head -c 300000000 /dev/zero | tr '\\0' x); echo ${#x}";
    char spec[200];
    MtsError err = {0};
    double v = NAN;
    snprintf(spec, sizeof spec, "command:memory=100 %s", hungry);
    assert_int_equal(ask_once(spec, "t", &v, &err), MTS_EREWARD);
    assert_non_null(strstr(err.text, "before it answered"));
    assert_int_equal(ask_once("command:memory=0 true", "t", &v, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "memory is \"0\", not a number from 1 to 1048576"));
    assert_ok(ask_once("command:memory=500 read -r l; echo 3", "t", &v, &err), &err);
    assert_true(v == 3);
    assert_no_children();
}

/* More time than it may have, by itself or in a process that it starts. */
static void processor_time_is_limited(void **state)
{
    (void)state;
    static const char *const busy[] = {"command:cpu=1 read -r l; while :; do :; done",
                                       "command:cpu=1 read -r l; sh -c 'while :; do :; done'"};
    MtsError err = {0};
    double v = NAN;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ask_once(busy[i], "t", &v, &err), MTS_EREWARD);
        assert_non_null(strstr(err.text, "used up its processor time (cpu=SECONDS)"));
    }
    assert_int_equal(ask_once("command:cpu=1e9 true", "t", &v, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "cpu is \"1e9\", not a number from 1 to 8640000"));
    assert_ok(ask_once("command:cpu=100 memory=500 " COUNTING, "t", &v, &err), &err);
    assert_no_children();
}

/* More on standard error than it may write, at once or before it answers; what stood in the file does not count. */
static void standard_error_is_limited(void **state)
{
    (void)state;
    char path[] = "/tmp/maxts-test-XXXXXX", spec[256];
    MtsError err = {0};
    double v = NAN;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 5 << 20), 0);
    close(fd);
    static const char *const programs[] = {
        "read -r l; while :; do echo 0123456789012345678901234567890123456789 >&2; done",
        "read -r l; head -c 3000000 /dev/zero >&2; echo 1; read -r l"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(spec, sizeof spec, "command:stderr=1 log=%s %s", path, programs[i]);
        assert_int_equal(ask_once(spec, "t", &v, &err), MTS_EREWARD);
        assert_non_null(strstr(err.text, "wrote too much to its standard error (stderr=MIB)"));
    }
    snprintf(spec, sizeof spec, "command:stderr=1 log=%s echo hello >&2; %s", path, COUNTING);
    assert_ok(ask_once(spec, "t", &v, &err), &err);
    assert_ok(ask_once("command:stderr=1 log=/dev/null head -c 3000000 /dev/zero >&2; " COUNTING, "t", &v, &err), &err);
    assert_int_equal(unlink(path), 0);
    assert_no_children();
}

/* A question larger than any pipe to a program that never reads: SIGPIPE or a full buffer must not hurt. */
static void large_questions(void **state)
{
    (void)state;
    size_t n = 4 << 20;
    char *text = malloc(n + 1);
    memset(text, 'x', n);
    text[n] = '\0';
    MtsError err = {0};
    double v = NAN;
    assert_int_equal(ask_once("command:exit 0", text, &v, &err), MTS_EREWARD);
    assert_int_equal(ask_once("command:timeout=0.3 sleep 6000", text, &v, &err), MTS_EREWARD);
    assert_non_null(strstr(err.text, "gave no answer within 0.3 s"));
    assert_ok(ask_once("command:head -n 1 | wc -c", text, &v, &err), &err);
    assert_true(v > (double)n);
    free(text);
    assert_no_children();
}

static void *many_questions(void *reward)
{
    MtsError err = {0};
    for (int i = 0; i < 50; i++) {
        double v = NAN;
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        if (mts_reward_score(reward, text, strlen(text), -1, 1, true, &v, &err) != MTS_OK || !(v > 0)) {
            return (void *)"failed";
        }
    }
    return NULL;
}

/* `ask`, which returns NULL where all is well, on `count` threads at once, 8 at most. */
static void on_threads(int count, void *(*ask)(void *), MtsReward *r)
{
    pthread_t threads[8];
    for (int i = 0; i < count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask, r), 0);
    }
    for (int i = 0; i < count; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

static void several_threads(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsReward *r = NULL;
    const MtsRewardInput input = {"p", NULL, NULL, NULL};
    assert_ok(mts_reward_new(&r, "command:" COUNTING, &input, &err), &err);
    on_threads(4, many_questions, r);
    mts_reward_free(&r);
    assert_no_children();
}

/* Whether the process is gone, or nobody's child any more and waiting to be reaped, within a second. */
static bool goes(pid_t pid)
{
    for (int i = 0; i < 100; i++) { /* whoever inherited it may take a moment to reap it */
        char path[64], line[512] = "";
        snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
        FILE *f = fopen(path, "r");
        bool gone = !f || (fgets(line, sizeof line, f) && strstr(line, ") Z ")) || kill(pid, 0) != 0;
        if (f) {
            fclose(f);
        }
        if (gone) {
            return true;
        }
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return false;
}

/* The file that a sentence names at its end. */
static const char *named_file(const MtsError *err)
{
    const char *comma = strrchr(err->text, ',');
    assert_non_null(comma);
    return comma + 2;
}

/* What a program writes to standard error is where the sentence says, and nowhere else. */
static void own_output_is_told_of(void **state)
{
    (void)state;
    char folder[] = "/tmp/maxts-test-XXXXXX", spec[256], path[128], *text;
    MtsError err = {0};
    size_t size;
    double v = NAN;
    assert_non_null(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
    assert_int_equal(
        ask_once("command:echo Traceback >&2; echo 'NameError: \033x' >&2; echo >&2; exit 1", "t", &v, &err),
        MTS_EREWARD);
    assert_non_null(strstr(err.text, "exit status 1 before it answered; \"NameError: "));
    assert_null(strchr(err.text, '\033'));
    snprintf(path, sizeof path, "%s", named_file(&err));
    assert_true(strncmp(path, folder, strlen(folder)) == 0);
    MtsError none = {0};
    assert_ok(mts_read_file(path, 4096, &text, &size, &none), &none);
    assert_non_null(strstr(text, "Traceback\n"));
    free(text);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ask_once("command:exit 1", "t", &v, &err), MTS_EREWARD); /* it said nothing */
    assert_null(strstr(err.text, folder));
    assert_ok(ask_once("command:echo hello >&2; " COUNTING, "t", &v, &err), &err);
    assert_int_equal(rmdir(folder), 0); /* nothing is left there */
    assert_non_null(mkdtemp(strcpy(folder, "/tmp/maxts-test-XXXXXX")));
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(spec, sizeof spec, "command:log=%s echo hello >&2; %s", path, COUNTING);
    assert_ok(ask_once(spec, "t", &v, &err), &err);
    assert_ok(ask_once(spec, "t", &v, &err), &err);
    assert_ok(mts_read_file(path, 4096, &text, &size, &none), &none);
    assert_string_equal(text, "hello\nhello\n");
    free(text);
    assert_int_equal(unlink(path) | rmdir(folder), 0);
    unsetenv("TMPDIR");
    assert_int_equal(ask_once("command:log=/no-such/folder/log true", "t", &v, &err), MTS_EIO);
}

/* A descendant that has left the group, and one of its own. */
static void descendants_end_too(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsReward *r = NULL;
    const MtsRewardInput input = {"p", NULL, NULL, NULL};
    double v = NAN, other;
    if (access("/proc/self/environ", R_OK) != 0) {
        skip();
    }
    assert_ok(mts_reward_new(
                  &r, "command:exec 3<&0; setsid sh -c 'sleep 600 & read -r l; echo $$; exec sleep 600' <&3 & wait",
                  &input, &err),
              &err);
    assert_ok(mts_reward_score(r, "t", 1, -1, 1, true, &v, &err), &err);
    mts_reward_free(&r);
    assert_true(v > 1);
    assert_ok(mts_reward_new(&r, "command:read -r l; (setsid sleep 600 & echo $!); read -r l", &input, &err), &err);
    assert_ok(mts_reward_score(r, "t", 1, -1, 1, true, &other, &err), &err);
    assert_int_equal(kill((pid_t)other, 0), 0);
    mts_reward_free(&r);
    assert_true(goes((pid_t)v) && goes((pid_t)other));
    assert_no_children();
}

/* A program that ignores the end of its input, and what it has started, are ended all the same. */
static void stubborn_programs_end(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsReward *r = NULL;
    const MtsRewardInput input = {"p", NULL, NULL, NULL};
    double v = NAN, begun = mts_seconds();
    assert_ok(mts_reward_new(&r, "command:trap '' TERM; sleep 600 & read -r l; echo $!; sleep 600", &input, &err),
              &err);
    assert_ok(mts_reward_score(r, "t", 1, -1, 1, true, &v, &err), &err);
    pid_t below = (pid_t)v;
    assert_true(below > 1 && kill(below, 0) == 0);
    mts_reward_free(&r);
    assert_true(mts_seconds() - begun < 300);
    assert_true(goes(below));
    assert_no_children();
}

static void *one_question(void *reward)
{
    MtsError err = {0};
    double v;
    return mts_reward_score(reward, "t", 1, -1, 1, true, &v, &err) ? reward : NULL;
}

/* Copies that ignore the end of their input are waited for at the same time: each has 1 s and twice its answer's. */
static void stubborn_copies_end_together(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsReward *r = NULL;
    const MtsRewardInput input = {"p", NULL, NULL, NULL};
    assert_ok(mts_reward_new(&r, "command:read -r l; sleep 0.5; echo 1; sleep 600", &input, &err), &err);
    on_threads(8, one_question, r);
    double begun = mts_seconds();
    assert_ok(mts_reward_finish(r, &err), &err);
    assert_true(mts_seconds() - begun < 10); /* one after another: 16 */
    mts_reward_free(&r);
    assert_no_children();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_lives_on),
        cmocka_unit_test(the_question_is_one_json_line),
        cmocka_unit_test(bad_programs),
        cmocka_unit_test(large_questions),
        cmocka_unit_test(answers_repeat_the_number),
        cmocka_unit_test(shifted_answers_are_not_used),
        cmocka_unit_test(programs_inherit_nothing),
        cmocka_unit_test(memory_is_limited),
        cmocka_unit_test(processor_time_is_limited),
        cmocka_unit_test(standard_error_is_limited),
        cmocka_unit_test(own_output_is_told_of),
        cmocka_unit_test(descendants_end_too),
        cmocka_unit_test(several_threads),
        cmocka_unit_test(stubborn_programs_end),
        cmocka_unit_test(stubborn_copies_end_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
