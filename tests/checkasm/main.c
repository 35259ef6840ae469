/* checkasm [--bench] [--only NAME] [--seed N]: tests every table that this processor can use, from the narrowest up.
 * Exits 0 when all kernels equal their twins, 1 when one does not or none was tested, 77 on a processor without any
 * feature. With --bench each kernel also says how fast it is. */
#include "checkasm.h"

#include <signal.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "core/cpu.h"

static Check check;

bool check_begin(Check *c, const char *name, void (*scalar)(void), void (*vector)(void))
{
    if (!vector || vector == scalar || (c->only && !strstr(name, c->only))) {
        return false;
    }
    for (size_t i = 0; i < c->seen_count; i++) {
        if (c->seen[i] == vector) {
            return false;
        }
    }
    if (c->seen_count == sizeof c->seen / sizeof c->seen[0]) {
        fprintf(stderr, "checkasm: more kernels than the list of tested ones holds\n");
        exit(1);
    }
    c->seen[c->seen_count++] = vector;
    c->name = name;
    c->tested++;
    return true;
}

static void (*failed_kernel)(void);

void check_fail(Check *c, const char *fmt, ...)
{
    static size_t printed;
    if (printed++ < 20) {
        va_list args;
        va_start(args, fmt);
        fprintf(stderr, "%s %s: ", c->vector->name, c->name);
        vfprintf(stderr, fmt, args);
        fprintf(stderr, "\n");
        va_end(args);
    }
    void (*kernel)(void) = c->seen[c->seen_count - 1];
    c->failed += kernel != failed_kernel;
    failed_kernel = kernel;
}

void check_floats(Check *c, const float *got, const float *want, size_t n, const char *what, size_t a, size_t b)
{
    for (size_t i = 0; i < n; i++) {
        if (!same_float(got[i], want[i])) {
            check_fail(c, "%s %zu, %zu: element %zu of %zu is %a, not %a", what, a, b, i, n, (double)got[i],
                       (double)want[i]);
            return;
        }
    }
}

double check_rate(void (*run)(void *data), void *data)
{
    double best = 0;
    for (int i = 0; i < 3; i++) {
        struct timespec t0, t1;
        double seconds = 0;
        size_t calls = 0;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t0);
        for (size_t many = 1; seconds < 0.05; many *= 2) {
            for (size_t j = 0; j < many; j++) {
                run(data);
            }
            calls += many;
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t1);
            seconds = (double)(t1.tv_sec - t0.tv_sec) + 1e-9 * (double)(t1.tv_nsec - t0.tv_nsec);
        }
        best = (double)calls / seconds > best ? (double)calls / seconds : best;
    }
    return best;
}

/* A kernel that left its buffers ends here. */
static void crashed(int signal)
{
    static const char words[] = ": touched memory beyond its buffers\n";
    ssize_t ignored = write(2, check.vector->name, strlen(check.vector->name));
    ignored += write(2, " ", 1);
    ignored += write(2, check.name, strlen(check.name));
    ignored += write(2, words, sizeof words - 1);
    (void)ignored;
    (void)signal;
    _exit(1);
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--bench") == 0) {
            check.bench = true;
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            check.only = argv[++i];
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 0);
        } else {
            fprintf(stderr, "usage: checkasm [--bench] [--only NAME] [--seed N]\n");
            return 2;
        }
    }
    signal(SIGSEGV, crashed);
    signal(SIGBUS, crashed);

    uint32_t cpu;
    char bad[64];
    if (mts_cpu_flags(NULL, &cpu, bad, sizeof bad) != 0) {
        fprintf(stderr, "checkasm: MAXTS_CPU_MASK: unknown feature \"%s\"\n", bad);
        return 2;
    }
    if (cpu == 0) {
        fprintf(stderr, "checkasm: skipped, this processor (or MAXTS_CPU_MASK) has no feature beyond scalar C\n");
        return 77;
    }
    MtsKernels scalar, vector;
    mts_kernels_init(&scalar, 0);
    check.scalar = &scalar;
    check.vector = &vector;
    for (uint32_t flag = 1; flag && flag <= cpu;
         flag <<= 1) { /* features in the order in which they build on each other */
        if (!(cpu & flag)) {
            continue;
        }
        mts_kernels_init(&vector, cpu & (2 * flag - 1));
        check.rng = mts_rng(seed, flag, 0);
        size_t before = check.tested;
        check_matmul(&check);
        check_rows(&check);
        check_attention(&check);
        check_logits(&check);
        char names[128];
        printf("%-40s %s: %zu kernels\n", mts_cpu_names(cpu & (2 * flag - 1), names, sizeof names), vector.name,
               check.tested - before);
    }
    printf("%zu kernels tested, %zu failed (seed %llu)\n", check.tested, check.failed, (unsigned long long)seed);
    if (check.tested == 0 && !check.only) {
        fprintf(stderr, "checkasm: nothing was tested\n");
    }
    return check.tested == 0 || check.failed > 0;
}
