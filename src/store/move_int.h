/* move_int.h - tables and their rows, as move.c copies and compares them. Private to src/store. */
#pragma once

#include "base/hash.h"
#include "base/json.h"
#include "db/db.h"

#define MOVE_COLUMNS_MAX 64

typedef struct MoveColumn {
    Str name;
    DbType type;
    int64_t key; /* its place in the primary key from 1 on; 0: no part of it */
    bool is_never_null, has_default;
} MoveColumn;

typedef struct MoveShape {
    Str name;
    MoveColumn *columns; /* by name */
    size_t column_count;
    size_t key[MOVE_COLUMNS_MAX]; /* columns that order its rows, no two of which have the same */
    size_t key_count;
} MoveShape;

typedef struct MoveShapes {
    MoveShape *at;
    size_t count;
} MoveShapes;

/* Rows on their way; `values` holds them one after the other. */
typedef struct MovePage {
    Arena *arena;
    DbValue *values;
    size_t count; /* rows */
} MovePage;

/* Gets each page of a table in the order of its keys. */
typedef bool MoveTake(void *argument, const MovePage *page, Error *err);

/* Every table but those of the migrations themselves and of SQLite's counters. */
MUST_CHECK bool move_shapes(DbTx *tx, Arena *arena, MoveShapes *shapes_r, Error *err);
/* Fails with the first table or column that only one of them has. */
MUST_CHECK bool move_same_shapes(const MoveShapes *a, const MoveShapes *b, Error *err);
/* Reads all rows, a page at a time; `take` may be NULL. Their number and hash go to the outputs. */
MUST_CHECK bool move_read_table(DbTx *tx, const MoveShape *shape, MoveTake *take, void *argument,
                                int64_t *rows_r, char sha256_r[65], Error *err);
/* The statement that adds rows, for db_load(). */
DbSql move_load_text(Arena *arena, const MoveShape *shape);

/* --- The target while it is filled (move_target.c) --- */

typedef struct MoveTarget {
    DbTx *tx;
    Arena *arena;
    StrList later; /* what makes again what was taken away */
} MoveTarget;

/* Takes away what would cost time for each row (PostgreSQL: foreign keys, indexes) or stand in the
 * way of COPY (the forcing of row-level security), and all rows. Nobody else sees it so: it is
 * within the transaction. */
MUST_CHECK bool move_target_open(MoveTarget *target, const MoveShapes *shapes, Error *err);
/* Makes one more of target->later. */
MUST_CHECK bool move_target_make(MoveTarget *target, size_t which, Error *err);
/* Statistics for the planner, which knows nothing of these rows. */
MUST_CHECK bool move_target_analyze(MoveTarget *target, const MoveShapes *shapes, Error *err);
