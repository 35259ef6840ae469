/* kernels/kernels.c - the table, filled with C first and then overwritten upward by CPU flag, and the loops round the
 * tiles. */
#include "kernels/forms.h"

#include <string.h>

#include "core/cpu.h"
#include "core/mem.h"
#include "kernels/arm/arm.h"
#include "kernels/ref/ref.h"
#include "kernels/x86/x86.h"

void mts_kernels_init(MtsKernels *kernels, uint32_t cpu_flags)
{
    memset(kernels, 0, sizeof *kernels);
    mts_ref_fill(kernels);
#if defined(__x86_64__)
    if (cpu_flags & MTS_CPU_AVX2) {
        mts_avx2_fill(kernels);
    }
    if (cpu_flags & MTS_CPU_AVXVNNI) {
        mts_avxvnni_fill(kernels);
    }
    if (cpu_flags & MTS_CPU_AVX512) {
        mts_avx512_fill(kernels);
    }
    if (cpu_flags & MTS_CPU_AVX512VNNI) {
        mts_avx512vnni_fill(kernels);
    }
    if (cpu_flags & MTS_CPU_AMX) {
        mts_amx_fill(kernels);
    }
#elif defined(__aarch64__)
    if (cpu_flags & MTS_CPU_NEON) {
        mts_neon_fill(kernels);
    }
    if (cpu_flags & MTS_CPU_DOTPROD) {
        mts_dotprod_fill(kernels);
    }
    if (cpu_flags & MTS_CPU_I8MM) {
        mts_i8mm_fill(kernels);
    }
#else
    (void)cpu_flags;
#endif
}

void mts_ref_fill(MtsKernels *kernels)
{
    kernels->name = "scalar";
    mts_ref_fill_matmul(kernels);
    mts_ref_fill_rows(kernels);
    mts_ref_fill_attention(kernels);
    mts_ref_fill_logits(kernels);
    mts_ref_fill_probe(kernels);
}

size_t mts_acts_size(size_t rows, size_t cols)
{
    size_t panels, bytes;
    if (!mts_size_add(rows, MTS_PANEL - 1, &panels) || !mts_size_mul(panels / MTS_PANEL, cols / 32, &bytes) ||
        !mts_size_mul(bytes, sizeof(MtsActBlock), &bytes)) {
        return 0;
    }
    return bytes;
}

bool mts_matmul_by_product(const MtsKernels *kernels, const MtsWeights *w, size_t rows)
{
    return kernels->product[w->type] && rows >= w->product_from;
}

/* Groups that make up about this much stay in the second-level cache while all activations pass by. */
enum { CHUNK_BYTES = 256 * 1024 };

static size_t chunk_end(const MtsWeights *w, size_t g, size_t g1)
{
    size_t count = CHUNK_BYTES / w->group_bytes + 1;
    return g1 - g < count ? g1 : g + count;
}

void mts_matmul(const MtsKernels *kernels, const MtsWeights *w, size_t g0, size_t g1, const MtsActBlock *acts,
                size_t s0, size_t s1, float *y, size_t stride, bool add, MtsNext next)
{
    size_t blocks = w->cols / 32;
    const unsigned char *first = w->data + g0 * w->group_bytes;
    if (mts_matmul_by_product(kernels, w, s1 - s0)) {
        kernels->product[w->type](first, g1 - g0, w->group_bytes, w->cols, acts, s0, s1, y + g0 * MTS_GROUP, stride,
                                  add, next);
        return;
    }
    for (size_t chunk = g0; chunk < g1;) {
        size_t end = chunk_end(w, chunk, g1);
        for (size_t s = s0; s < s1;) {
            size_t lane = s % MTS_PANEL, n = s1 - s < MTS_PANEL - lane ? s1 - s : MTS_PANEL - lane;
            for (size_t g = chunk; g < end; g++) {
                const unsigned char *ahead = s > s0 ? NULL : mts_ahead(first, g1 - g0, w->group_bytes, g - g0, next);
                kernels->tile[w->type](w->data + g * w->group_bytes, w->cols, acts + s / MTS_PANEL * blocks, lane, n,
                                       y + s * stride + g * MTS_GROUP, stride, add, ahead);
            }
            s += n;
        }
        chunk = end;
    }
}

void mts_matmul_f32(const MtsKernels *kernels, const MtsWeights *w, size_t g0, size_t g1, const float *x,
                    size_t x_stride, size_t s0, size_t s1, float *y, size_t y_stride, bool add)
{
    for (size_t chunk = g0; chunk < g1;) {
        size_t end = chunk_end(w, chunk, g1);
        for (size_t s = s0; s < s1;) {
            size_t n = s1 - s < MTS_PANEL ? s1 - s : MTS_PANEL;
            for (size_t g = chunk; g < end; g++) {
                kernels->tile_f32[w->type](w->data + g * w->group_bytes, w->cols, x + s * x_stride, x_stride, n,
                                           y + s * y_stride + g * MTS_GROUP, y_stride, add);
            }
            s += n;
        }
        chunk = end;
    }
}
