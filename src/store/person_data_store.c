/* person_data_store.c - see person_data_store.h. */
#include "store/person_data_store.h"

#include "base/clock.h"
#include "base/json.h"
#include "store/blob_removals_store.h"
#include "store/export_store.h"
#include "store/move_int.h"
#include "store/sql.h"

typedef enum Becomes { ERASED, TOLD, HANDED, UNNAMED, MERGED, KEPT } Becomes;

static const char *const becomes_names[] = {
    [ERASED] = "erased",   [TOLD] = "erased",    [HANDED] = "handed over",
    [UNNAMED] = "unnamed", [MERGED] = "unnamed", [KEPT] = "kept",
};

static const struct {
    const char *table, *column;
    Becomes becomes;
    const char *condition;
} columns[] = {
#define PERSON(table, column, becomes, condition) { table, column, becomes, condition },
#include "store/person_columns.def"
#undef PERSON
};

bool person_column_is_known(Str table, Str column)
{
    for (size_t i = 0; i < COUNT(columns); i++)
        if (str_is(table, columns[i].table) && str_is(column, columns[i].column))
            return true;
    return false;
}

size_t person_column_count(void) { return COUNT(columns); }

PersonCount person_column(size_t at)
{
    return (PersonCount){ becomes_names[columns[at].becomes], str(columns[at].table),
                          str(columns[at].column), 0 };
}

/* --- Erasing --- */

/* Rows that are told apart by the person change all at once: of two parts one would meet rows that
 * the other has changed already. */
bool person_column_waits(size_t at) { return columns[at].becomes == MERGED; }

/* Bytes that go with rows, which lie outside the database. */
static const struct {
    const char *table, *blobs;
} with_originals[] = {
    { "client_files", "SELECT blob FROM client_files WHERE workspace = $1 AND user_id = $2" },
    { "file_uploads", "SELECT p.blob FROM file_upload_parts p JOIN file_uploads u"
                      " ON u.workspace = p.workspace AND u.id = p.upload"
                      " WHERE u.workspace = $1 AND u.user_id = $2" },
};

static bool ask_for_originals(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                              const char *table, Error *err)
{
    for (size_t i = 0; i < COUNT(with_originals); i++) {
        SqlItems blobs;
        if (strcmp(table, with_originals[i].table) != 0)
            continue;
        if (!sql_list(tx, arena, DB_SAME(with_originals[i].blobs),
                      DB_ARGS(db_text(scope->workspace), db_text(user)), sql_read_text, sizeof(Str),
                      &blobs, err))
            return false;
        const StrList list = { .at = blobs.at, .count = blobs.count };
        return !list.count || blob_removals_ask(tx, scope, arena, &list, now_ms(), err);
    }
    return true;
}

/* Rows of the person ($2) in a column, as a condition. */
static Str is_theirs(Arena *arena, DbKind kind, size_t row)
{
    const char *more = columns[row].condition, *column = columns[row].column;
    Str same = str_format(arena, "%s = $2", column);
    if (columns[row].becomes == TOLD)
        same = str_format(arena, "%s(%s, $2) > 0", kind == DB_SQLITE ? "instr" : "strpos", column);
    else if (columns[row].becomes == ERASED && !strcmp(column, "user_id"))
        /* What limited keys of theirs kept (scope_keeper()). */
        same = str_format(arena,
                          "(%s = $2 OR %s IN (SELECT k.id FROM api_keys k"
                          " WHERE k.workspace = $1 AND k.user_id = $2))",
                          column, column);
    return more[0] ? str_format(arena, STR_FMT " AND (%s)", STR_ARG(same), more) : same;
}

/* The first of them. */
static Str some_rows(Arena *arena, DbKind kind, size_t row, Str key)
{
    bool is_sqlite = kind == DB_SQLITE;
    Str theirs = is_theirs(arena, kind, row);
    return str_format(arena,
                      " WHERE workspace = $1 AND (" STR_FMT ") %s(SELECT " STR_FMT
                      " FROM %s WHERE workspace = $1 AND " STR_FMT " LIMIT $3)%s",
                      STR_ARG(key), is_sqlite ? "IN " : "= ANY (ARRAY", STR_ARG(key),
                      columns[row].table, STR_ARG(theirs), is_sqlite ? "" : ")");
}

static bool erase_rows(DbTx *tx, const Scope *scope, Arena *arena, const PersonNames *person,
                       size_t row, Str where, int64_t limit, int64_t *rows_r, Error *err)
{
    Str text = str_format(arena, "DELETE FROM %s" STR_FMT, columns[row].table, STR_ARG(where));
    return ask_for_originals(tx, scope, arena, person->id, columns[row].table, err) &&
           db_exec(tx, DB_SAME(text.at),
                   DB_ARGS(db_text(scope->workspace), db_text(person->id), db_int(limit)), rows_r,
                   err);
}

static bool rename_rows(DbTx *tx, const Scope *scope, Arena *arena, const PersonNames *person,
                        size_t row, Str where, int64_t limit, int64_t *rows_r, Error *err)
{
    bool is_handed = columns[row].becomes == HANDED && person->heir.length;
    Str text = str_format(arena, "UPDATE %s SET %s = $4" STR_FMT, columns[row].table,
                          columns[row].column, STR_ARG(where));
    return db_exec(tx, DB_SAME(text.at),
                   DB_ARGS(db_text(scope->workspace), db_text(person->id), db_int(limit),
                           db_text(is_handed ? person->heir : person->pseudonym)),
                   rows_r, err);
}

static Str key_of(const WorkspaceTableList *tables, const char *name)
{
    for (size_t i = 0; i < tables->count; i++)
        if (str_is(tables->at[i].name, name))
            return tables->at[i].key;
    return STR_NONE;
}

bool person_data_erase(DbTx *tx, const Scope *scope, Arena *arena, const PersonNames *person,
                       const WorkspaceTableList *tables, size_t at, int64_t limit, int64_t *rows_r,
                       Error *err)
{
    Str key = key_of(tables, columns[at].table);
    *rows_r = 0;
    if (columns[at].becomes == KEPT || !key.length)
        return true;
    Str where = some_rows(arena, db_tx_kind(tx), at, key);
    bool good = columns[at].becomes == ERASED || columns[at].becomes == TOLD
                    ? erase_rows(tx, scope, arena, person, at, where, limit, rows_r, err)
                    : rename_rows(tx, scope, arena, person, at, where, limit, rows_r, err);
    return good || fail_in(err, "erasing %s.%s", columns[at].table, columns[at].column);
}

/* --- What is left --- */

static bool count_traces(DbTx *tx, const Scope *scope, Arena *arena, Str table, Str column,
                         const PersonNames *person, int64_t *rows_r, Error *err)
{
    const char *find = db_tx_kind(tx) == DB_SQLITE ? "instr" : "strpos";
    Str text =
        str_format(arena,
                   "SELECT count(*) FROM \"" STR_FMT "\" WHERE workspace = $1 AND (%s(\"" STR_FMT
                   "\", $2) > 0 OR ($3 <> '' AND %s(\"" STR_FMT "\", $3) > 0))",
                   STR_ARG(table), find, STR_ARG(column), find, STR_ARG(column));
    return db_query_int(
        tx, DB_SAME(text.at),
        DB_ARGS(db_text(scope->workspace), db_text(person->id), db_text(person->email)), 0, rows_r,
        err);
}

static bool has_column(const MoveShape *shape, const char *name)
{
    for (size_t i = 0; i < shape->column_count; i++)
        if (str_is(shape->columns[i].name, name))
            return true;
    return false;
}

bool person_data_traces(DbTx *tx, const Scope *scope, Arena *arena, const PersonNames *person,
                        PersonCountList *list_r, Error *err)
{
    VEC(PersonCount) list = { 0 };
    MoveShapes shapes;
    if (!move_shapes(tx, arena, &shapes, err))
        return false;
    for (size_t i = 0; i < shapes.count; i++) {
        const MoveShape *shape = &shapes.at[i];
        for (size_t j = 0; j < shape->column_count && has_column(shape, "workspace"); j++) {
            PersonCount count = { "", shape->name, shape->columns[j].name, 0 };
            if (shape->columns[j].type != DB_TEXT)
                continue;
            if (!count_traces(tx, scope, arena, shape->name, shape->columns[j].name, person,
                              &count.rows, err))
                return fail_in(err, "looking into " STR_FMT, STR_ARG(shape->name));
            if (count.rows)
                *vec_push(arena, &list) = count;
        }
    }
    *list_r = (PersonCountList){ list.at, list.count };
    return true;
}

/* --- Giving it --- */

static void put_value(JsonWriter *json, Arena *arena, DbRows *rows, int at, const MoveShape *shape)
{
    const MoveColumn *column = &shape->columns[at];
    const char *name = str_c(arena, column->name);
    if (column_is_secret(shape->name, column->name) || column->type == DB_BLOB)
        return;
    if (db_is_null(rows, at))
        put_null(json, name);
    else if (column->type == DB_INT)
        put_int(json, name, db_get_int(rows, at));
    else if (column->type == DB_REAL)
        put_number(json, name, db_get_real(rows, at));
    else
        put_text(json, name, db_get_text(rows, at, arena));
}

static bool print_rows(DbTx *tx, Arena *arena, const MoveShape *shape, Str where,
                       const DbValue args[3], JsonWriter *json, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    Buf text = buf_new(arena, KB(16));
    DbStep step;
    for (size_t i = 0; i < shape->column_count; i++)
        buf_addf(&text, "%s\"" STR_FMT "\"", i ? ", " : "SELECT ", STR_ARG(shape->columns[i].name));
    buf_addf(&text, " FROM \"" STR_FMT "\"" STR_FMT " LIMIT $3", STR_ARG(shape->name),
             STR_ARG(where));
    Str sql = str_copy(arena, buf_str(&text));
    if (!db_query(tx, DB_SAME(sql.at), args, 3, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        put_object(json, NULL);
        for (size_t i = 0; i < shape->column_count; i++)
            put_value(json, arena, &rows, (int)i, shape);
        put_end(json);
    }
    return step == DB_END;
}

/* What the person said and was answered hangs on their conversations. */
static Str where_in(Arena *arena, DbKind kind, const MoveShape *shape)
{
    Buf where = buf_new(arena, KB(4));
    for (size_t i = 0; i < COUNT(columns); i++) {
        Str theirs = is_theirs(arena, kind, i);
        if (str_is(shape->name, columns[i].table))
            buf_addf(&where, "%s(" STR_FMT ")",
                     where.length ? " OR " : " WHERE workspace = $1 AND (", STR_ARG(theirs));
    }
    if (str_is(shape->name, "messages"))
        buf_addf(&where, " WHERE workspace = $1 AND (conversation IN (SELECT id FROM conversations"
                         " WHERE workspace = $1 AND user_id = $2)");
    if (where.length)
        buf_addf(&where, ")");
    return str_copy(arena, buf_str(&where));
}

bool person_data_print(DbTx *tx, const Scope *scope, Arena *arena, Str user, int64_t rows_max,
                       Buf *members, Error *err)
{
    const DbValue args[] = { db_text(scope->workspace), db_text(user), db_int(rows_max) };
    JsonWriter json = put_begin(members);
    MoveShapes shapes;
    if (!move_shapes(tx, arena, &shapes, err))
        return false;
    for (size_t i = 0; i < shapes.count; i++) {
        Str where = where_in(arena, db_tx_kind(tx), &shapes.at[i]);
        if (!where.length)
            continue;
        put_array(&json, str_c(arena, shapes.at[i].name));
        if (!print_rows(tx, arena, &shapes.at[i], where, args, &json, err))
            return fail_in(err, "reading " STR_FMT, STR_ARG(shapes.at[i].name));
        put_end(&json);
    }
    put_end(&json);
    return !members->overflowed ||
           fail(err, ERROR_TOO_LARGE, "there is more about this person than fits into one answer");
}
