/* engine/trie.c - the first constraint makes the trie, all later ones share it. */
#include "engine/trie.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/mem.h"
#include "engine/internal.h"

struct MtsTrie {
    pthread_mutex_t lock; /* of the making */
    MtsVocabulary *vocabulary;
};

MtsTrie *mts_trie_new(void)
{
    MtsTrie *trie = mts_calloc(1, sizeof *trie);
    if (trie && pthread_mutex_init(&trie->lock, NULL)) {
        free(trie);
        trie = NULL;
    }
    return trie;
}

void mts_trie_free(MtsTrie **out)
{
    MtsTrie *trie = *out;
    if (trie) {
        mts_vocabulary_free(&trie->vocabulary);
        pthread_mutex_destroy(&trie->lock);
        free(trie);
        *out = NULL;
    }
}

static const char *token_bytes(const void *context, int32_t token, size_t *size)
{
    return mts_token_bytes(context, token, false, size);
}

int mts_engine_vocabulary(const MtsEngine *engine, const MtsVocabulary **vocabulary, MtsError *err)
{
    MtsTrie *trie = engine->trie;
    int rc = MTS_OK;
    pthread_mutex_lock(&trie->lock);
    if (!trie->vocabulary) {
        rc = mts_vocabulary_new(&trie->vocabulary, engine->vocab, token_bytes, engine->tokenizer, err);
    }
    *vocabulary = trie->vocabulary;
    pthread_mutex_unlock(&trie->lock);
    return rc;
}
