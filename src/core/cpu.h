/* core/cpu.h - what this processor can do, and stepping down from it on request. */
#ifndef MTS_CORE_CPU_H
#define MTS_CORE_CPU_H

#include <stddef.h>
#include <stdint.h>

enum {
    MTS_CPU_AVX2 = 1u << 0,       /* with FMA, F16C and BMI2 */
    MTS_CPU_AVXVNNI = 1u << 1,    /* VEX-coded vpdpbusd */
    MTS_CPU_AVX512 = 1u << 2,     /* F, BW, DQ, VL */
    MTS_CPU_AVX512VNNI = 1u << 3, /* EVEX-coded vpdpbusd, with VBMI */
    MTS_CPU_AMX = 1u << 4,        /* TILE and INT8, permitted by the kernel */
    MTS_CPU_NEON = 1u << 5,
    MTS_CPU_DOTPROD = 1u << 6,
    MTS_CPU_I8MM = 1u << 7
};

/* What the processor and the operating system allow, without any mask. */
uint32_t mts_cpu_detect(void);

/* mts_cpu_detect() stepped down by `mask`: a comma-separated list of features to do without
 * ("avx512vnni,amx"), or "scalar" for none at all; NULL or "" removes nothing. Removing a feature
 * removes those that build on it (avx2 removes avxvnni, avx512, avx512vnni, amx). When mask is
 * NULL the environment variable MAXTS_CPU_MASK is read instead. Returns 0 and the flags, or -1
 * with the first unknown word in `bad` (at most badlen bytes, NUL-terminated). */
int mts_cpu_flags(const char *mask, uint32_t *flags, char *bad, size_t badlen);

/* The flags as "avx2 avx512 ..." in `out`; "scalar" when there are none. Returns out. */
char *mts_cpu_names(uint32_t flags, char *out, size_t outlen);

/* The kind of processor this is, fit for a file's name ("GenuineIntel-6-143-8"), in `out`; "" where it cannot be told.
 * Returns out. */
char *mts_cpu_model(char *out, size_t outlen);

#endif
