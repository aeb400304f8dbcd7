/* export_store.h - the rows of one workspace as JSON Lines, a few at a time, and what an export
 * walks through.
 *
 * Every table of the schema stands in export_tables.def. Columns of secret_columns.def and bytes
 * are left out. The caller reads each part in a transaction of its own, so that a large export
 * holds none for long: rows that change meanwhile are as they were when they were read. */
#pragma once

#include "store/scope.h"

typedef struct ExportTable {
    const char *name;
    bool is_written;
    const char *reason; /* why it is not */
} ExportTable;

extern const ExportTable export_tables[];
extern const size_t export_table_count;

/* Whether nobody is given this column of the table. */
bool column_is_secret(Str table, Str column);

typedef struct MoveShapes MoveShapes;
/* What columns the tables have; lives in the arena. To be read once for all tables. */
MUST_CHECK bool export_shapes(DbTx *tx, Arena *arena, const MoveShapes **shapes_r, Error *err);

/* Where the reading of a table stands; begin with { .shapes = ..., .table = ... }. */
typedef struct ExportCursor {
    const MoveShapes *shapes;
    const char *table;
    Str after;     /* keys of the last row, as JSON; empty: from the first. In the caller's arena */
    int64_t limit; /* rows of the next part; adapts to their size */
    int64_t rows;  /* that were read */
    bool is_over;
} ExportCursor;

/* Adds the next rows to `lines` and moves on. */
MUST_CHECK bool export_rows(DbTx *tx, const Scope *scope, Arena *arena, ExportCursor *cursor,
                            Buf *lines, Error *err);

/* What somebody owns: documents (whoever added them), conversations and decks. */
typedef enum ExportList {
    EXPORT_ALL_DOCUMENTS,
    EXPORT_ALL_CONVERSATIONS,
    EXPORT_ALL_DECKS,
    EXPORT_ALL_MEETINGS
} ExportList;
typedef struct ExportOwned {
    Str id, user;
} ExportOwned;
typedef struct ExportOwnedList {
    ExportOwned *at;
    size_t count;
} ExportOwnedList;
/* Those of everybody behind the id `after`, by id. */
MUST_CHECK bool export_list(DbTx *tx, const Scope *scope, Arena *arena, ExportList kind, Str after,
                            int64_t limit, ExportOwnedList *list_r, Error *err);

typedef struct ExportSize {
    int64_t documents;
    int64_t bytes; /* of originals and texts */
} ExportSize;
MUST_CHECK bool export_size(DbTx *tx, const Scope *scope, ExportSize *size_r, Error *err);
