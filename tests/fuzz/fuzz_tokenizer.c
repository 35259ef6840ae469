/* libFuzzer target: any bytes as a text for one of the small vocabularies of tests/tokenizer (the first byte chooses).
 * Run from the source root, or with MAXTS_SOURCE_ROOT set. What is no UTF-8 must be refused; every other text must come
 * back, whole and as a stream that never breaks a character. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/tokenizer.h>

#include "core/utf8.h"
#include "fuzz.h"

/* What comes back: the text; the text with a space for each U+2581; or what the vocabulary leaves of it (some bytes
 * have no token, or spaces are put in). */
typedef enum Returns { EXACT, SPACED, LOSSY } Returns;

static const struct {
    const char *name;
    Returns returns;
} vocabularies[] = {
    {"gpt-2", EXACT}, {"smollm", LOSSY}, {"llama-bpe", EXACT}, {"qwen2", EXACT}, {"spm", SPACED}, {"spm-prefix", LOSSY},
};
enum { COUNT = sizeof vocabularies / sizeof *vocabularies };

static const MtsTokenizer *open_one(int which)
{
    static MtsTokenizer *opened[COUNT];
    if (!opened[which]) {
        char path[4096];
        MtsError err = {0};
        const char *root = getenv("MAXTS_SOURCE_ROOT");
        snprintf(path, sizeof path, "%s/tests/tokenizer/%s.gguf", root ? root : ".", vocabularies[which].name);
        if (mts_tokenizer_open(&opened[which], path, &err) != 0) {
            fprintf(stderr, "%s\n", err.text);
            abort();
        }
    }
    return opened[which];
}

/* Whether back is text, or text with a space for each U+2581. */
static void require_same(const char *text, size_t size, const char *back, size_t back_size, bool spaced)
{
    size_t k = 0;
    for (size_t i = 0; i < size; k++) {
        bool escape = spaced && size - i >= 3 && memcmp(text + i, "\xE2\x96\x81", 3) == 0;
        fuzz_require(k < back_size && back[k] == (escape ? ' ' : text[i]), "the text comes back");
        i += escape ? 3 : 1;
    }
    fuzz_require(k == back_size, "nothing more comes back");
}

/* What came back of the first n ids is UTF-8 and begins the whole; false: memory ran out. */
static bool check_streams(const MtsTokenizer *tokenizer, const MtsTokens *tokens, const char *whole, size_t whole_size)
{
    size_t stride = tokens->count / 16 + 1;
    for (size_t n = 0; n <= tokens->count; n += stride) {
        char *part;
        size_t part_size;
        MtsError err = {0};
        int rc = mts_detokenize(tokenizer, tokens->ids, n, true, &part, &part_size, &err);
        if (rc == MTS_ENOMEM) {
            return false;
        }
        fuzz_require(rc == 0, "a stream's part");
        fuzz_require(mts_utf8_valid_prefix(part, part_size) == part_size, "a part is UTF-8");
        fuzz_require(part_size <= whole_size && memcmp(part, whole, part_size) == 0, "a part begins the whole");
        free(part);
    }
    return true;
}

/* The text there and back; the hash of its ids, 0 where it is refused or memory ran out. */
static uint64_t there_and_back(int which, const char *text, size_t size, bool special)
{
    const MtsTokenizer *tokenizer = open_one(which);
    MtsTokens tokens = {NULL, 0, 0};
    MtsError err = {0};
    char *back = NULL;
    size_t back_size;
    int rc = mts_tokenize(tokenizer, text, size, special, special, &tokens, &err);
    if (rc != MTS_ENOMEM && mts_utf8_valid_prefix(text, size) < size) {
        fuzz_require(rc == MTS_EREQUEST && tokens.count == 0, "a text that is no UTF-8 is refused");
    }
    if (!rc) {
        rc = mts_detokenize(tokenizer, tokens.ids, tokens.count, false, &back, &back_size, &err);
    }
    if (rc) {
        mts_tokens_free(&tokens);
        fuzz_require(rc == MTS_EREQUEST || rc == MTS_ENOMEM, err.text);
        return fuzz_refused(rc, &err);
    }
    fuzz_require(mts_utf8_valid_prefix(back, back_size) == back_size, "the text is UTF-8");
    if (!special && vocabularies[which].returns != LOSSY) {
        require_same(text, size, back, back_size, vocabularies[which].returns == SPACED);
    }
    uint64_t hash = check_streams(tokenizer, &tokens, back, back_size)
                        ? fuzz_hash(FUZZ_HASH, tokens.ids, tokens.count * sizeof *tokens.ids)
                        : 0;
    free(back);
    mts_tokens_free(&tokens);
    return hash;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    int which = data[0] % COUNT;
    const char *text = (const char *)data + 1;
    uint64_t plain = there_and_back(which, text, size - 1, false);
    uint64_t special = plain ? there_and_back(which, text, size - 1, true) : 0;
    return special ? fuzz_hash(plain, &special, sizeof special) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    open_one(data[0] % COUNT); /* before an allocation fails */
    return fuzz_input(run, data, size);
}
