/* import_store.c - see import_store.h. */
#include "store/import_store.h"

#include "store/chunks_store.h"
#include "store/import_int.h"
#include "store/sql.h"
#include "store/tasks_store.h"

#define LINKS_MAX 16

const ImportTable import_tables[] = {
#define IMPORT_TABLE(name, how, reason) { name, IMPORT_##how, reason },
#include "store/import_tables.def"
#undef IMPORT_TABLE
};
const size_t import_table_count = COUNT(import_tables);

/* A column that has to be found in another table. */
typedef struct Link {
    int64_t key; /* columns of one foreign key share it */
    Str table, from, to;
} Link;

typedef struct Import {
    DbTx *tx;
    const Scope *scope;
    Arena *arena;
    ImportRow row;
    SqlItems links;
    ImportResult result;
} Import;

/* --- What a row needs --- */

/* The workspace itself is there. */
static const DbSql list_links = {
    "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list($1)"
    " WHERE \"table\" <> 'workspaces' ORDER BY id, seq",
    "SELECT c.oid::bigint, p.relname::text, a.attname::text, b.attname::text"
    " FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class p"
    "  ON p.oid = c.confrelid, unnest(c.conkey, c.confkey) AS k(here, there)"
    " JOIN pg_attribute a ON true JOIN pg_attribute b ON true"
    " WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace"
    "  AND t.relname = $1 AND p.relname <> 'workspaces' AND a.attrelid = c.conrelid"
    "  AND a.attnum = k.here AND b.attrelid = c.confrelid AND b.attnum = k.there ORDER BY 1, 3"
};

static void read_link(DbRows *row, Arena *arena, void *item)
{
    *(Link *)item = (Link){ db_get_int(row, 0), db_get_text(row, 1, arena),
                            db_get_text(row, 2, arena), db_get_text(row, 3, arena) };
}

static size_t column_at(const MoveShape *shape, Str name)
{
    size_t i = 0;
    while (i < shape->column_count && !str_equal(shape->columns[i].name, name))
        i++;
    return i;
}

/* Whether a part of the key is NULL: then nothing has to be there. */
static bool is_open(const Import *in, const Link *links, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = column_at(in->row.shape, links[i].from);
        if (at == in->row.shape->column_count || in->row.values[at].type == DB_NULL)
            return true;
    }
    return false;
}

static bool find_parent(const Import *in, const Link *links, size_t count, bool *found_r,
                        Error *err)
{
    Buf text = buf_new(in->arena, KB(4));
    DbValue args[LINKS_MAX];
    int64_t found = 0;
    buf_addf(&text, "SELECT count(*) FROM \"" STR_FMT "\"", STR_ARG(links->table));
    for (size_t i = 0; i < count; i++) {
        buf_addf(&text, " %s \"" STR_FMT "\" = $%zu", i ? "AND" : "WHERE", STR_ARG(links[i].to),
                 i + 1);
        args[i] = in->row.values[column_at(in->row.shape, links[i].from)];
    }
    if (!db_query_int(in->tx, DB_SAME(buf_c(&text)), args, count, 0, &found, err))
        return false;
    *found_r = found > 0;
    return true;
}

static bool find_parents(Import *in, Str *reason_r, Error *err)
{
    const Link *links = in->links.at;
    for (size_t first = 0, next; first < in->links.count; first = next) {
        bool found;
        for (next = first; next < in->links.count && links[next].key == links[first].key;)
            next++;
        if (next - first > LINKS_MAX || is_open(in, links + first, next - first))
            continue;
        if (!find_parent(in, links + first, next - first, &found, err))
            return false;
        if (!found)
            *reason_r = str_format(in->arena, "what it belongs to is not here (" STR_FMT ")",
                                   STR_ARG(links[first].table));
    }
    return true;
}

/* --- Adding one --- */

static size_t collect(const Import *in, DbValue args[MOVE_COLUMNS_MAX], Buf *names, Buf *places)
{
    const MoveShape *shape = in->row.shape;
    size_t count = 0;
    for (size_t i = 0; i < shape->column_count; i++) {
        if (!in->row.is_given[i])
            continue;
        buf_addf(names, "%s\"" STR_FMT "\"", count ? ", " : "", STR_ARG(shape->columns[i].name));
        buf_addf(places, "%s$%zu", count ? ", " : "", count + 1);
        args[count++] = in->row.values[i];
    }
    return count;
}

static bool insert(Import *in, int64_t *changed_r, Error *err)
{
    Buf text = buf_new(in->arena, KB(16)), places = buf_new(in->arena, KB(4));
    DbValue args[MOVE_COLUMNS_MAX];
    buf_addf(&text, "INSERT INTO \"" STR_FMT "\" (", STR_ARG(in->row.shape->name));
    size_t count = collect(in, args, &text, &places);
    buf_addf(&text, ") VALUES (" STR_FMT ") ON CONFLICT DO NOTHING", STR_ARG(buf_str(&places)));
    return db_exec(in->tx, DB_SAME(buf_c(&text)), args, count, changed_r, err);
}

/* Whether a row with this key is there. */
static bool find_same(const Import *in, bool *found_r, Error *err)
{
    const MoveShape *shape = in->row.shape;
    Buf text = buf_new(in->arena, KB(4));
    DbValue args[MOVE_COLUMNS_MAX];
    int64_t found = 0;
    buf_addf(&text, "SELECT count(*) FROM \"" STR_FMT "\"", STR_ARG(shape->name));
    for (size_t i = 0; i < shape->key_count; i++) {
        buf_addf(&text, " %s \"" STR_FMT "\" = $%zu", i ? "AND" : "WHERE",
                 STR_ARG(shape->columns[shape->key[i]].name), i + 1);
        args[i] = in->row.values[shape->key[i]];
    }
    if (!db_query_int(in->tx, DB_SAME(buf_c(&text)), args, shape->key_count, 0, &found, err))
        return false;
    *found_r = found > 0;
    return true;
}

/* Of a number that another row has: the next one. */
static bool give_order(Import *in, Error *err)
{
    const MoveShape *shape = in->row.shape;
    for (size_t i = 0; i < shape->column_count; i++)
        if (import_is_ordered(shape->name, shape->columns[i].name) &&
            !task_number_free(in->tx, in->scope, &in->row.values[i].integer, err))
            return false;
    return true;
}

static bool leave(Import *in, size_t row, Str reason)
{
    *vec_push(in->arena, &in->result.left) = (ImportLeft){ row, reason };
    return true;
}

static bool add_row(Import *in, size_t at, Error *err)
{
    Str reason;
    bool is_there = false;
    int64_t changed = 0;
    if (!import_read_row(in->tx, &in->row, &reason, err) ||
        (!reason.length && !find_same(in, &is_there, err)))
        return false;
    if (is_there) {
        in->result.there++;
        return true;
    }
    if (!reason.length && !find_parents(in, &reason, err))
        return false;
    if (reason.length)
        return leave(in, at, reason);
    if (!give_order(in, err) || !insert(in, &changed, err))
        return false;
    in->result.added += changed;
    return changed || leave(in, at, S("another one of the same name or place is here already"));
}

/* --- All of them --- */

static bool find_shape(Import *in, Str table, Error *err)
{
    MoveShapes shapes;
    for (size_t i = 0; i < import_table_count; i++) {
        if (!str_is(table, import_tables[i].name) || import_tables[i].how != IMPORT_ROWS)
            continue;
        if (!move_shapes(in->tx, in->arena, &shapes, err))
            return false;
        for (size_t k = 0; k < shapes.count; k++)
            if (str_equal(shapes.at[k].name, table))
                in->row.shape = &shapes.at[k];
        return in->row.shape ||
               fail(err, ERROR_INTERNAL, "there is no table " STR_FMT, STR_ARG(table));
    }
    return fail(err, ERROR_NOT_FOUND, "no table '" STR_FMT "' has rows that can be imported",
                STR_ARG(table));
}

bool import_rows(DbTx *tx, const Scope *scope, Arena *arena, Str table, const json_t *rows,
                 ImportResult *result_r, Error *err)
{
    Import in = {
        .tx = tx, .scope = scope, .arena = arena, .row = { .scope = scope, .arena = arena }
    };
    if (json_array_size(rows) > IMPORT_ROWS_MAX)
        return fail(err, ERROR_TOO_LARGE, "at most %d rows at once, not %zu", IMPORT_ROWS_MAX,
                    json_array_size(rows));
    if (!find_shape(&in, table, err) ||
        !sql_list(tx, arena, list_links, DB_ARGS(db_text(table)), read_link, sizeof(Link),
                  &in.links, err) ||
        !chunk_newest(tx, scope, &in.row.newest_chunk, err))
        return false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        in.row.json = json_array_get(rows, i);
        if (!add_row(&in, i, err))
            return fail_in(err, "row %zu of " STR_FMT, i, STR_ARG(table));
    }
    *result_r = in.result;
    return true;
}
