/* blocks_store.h - the `blocks` table: headings, paragraphs, rows and their places.
 *
 * Blocks are packed: a row holds up to BLOCK_PACK of them in a compact form with a CRC-32C, because
 * a long PDF has 30,000. A block's text is a range of the document's text (texts_store.h). */
#pragma once

#include "store/scope.h"

#define BLOCK_PACK 256

typedef struct StoredCell {
    uint32_t start, length; /* bytes within the block's text */
    uint16_t column_span, row_span;
} StoredCell;

/* A word of a recognised picture, where it is on the page. */
typedef struct StoredWord {
    uint32_t start, length; /* bytes within the block's text */
    float x0, y0, x1, y1;
} StoredWord;

/* One block; what does not apply is zero or empty. The numbers of `kind` are the caller's. */
typedef struct StoredBlock {
    int64_t ordinal; /* from 0; read, never written */
    int32_t kind, level;
    uint64_t start, length; /* bytes of the document's text */
    Str label;
    int32_t page; /* from 1 */
    bool is_slide, is_header_row;
    float x0, y0, x1, y1;
    int32_t line_first, line_last;
    int64_t start_ms, end_ms; /* in a recording */
    uint32_t table;
    Str sheet, cells, part, anchor;
    const StoredCell *cell;
    size_t cell_count;
    const StoredWord *word;
    size_t word_count;
} StoredBlock;

typedef struct StoredBlockList {
    StoredBlock *at;
    size_t count;
} StoredBlockList;

/* Replaces all blocks of this version. */
MUST_CHECK bool block_save(DbTx *tx, const Scope *scope, Str document, int64_t version,
                           const StoredBlock *blocks, size_t count, Error *err);
/* Adds after the first `offset` blocks; 0 begins anew. For blocks that arrive in parts: every part
 * but the last is a multiple of BLOCK_PACK. */
MUST_CHECK bool block_append(DbTx *tx, const Scope *scope, Str document, int64_t version,
                             int64_t offset, const StoredBlock *blocks, size_t count, Error *err);
/* Ordinals first <= i < first + count, less where there are no more. */
MUST_CHECK bool block_list(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                           int64_t version, int64_t first, int64_t count, StoredBlockList *list_r,
                           Error *err);
/* Blocks of one document, for block_list_many(). */
typedef struct BlockRange {
    Str document;
    int64_t version, first, count; /* ordinals first <= i < first + count */
    StoredBlockList found;         /* set by it */
} BlockRange;
/* The same for each of these, with one statement; at most BLOCK_RANGES_MAX, each of blocks that
 * exist. */
#define BLOCK_RANGES_MAX 1000
MUST_CHECK bool block_list_many(DbTx *tx, const Scope *scope, Arena *arena, BlockRange *ranges,
                                size_t count, Error *err);
/* Everything on one page or slide. */
MUST_CHECK bool block_list_of_page(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                                   int64_t version, int32_t page, StoredBlockList *list_r,
                                   Error *err);
/* Everything that touches bytes start <= i < start + length of the text. */
MUST_CHECK bool block_list_of_range(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                                    int64_t version, uint64_t start, uint64_t length,
                                    StoredBlockList *list_r, Error *err);
MUST_CHECK bool block_count(DbTx *tx, const Scope *scope, Str document, int64_t version,
                            int64_t *count_r, Error *err);

/* The packed form, for the tests and the fuzzer: bytes of up to BLOCK_PACK blocks. */
Str block_pack(Arena *arena, const StoredBlock *blocks, size_t count);
/* Fails with ERROR_DAMAGED on anything that block_pack() did not write. */
MUST_CHECK bool block_unpack(Arena *arena, Str bytes, int64_t first_ordinal,
                             StoredBlockList *list_r, Error *err);
