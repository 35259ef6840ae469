/* examples/search.c MODEL.gguf PROMPT - search a model's answers with a reward of one's own.
 *
 * The reward likes vowels: their share of the answer's letters, 0 to 1. It can be asked about half an answer, so
 * `prefixes` is set and guides the search at every token. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <maxts/maxts.h>

/* Called by the searching thread alone, for `workers` is 0. A failure would be a code, and a sentence in err->text. */
static int vowels(void *context, const MtsTextCandidate *candidate, double *value, MtsError *err)
{
    size_t letters = 0, found = 0;
    (void)err;
    for (size_t i = 0; i < candidate->size; i++) {
        int c = tolower((unsigned char)candidate->text[i]);
        letters += isalpha(c) != 0;
        found += isalpha(c) && strchr(context, c);
    }
    *value = letters ? (double)found / (double)letters : 0;
    return 0;
}

int main(int argc, char **argv)
{
    char which[] = "aeiou";
    const MtsRewardFunction reward = {.name = "vowels", .context = which, .prefixes = true, .score = vowels};
    MtsEngine *engine = NULL;
    MtsTextResult *found = NULL;
    MtsTokens prompt = {0};
    MtsRequest request;
    MtsError err = {.text = "usage: search MODEL.gguf PROMPT"};
    int rc = argc == 3 ? MTS_OK : MTS_EREQUEST;
    if (rc || (rc = mts_engine_open(&engine, argv[1], NULL, &err)) ||
        (rc = mts_engine_chat(engine, NULL, argv[2], &prompt, &err))) {
        goto done;
    }
    mts_request_defaults(engine, &request);
    request.prompt = prompt.ids;
    request.prompt_count = prompt.count;
    request.max_tokens = 12;
    request.reward_function = &reward;
    request.search.lambda = 5;
    if ((rc = mts_engine_search(engine, &request, &found, &err))) {
        goto done;
    }
    for (size_t i = 0; i < found->search->answer_count && i < 3; i++) {
        const MtsAnswer *a = &found->search->answers[i];
        printf("%s %.3f, log p %.3f: \"%s\"\n", found->reward, a->reward, a->logp, found->texts[i]);
    }
done:
    if (rc) {
        fprintf(stderr, "search: %s\n", err.text);
    }
    mts_text_result_free(&found);
    mts_tokens_free(&prompt);
    mts_engine_free(&engine);
    return mts_exit_status(rc);
}
