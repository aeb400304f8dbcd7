/* move_rows.c - what tables there are, and their rows in the order of their keys. */
#include "store/move_int.h"

/* What a page should hold; a row may be larger. */
#define PAGE_BYTES MB(4)
#define PAGE_ROWS_MAX 2000
#define PAGE_ROWS_FIRST 50
/* The largest page: rows whose sizes grow a hundredfold from one page to the next. */
#define PAGE_ARENA GB(2)

/* --- Tables --- */

/* How far a store of vectors is, and vectors that lie in one, are of the database they were made
 * of.
 */
static const DbSql list_columns = {
    "SELECT m.name, c.name, c.type, c.pk, c.\"notnull\", c.dflt_value IS NOT NULL FROM "
    "pragma_table_list m, pragma_table_info(m.name) c"
    " WHERE m.schema = 'main' AND m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    "  AND m.name NOT IN ('schema_version', 'counters', 'document_counts', 'tag_counts',"
    "   'vector_leases')"
    " ORDER BY m.name, c.name",
    "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL),"
    " COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0), a.attnotnull::int,"
    " a.atthasdef::int"
    " FROM pg_class c JOIN pg_attribute a"
    "  ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
    "  AND c.relname NOT IN ('schema_version', 'document_counts', 'tag_counts', 'vector_leases')"
    "  AND c.relname NOT LIKE 'near\\_vectors\\_%'"
    " ORDER BY c.relname::text COLLATE \"C\", a.attname::text COLLATE \"C\""
};

static bool read_type(Str text, DbType *type_r, Error *err)
{
    static const struct {
        const char *name;
        DbType type;
    } types[] = {
        { "INTEGER", DB_INT }, { "bigint", DB_INT },
        { "REAL", DB_REAL },   { "double precision", DB_REAL },
        { "TEXT", DB_TEXT },   { "text", DB_TEXT },
        { "BLOB", DB_BLOB },   { "bytea", DB_BLOB },
    };
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_is(text, types[i].name)) {
            *type_r = types[i].type;
            return true;
        }
    return fail(err, ERROR_UNSUPPORTED, "columns of the type '" STR_FMT "' cannot be moved",
                STR_ARG(text));
}

/* Tables whose rows may be of no workspace have no primary key, but a unique index like one. */
static const struct {
    const char *table, *columns;
} unique_keys[] = {
    { "job_keys", "workspace key" },
    { "job_minutes", "workspace type minute" },
};

static void order_by_unique(MoveShape *shape, Str columns)
{
    Str name;
    while (str_next(&columns, ' ', &name))
        for (size_t i = 0; i < shape->column_count; i++)
            if (str_equal(shape->columns[i].name, name))
                shape->key[shape->key_count++] = i;
}

static bool order_by_key(MoveShape *shape, Error *err)
{
    for (size_t i = 0; i < shape->column_count; i++)
        if (shape->columns[i].key > 0) {
            shape->key[shape->columns[i].key - 1] = i;
            shape->key_count++;
        }
    for (size_t i = 0; !shape->key_count && i < COUNT(unique_keys); i++)
        if (str_is(shape->name, unique_keys[i].table))
            order_by_unique(shape, str(unique_keys[i].columns));
    return shape->key_count > 0 ||
           fail(err, ERROR_UNSUPPORTED, "the table " STR_FMT " has no key to read it by",
                STR_ARG(shape->name));
}

bool move_shapes(DbTx *tx, Arena *arena, MoveShapes *shapes_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    VEC(MoveShape) shapes = { 0 };
    DbStep step;
    if (!db_query(tx, list_columns, DB_NO_ARGS, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        Str table = db_get_text(&rows, 0, arena);
        MoveShape *shape = shapes.count ? &shapes.at[shapes.count - 1] : NULL;
        if (!shape || !str_equal(shape->name, table)) {
            shape = vec_push(arena, &shapes);
            *shape = (MoveShape){ .name = table };
            shape->columns = arena_new_array(arena, MoveColumn, MOVE_COLUMNS_MAX);
        }
        if (shape->column_count == MOVE_COLUMNS_MAX)
            return fail(err, ERROR_TOO_LARGE, STR_FMT " has too many columns", STR_ARG(table));
        MoveColumn *column = &shape->columns[shape->column_count++];
        column->name = db_get_text(&rows, 1, arena);
        column->key = db_get_int(&rows, 3);
        column->is_never_null = db_get_int(&rows, 4);
        column->has_default = db_get_int(&rows, 5);
        if (!read_type(db_get_text(&rows, 2, arena), &column->type, err))
            return fail_in(err, STR_FMT "." STR_FMT, STR_ARG(table), STR_ARG(column->name));
    }
    for (size_t i = 0; i < shapes.count && step == DB_END; i++)
        if (!order_by_key(&shapes.at[i], err))
            return false;
    *shapes_r = (MoveShapes){ shapes.at, shapes.count };
    return step == DB_END;
}

static bool is_same_shape(const MoveShape *a, const MoveShape *b)
{
    bool same = str_equal(a->name, b->name) && a->column_count == b->column_count;
    for (size_t i = 0; same && i < a->column_count; i++)
        same = str_equal(a->columns[i].name, b->columns[i].name) &&
               a->columns[i].type == b->columns[i].type && a->columns[i].key == b->columns[i].key;
    return same;
}

bool move_same_shapes(const MoveShapes *a, const MoveShapes *b, Error *err)
{
    for (size_t i = 0; i < MAX(a->count, b->count); i++)
        if (i >= a->count || i >= b->count || !is_same_shape(&a->at[i], &b->at[i]))
            return fail(err, ERROR_UNSUPPORTED,
                        "the two databases have other tables (" STR_FMT
                        "); bring both to this program with `lectern migrate up`",
                        STR_ARG(i < a->count ? a->at[i].name : b->at[i].name));
    return true;
}

/* --- Texts --- */

static void add_names(Buf *out, const MoveShape *shape)
{
    for (size_t i = 0; i < shape->column_count; i++)
        buf_addf(out, "%s\"" STR_FMT "\"", i ? ", " : "", STR_ARG(shape->columns[i].name));
}

/* As the unique indexes of tables without a primary key have it. */
static void add_key(Buf *out, const MoveShape *shape)
{
    for (size_t i = 0; i < shape->key_count; i++) {
        const MoveColumn *column = &shape->columns[shape->key[i]];
        buf_addf(out,
                 column->is_never_null || column->key ? "%s\"" STR_FMT "\""
                                                      : "%scoalesce(\"" STR_FMT "\", '')",
                 i ? ", " : "", STR_ARG(column->name));
    }
}

static void add_places(Buf *out, size_t count)
{
    for (size_t i = 1; i <= count; i++)
        buf_addf(out, "%s$%zu", i > 1 ? ", " : "", i);
}

static const char *load_text(Arena *arena, const MoveShape *shape, bool is_copy)
{
    Buf out = buf_new(arena, KB(16));
    buf_addf(&out, "%s \"" STR_FMT "\" (", is_copy ? "COPY" : "INSERT INTO", STR_ARG(shape->name));
    add_names(&out, shape);
    if (is_copy) {
        buf_add(&out, S(") FROM STDIN (FORMAT binary, FREEZE)"));
        return buf_c(&out);
    }
    buf_add(&out, S(") VALUES ("));
    add_places(&out, shape->column_count);
    buf_add_char(&out, ')');
    return buf_c(&out);
}

DbSql move_load_text(Arena *arena, const MoveShape *shape)
{
    return DB_SQL(load_text(arena, shape, false), load_text(arena, shape, true));
}

/* What follows the key $1, $2, ... */
static const char *page_text(Arena *arena, const MoveShape *shape, bool is_first, int64_t limit)
{
    Buf out = buf_new(arena, KB(16));
    buf_add(&out, S("SELECT "));
    add_names(&out, shape);
    buf_addf(&out, " FROM \"" STR_FMT "\"", STR_ARG(shape->name));
    if (!is_first) {
        buf_add(&out, S(" WHERE ("));
        add_key(&out, shape);
        buf_add(&out, S(") > ("));
        add_places(&out, shape->key_count);
        buf_add_char(&out, ')');
    }
    buf_add(&out, S(" ORDER BY "));
    add_key(&out, shape);
    buf_addf(&out, " LIMIT %" PRId64, limit);
    return buf_c(&out);
}

/* --- Rows --- */

typedef struct TableReading {
    DbTx *tx;
    const MoveShape *shape;
    Arena *arena;                  /* of the page */
    Arena *key_arena, *key_before; /* take turns with the last row's key */
    DbValue key[MOVE_COLUMNS_MAX];
    int64_t rows, limit;
    Sha256 sha;
} TableReading;

static DbValue read_value(DbRows *rows, int column, DbType type, Arena *arena)
{
    if (db_is_null(rows, column))
        return db_null();
    switch (type) {
    case DB_INT: return db_int(db_get_int(rows, column));
    case DB_REAL: return db_real(db_get_real(rows, column));
    case DB_TEXT: return db_text(db_get_text(rows, column, arena));
    case DB_BLOB: return db_blob(db_get_blob(rows, column, arena));
    case DB_NULL: break;
    }
    return db_null();
}

/* Its type, its length and its bytes, so that no two rows are told alike. */
static void add_to_hash(Sha256 *sha, const DbValue *value)
{
    uint64_t length = value->text.length;
    sha256_add(sha, (Str){ (const char *)&value->type, sizeof value->type });
    if (value->type == DB_INT)
        sha256_add(sha, (Str){ (const char *)&value->integer, sizeof value->integer });
    if (value->type == DB_REAL)
        sha256_add(sha, (Str){ (const char *)&value->real, sizeof value->real });
    if (value->type == DB_TEXT || value->type == DB_BLOB) {
        sha256_add(sha, (Str){ (const char *)&length, sizeof length });
        sha256_add(sha, value->text);
    }
}

static void keep_key(TableReading *reading, const DbValue *row)
{
    Arena *arena = reading->key_before;
    reading->key_before = reading->key_arena;
    reading->key_arena = arena;
    arena_reset(arena);
    for (size_t i = 0; i < reading->shape->key_count; i++) {
        reading->key[i] = row[reading->shape->key[i]];
        if (reading->key[i].type == DB_NULL)
            reading->key[i] = db_text(S(""));
        reading->key[i].text = str_copy(arena, reading->key[i].text);
    }
}

static bool query_page(TableReading *reading, DbRows *rows, Error *err)
{
    const MoveShape *shape = reading->shape;
    bool is_first = !reading->rows;
    const char *text = page_text(reading->arena, shape, is_first, reading->limit);
    return db_query(reading->tx, DB_SAME(text), reading->key, is_first ? 0 : shape->key_count, rows,
                    err);
}

static bool read_page(TableReading *reading, MovePage *page_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    const MoveShape *shape = reading->shape;
    VEC(DbValue) values = { 0 };
    size_t count = 0;
    DbStep step;
    if (!query_page(reading, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        for (size_t i = 0; i < shape->column_count; i++) {
            DbValue value = read_value(&rows, (int)i, shape->columns[i].type, reading->arena);
            add_to_hash(&reading->sha, &value);
            *vec_push(reading->arena, &values) = value;
        }
        count++;
    }
    if (count)
        keep_key(reading, &values.at[(count - 1) * shape->column_count]);
    reading->rows += (int64_t)count;
    *page_r = (MovePage){ reading->arena, values.at, count };
    return step == DB_END;
}

static bool read_pages(TableReading *reading, MoveTake *take, void *argument, Error *err)
{
    for (MovePage page = { .count = 1 }; page.count;) {
        arena_reset(reading->arena);
        if (!read_page(reading, &page, err) || (take && page.count && !take(argument, &page, err)))
            return false;
        int64_t bytes = (int64_t)arena_used(reading->arena) + 1;
        int64_t fitting = (int64_t)page.count * (int64_t)PAGE_BYTES / bytes;
        reading->limit = MIN(MAX(fitting, 1), PAGE_ROWS_MAX);
    }
    return true;
}

bool move_read_table(DbTx *tx, const MoveShape *shape, MoveTake *take, void *argument,
                     int64_t *rows_r, char sha256_r[65], Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(PAGE_ARENA), *one = arena_new(MB(64)),
                     *other = arena_new(MB(64));
    TableReading reading = { .tx = tx,
                             .shape = shape,
                             .arena = arena,
                             .key_arena = one,
                             .key_before = other,
                             .limit = PAGE_ROWS_FIRST };
    uint8_t digest[SHA256_SIZE];
    sha256_begin(&reading.sha);
    if (!read_pages(&reading, take, argument, err))
        return fail_in(err, "the table " STR_FMT, STR_ARG(shape->name));
    sha256_end(&reading.sha, digest);
    snprintf(sha256_r, 65, STR_FMT, STR_ARG(str_hex(one, digest, sizeof digest)));
    *rows_r = reading.rows;
    return true;
}
