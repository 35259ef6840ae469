/* examples/labels.c MODEL.gguf PROMPT LABEL ... - which label does a model find likeliest after a prompt?
 *
 * Every label is scored whole: log p(label | prompt) is the sum over its tokens. Nothing is searched or drawn; the
 * shares are what is left when the answer must be one of the labels. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <maxts/maxts.h>

/* log p(label | prompt), nats. The prompt's tokens stay in front of the label's, so that all labels share them. */
static int label_logp(const MtsEngine *engine, const char *prompt, const char *label, double *logp, MtsError *err)
{
    const MtsTokenizer *tokenizer = mts_engine_tokenizer(engine);
    MtsTokens tokens = {0};
    MtsScored *scored = NULL;
    int rc = mts_engine_chat(engine, NULL, prompt, &tokens, err);
    size_t before = tokens.count;
    *logp = 0;
    if (rc == 0 && (rc = mts_tokenize(tokenizer, label, strlen(label), false, false, &tokens, err)) == 0 &&
        (rc = mts_engine_score(engine, tokens.ids, tokens.count, 0, &scored, err)) == 0) {
        for (size_t t = before; t < tokens.count; t++) {
            *logp -= scored->nll[t - 1]; /* of token t */
        }
    }
    mts_scored_free(&scored);
    mts_tokens_free(&tokens);
    return rc;
}

int main(int argc, char **argv)
{
    enum { MOST = 16 };
    double logp[MOST], best = -HUGE_VAL, sum = 0;
    int labels = argc - 3;
    MtsEngine *engine = NULL;
    MtsError err = {.text = "usage: labels MODEL.gguf PROMPT LABEL ... (1 to 16)"};
    int rc = labels < 1 || labels > MOST ? MTS_EREQUEST : mts_engine_open(&engine, argv[1], NULL, &err);
    for (int i = 0; i < labels && !rc; i++) {
        rc = label_logp(engine, argv[2], argv[3 + i], &logp[i], &err);
        best = rc ? best : fmax(best, logp[i]);
    }
    for (int i = 0; i < labels && !rc; i++) {
        sum += exp(logp[i] - best);
    }
    for (int i = 0; i < labels && !rc; i++) {
        printf("%-10s log p %8.3f  share %.3f\n", argv[3 + i], logp[i], exp(logp[i] - best) / sum);
    }
    if (rc) {
        fprintf(stderr, "labels: %s\n", err.text);
    }
    mts_engine_free(&engine);
    return mts_exit_status(rc);
}
