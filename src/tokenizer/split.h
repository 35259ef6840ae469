/* tokenizer/split.h - the pre-tokenizers of byte-level BPE: a text is first cut into words; no token crosses a cut. */
#ifndef MTS_TOKENIZER_SPLIT_H
#define MTS_TOKENIZER_SPLIT_H

#include "gguf/gguf.h"
#include "tokenizer/split_rules.h"

typedef struct MtsSplit MtsSplit; /* immutable */

/* The pre-tokenizer that the file names (tokenizer.ggml.pre), the default where it names none. MTS_EUNSUPPORTED for one
 * that is not known: the sentence lists those that are. */
int mts_split_new(MtsSplit **split, const MtsGguf *gguf, MtsError *err);
/* One of split_rules.c, whatever a file says. */
int mts_split_by_rule(MtsSplit **split, const MtsSplitRule *rule, MtsError *err);
void mts_split_free(MtsSplit **split);

/* What the pre-tokenizer's name implies where the file does not say otherwise. */
bool mts_split_adds_bos(const MtsSplit *split);
bool mts_split_ignores_merges(const MtsSplit *split); /* a word that is a token as a whole becomes that token */
bool mts_split_is_guessed(const MtsSplit *split);     /* the file named none */

typedef struct MtsSplitter MtsSplitter; /* a walk through one text */

/* text [size] is valid UTF-8, borrowed while the splitter lives. */
int mts_splitter_new(MtsSplitter **splitter, const MtsSplit *split, const char *text, size_t size, MtsError *err);
void mts_splitter_free(MtsSplitter **splitter);

/* The next word: its first byte in *start, its length in *size; 0 when the text is at its end. */
int mts_splitter_next(MtsSplitter *splitter, size_t *start, size_t *size, MtsError *err);

#endif
