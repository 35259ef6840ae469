/* tests/fuzz/fuzz.h - what the targets share: an allocator that fails, a file for the input, what a failure must say.
 *
 * Each input is run as it is. One in four, by its hash, is run once more with one allocation failing, which one says
 * the hash too, and so whether all behind it fail too: then it must end in a sentence, or in the very result of the
 * first run. MAXTS_FUZZ_EACH=N: of every input each allocation fails in turn, N of them where there are more, once
 * alone and once with all behind it. A call of PCRE2 that makes something, or matches, is one allocation.
 *
 * No run leaves a block, an object of PCRE2 or a descriptor: counted here, so that it is seen without sanitizers. A run
 * that has left something is repeated; what it keeps on purpose (a cache) it does not keep again. MAXTS_FUZZ_SHOW:
 * where the allocation stands that fails. */
#ifndef MTS_TESTS_FUZZ_H
#define MTS_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Runs one input and returns a hash of all that came out of it; 0: it was refused. */
typedef uint64_t FuzzRun(const uint8_t *data, size_t size);

/* Five seconds of processor time for an input, sanitizers included; what takes longer counts as a crash: unlike
 * libFuzzer's own limit this one does not fire because the machine is busy. */
int fuzz_input(FuzzRun *run, const uint8_t *data, size_t size);

/* Between the two no allocation counts or fails: a target's own judge is at work. */
void fuzz_judge(void);
void fuzz_judged(void);

/* hash goes on over these bytes; begins at FUZZ_HASH, and is never 0. */
#define FUZZ_HASH UINT64_C(14695981039346656037)
uint64_t fuzz_hash(uint64_t hash, const void *data, size_t size);

/* Aborts with what was promised unless it holds. */
void fuzz_require(bool holds, const char *what);

/* Aborts unless rc is a code with one sentence; returns 0, the hash of what was refused. */
uint64_t fuzz_refused(int rc, const MtsError *err);

/* A path in a scratch folder, the same for a name every time, valid until the next call. fuzz_file() also writes a file
 * of these bytes there, anew. */
const char *fuzz_path(const char *name);
const char *fuzz_file(const char *name, const void *data, size_t size);

/* Of LLVMFuzzerInitialize(): writes seeds to the directory named by MAXTS_FUZZ_SEEDS, if it is. */
int fuzz_seeds(int *argc, char ***argv, void (*write_seeds)(const char *directory));

int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
