/* constraint/vocabulary.c - tokens sorted by their bytes, and the trie that the order is. */
#include "constraint/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"

typedef struct Spelling {
    const char *bytes;
    size_t size;
    int32_t token;
} Spelling;

static int by_bytes(const void *a, const void *b)
{
    const Spelling *x = a, *y = b;
    int order = memcmp(x->bytes, y->bytes, x->size < y->size ? x->size : y->size);
    if (order) {
        return order;
    }
    if (x->size != y->size) {
        return x->size < y->size ? -1 : 1;
    }
    return x->token < y->token ? -1 : x->token > y->token;
}

bool mts_plain_byte(unsigned byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

/* The node of the bytes that all[from .. to) have in common, `depth` of them, and all below it. */
static bool add_node(MtsVocabulary *v, const Spelling *all, size_t from, size_t to, size_t depth)
{
    size_t at = v->node_count, i = from, deepest = 0;
    if (!mts_grow(&v->nodes, &v->node_cap, at + 1, sizeof *v->nodes)) {
        return false;
    }
    v->node_count++;
    while (i < to && all[i].size == depth) {
        i++;
    }
    MtsTrieNode node = {.first = (uint32_t)from, .own = (uint32_t)i, .last = (uint32_t)to};
    node.byte = depth ? (uint8_t)all[from].bytes[depth - 1] : 0;
    node.below = true;
    while (i < to) {
        size_t end = i + 1, child = v->node_count;
        while (end < to && all[end].bytes[depth] == all[i].bytes[depth]) {
            end++;
        }
        if (!add_node(v, all, i, end, depth + 1)) {
            return false;
        }
        node.below = node.below && v->nodes[child].plain;
        deepest = v->nodes[child].height + 1u > deepest ? v->nodes[child].height + 1u : deepest;
        i = end;
    }
    node.height = deepest > 255 ? 255 : (uint8_t)deepest;
    node.plain = depth && node.below && mts_plain_byte(node.byte);
    node.end = (uint32_t)v->node_count;
    v->nodes[at] = node;
    return true;
}

static bool is_plain(const Spelling *s)
{
    size_t i = 0;
    while (i < s->size && mts_plain_byte((unsigned char)s->bytes[i])) {
        i++;
    }
    return i == s->size;
}

static void note_plain(MtsVocabulary *v, const Spelling *s)
{
    if (is_plain(s)) {
        v->plain[s->token >> 6] |= UINT64_C(1) << (s->token & 63);
        v->plain_longest = s->size > v->plain_longest ? s->size : v->plain_longest;
    }
    v->longest = s->size > v->longest ? s->size : v->longest;
}

/* The plain ones of all [sorted_count] by their lengths, behind the others. */
static bool sort_plain(MtsVocabulary *v, const Spelling *all)
{
    size_t lengths = v->plain_longest + 2;
    uint32_t *next = mts_calloc(lengths, sizeof *next);
    if (!next || !(v->plain_at = mts_calloc(lengths, sizeof *v->plain_at))) {
        free(next);
        return false;
    }
    for (size_t i = 0; i < v->sorted_count; i++) {
        next[all[i].size + 1 < lengths ? all[i].size + 1 : 0] += is_plain(&all[i]);
    }
    next[0] = (uint32_t)v->sorted_count;
    for (size_t n = 1; n < lengths; n++) {
        next[n] += next[n - 1];
    }
    memcpy(v->plain_at, next, lengths * sizeof *next);
    for (size_t i = 0; i < v->sorted_count; i++) {
        if (is_plain(&all[i])) {
            v->sorted[next[all[i].size]++] = all[i].token;
        }
    }
    free(next);
    return true;
}

int mts_vocabulary_new(MtsVocabulary **out, size_t count, MtsTokenBytes bytes, const void *context, MtsError *err)
{
    MtsVocabulary *v = mts_calloc(1, sizeof *v);
    Spelling *all = mts_calloc(count, sizeof *all);
    bool ok = v && all;
    *out = NULL;
    if (ok) {
        v->count = count;
        v->words = (count + 63) / 64;
        v->bytes = bytes;
        v->context = context;
        v->sorted = mts_calloc(2 * count, sizeof *v->sorted);
        v->plain = mts_calloc(v->words, sizeof *v->plain);
        ok = v->sorted && v->plain;
    }
    for (size_t t = 0; t < count && ok; t++) {
        Spelling *s = &all[v->sorted_count];
        s->token = (int32_t)t;
        s->bytes = bytes(context, (int32_t)t, &s->size);
        if (s->bytes && s->size > 0 && s->size < 4096) { /* no real token is longer, and the walk is recursive */
            v->sorted_count++;
            note_plain(v, s);
        }
    }
    if (ok) {
        mts_sort(all, v->sorted_count, sizeof *all, by_bytes);
        for (size_t i = 0; i < v->sorted_count; i++) {
            v->sorted[i] = all[i].token;
        }
        ok = sort_plain(v, all) && add_node(v, all, 0, v->sorted_count, 0);
    }
    free(all);
    if (!ok) {
        mts_vocabulary_free(&v);
        return mts_fail(err, MTS_ENOMEM, "constraint: memory ran out for a vocabulary of %zu tokens", count);
    }
    *out = v;
    return MTS_OK;
}

void mts_vocabulary_free(MtsVocabulary **vocabulary)
{
    MtsVocabulary *v = *vocabulary;
    if (v) {
        free(v->sorted);
        free(v->plain);
        free(v->plain_at);
        free(v->nodes);
        free(v);
        *vocabulary = NULL;
    }
}
