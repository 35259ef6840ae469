/* engine/trie.h - the vocabulary of an engine as a trie, made once. */
#ifndef MTS_ENGINE_TRIE_H
#define MTS_ENGINE_TRIE_H

#include <maxts/engine.h>

#include "constraint/vocabulary.h"

/* The trie of the engine's tokens, which the engine keeps; any thread may ask. The engine has a tokenizer. */
int mts_engine_vocabulary(const MtsEngine *engine, const MtsVocabulary **vocabulary, MtsError *err);

/* The place where an engine keeps it, empty at first; NULL when memory ran out. */
typedef struct MtsTrie MtsTrie;
MtsTrie *mts_trie_new(void);
void mts_trie_free(MtsTrie **trie);

#endif
