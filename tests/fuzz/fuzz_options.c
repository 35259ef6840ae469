/* libFuzzer target: any bytes as a command line. The first chooses the command, the rest are its words, each on a line.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "core/mem.h"
#include "fuzz.h"

enum { COMMANDS = 16, MOST_WORDS = 64 };

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

/* Every value lies where --help says. */
static uint64_t check(const Option *options, size_t n, unsigned command, const Args *args)
{
    uint64_t hash = FUZZ_HASH;
    for (size_t i = 0; i < n; i++) {
        const Option *o = &options[i];
        const void *at = (const char *)args + o->offset;
        if (!(o->commands & command)) {
            continue;
        }
        if (o->kind == OPTION_SIZE && *(const size_t *)at != CLI_NO_SIZE) {
            double v = (double)*(const size_t *)at;
            fuzz_require(v >= o->min && v <= o->max, "a size lies in its range");
            hash = fuzz_hash(hash, at, sizeof(size_t));
        } else if (o->kind == OPTION_REAL && !isnan(*(const double *)at)) {
            fuzz_require(*(const double *)at >= o->min && *(const double *)at <= o->max, "a real lies in its range");
            hash = fuzz_hash(hash, at, sizeof(double));
        } else if (o->kind == OPTION_CHOICE && *(const char *const *)at) {
            size_t place = options_choice(o->value, *(const char *const *)at);
            fuzz_require(place < options_choice(o->value, ""), "a choice is one of its words");
            hash = fuzz_hash(hash, &place, sizeof place);
        }
    }
    return hash;
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
    unsigned command = 1u << data[0] % COMMANDS;
    int count = split(text, words);
    Args args = {.operands = operands};
    MtsError err = {0};
    options_clear(options, n, &args);
    int rc = options_parse(options, n, command, "command", count, words, &args, operands, MOST_WORDS / 8, &err);
    uint64_t hash = rc ? fuzz_refused(rc, &err) : check(options, n, command, &args);
    free(text);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
