/* move_target.c - the database that a library is moved into: what is taken away while rows come,
 * and made again when they are there. */
#include "store/move_int.h"

/* What a sort of an index's rows may hold in memory, where the server's own setting is less. */
#define SORT_MEMORY "'256MB'"

#define OF_SCHEMA "= current_schema()::regnamespace"

/* How each thing is taken away, and made again. Indexes of keys stay: rows come in their order, and
 * are compared in it; of a table without a primary key that is what is unique. */
static const char postgres_things[] =
    "SELECT 1, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),"
    "  format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,"
    "   pg_get_constraintdef(oid))"
    " FROM pg_constraint WHERE contype = 'f' AND connamespace " OF_SCHEMA
    " UNION ALL SELECT 2, format('DROP INDEX %s', i.indexrelid::regclass),"
    "  pg_get_indexdef(i.indexrelid)"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
    " WHERE c.relkind = 'r' AND c.relnamespace " OF_SCHEMA
    "  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)"
    "  AND (NOT i.indisunique OR EXISTS"
    "   (SELECT FROM pg_index p WHERE p.indrelid = i.indrelid AND p.indisprimary))"
    " UNION ALL SELECT 3, format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', oid::regclass),"
    "  format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', oid::regclass)"
    " FROM pg_class WHERE relkind = 'r' AND relforcerowsecurity AND relnamespace " OF_SCHEMA
    " ORDER BY 1, 2";

typedef struct Thing {
    int64_t kind;
    Str away, again;
} Thing;
typedef VEC(Thing) Things;
enum { FOREIGN_KEY = 1, INDEX = 2, FORCING = 3 };

static bool list_things(MoveTarget *target, Things *things, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    DbStep step;
    if (!db_query(target->tx, DB_SAME(postgres_things), DB_NO_ARGS, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW)
        *vec_push(target->arena, things) = (Thing){ .kind = db_get_int(&rows, 0),
                                                    .away = db_get_text(&rows, 1, target->arena),
                                                    .again = db_get_text(&rows, 2, target->arena) };
    return step == DB_END;
}

/* A foreign key is checked by one query over an index of the table that it points to. */
static void order_later(MoveTarget *target, const Things *things)
{
    static const int64_t order[] = { INDEX, FOREIGN_KEY, FORCING };
    Str *later = arena_new_array(target->arena, Str, things->count);
    size_t count = 0;
    for (size_t kind = 0; kind < COUNT(order); kind++)
        for (size_t i = 0; i < things->count; i++)
            if (things->at[i].kind == order[kind])
                later[count++] = things->at[i].again;
    target->later = (StrList){ later, count };
}

static Str table_list(const MoveTarget *target, const char *verb, const MoveShapes *shapes)
{
    Buf out = buf_new(target->arena, KB(64));
    buf_addf(&out, "%s", verb);
    for (size_t i = 0; i < shapes->count; i++)
        buf_addf(&out, "%s\"" STR_FMT "\"", i ? ", " : " ", STR_ARG(shapes->at[i].name));
    (void)buf_c(&out);
    return buf_str(&out);
}

static bool open_postgres(MoveTarget *target, const MoveShapes *shapes, Error *err)
{
    Things things = { 0 };
    if (!list_things(target, &things, err))
        return false;
    for (size_t i = 0; i < things.count; i++)
        if (!db_exec_script(target->tx, things.at[i].away.at, err))
            return false;
    order_later(target, &things);
    return db_exec_script(target->tx, table_list(target, "TRUNCATE", shapes).at, err) &&
           db_exec_script(target->tx,
                          "SELECT set_config('maintenance_work_mem', " SORT_MEMORY ", true)"
                          " WHERE pg_size_bytes(current_setting('maintenance_work_mem'))"
                          "  < pg_size_bytes(" SORT_MEMORY ")",
                          err);
}

/* Foreign keys are checked at the end of the transaction, so that the order of tables and rows does
 * not matter. */
static bool open_sqlite(MoveTarget *target, const MoveShapes *shapes, Error *err)
{
    if (!db_exec_script(target->tx, "PRAGMA defer_foreign_keys = ON", err))
        return false;
    for (size_t i = 0; i < shapes->count; i++) {
        Str text =
            str_format(target->arena, "DELETE FROM \"" STR_FMT "\"", STR_ARG(shapes->at[i].name));
        if (!db_exec(target->tx, DB_SAME(text.at), DB_NO_ARGS, NULL, err))
            return fail_in(err, "clearing " STR_FMT, STR_ARG(shapes->at[i].name));
    }
    return true;
}

bool move_target_open(MoveTarget *target, const MoveShapes *shapes, Error *err)
{
    return db_tx_kind(target->tx) == DB_SQLITE ? open_sqlite(target, shapes, err)
                                               : open_postgres(target, shapes, err);
}

bool move_target_make(MoveTarget *target, size_t which, Error *err)
{
    return db_exec_script(target->tx, target->later.at[which].at, err);
}

bool move_target_analyze(MoveTarget *target, const MoveShapes *shapes, Error *err)
{
    return db_tx_kind(target->tx) == DB_SQLITE ||
           db_exec_script(target->tx, table_list(target, "ANALYZE", shapes).at, err);
}
