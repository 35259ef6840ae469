/* examples/table.c FILE.json - search a table, whose answer can be computed beside it.
 *
 * A table (maxts/table.h) writes a small model and its rewards out whole. The search sees the model only where it
 * asks; the exact log Z stands beside what it found. */
#include <math.h>
#include <stdio.h>

#include <maxts/maxts.h>

int main(int argc, char **argv)
{
    MtsEngine *engine = NULL;
    MtsTextResult *found = NULL;
    MtsTableExact exact;
    MtsRequest request;
    MtsError err = {.text = "usage: table FILE.json"};
    int rc = argc == 2 ? MTS_OK : MTS_EREQUEST;
    if (rc || (rc = mts_engine_open(&engine, argv[1], NULL, &err))) {
        goto done;
    }
    if (!mts_engine_is_table(engine)) {
        snprintf(err.text, sizeof err.text, "%s is no table", argv[1]);
        rc = MTS_EREQUEST;
        goto done;
    }
    mts_request_defaults(engine, &request);
    request.search.rollouts = 8;
    request.search.lambda = 2; /* pi*(x) is p(x) exp(2 r(x)) / Z */
    if ((rc = mts_engine_search(engine, &request, &found, &err)) ||
        (rc = mts_table_exact(mts_engine_table(engine), request.search.lambda, &exact, &err))) {
        goto done;
    }
    for (size_t i = 0; i < found->search->answer_count; i++) {
        const MtsAnswer *a = &found->search->answers[i];
        printf("%-6s reward %5.2f  p %.4f  pi* %.4f\n", found->texts[i], a->reward, exp(a->logp), a->probability);
    }
    printf("log Z %.4f, exactly %.4f, after %zu texts\n", found->search->log_z, exact.log_z,
           found->search->rollouts_done);
done:
    if (rc) {
        fprintf(stderr, "table: %s\n", err.text);
    }
    mts_text_result_free(&found);
    mts_engine_free(&engine);
    return mts_exit_status(rc);
}
