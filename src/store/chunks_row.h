/* chunks_row.h - how a row of `chunks` is read. Private to src/store. */
#pragma once

#include "store/chunks_store.h"
#include "store/sql.h"

#define CHUNK_COLUMNS                                                                              \
    "c.number, c.workspace, c.document, c.version, c.ordinal, c.start, c.length, c.first_block,"   \
    " c.last_block, c.heading, c.page, c.place, c.token_count, c.text"
#define CHUNK_COLUMN_COUNT 14

/* Chunks that are searched. */
#define LIVE_CHUNKS                                                                                \
    " FROM chunks c JOIN documents d ON d.workspace = c.workspace AND d.id = c.document"           \
    " AND d.indexed_version = c.version AND d.deleted_at = 0 "

void chunk_read(DbRows *row, Arena *arena, void *item);
/* The live chunks of one document, in order. */
MUST_CHECK bool chunk_live_numbers(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                                   NumberList *list_r, Error *err);
