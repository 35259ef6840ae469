/* libFuzzer target: any bytes as a command line. The first chooses the command, the rest are its words, each on a line.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "fuzz.h"
#include "values.h"

enum { MOST_WORDS = 64 };

/* Cuts text at its newlines. */
static int split(char *text, char **words)
{
    int count = 0;
    for (char *end; *text && count < MOST_WORDS; text = end) {
        words[count++] = text;
        end = text + strcspn(text, "\n");
        if (*end) {
            *end++ = '\0';
        }
    }
    return count;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    char *text = size ? mts_strndup((const char *)data + 1, size - 1) : NULL;
    if (!text) {
        return 0;
    }
    size_t n;
    const Option *options = args_options(&n);
    char *words[MOST_WORDS];
    const char *operands[MOST_WORDS] = {0};
    unsigned command = 1u << data[0] % CMD_BITS;
    int count = split(text, words);
    Args args = {.operands = operands};
    MtsError err = {0};
    options_clear(options, n, &args);
    int rc = options_parse(options, n, command, "command", count, words, &args, operands, MOST_WORDS / 8, &err);
    uint64_t hash = rc ? fuzz_refused(rc, &err) : values_check(options, n, command, &args);
    free(text);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
