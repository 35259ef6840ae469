/* tests/fuzz/values.h - what a command line or a file of settings has set. */
#ifndef MTS_TESTS_FUZZ_VALUES_H
#define MTS_TESTS_FUZZ_VALUES_H

#include <math.h>

#include "cli/args.h"
#include "fuzz.h"

/* Every value lies where --help says; their hash. */
static inline uint64_t values_check(const Option *options, size_t n, unsigned command, const Args *args)
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

#endif
