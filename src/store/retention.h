/* retention.h - rows that are kept for a time: retention.def says which, where and how long. */
#pragma once

#include "store/scope.h"

typedef enum RetentionOf {
#define KEPT_FOR(id, table, column, condition, setting, what) RETENTION_##id,
#define KEPT_DAYS(id, table, column, condition, days, what) RETENTION_##id,
#define KEPT_UNTIL(id, table, column, condition, setting, long_, what) RETENTION_##id,
#define KEPT_APART(what, long_, setting)
#include "store/retention.def"
#undef KEPT_FOR
#undef KEPT_DAYS
#undef KEPT_UNTIL
#undef KEPT_APART
    RETENTION_COUNT
} RetentionOf;

/* Their table, for messages. */
const char *retention_table(RetentionOf of);
/* Removes at most `limit` rows, of all workspaces, whose column is before that time. System scope.
 */
MUST_CHECK bool retention_cut(DbTx *tx, const Scope *scope, RetentionOf of, int64_t before_ms,
                              int64_t limit, int64_t *removed_r, Error *err);
