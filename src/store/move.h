/* move.h - a whole library from one database into another, SQLite or PostgreSQL, either way.
 *
 * All or nothing: everything is written in one transaction of the target, read from one snapshot of
 * the source, and compared (rows and SHA-256 of each table) before it is committed. Both have the
 * tables of this program (migrate.h); a target in which somebody has an account or a workspace is
 * refused. Originals and the index are in the data folder and stay as they are: ids and numbers of
 * passages are the same afterwards. A table's rows are read a few megabytes at a time. PostgreSQL
 * gets them by COPY, and its indexes and foreign keys, checked, after them. */
#pragma once

#include "db/db.h"

typedef struct MoveTable {
    Str name;
    int64_t rows;
    char sha256[65]; /* of its rows in the order of their keys */
} MoveTable;

typedef struct MoveReport {
    MoveTable *tables;
    size_t count;
    int64_t rows;
} MoveReport;

/* Called when a table is written and its rows were compared; may be NULL. */
typedef void MoveListener(void *argument, const MoveTable *table);

/* How far it is: each row counts twice, as it is copied and as it is compared; then indexes and
 * foreign keys are made. */
typedef struct MoveProgress {
    Str table; /* empty: of no table */
    int64_t done, total;
    bool is_indexing;
} MoveProgress;
/* Called some times a second at most; may be NULL. */
typedef void MoveProgressListener(void *argument, const MoveProgress *progress);

typedef struct MoveOptions {
    Db *from; /* others may read and write meanwhile */
    Db *to;   /* nobody else uses it */
    MoveListener *listener;
    MoveProgressListener *progress;
    void *argument;
} MoveOptions;

/* The target is brought up to this program's tables first; a source that is not at them fails. */
MUST_CHECK bool database_move(Arena *arena, const MoveOptions *options, MoveReport *report_r,
                              Error *err);
/* Rows and hash of every table, as one snapshot has them. */
MUST_CHECK bool database_tables(Arena *arena, Db *db, MoveReport *report_r, Error *err);
