/* libFuzzer target: any bytes as a grammar, GBNF or Lark's, and a text (language.h). */
#include "language.h"

static void check(const char *source, size_t source_size, const char *text, size_t size, bool taken)
{
    (void)source;
    (void)source_size;
    (void)text;
    (void)size;
    (void)taken;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    return language_run(MTS_CONSTRAINT_GRAMMAR, check, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
