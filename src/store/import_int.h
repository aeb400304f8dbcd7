/* import_int.h - one row of an import and its values. Private to src/store. */
#pragma once

#include "store/import_store.h"
#include "store/move_int.h"

typedef struct ImportRow {
    const Scope *scope;
    Arena *arena;
    const MoveShape *shape;
    const json_t *json;
    int64_t newest_chunk;
    DbValue values[MOVE_COLUMNS_MAX]; /* by column of the shape */
    bool is_given[MOVE_COLUMNS_MAX];  /* else it keeps the default of its column */
} ImportRow;

/* Whether the column has the rule ORDER. */
bool import_is_ordered(Str table, Str column);
/* Fills values and is_given; *reason_r says what is wrong with the row, empty: nothing. Fails only
 * when the database does. */
MUST_CHECK bool import_read_row(DbTx *tx, ImportRow *row, Str *reason_r, Error *err);
