/* quant/quant.h - weight types by their ids, and their scalar dequantisation.
 *
 * Layouts and formulas follow the GGUF specification (ggml's docs/gguf.md and the type definitions there). */
#ifndef MTS_QUANT_QUANT_H
#define MTS_QUANT_QUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quant/types.h"

/* Elements and bytes of one block (1 element for F32, F16, BF16); false for a type this library does not read. */
bool mts_type_block(uint32_t type, size_t *elements, size_t *bytes);
/* "Q4_K"; also of types that this library does not read; "unknown" for ids without a name. */
const char *mts_type_name(uint32_t type);

/* True for the types that int8 activations are multiplied with. */
static inline bool mts_is_quantized(MtsType type)
{
    return mts_type_bits(type) != 0;
}

/* "F32, F16 and Q4_0": all types that this library reads. Returns out. */
enum { MTS_TYPE_LIST = 16 * MTS_TYPES };
char *mts_type_list(char out[MTS_TYPE_LIST]);

/* n (a multiple of the block) consecutive weights as fp32: exactly the value that the format defines, rounded once
 * (quant/types.h). `type` is one that mts_type_block() knows; blocks are aligned to 2 bytes (F32: 4). */
void mts_dequantize(MtsType type, const void *blocks, float *out, size_t n);

float mts_f16_to_f32(uint16_t h);
uint16_t mts_f32_to_f16(float f); /* round to nearest, ties to even; overflow to infinity */
float mts_bf16_to_f32(uint16_t h);

#endif
