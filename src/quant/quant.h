/* quant/quant.h - the block layouts of GGUF's quantised types and their scalar (de)quantisation.
 *
 * Layouts and formulas follow the GGUF specification (ggml's docs/gguf.md and the type definitions there). */
#ifndef MTS_QUANT_QUANT_H
#define MTS_QUANT_QUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers are the file's own type ids. */
typedef enum MtsType {
    MTS_TYPE_F32 = 0,
    MTS_TYPE_F16 = 1,
    MTS_TYPE_Q4_0 = 2,
    MTS_TYPE_Q4_1 = 3,
    MTS_TYPE_Q5_0 = 6,
    MTS_TYPE_Q5_1 = 7,
    MTS_TYPE_Q8_0 = 8,
    MTS_TYPE_Q4_K = 12,
    MTS_TYPE_Q5_K = 13,
    MTS_TYPE_Q6_K = 14,
    MTS_TYPE_BF16 = 30
} MtsType;

/* Elements and bytes of one block (1 element for F32, F16, BF16); false for a type this library does not read. */
bool mts_type_block(uint32_t type, size_t *elements, size_t *bytes);
/* "Q4_K"; also of types that this library does not read; "unknown" for ids without a name. */
const char *mts_type_name(uint32_t type);

/* n (a multiple of the block) consecutive weights as fp32: exactly the value that the format defines, rounded once
 * (quant/blocks.h). `type` is one that mts_type_block() knows; blocks are aligned to 2 bytes (F32: 4). */
void mts_dequantize(MtsType type, const void *blocks, float *out, size_t n);

float mts_f16_to_f32(uint16_t h);
uint16_t mts_f32_to_f16(float f); /* round to nearest, ties to even; overflow to infinity */
float mts_bf16_to_f32(uint16_t h);

#endif
