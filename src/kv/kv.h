/* kv/kv.h - which page of keys and values holds which position of which text.
 *
 * Texts form a tree of segments. A segment continues its parent from position `fork` on; it keeps its own
 * tokens and owns the pages of its own positions, and finds those before in its parent. A mark is a place in
 * the tree that somebody holds: (segment, length). Appending at the end of a segment writes in place;
 * appending anywhere else makes a child, which shares every full page before the fork and copies the partial
 * one (fork on write). A segment ends at its last mark or its last child's fork: dropping the last holder of
 * a stretch frees its pages at once.
 *
 * Two kinds of layers, two pools: pages of the layers that see the whole text, and pages of the layers with a
 * sliding window of W positions. A position p of a window layer sees positions p - W + 1 .. p, so a window page
 * is given back once no mark, fork or end of a segment can still need it.
 *
 * When no page is free, the least recently used segment loses its last page, again and again; segments in use
 * by the step under way (mts_kv_touch) and segments that hold embedding rows, whose tokens could not be
 * evaluated again, are spared. Using a place uses all of its ancestors too, so children go before parents.
 * `resident` positions of a segment have their keys and values; the rest is evaluated again from the tokens
 * when it is needed (mts_kv_missing tells what). This file moves pages; who evaluates is the caller. */
#ifndef MTS_KV_KV_H
#define MTS_KV_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "kv/pool.h"

typedef struct MtsKv MtsKv;
typedef struct MtsKvSegment MtsKvSegment;

/* The kind of layer a page belongs to. */
typedef enum MtsKvKind { MTS_KV_FULL, MTS_KV_WINDOW, MTS_KV_KINDS } MtsKvKind;

typedef struct MtsKvShape {
    size_t page_tokens;              /* positions of a page, >= 1 */
    size_t pages;                    /* capacity of each pool, >= 1 */
    size_t page_bytes[MTS_KV_KINDS]; /* of all layers of the kind together; 0: no such layer */
    size_t window;                   /* W, positions; 0: no window layers */
} MtsKvShape;

/* A held place in the tree; memory of the caller's, which may not move while it is held. */
typedef struct MtsKvMark {
    MtsKvSegment *segment;
    size_t length;                 /* positions of the text up to here, > 0 */
    struct MtsKvMark *prev, *next; /* of the same segment */
} MtsKvMark;

int mts_kv_new(MtsKv **kv, const MtsKvShape *shape, MtsError *err);
void mts_kv_free(MtsKv **kv); /* every mark must have been dropped */

/* The text of `prefix` (NULL: the empty text) and `count` >= 1 more tokens, held by *mark. tokens NULL: the
 * positions come from embedding rows. No page is taken yet. MTS_ENOMEM leaves the tree as it was. */
int mts_kv_append(MtsKv *kv, const MtsKvMark *prefix, const int32_t *tokens, size_t count, MtsKvMark *mark,
                  MtsError *err);
/* Another place of the text of `end`: its first `length` positions, which end in the same segment; held by *mark. */
void mts_kv_hold(const MtsKvMark *end, size_t length, MtsKvMark *mark);
void mts_kv_drop(MtsKv *kv, MtsKvMark *mark);

/* Begins a step: what earlier steps touched may be evicted again. */
void mts_kv_begin(MtsKv *kv);
/* The text of this mark is used by the step under way. */
void mts_kv_touch(MtsKv *kv, const MtsKvMark *mark);

/* The first stretch of the text below position `limit` <= mark->length whose keys and values are not there:
 * positions *from .. *to - 1 of *segment. false: all there. */
bool mts_kv_missing(const MtsKvMark *mark, size_t limit, MtsKvSegment **segment, size_t *from, size_t *to);

/* Takes the pages for positions .. to - 1 of a segment, which follow its resident ones; its ancestors are
 * resident as far as it needs them. MTS_ECAPACITY when all pages are in use by this step. */
int mts_kv_reserve(MtsKv *kv, MtsKvSegment *segment, size_t to, MtsError *err);
/* Positions below `to` have been evaluated. Window pages that nothing can need any more are given back. */
void mts_kv_commit(MtsKv *kv, MtsKvSegment *segment, size_t to);

/* The segment's token ids of positions from .. (fork <= from). */
const int32_t *mts_kv_tokens(const MtsKvSegment *segment, size_t from);

/* Writes the pages of positions 0 .. length - 1 of a segment's text: ceil(length / page_tokens) numbers, where
 * a window page that was given back is MTS_KV_NO_PAGE. */
void mts_kv_table(const MtsKv *kv, const MtsKvSegment *segment, size_t length, MtsKvKind kind, uint32_t *pages);
unsigned char *mts_kv_page(const MtsKv *kv, MtsKvKind kind, uint32_t page);

typedef struct MtsKvStats {
    size_t used[MTS_KV_KINDS]; /* pages */
    size_t pages, page_tokens;
    size_t bytes; /* of pages handed out at least once: resident */
    size_t segments;
} MtsKvStats;

void mts_kv_stats(const MtsKv *kv, MtsKvStats *stats);

#endif
