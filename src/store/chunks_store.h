/* chunks_store.h - the `chunks` table: the passages that are searched and cited.
 *
 * A chunk has a place in its document (document, version, ordinal) and a number that is unique in
 * the database for ever, which is its key in the index files and in `vectors`. Live chunks are
 * those of a document's indexed_version outside the trash; only they are in the index. A chunk
 * keeps a copy of its text, so that showing results reads one table, and rebuilding the index only
 * the headings inside passages from another (blocks_store.h).
 *
 * Every change of what is live is told to index_changes_store.h in the same transaction. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

typedef struct Chunk {
    int64_t number;
    Str workspace, document;
    int64_t version, ordinal;
    int64_t start, length; /* bytes of the document's text */
    int64_t first_block, last_block;
    Str heading;  /* the headings above it, joined by " > " */
    int64_t page; /* 0: unknown */
    Str place;    /* "page 3", for people */
    int64_t token_count;
    Str text;
} Chunk;

typedef struct ChunkList {
    Chunk *at;
    size_t count;
} ChunkList;

/* A chunk with what a result shows of its document. */
typedef struct ChunkHit {
    Chunk chunk; /* number 0: there is no such chunk (any more) */
    Str name, title, media_type, format, collection, parent, language;
    StrList tags;
    int64_t created_at_ms, document_date_ms;
    bool is_live; /* false: an old version, or in the trash */
} ChunkHit;

/* Replaces the chunks of this version, gives each its number (set in chunks[i].number), makes the
 * version the indexed one and sets the document's chunk_count. Reads start to text of each. */
MUST_CHECK bool chunk_replace(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                              int64_t version, Chunk *chunks, size_t count, Error *err);
/* hits[i] is the chunk numbers[i], in one query; at most 10,000. */
MUST_CHECK bool chunk_find_many(DbTx *tx, const Scope *scope, Arena *arena, const int64_t *numbers,
                                size_t count, ChunkHit **hits_r, Error *err);
/* By place; ordinals first <= i < first + count. */
MUST_CHECK bool chunk_list(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                           int64_t version, int64_t first, int64_t count, ChunkList *list_r,
                           Error *err);

typedef struct NumberList {
    int64_t *at;
    size_t count;
} NumberList;
/* Of every version of one document, in order. */
MUST_CHECK bool chunk_numbers(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                              NumberList *list_r, Error *err);
/* Which documents the live chunks with these numbers belong to is in chunk_find_many(). */
/* The highest number there is; 0: none. Numbers only grow. */
MUST_CHECK bool chunk_newest(DbTx *tx, const Scope *scope, int64_t *number_r, Error *err);

/* Where a walk over all live chunks stands; zero at first. Keep the texts alive between calls. */
typedef struct ChunkCursor {
    Str workspace;
    int64_t number;
} ChunkCursor;
typedef struct ChunkHitList {
    ChunkHit *at;
    size_t count;
} ChunkHitList;
/* The next live chunks by (workspace, number), at most `limit`, and moves the cursor past them; an
 * empty list is the end. Of all workspaces with a system scope. The cursor's text is in `arena`. */
MUST_CHECK bool chunk_scan(DbTx *tx, const Scope *scope, Arena *arena, ChunkCursor *cursor,
                           int64_t limit, ChunkHitList *list_r, Error *err);
/* How many live ones there are; likewise. */
MUST_CHECK bool chunk_count(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err);
