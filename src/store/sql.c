#include "store/sql.h"

#include "base/id.h"

#include <assert.h>

bool sql_not_found(Error *err, const char *what, Str id)
{
    return fail(err, ERROR_NOT_FOUND, "there is no %s '" STR_FMT "'", what,
                STR_ARG(str_slice(id, 0, 100)));
}

bool sql_find(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count, SqlReader *read,
              void *item, const char *what, Str id, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };

    if (!db_query(tx, sql, args, count, &rows, err))
        return false;
    switch (db_next(&rows, err)) {
    case DB_FAILED: return false;
    case DB_END: return sql_not_found(err, what, id);
    case DB_ROW: break;
    }
    read(&rows, arena, item);
    return true;
}

bool sql_list(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count, SqlReader *read,
              size_t item_size, SqlItems *items_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    char *at = NULL;
    size_t item_count = 0, capacity = 0;
    DbStep step;

    if (!db_query(tx, sql, args, count, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        if (item_count == capacity)
            at = vec_grow(arena, at, item_size, item_count, &capacity);
        memset(at + item_count * item_size, 0, item_size);
        read(&rows, arena, at + item_count * item_size);
        item_count++;
    }
    if (step == DB_FAILED)
        return false;
    *items_r = (SqlItems){ .at = at, .count = item_count };
    return true;
}

bool sql_change(DbTx *tx, DbSql sql, const DbValue *args, size_t count, const char *what, Str id,
                Error *err)
{
    int64_t changed;

    if (!db_exec(tx, sql, args, count, &changed, err))
        return false;
    return changed > 0 || sql_not_found(err, what, id);
}

void sql_read_text(DbRows *row, Arena *arena, void *item)
{
    *(Str *)item = db_get_text(row, 0, arena);
}

void sql_read_int(DbRows *row, Arena *arena, void *item)
{
    (void)arena;
    *(int64_t *)item = db_get_int(row, 0);
}

DbValue sql_numbers(const DbTx *tx, Arena *arena, const int64_t *numbers, size_t count)
{
    bool is_json = db_tx_kind(tx) == DB_SQLITE;
    Buf buf = buf_new(arena, 2 + count * 21);

    buf_add_char(&buf, is_json ? '[' : '{');
    for (size_t i = 0; i < count; i++)
        buf_addf(&buf, i ? ",%" PRId64 : "%" PRId64, numbers[i]);
    buf_add_char(&buf, is_json ? ']' : '}');
    return db_text(buf_str(&buf));
}

DbValue sql_texts(Arena *arena, const Str *texts, size_t count)
{
    size_t bytes = 2;

    for (size_t i = 0; i < count; i++)
        bytes += 3 + texts[i].length * 6;
    Buf buf = buf_new(arena, bytes);
    buf_add_char(&buf, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&buf, ',');
        json_quote(&buf, texts[i]);
    }
    buf_add_char(&buf, ']');
    return db_text(buf_str(&buf));
}

bool sql_needs_system(const Scope *scope, Error *err)
{
    return scope->is_system ||
           fail(err, ERROR_DENIED, "only the server itself may look at all workspaces");
}

SqlBuild sql_build(const DbTx *tx, Arena *arena)
{
    return (SqlBuild){ .kind = db_tx_kind(tx), .text = buf_new(arena, KB(32)) };
}

SqlBuild sql_build_on(const DbTx *tx, Arena *arena, const char *text, const DbValue *args,
                      size_t count)
{
    SqlBuild build = sql_build(tx, arena);

    sql_add(&build, text);
    for (size_t i = 0; i < count; i++)
        sql_argument(&build, args[i]);
    return build;
}

void sql_add(SqlBuild *build, const char *text) { buf_add(&build->text, str(text)); }

void sql_argument(SqlBuild *build, DbValue value)
{
    assert(build->count < COUNT(build->args));
    build->args[build->count++] = value;
}

void sql_value(SqlBuild *build, DbValue value)
{
    sql_argument(build, value);
    buf_addf(&build->text, "$%zu", build->count);
}

void sql_value_in(SqlBuild *build, Arena *arena, const char *column, StrList texts)
{
    bool is_sqlite = build->kind == DB_SQLITE;

    sql_add(build, column);
    sql_add(build, is_sqlite ? " IN (SELECT value FROM json_each("
                             : " IN (SELECT json_array_elements_text(");
    sql_value(build, sql_texts(arena, texts.at, texts.count));
    sql_add(build, is_sqlite ? "))" : "::json))");
}

DbSql sql_text(SqlBuild *build)
{
    assert(!build->text.overflowed);
    return DB_SAME(buf_c(&build->text));
}

Str sql_cursor(Arena *arena, DbValue key, Str id)
{
    if (key.type == DB_INT)
        return str_format(arena, "%" PRId64 "~" STR_FMT, key.integer, STR_ARG(id));
    return str_format(arena, STR_FMT "~" STR_FMT, STR_ARG(key.text), STR_ARG(id));
}

bool sql_cursor_read(Str cursor, bool is_number, DbValue *key_r, Str *id_r, Error *err)
{
    ptrdiff_t at = str_find_last_char(cursor, '~');
    int64_t number = 0;

    if (at < 0 || !id_is_valid(str_from(cursor, (size_t)at + 1)) ||
        (is_number && !str_to_int(str_slice(cursor, 0, (size_t)at), INT64_MIN, INT64_MAX, &number)))
        return fail_field(err, "after", "this is not where a part of this list begins");
    *key_r = is_number ? db_int(number) : db_text(str_slice(cursor, 0, (size_t)at));
    *id_r = str_from(cursor, (size_t)at + 1);
    return true;
}
