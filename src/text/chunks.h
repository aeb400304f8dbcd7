/* chunks.h - a document's blocks cut into the passages that are searched and cited.
 *
 *     blocks -> chunks_make() -> ChunkRange { byte range, blocks, heading path, table header }
 *
 * A chunk is a range of the document's text. It ends at a paragraph where it can, else at a
 * sentence, else at a word; it begins again `overlap` characters earlier, at a sentence. A heading
 * stays with what follows and begins a chunk when the one before is at least half full. A row of a
 * table is never cut unless it is longer than four chunks, and then between cells. A chunk touches
 * at most two pages.
 *
 * Everything lives in the arena; texts are borrowed from the blocks. Any thread. */
#pragma once

#include "base/base.h"

typedef enum ChunkKind {
    CHUNK_HEADING,
    CHUNK_PARAGRAPH, /* also quotes, list items, notes: anything that has sentences */
    CHUNK_ROW,       /* of a table */
    CHUNK_CODE,      /* cut at line ends */
    CHUNK_SKIP,      /* not searched: it only keeps its number */
} ChunkKind;

typedef struct ChunkBlock {
    Str text;
    ChunkKind kind;
    int level;      /* of a heading, 1-6 */
    int32_t page;   /* from 1; 0: the format has no pages */
    uint32_t table; /* of a row: the number of its table */
    bool is_header_row;
    size_t start; /* of the text in the document's text */
    Str name;     /* of code: what it defines; said as a heading is */
} ChunkBlock;

typedef struct ChunkSettings {
    size_t chars_max;  /* characters of a chunk; 0: 1,000 */
    size_t overlap;    /* characters that two chunks share; at most half of chars_max */
    size_t tokens_max; /* of the encoder; 0: no limit */
    size_t (*count_tokens)(void *self, Str text); /* NULL: no limit */
    void *self;
} ChunkSettings;
extern const ChunkSettings chunk_settings_default; /* 1,000 and 200, no token limit */

typedef struct ChunkRange {
    size_t start, end; /* bytes of the document's text */
    uint32_t block_first, block_last;
    int32_t page_first, page_last;
    Str headings;     /* the enclosing headings, outermost first, joined by " > " */
    Str table_header; /* the header row of the table the chunk begins in, else "" */
} ChunkRange;

typedef struct ChunkRanges {
    VEC(ChunkRange) chunks;
} ChunkRanges;

/* `text` is the document's text, in which the blocks lie in order. */
ChunkRanges chunks_make(Arena *arena, Str text, const ChunkBlock *blocks, size_t block_count,
                        const ChunkSettings *settings);
