/* Reward programs: good ones, and every way to be a bad one. The programs are shell lines, so that the test needs
 * nothing but /bin/sh. */
#include "../test.h"

#include <errno.h>
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
    const MtsRewardInput input = {"say \"hi\"\n", NULL};
    int rc = mts_reward_new(&r, spec, &input, err);
    if (rc == MTS_OK) {
        rc = mts_reward_score(r, text, strlen(text), -1.5, 3, true, value, err);
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
    const MtsRewardInput input = {"p", NULL};
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
        "{\"prompt\":\"say \\\"hi\\\"\\n\",\"text\":\"a\\nb\",\"finished\":true,\"logprob\":-1.5,\"tokens\":3}";
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
        {"command:read -r l; echo nonsense", "answered \"nonsense\", not {\"reward\": number}"},
        {"command:read -r l; echo", "answered \"\""},
        {"command:read -r l; echo NaN", "answered \"NaN\""},
        {"command:read -r l; echo '{\"score\": 1}'", "answered"},
        {"command:read -r l; echo '{\"reward\": \"1\"}'", "answered"},
        {"command:read -r l; echo '{\"error\": \"no licence\"}'", "says: no licence"},
        {"command:read -r l; printf '1\\n2\\n'", "more than one line"},
        {"command:head -c 3000000 /dev/zero", "longer than 1048576 bytes"},
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

static void several_threads(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsReward *r = NULL;
    const MtsRewardInput input = {"p", NULL};
    pthread_t threads[4];
    assert_ok(mts_reward_new(&r, "command:" COUNTING, &input, &err), &err);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, many_questions, r), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    mts_reward_free(&r);
    assert_no_children();
}

/* A program that ignores the end of its input, and what it has started, are ended all the same. */
static void stubborn_programs_end(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsReward *r = NULL;
    const MtsRewardInput input = {"p", NULL};
    double v = NAN, begun = mts_seconds();
    assert_ok(mts_reward_new(&r, "command:trap '' TERM; sleep 600 & read -r l; echo $!; sleep 600", &input, &err),
              &err);
    assert_ok(mts_reward_score(r, "t", 1, -1, 1, true, &v, &err), &err);
    pid_t below = (pid_t)v;
    assert_true(below > 1 && kill(below, 0) == 0);
    mts_reward_free(&r);
    assert_true(mts_seconds() - begun < 300);
    bool gone = false;
    for (int i = 0; i < 10000 && !gone; i++) { /* whoever inherited it may take a moment to reap it */
        char path[64], line[512] = "";
        snprintf(path, sizeof path, "/proc/%ld/stat", (long)below);
        FILE *f = fopen(path, "r");
        gone = !f || (fgets(line, sizeof line, f) && strstr(line, ") Z "));
        gone = gone || kill(below, 0) != 0;
        if (f) {
            fclose(f);
        }
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    assert_true(gone);
    assert_no_children();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_lives_on), cmocka_unit_test(the_question_is_one_json_line),
        cmocka_unit_test(bad_programs),       cmocka_unit_test(large_questions),
        cmocka_unit_test(several_threads),    cmocka_unit_test(stubborn_programs_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
