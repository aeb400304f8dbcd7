/* export_store.c - see export_store.h. */
#include "store/export_store.h"

#include "base/json.h"
#include "store/move_int.h"
#include "store/sql.h"

#define PART_BYTES KB(512) /* what a part should hold; one row may be larger */
#define PART_ROWS_FIRST 20
#define PART_ROWS_MAX 1000
#define KEY_MAX MB(1)

const ExportTable export_tables[] = {
#define EXPORT_TABLE(name, is_written, reason) { name, is_written, reason },
#include "store/export_tables.def"
#undef EXPORT_TABLE
};
const size_t export_table_count = COUNT(export_tables);

bool column_is_secret(Str table, Str column)
{
    static const char *const names[] = {
#define SECRET_COLUMN(name) name,
#define PLAIN_COLUMN(table, name)
#include "store/secret_columns.def"
#undef SECRET_COLUMN
#undef PLAIN_COLUMN
    };
    static const char *const plain[][2] = {
#define SECRET_COLUMN(name)
#define PLAIN_COLUMN(table, name) { table, name },
#include "store/secret_columns.def"
#undef SECRET_COLUMN
#undef PLAIN_COLUMN
    };
    for (size_t i = 0; i < COUNT(plain); i++)
        if (str_is(table, plain[i][0]) && str_is(column, plain[i][1]))
            return false;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(column, names[i]))
            return true;
    return false;
}

/* --- Rows --- */

bool export_shapes(DbTx *tx, Arena *arena, const MoveShapes **shapes_r, Error *err)
{
    MoveShapes *shapes = arena_new_one(arena, MoveShapes);
    *shapes_r = shapes;
    return move_shapes(tx, arena, shapes, err);
}

static const MoveShape *find_shape(const ExportCursor *cursor, Error *err)
{
    for (size_t i = 0; i < cursor->shapes->count; i++)
        if (str_is(cursor->shapes->at[i].name, cursor->table))
            return &cursor->shapes->at[i];
    (void)fail(err, ERROR_INTERNAL, "there is no table %s", cursor->table);
    return NULL;
}

static void add_key(Buf *out, const MoveShape *shape)
{
    for (size_t i = 0; i < shape->key_count; i++)
        buf_addf(out, "%s\"" STR_FMT "\"", i ? ", " : "",
                 STR_ARG(shape->columns[shape->key[i]].name));
}

/* SELECT columns FROM table WHERE workspace = $1 [AND (key) > ($2, ...)] ORDER BY key LIMIT n */
static const char *part_text(Arena *arena, const MoveShape *shape, bool is_first, int64_t limit)
{
    Buf out = buf_new(arena, KB(16));
    for (size_t i = 0; i < shape->column_count; i++)
        buf_addf(&out, "%s\"" STR_FMT "\"", i ? ", " : "SELECT ", STR_ARG(shape->columns[i].name));
    buf_addf(&out, " FROM \"" STR_FMT "\" WHERE workspace = $1", STR_ARG(shape->name));
    if (!is_first) {
        buf_add(&out, S(" AND ("));
        add_key(&out, shape);
        buf_add(&out, S(") > ("));
        for (size_t i = 0; i < shape->key_count; i++)
            buf_addf(&out, "%s$%zu", i ? ", " : "", i + 2);
        buf_add_char(&out, ')');
    }
    buf_add(&out, S(" ORDER BY "));
    add_key(&out, shape);
    buf_addf(&out, " LIMIT %" PRId64, limit);
    return buf_c(&out);
}

/* The workspace, and the key of the last row. */
static bool part_args(Arena *arena, const Scope *scope, const ExportCursor *cursor,
                      DbValue args[MOVE_COLUMNS_MAX + 1], size_t *count_r, Error *err)
{
    AUTO_JSON json_t *keys = NULL;
    size_t i;
    json_t *key;
    args[0] = db_text(scope->workspace);
    *count_r = 1;
    if (!cursor->after.length)
        return true;
    if (!json_parse(cursor->after, KEY_MAX, &keys, err))
        return false;
    json_array_foreach(keys, i, key)
    {
        Str text = { json_string_value(key), json_string_length(key) };
        args[(*count_r)++] =
            json_is_integer(key) ? db_int(json_integer_value(key)) : db_text(str_copy(arena, text));
    }
    return true;
}

static void put_column(JsonWriter *json, Arena *arena, DbRows *rows, int at, const MoveShape *shape)
{
    const MoveColumn *column = &shape->columns[at];
    const char *name = str_c(arena, column->name);
    if (column->type == DB_BLOB || column_is_secret(shape->name, column->name))
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

static Str row_key(Arena *arena, DbRows *rows, const MoveShape *shape)
{
    Buf out = buf_new(arena, KEY_MAX);
    JsonWriter json = put_begin_array(&out);
    for (size_t i = 0; i < shape->key_count; i++) {
        int at = (int)shape->key[i];
        if (shape->columns[at].type == DB_INT)
            put_int(&json, NULL, db_get_int(rows, at));
        else
            put_text(&json, NULL, db_get_text(rows, at, arena));
    }
    put_end(&json);
    return buf_str(&out);
}

static void put_row(Buf *lines, Arena *arena, DbRows *rows, const MoveShape *shape)
{
    JsonWriter json = put_begin(lines);
    for (size_t i = 0; i < shape->column_count; i++)
        put_column(&json, arena, rows, (int)i, shape);
    put_end(&json);
    buf_add_char(lines, '\n');
}

/* As many rows next time as fill a part, judging by these. */
static void move_on(ExportCursor *cursor, int64_t rows, int64_t limit, size_t bytes)
{
    int64_t fitting = rows * (int64_t)PART_BYTES / (int64_t)(bytes + 1);
    cursor->rows += rows;
    cursor->is_over = rows < limit;
    cursor->limit = MIN(MAX(fitting, 1), PART_ROWS_MAX);
}

bool export_rows(DbTx *tx, const Scope *scope, Arena *arena, ExportCursor *cursor, Buf *lines,
                 Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    DbValue args[MOVE_COLUMNS_MAX + 1];
    const MoveShape *shape = find_shape(cursor, err);
    size_t arg_count, before = lines->length;
    int64_t limit = cursor->limit ? cursor->limit : PART_ROWS_FIRST, count = 0;
    DbStep step;
    if (!shape || !part_args(arena, scope, cursor, args, &arg_count, err))
        return false;
    const char *text = part_text(arena, shape, !cursor->after.length, limit);
    if (!db_query(tx, DB_SAME(text), args, arg_count, &rows, err))
        return fail_in(err, "reading %s", cursor->table);
    while ((step = db_next(&rows, err)) == DB_ROW) {
        put_row(lines, arena, &rows, shape);
        cursor->after = row_key(arena, &rows, shape);
        count++;
    }
    if (lines->overflowed)
        return fail(err, ERROR_TOO_LARGE, "a row of %s is too long for an export", cursor->table);
    move_on(cursor, count, limit, lines->length - before);
    return step == DB_END;
}

/* --- What somebody owns --- */

static void read_owned(DbRows *row, Arena *arena, void *item)
{
    *(ExportOwned *)item = (ExportOwned){ db_get_text(row, 0, arena), db_get_text(row, 1, arena) };
}

bool export_list(DbTx *tx, const Scope *scope, Arena *arena, ExportList kind, Str after,
                 int64_t limit, ExportOwnedList *list_r, Error *err)
{
    static const char *const texts[] = {
        [EXPORT_ALL_DOCUMENTS] =
            "SELECT id, created_by FROM documents WHERE workspace = $1 AND id > $2"
            " ORDER BY id LIMIT $3",
        [EXPORT_ALL_CONVERSATIONS] = "SELECT id, user_id FROM conversations WHERE workspace = $1"
                                     " AND id > $2 ORDER BY id LIMIT $3",
        [EXPORT_ALL_DECKS] = "SELECT id, user_id FROM study_decks WHERE workspace = $1 AND id > $2"
                             " ORDER BY id LIMIT $3",
        [EXPORT_ALL_MEETINGS] = "SELECT id, user_id FROM meetings WHERE workspace = $1 AND id > $2"
                                " ORDER BY id LIMIT $3",
    };
    SqlItems items;
    if (!sql_list(tx, arena, DB_SAME(texts[kind]),
                  DB_ARGS(db_text(scope->workspace), db_text(after), db_int(limit)), read_owned,
                  sizeof(ExportOwned), &items, err))
        return false;
    *list_r = (ExportOwnedList){ .at = items.at, .count = items.count };
    return true;
}

bool export_size(DbTx *tx, const Scope *scope, ExportSize *size_r, Error *err)
{
    const DbValue workspace = db_text(scope->workspace);
    return db_query_int(tx, DB_SAME("SELECT count(*) FROM documents WHERE workspace = $1"),
                        &workspace, 1, 0, &size_r->documents, err) &&
           db_query_int(tx,
                        DB_SAME("SELECT CAST(coalesce(sum(size_bytes + text_bytes), 0) AS BIGINT)"
                                " FROM documents WHERE workspace = $1"),
                        &workspace, 1, 0, &size_r->bytes, err);
}
