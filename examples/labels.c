/* examples/labels.c MODEL.gguf PROMPT LABEL ... - which label does a model find likeliest after a prompt?
 *
 * Every way to spell a label counts, and so does that the answer ends there; nothing is searched or drawn. The shares
 * are what is left when the answer must be one of the labels. */
#include <stdio.h>

#include <maxts/maxts.h>

int main(int argc, char **argv)
{
    MtsEngine *engine = NULL;
    MtsTokens prompt = {0};
    MtsRequest request;
    MtsPosterior *posterior = NULL;
    MtsError err = {.text = "usage: labels MODEL.gguf PROMPT LABEL ..."};
    int rc = argc < 4 ? MTS_EREQUEST : mts_engine_open(&engine, argv[1], NULL, &err);
    if (rc || (rc = mts_engine_chat(engine, NULL, argv[2], &prompt, &err))) {
        goto done;
    }
    mts_request_defaults(engine, &request);
    request.prompt = prompt.ids;
    request.prompt_count = prompt.count;
    rc = mts_engine_choose(engine, &request, (const char *const *)argv + 3, (size_t)argc - 3, 1e-6, &posterior, &err);
    for (size_t i = 0; !rc && i < posterior->count; i++) {
        printf("%-10s log p %8.3f  share %.3f\n", argv[3 + i], posterior->options[i].logp,
               posterior->options[i].probability);
    }
done:
    if (rc) {
        fprintf(stderr, "labels: %s\n", err.text);
    }
    mts_posterior_free(&posterior);
    mts_tokens_free(&prompt);
    mts_engine_free(&engine);
    return mts_exit_status(rc);
}
