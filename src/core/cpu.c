/* core/cpu.c - what CPUID says, and what is left of it after the mask. */
#if defined(__linux__)
#define _GNU_SOURCE /* syscall() */
#endif
#include "core/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

static const struct {
    const char *name;
    uint32_t flag, needs; /* needs: what must be there as well */
} features[] = {
    {"avx2", MTS_CPU_AVX2, 0},
    {"avxvnni", MTS_CPU_AVXVNNI, MTS_CPU_AVX2},
    {"avx512", MTS_CPU_AVX512, MTS_CPU_AVX2},
    {"avx512vnni", MTS_CPU_AVX512VNNI, MTS_CPU_AVX2 | MTS_CPU_AVX512},
    {"amx", MTS_CPU_AMX, MTS_CPU_AVX2 | MTS_CPU_AVX512 | MTS_CPU_AVX512VNNI},
    {"neon", MTS_CPU_NEON, 0},
    {"dotprod", MTS_CPU_DOTPROD, MTS_CPU_NEON},
    {"i8mm", MTS_CPU_I8MM, MTS_CPU_NEON | MTS_CPU_DOTPROD},
};
enum { FEATURES = sizeof features / sizeof features[0] };

static uint32_t drop_unsupported(uint32_t flags)
{
    for (int i = 0; i < FEATURES; i++) {
        if ((flags & features[i].needs) != features[i].needs) {
            flags &= ~features[i].flag;
        }
    }
    return flags;
}

#if defined(__x86_64__)
static uint64_t xcr0(void)
{
    uint32_t lo, hi;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}

/* Linux hands out the 8 KiB tile state only to processes that ask (arch_prctl ARCH_REQ_XCOMP_PERM). */
static int amx_permitted(void)
{
#if defined(__linux__) && defined(SYS_arch_prctl)
    return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
    return 0;
#endif
}

uint32_t mts_cpu_detect(void)
{
    uint32_t a, b, c, d, flags = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) {
        return 0;
    }
    int fma = (c & bit_FMA) != 0, f16c = (c & bit_F16C) != 0;
    uint64_t state = xcr0();
    int ymm = (state & 0x6) == 0x6, zmm = (state & 0xE6) == 0xE6, tiles = (state & 0x60000) == 0x60000;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        return 0;
    }
    uint32_t leaves = a;
    if (ymm && fma && f16c && (b & bit_AVX2) && (b & bit_BMI2)) {
        flags |= MTS_CPU_AVX2;
    }
    if (zmm && (b & bit_AVX512F) && (b & bit_AVX512BW) && (b & bit_AVX512DQ) && (b & bit_AVX512VL)) {
        flags |= MTS_CPU_AVX512;
        if ((c & (1u << 11)) && (c & (1u << 1))) { /* AVX512_VNNI, AVX512_VBMI */
            flags |= MTS_CPU_AVX512VNNI;
        }
    }
    if (tiles && (d & (1u << 24)) && (d & (1u << 25)) && amx_permitted()) { /* AMX-TILE, AMX-INT8 */
        flags |= MTS_CPU_AMX;
    }
    if (leaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && ymm && (a & (1u << 4))) {
        flags |= MTS_CPU_AVXVNNI;
    }
    return drop_unsupported(flags);
}
#elif defined(__aarch64__)
uint32_t mts_cpu_detect(void)
{
    uint32_t flags = MTS_CPU_NEON; /* part of the base architecture */
#if defined(__linux__)
    unsigned long hwcap = getauxval(AT_HWCAP), hwcap2 = getauxval(AT_HWCAP2);
    if (hwcap & (1ul << 20)) { /* HWCAP_ASIMDDP */
        flags |= MTS_CPU_DOTPROD;
    }
    if (hwcap2 & (1ul << 13)) { /* HWCAP2_I8MM */
        flags |= MTS_CPU_I8MM;
    }
#endif
    return drop_unsupported(flags);
}
#else
uint32_t mts_cpu_detect(void)
{
    return 0;
}
#endif

int mts_cpu_flags(const char *mask, uint32_t *flags, char *bad, size_t badlen)
{
    *flags = mts_cpu_detect();
    if (!mask) {
        mask = getenv("MAXTS_CPU_MASK");
    }
    for (const char *p = mask ? mask : ""; *p;) {
        size_t len = strcspn(p, ", ");
        if (len == strlen("scalar") && memcmp(p, "scalar", len) == 0) {
            *flags = 0;
        } else if (len > 0) {
            int known = 0;
            for (int i = 0; i < FEATURES; i++) {
                if (strlen(features[i].name) == len && memcmp(p, features[i].name, len) == 0) {
                    *flags &= ~features[i].flag;
                    known = 1;
                }
            }
            if (!known) {
                snprintf(bad, badlen, "%.*s", (int)len, p);
                return -1;
            }
        }
        p += len;
        p += strspn(p, ", ");
    }
    *flags = drop_unsupported(*flags);
    return 0;
}

char *mts_cpu_names(uint32_t flags, char *out, size_t outlen)
{
    size_t at = 0;
    snprintf(out, outlen, "scalar");
    for (int i = 0; i < FEATURES; i++) {
        if ((flags & features[i].flag) && at < outlen) {
            int n = snprintf(out + at, outlen - at, "%s%s", at ? " " : "", features[i].name);
            at += n > 0 ? (size_t)n : 0;
        }
    }
    return out;
}

#if defined(__x86_64__)
char *mts_cpu_model(char *out, size_t outlen)
{
    uint32_t a, b, c, d, vendor[3];
    out[0] = 0;
    if (!__get_cpuid(0, &a, &vendor[0], &vendor[2], &vendor[1])) {
        return out;
    }
    if (!__get_cpuid(1, &a, &b, &c, &d)) {
        return out;
    }
    uint32_t family = a >> 8 & 15, model = a >> 4 & 15;
    model += family == 6 || family == 15 ? (a >> 16 & 15) << 4 : 0;
    family += family == 15 ? a >> 20 & 255 : 0;
    snprintf(out, outlen, "%.12s-%u-%u-%u", (const char *)vendor, family, model, a & 15);
    for (char *p = out; *p; p++) { /* hypervisors may say anything */
        *p = (char)((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ? *p : '-');
    }
    return out;
}
#else
char *mts_cpu_model(char *out, size_t outlen)
{
    (void)outlen;
    out[0] = 0;
    return out;
}
#endif
