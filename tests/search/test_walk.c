/* The numbers of docs/algorithm.md, "One table by hand", come from the program and stand there as it computes them. */
#include "support.h"

#include "core/file.h"
#include "core/mem.h"

static MtsSearch *run_walk(const MtsTable *table, size_t rollouts)
{
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.sweep = 0;
    s.best_first = s.index_power = s.level = 0;
    s.seed = 3;
    s.rollouts = rollouts;
    return run_table(table, &s, NULL);
}

static void the_walk_in_the_docs_holds(void **state)
{
    (void)state;
    MtsTable *table = NULL;
    MtsError err = {0};
    char *doc = NULL;
    size_t size;
    MtsTableExact exact;
    MtsBytes b = {0};
    assert_ok(mts_table_open(&table, test_path("docs/walk.json"), &err), &err);
    assert_ok(mts_read_file(test_path("docs/algorithm.md"), 1u << 20, &doc, &size, &err), &err);
    assert_ok(mts_table_exact(table, 1, &exact, &err), &err);
    mts_bytes_printf(&b, "Z %.6f   log Z %.6f   E[r] %.6f   KL %.6f\n", exp(exact.log_z), exact.log_z,
                     exact.expected_reward, exact.kl);
    for (size_t n = 1; n <= 4; n++) {
        MtsSearch *run = run_walk(table, n);
        const MtsRollout *r = run->log[n - 1];
        int32_t tokens[2];
        double known[3];
        mts_node_tokens(r->node, tokens);
        run->ops->inspect(run, run->nodes.root, known);
        mts_bytes_printf(&b, "%zu  %d,%d  %.6f * %.6f  %.6f  %.6f  %.6f  %.6f  %.6f\n", n, (int)tokens[0],
                         (int)tokens[1], exp(r->choices[0].log_q), exp(r->choices[1].log_q), exp(r->log_z),
                         exp(known[0]), exp(known[1]), exp(run->ops->value(run, run->nodes.root)), exp(run_log_z(run)));
        mts_search_free(&run);
    }
    for (char *line = strtok(b.data, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strstr(doc, line)) {
            print_error("docs/algorithm.md lacks: %s\n", line);
            err.code = 1;
        }
    }
    assert_int_equal(err.code, 0);
    mts_bytes_free(&b);
    free(doc);
    mts_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_walk_in_the_docs_holds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
