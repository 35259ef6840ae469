/* compare_ids MODEL.gguf REFERENCE.json: token ids against those that tools/tokenizer_reference.py wrote. Exits 0 when
 * every text has the same ids. */
#include "cases.h"

int main(int argc, char **argv)
{
    MtsError err = {0};
    MtsTokenizer *tokenizer;
    if (argc != 3) {
        fputs("usage: compare_ids MODEL.gguf REFERENCE.json\n", stderr);
        return 2;
    }
    if (mts_tokenizer_open(&tokenizer, argv[1], &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    size_t count;
    int different = compare_cases(tokenizer, argv[2], &count);
    mts_tokenizer_free(&tokenizer);
    printf("%zu texts, %d with other ids\n", count, different);
    return different == 0 && count > 0 ? 0 : 1;
}
