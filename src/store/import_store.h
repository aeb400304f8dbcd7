/* import_store.h - rows of an export (export_store.h) into a workspace, with the ids and times they
 * had.
 *
 * A row comes into the scope's workspace whatever it says of another. What is there already stays
 * as it is, so that doing it again adds nothing. Whoever wrote the export is not trusted: columns
 * are checked by their types and import_columns.def, and a row that fails is left out and said, as
 * is one whose parent is not here. People who do not belong to the workspace are not named:
 * person_columns.def says which columns name them; what is theirs alone becomes the scope's
 * user's. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

#define IMPORT_ROWS_MAX 1000 /* at once */

typedef enum ImportHow { IMPORT_ROWS, IMPORT_OTHERWISE, IMPORT_NEVER } ImportHow;

typedef struct ImportTable {
    const char *name;
    ImportHow how;
    const char *reason; /* of NEVER; of OTHERWISE what comes instead; "" of ROWS */
} ImportTable;

/* In the order in which they come. */
extern const ImportTable import_tables[];
extern const size_t import_table_count;

typedef struct ImportLeft {
    size_t row; /* of those given */
    Str reason;
} ImportLeft;

typedef struct ImportResult {
    int64_t added, there;
    VEC(ImportLeft) left;
} ImportResult;

/* `rows`: an array of objects, as lines of tables/NAME.jsonl. ERROR_NOT_FOUND: no table of that
 * name has rows that come back; ERROR_TOO_LARGE: too many rows. */
MUST_CHECK bool import_rows(DbTx *tx, const Scope *scope, Arena *arena, Str table,
                            const json_t *rows, ImportResult *result_r, Error *err);
