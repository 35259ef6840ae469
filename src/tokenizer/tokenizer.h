/* tokenizer/tokenizer.h - what the rooms above may know beyond <maxts/tokenizer.h>, and this room's own structure. */
#ifndef MTS_TOKENIZER_TOKENIZER_H
#define MTS_TOKENIZER_TOKENIZER_H

#include <maxts/tokenizer.h>

#include "gguf/gguf.h"
#include "tokenizer/bpe.h"
#include "tokenizer/chat.h"
#include "tokenizer/special.h"
#include "tokenizer/spm.h"
#include "tokenizer/vocab.h"

/* Like mts_tokenizer_open() on a file that is open already. Everything needed is copied: the MtsGguf may be freed. */
int mts_tokenizer_from_gguf(MtsTokenizer **tokenizer, const MtsGguf *gguf, MtsError *err);

struct MtsTokenizer {
    MtsVocab vocab;
    bool byte_level; /* which of the two is in use */
    MtsBpe bpe;
    MtsSpm spm;
    MtsSpecials specials;
    int32_t bos, eos, unknown; /* -1: none */
    bool *ends;                /* [vocab.count] */
    bool add_bos, add_eos, space_prefix;
    MtsChat chat;
};

#endif
