/* tokenizer/tokens.h - appending to an MtsTokens. */
#ifndef MTS_TOKENIZER_TOKENS_H
#define MTS_TOKENIZER_TOKENS_H

#include <maxts/tokenizer.h>

#include "core/error.h"
#include "core/mem.h"

static inline int mts_tokens_push(MtsTokens *tokens, int32_t id, MtsError *err)
{
    if (!mts_grow(&tokens->ids, &tokens->cap, tokens->count + 1, sizeof *tokens->ids)) {
        return mts_fail(err, MTS_ENOMEM, "no memory for %zu tokens", tokens->count + 1);
    }
    tokens->ids[tokens->count++] = id;
    return MTS_OK;
}

#endif
