/* sql.h - the shapes that most statements of src/store have. Private to src/store. */
#pragma once

#include "base/json.h"
#include "store/scope.h"
#include "store/slice.h"

/* Fills one item from the current row; its texts go into the arena. */
typedef void SqlReader(DbRows *row, Arena *arena, void *item);

typedef struct SqlItems {
    void *at;
    size_t count;
} SqlItems;

/* The only row; ERROR_NOT_FOUND "there is no <what> '<id>'" when there is none. `item` is left
 * alone then. */
MUST_CHECK bool sql_find(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                         SqlReader *read, void *item, const char *what, Str id, Error *err);
/* Every row, as an array of items of this size. */
MUST_CHECK bool sql_list(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                         SqlReader *read, size_t item_size, SqlItems *items_r, Error *err);
/* db_exec() that must change a row; ERROR_NOT_FOUND as above. */
MUST_CHECK bool sql_change(DbTx *tx, DbSql sql, const DbValue *args, size_t count, const char *what,
                           Str id, Error *err);
bool sql_not_found(Error *err, const char *what, Str id);

/* Readers of one column. */
void sql_read_text(DbRows *row, Arena *arena, void *str);
void sql_read_int(DbRows *row, Arena *arena, void *int64);

/* A list of numbers as one argument: `column` is one of those in argument n of
 *     SQL_IN("SELECT ... WHERE column", n, "ORDER BY ...")
 * PostgreSQL would read the argument again for each row that it filters; as a query of its own it
 * is read once a statement, and an index is used all the same. */
DbValue sql_numbers(const DbTx *tx, Arena *arena, const int64_t *numbers, size_t count);
#define SQL_ANY_POSTGRES(n) "= ANY((SELECT $" #n "::bigint[])::bigint[])"
#define SQL_IN(before, n, after)                                                                   \
    DB_SQL(before " IN (SELECT value FROM json_each($" #n ")) " after,                             \
           before " " SQL_ANY_POSTGRES(n) " " after)
/* Likewise texts, as JSON in both. */
DbValue sql_texts(Arena *arena, const Str *texts, size_t count);
#define SQL_IN_TEXTS(before, n, after)                                                             \
    DB_SQL(before " IN (SELECT value FROM json_each($" #n ")) " after,                             \
           before " IN (SELECT json_array_elements_text($" #n "::json)) " after)

/* A system scope is needed; fails with ERROR_DENIED. */
MUST_CHECK bool sql_needs_system(const Scope *scope, Error *err);

/* A text being built with its arguments, where a filter says what it holds. */
typedef struct SqlBuild {
    DbKind kind;
    Buf text;
    DbValue args[192];
    size_t count;
} SqlBuild;

SqlBuild sql_build(const DbTx *tx, Arena *arena);
/* One that begins with this text, which names these arguments by itself. */
SqlBuild sql_build_on(const DbTx *tx, Arena *arena, const char *text, const DbValue *args,
                      size_t count);
void sql_add(SqlBuild *build, const char *text);
/* Adds an argument that the text names by itself. */
void sql_argument(SqlBuild *build, DbValue value);
/* Adds an argument and its placeholder. */
void sql_value(SqlBuild *build, DbValue value);
/* Adds "<column> is one of these". */
void sql_value_in(SqlBuild *build, Arena *arena, const char *column, StrList texts);
/* What was built, for db_query() with build->args. */
DbSql sql_text(SqlBuild *build);

/* Where the next part of a list begins: a number or text, and an id that breaks ties. */
Str sql_cursor(Arena *arena, DbValue key, Str id);
/* Fails with ERROR_INVALID, field "after", on a text that sql_cursor() did not make. */
MUST_CHECK bool sql_cursor_read(Str cursor, bool is_number, DbValue *key_r, Str *id_r, Error *err);
