/* model/blas.c - OpenBLAS, opened when it is first asked for, or a part of this program (subprojects/openblas.wrap). */
#include "model/blas.h"

#include <config.h> /* the build's, not model/config.h */

#if MTS_HAVE_OPENBLAS
#if !MTS_OPENBLAS_LINKED
#include <dlfcn.h>
#endif
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"

/* cblas.h's numbers and types (LP64 interface). */
enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 };
typedef void SgemmFn(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
                     const float *b, int ldb, float beta, float *c, int ldc);
typedef char *CorenameFn(void);

static struct {
    SgemmFn *sgemm;
    const char *core;
    char reason[256]; /* why it could not be opened */
} blas;
static uint32_t wanted_cpu;

#if MTS_OPENBLAS_LINKED

extern SgemmFn cblas_sgemm;
extern CorenameFn openblas_get_corename;

static void load(void)
{
    const char *core = openblas_get_corename();
    if (strcmp(core, "HASWELL") == 0 && !(wanted_cpu & MTS_CPU_AVX2)) {
        snprintf(blas.reason, sizeof blas.reason, "this program's own part of it needs AVX2");
        return;
    }
    blas.core = core;
    blas.sgemm = cblas_sgemm;
}

#else

/* ISO C has no conversion of an object pointer to a function pointer; POSIX promises that the bits are the same. */
static bool resolve(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

typedef void SetThreadsFn(int threads);

/* OpenBLAS reads its environment as it is opened; whoever is started later has it as it was. A thread of its own, which
 * is never asked for, would end the process where it is refused. */
static void *open_library(void)
{
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libopenblas.dylib"};
    const char *core = wanted_cpu & MTS_CPU_AVX512 ? "SKYLAKEX" : wanted_cpu & MTS_CPU_AVX2 ? "HASWELL" : NULL;
    const char *set[][2] = {{"OPENBLAS_CORETYPE", core}, {"OPENBLAS_NUM_THREADS", "1"}};
    void *library = NULL;
    for (size_t i = 0; i < 2; i++) {
        if (!set[i][1] || getenv(set[i][0])) {
            set[i][0] = NULL;
        } else {
            setenv(set[i][0], set[i][1], 0);
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !library; i++) {
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    for (size_t i = 0; i < 2; i++) {
        if (set[i][0]) {
            unsetenv(set[i][0]);
        }
    }
    return library;
}

static void load(void)
{
    void *library = open_library();
    if (!library) {
        const char *why = dlerror();
        snprintf(blas.reason, sizeof blas.reason, "%s", why ? why : "not found");
        return;
    }
    CorenameFn *corename;
    SetThreadsFn *set_threads;
    SgemmFn *sgemm;
    if (!resolve(library, "openblas_get_corename", &corename) ||
        !resolve(library, "openblas_set_num_threads", &set_threads) || !resolve(library, "cblas_sgemm", &sgemm)) {
        snprintf(blas.reason, sizeof blas.reason, "it lacks cblas_sgemm or openblas_get_corename");
        dlclose(library);
        return;
    }
    set_threads(1);
    blas.core = corename();
    blas.sgemm = sgemm;
}

#endif

/* Where its buffer of 128 MiB cannot be had OpenBLAS 0.3.21 asks for it for ever; the rest is the library itself. */
static bool has_memory(void)
{
    void *volatile buffer = malloc((size_t)256 << 20); /* else a compiler may leave both calls out */
    free(buffer);
    return buffer != NULL;
}

int mts_blas_open(uint32_t cpu, MtsError *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    bool memory = true;
    pthread_mutex_lock(&lock);
    if (!blas.sgemm && !blas.reason[0] && (memory = has_memory())) {
        wanted_cpu = cpu;
        load();
    }
    pthread_mutex_unlock(&lock);
    if (!memory) {
        return mts_fail(err, MTS_ENOMEM, "OpenBLAS cannot be used: it needs 256 MiB of memory");
    }
    if (!blas.sgemm) {
        return mts_fail(err, MTS_EUNSUPPORTED, "OpenBLAS cannot be used: %s", blas.reason);
    }
    return MTS_OK;
}

const char *mts_blas_core(void)
{
    return blas.core;
}

void mts_blas_matmul(const MtsWeights *w, size_t g0, size_t g1, const float *x, size_t x_stride, size_t s, float *tile,
                     float *y, size_t y_stride, bool add)
{
    size_t end = g1 * MTS_GROUP < w->rows ? g1 * MTS_GROUP : w->rows;
    for (size_t r = g0 * MTS_GROUP, n; r < end; r += n) {
        n = end - r < MTS_BLAS_TILE ? end - r : MTS_BLAS_TILE;
        for (size_t i = 0; i < n; i++) {
            mts_unpack_row(w, r + i, tile + i * w->cols);
        }
        blas.sgemm(ROW_MAJOR, NO_TRANS, TRANS, (int)s, (int)n, (int)w->cols, 1.0f, x, (int)x_stride, tile, (int)w->cols,
                   add ? 1.0f : 0.0f, y + r, (int)y_stride);
    }
}

#else

int mts_blas_open(uint32_t cpu, MtsError *err)
{
    (void)cpu;
    return mts_fail(err, MTS_EUNSUPPORTED, "OpenBLAS cannot be used: this program was built without it");
}

const char *mts_blas_core(void)
{
    return NULL;
}

void mts_blas_matmul(const MtsWeights *w, size_t g0, size_t g1, const float *x, size_t x_stride, size_t s, float *tile,
                     float *y, size_t y_stride, bool add)
{
    /* never called: mts_blas_open() failed */
    (void)w, (void)g0, (void)g1, (void)x, (void)x_stride, (void)s, (void)tile, (void)y, (void)y_stride, (void)add;
}
#endif
