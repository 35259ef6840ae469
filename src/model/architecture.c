/* model/architecture.c - the rows. */
#include "model/architecture.h"

#include <stdio.h>
#include <string.h>

static const MtsArchitecture rows[] = {
    {.name = "llama", .qkv_bias = MTS_OPTIONAL},
    {
        .name = "gemma",
        .rope_halves = true,
        .qkv_bias = MTS_OPTIONAL,
        .activation = MTS_GELU,
        .embedding_scaled = true,
    },
    {
        .name = "gemma3",
        .rope_halves = true,
        .qkv_bias = MTS_OPTIONAL,
        .qk_norm = MTS_REQUIRED,
        .post_norms = MTS_REQUIRED,
        .activation = MTS_GELU,
        .embedding_scaled = true,
        .window_pattern = 6,
        .window_rope_base = 10000.0,
        .layers_by_width = 62, /* the one of 27 billion weights */
    },
    {.name = "qwen2", .rope_halves = true, .qkv_bias = MTS_REQUIRED},
    {.name = "qwen3", .rope_halves = true, .qkv_bias = MTS_OPTIONAL, .qk_norm = MTS_REQUIRED},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

const MtsArchitecture *mts_architecture_find(const char *name, size_t size)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strlen(rows[i].name) == size && memcmp(rows[i].name, name, size) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

char *mts_architecture_list(char out[MTS_ARCHITECTURE_LIST])
{
    size_t at = 0;
    for (size_t i = 0; i < ROWS && at < MTS_ARCHITECTURE_LIST; i++) {
        const char *before = i == 0 ? "" : i + 1 < ROWS ? ", " : " and ";
        at += (size_t)snprintf(out + at, MTS_ARCHITECTURE_LIST - at, "%s%s", before, rows[i].name);
    }
    return out;
}
