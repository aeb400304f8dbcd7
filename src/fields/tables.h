/* tables.h - the tables of a document, and one of them as CSV.
 *
 * Threads: any; pure. */
#pragma once

#include "store/blocks_store.h"

#define TABLES_MAX 1000

typedef struct TableAbout {
    uint32_t number;
    size_t first, rows; /* blocks: all from the first on with this number */
    size_t columns;
} TableAbout;

typedef struct TableList {
    TableAbout *at;
    size_t count;
} TableList;

/* By where they begin. */
TableList tables_find(Arena *arena, const StoredBlock *blocks, size_t count);
/* A cell over several columns or rows stands in the first, the others are empty. */
void table_csv(Buf *out, Str text, size_t text_start, const StoredBlock *blocks, size_t count,
               const TableAbout *table);
