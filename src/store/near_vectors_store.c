#include "store/near_vectors_store.h"

#include <assert.h>

#include "store/migrate.h"
#include "store/sql.h"

/* Asked for k, the graph gives its best among so many that it keeps in view. */
#define VIEW_MIN 100
#define VIEW_MAX 1000
/* With a filter it goes on from there until k are found, but not beyond so many. */
#define SCAN_MAX 100000

/* A statement with the table's name in place of each %s. */
static DbSql of_table(Arena *arena, const NearSpace *space, const char *text)
{
    char name[32];
    Buf out = buf_new(arena, KB(8));
    snprintf(name, sizeof name, "near_vectors_%zu", space->dims);
    for (const char *at = text; *at; at++)
        if (at[0] == '%' && at[1] == 's') {
            buf_add(&out, str(name));
            at++;
        } else {
            buf_add_char(&out, *at);
        }
    return (DbSql){ .postgres = str_c(arena, buf_str(&out)) };
}

static Str vector_text(Arena *arena, const float *values, size_t dims)
{
    Buf out = buf_new(arena, 24 * dims + 8);
    for (size_t i = 0; i < dims; i++)
        buf_addf(&out, "%c%.6g", i ? ',' : '[', (double)values[i]);
    buf_add_char(&out, ']');
    return buf_str(&out);
}

/* --- The table --- */

bool near_create_extension(DbTx *tx, Error *err)
{
    int64_t has, offers;
    /* Nodes that start together take turns. */
    if (!db_exec(tx, DB_SAME("SELECT pg_advisory_xact_lock(5417390216)"), DB_NO_ARGS, NULL, err) ||
        !db_query_int(tx, DB_SAME("SELECT count(*) FROM pg_extension WHERE extname = 'vector'"),
                      DB_NO_ARGS, 0, &has, err))
        return false;
    if (has)
        return true;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"),
                      DB_NO_ARGS, 0, &offers, err))
        return false;
    if (!offers)
        return fail(err, ERROR_UNSUPPORTED,
                    "this PostgreSQL has no extension pgvector: install it on the database's "
                    "server (the package postgresql-NN-pgvector), or set vector_store_type to "
                    "embedded");
    return db_exec_script(tx, "CREATE EXTENSION IF NOT EXISTS vector", err) ||
           fail_in(err, "the extension pgvector is installed, but this login may not switch it on; "
                        "let a superuser run CREATE EXTENSION vector in this database");
}

bool near_create(DbTx *tx, Arena *arena, size_t dims, Error *err)
{
    NearSpace space = { .dims = dims };
    if (dims > NEAR_DIMS_MAX)
        return fail(err, ERROR_UNSUPPORTED,
                    "the model's vectors have %zu values, and pgvector searches at most %d: use "
                    "another model, or set vector_store_type to embedded",
                    dims, NEAR_DIMS_MAX);
    Str text = str_format(
        arena,
        "CREATE TABLE IF NOT EXISTS %%s ("
        " workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
        " model TEXT NOT NULL, number BIGINT NOT NULL, part INTEGER NOT NULL,"
        " sum BIGINT NOT NULL, value halfvec(%zu) NOT NULL,"
        " PRIMARY KEY (workspace, model, number, part));"
        "CREATE INDEX IF NOT EXISTS %%s_near ON %%s USING hnsw (value halfvec_cosine_ops);",
        dims);
    return near_create_extension(tx, err) &&
           db_exec_script(tx, of_table(arena, &space, text.at).postgres, err) &&
           migrate_guard(tx, err);
}

bool near_is_created(DbTx *tx, Arena *arena, size_t dims, bool *is_there_r, Error *err)
{
    NearSpace space = { .dims = dims };
    int64_t is_there;
    bool ok =
        db_query_int(tx, of_table(arena, &space, "SELECT (to_regclass('%s') IS NOT NULL)::int"),
                     DB_NO_ARGS, 0, &is_there, err);
    *is_there_r = ok && is_there;
    return ok;
}

/* --- Rows --- */

bool near_put(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space,
              const NearVector *vectors, size_t count, Error *err)
{
    enum { COLUMN_COUNT = 6 };
    DbValue *values = arena_new_array(arena, DbValue, count * COLUMN_COUNT);
    for (size_t i = 0; i < count; i++) {
        DbValue row[COLUMN_COUNT] = {
            db_text(scope->workspace), db_text(space->model),
            db_int(vectors[i].number), db_int(vectors[i].part),
            db_int(vectors[i].sum),    db_text(vector_text(arena, vectors[i].values, space->dims)),
        };
        memcpy(values + i * COLUMN_COUNT, row, sizeof row);
    }
    return db_exec_many(tx,
                        of_table(arena, space,
                                 "INSERT INTO %s (workspace, model, number, part, sum, value)"
                                 " VALUES ($1, $2, $3, $4, $5, $6::halfvec)"
                                 " ON CONFLICT (workspace, model, number, part) DO UPDATE"
                                 " SET sum = excluded.sum, value = excluded.value"),
                        values, COLUMN_COUNT, count, err);
}

bool near_remove(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space,
                 const int64_t *numbers, size_t count, Error *err)
{
    return db_exec(tx,
                   of_table(arena, space,
                            "DELETE FROM %s WHERE workspace = $1 AND model = $2"
                            " AND number " SQL_ANY_POSTGRES(3)),
                   DB_ARGS(db_text(scope->workspace), db_text(space->model),
                           sql_numbers(tx, arena, numbers, count)),
                   NULL, err);
}

bool near_clear(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space, Error *err)
{
    return db_exec(tx, of_table(arena, space, "DELETE FROM %s WHERE workspace = $1 AND model = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(space->model)), NULL, err);
}

bool near_count(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space,
                int64_t *count_r, Error *err)
{
    return db_query_int(
        tx, of_table(arena, space, "SELECT count(*) FROM %s WHERE workspace = $1 AND model = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(space->model)), 0, count_r, err);
}

static void read_near(DbRows *row, Arena *arena, void *item)
{
    (void)arena;
    *(NearVector *)item = (NearVector){ .number = db_get_int(row, 0),
                                        .part = db_get_int(row, 1),
                                        .sum = db_get_int(row, 2) };
}

bool near_list(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space, int64_t number,
               int64_t part, int64_t limit, NearVectorList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  of_table(arena, space,
                           "SELECT number, part, sum FROM %s WHERE workspace = $1 AND model = $2"
                           " AND (number, part) > ($3, $4) ORDER BY number, part LIMIT $5"),
                  DB_ARGS(db_text(scope->workspace), db_text(space->model), db_int(number),
                          db_int(part), db_int(limit)),
                  read_near, sizeof(NearVector), &items, err))
        return false;
    *list_r = (NearVectorList){ .at = items.at, .count = items.count };
    return true;
}

/* --- Searching --- */

static void read_hit(DbRows *row, Arena *arena, void *item)
{
    (void)arena;
    *(NearHit *)item = (NearHit){ .number = db_get_int(row, 0),
                                  .part = db_get_int(row, 1),
                                  .score = db_get_real(row, 2) };
}

/* For this transaction. The order is mended by who reads the hits, so the graph need not keep it.
 */
static bool set_view(DbTx *tx, Arena *arena, const NearSearch *search, Error *err)
{
    int64_t view = MIN(MAX(search->limit, VIEW_MIN), VIEW_MAX);
    int64_t ignored;
    return db_query_int(
        tx,
        DB_SAME("SELECT count(*) FROM (SELECT set_config('hnsw.iterative_scan', 'relaxed_order',"
                " true), set_config('hnsw.ef_search', $1, true),"
                " set_config('hnsw.max_scan_tuples', $2, true),"
                " CASE WHEN $3 = '' THEN '' ELSE set_config('statement_timeout', $3, true) END) s"),
        DB_ARGS(db_text(str_format(arena, "%" PRId64, view)),
                db_text(str_format(arena, "%d", SCAN_MAX)),
                db_text(search->timeout_ms ? str_format(arena, "%" PRId64, search->timeout_ms)
                                           : S(""))),
        0, &ignored, err);
}

/* An order by a sum is not one that an index gives. */
#define NEAREST "SELECT number, part, 1 - (value <=> $3::halfvec) FROM %s"
#define OF_SPACE " WHERE workspace = $1 AND model = $2"
#define IN_BITMAP " AND CASE WHEN number < $6 THEN get_bit($5::bytea, number) = 1 ELSE false END"
#define BY_GRAPH " ORDER BY value <=> $3::halfvec LIMIT $4"
#define BY_ALL " ORDER BY (value <=> $3::halfvec) + 0 LIMIT $4"

static const char *statement_of(const NearSearch *search)
{
    if (search->numbers)
        return NEAREST OF_SPACE " AND number " SQL_ANY_POSTGRES(5) BY_ALL;
    if (search->bitmap.length)
        return search->is_exact ? NEAREST OF_SPACE IN_BITMAP BY_ALL
                                : NEAREST OF_SPACE IN_BITMAP BY_GRAPH;
    return search->is_exact ? NEAREST OF_SPACE BY_ALL : NEAREST OF_SPACE BY_GRAPH;
}

bool near_search(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space,
                 const NearSearch *search, NearHitList *list_r, Error *err)
{
    SqlItems items;
    DbValue args[6] = { db_text(scope->workspace), db_text(space->model),
                        db_text(vector_text(arena, search->query, space->dims)),
                        db_int(search->limit) };
    size_t count = 4;
    if (search->numbers) {
        args[count++] = sql_numbers(tx, arena, search->numbers, search->number_count);
    } else if (search->bitmap.length) {
        args[count++] = db_blob(search->bitmap);
        args[count++] = db_int(search->bit_count);
    }
    if (!set_view(tx, arena, search, err) ||
        !sql_list(tx, arena, of_table(arena, space, statement_of(search)), args, count, read_hit,
                  sizeof(NearHit), &items, err))
        return false;
    *list_r = (NearHitList){ .at = items.at, .count = items.count };
    return true;
}
