#include "store/vectors_store.h"

#include "store/chunks_row.h"
#include "store/index_changes_store.h"
#include "store/sql.h"

#define COLUMNS "v.number, v.workspace, v.form, v.scale, v.bytes"

static void read_vector(DbRows *row, Arena *arena, void *item)
{
    *(Vector *)item = (Vector){
        .number = db_get_int(row, 0),
        .workspace = db_get_text(row, 1, arena),
        .form = (VectorForm)db_get_int(row, 2),
        .scale = db_get_real(row, 3),
        .bytes = db_get_blob(row, 4, arena),
    };
}

static size_t value_bytes(const Vector *vector)
{
    return vector->form == VECTOR_INT8 ? sizeof(int8_t) : sizeof(float);
}

size_t vector_parts(const Vector *vector, size_t dims)
{
    size_t size = dims * value_bytes(vector);
    return size && vector->bytes.length % size == 0 ? vector->bytes.length / size : 0;
}

void vector_values(const Vector *vector, size_t part, size_t dims, float *values)
{
    size_t size = dims * value_bytes(vector);
    const char *bytes = vector->bytes.at + part * size;
    if (vector->form == VECTOR_FLOAT)
        memcpy(values, bytes, size);
    else
        for (size_t i = 0; i < dims; i++)
            values[i] = (float)vector->scale * (float)(int8_t)bytes[i];
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The chunk is checked by the statement: a document that was indexed again meanwhile has others. */
static bool insert_vectors(DbTx *tx, const Scope *scope, Arena *arena, Str document, Str model,
                           const Vector *vectors, size_t count, Error *err)
{
    enum { COLUMN_COUNT = 7 };
    DbValue *values = arena_new_array(arena, DbValue, count * COLUMN_COUNT);

    for (size_t i = 0; i < count; i++) {
        DbValue row[COLUMN_COUNT] = {
            db_text(scope->workspace), db_int(vectors[i].number), db_text(model),
            db_int(vectors[i].form),   db_real(vectors[i].scale), db_blob(vectors[i].bytes),
            db_text(document),
        };
        memcpy(values + i * COLUMN_COUNT, row, sizeof(row));
    }
    return db_exec_many(
        tx,
        DB_SAME("INSERT INTO vectors (workspace, number, model, form, scale, bytes)"
                " SELECT $1, $2, $3, $4, $5, $6 WHERE $7 = (SELECT document FROM chunks"
                " WHERE workspace = $1 AND number = $2)"
                " ON CONFLICT (number, model) DO UPDATE"
                " SET form = excluded.form, scale = excluded.scale, bytes = excluded.bytes"),
        values, COLUMN_COUNT, count, err);
}

bool vector_add(DbTx *tx, const Scope *scope, Arena *arena, Str document, Str model,
                const Vector *vectors, size_t count, Error *err)
{
    int64_t *numbers = arena_new_array(arena, int64_t, count);

    for (size_t i = 0; i < count; i++)
        numbers[i] = vectors[i].number;
    if (count)
        qsort(numbers, count, sizeof(*numbers), compare_numbers);
    return insert_vectors(tx, scope, arena, document, model, vectors, count, err) &&
           sql_change(tx,
                      DB_SAME("UPDATE documents SET vector_model = $3, vector_count ="
                              " (SELECT count(*) FROM chunks c JOIN vectors v"
                              "  ON v.workspace = c.workspace AND v.number = c.number"
                              "  AND v.model = $3 WHERE c.workspace = $1 AND c.document = $2"
                              "  AND c.version = documents.indexed_version)"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(document), db_text(model)),
                      "document", document, err) &&
           index_change_add(tx, scope, arena, INDEX_VECTORS, document, model, numbers, count, err);
}

#define LIVE_VECTORS                                                                               \
    "SELECT " COLUMNS " FROM chunks c JOIN vectors v ON v.workspace = c.workspace"                 \
    " AND v.number = c.number JOIN documents d ON d.workspace = c.workspace"                       \
    " AND d.id = c.document AND d.indexed_version = c.version AND d.deleted_at = 0 "

bool vector_find_many(DbTx *tx, const Scope *scope, Arena *arena, Str model, const int64_t *numbers,
                      size_t count, VectorList *list_r, Error *err)
{
    /* PostgreSQL goes from the numbers to the rows only where they are a table to it: else it
     * merges all chunks with all vectors. */
    static const DbSql of_numbers = {
        LIVE_VECTORS "WHERE c.workspace = $1 AND v.model = $2"
                     " AND c.number IN (SELECT value FROM json_each($3)) ORDER BY c.number",
        LIVE_VECTORS "JOIN (SELECT DISTINCT unnest($3::bigint[]) AS number) n"
                     " ON n.number = c.number AND n.number = v.number"
                     " WHERE c.workspace = $1 AND v.model = $2 ORDER BY c.number",
    };
    SqlItems items;

    if (!sql_list(tx, arena, of_numbers,
                  DB_ARGS(db_text(scope->workspace), db_text(model),
                          sql_numbers(tx, arena, numbers, count)),
                  read_vector, sizeof(Vector), &items, err))
        return false;
    *list_r = (VectorList){ .at = items.at, .count = items.count };
    return true;
}

#define ALL_BEHIND                                                                                 \
    "WHERE (c.workspace, c.number) > ($1, $2) AND v.model = $4"                                    \
    " ORDER BY c.workspace, c.number LIMIT $3"

bool vector_scan(DbTx *tx, const Scope *scope, Arena *arena, Str model, ChunkCursor *cursor,
                 int64_t limit, VectorList *list_r, Error *err)
{
#define OF_WORKSPACE(more)                                                                         \
    LIVE_VECTORS "WHERE c.workspace = $1 AND c.number > $2" more                                   \
                 " AND v.model = $4 ORDER BY c.number LIMIT $3"
    /* PostgreSQL merges both by their numbers, and would begin with the first vector each time. */
    static const DbSql of_workspace = { OF_WORKSPACE(""), OF_WORKSPACE(" AND v.number > $2") };
    static const DbSql of_all = { LIVE_VECTORS ALL_BEHIND, LIVE_VECTORS ALL_BEHIND };
#undef OF_WORKSPACE
    SqlItems items;

    if (!sql_list(tx, arena, scope->is_system ? of_all : of_workspace,
                  DB_ARGS(db_text(scope->is_system ? cursor->workspace : scope->workspace),
                          db_int(cursor->number), db_int(limit), db_text(model)),
                  read_vector, sizeof(Vector), &items, err))
        return false;
    VectorList list = { .at = items.at, .count = items.count };
    if (list.count)
        *cursor = (ChunkCursor){ .workspace = list.at[list.count - 1].workspace,
                                 .number = list.at[list.count - 1].number };
    *list_r = list;
    return true;
}

bool vector_missing(DbTx *tx, const Scope *scope, Arena *arena, Str document, Str model,
                    int64_t limit, ChunkList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(
            tx, arena,
            DB_SAME("SELECT " CHUNK_COLUMNS " FROM documents d JOIN chunks c"
                    " ON c.workspace = d.workspace AND c.document = d.id"
                    " AND c.version = d.indexed_version"
                    " WHERE d.workspace = $1 AND d.id = $2"
                    " AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.workspace = c.workspace"
                    " AND v.number = c.number AND v.model = $3)"
                    " ORDER BY c.ordinal LIMIT $4"),
            DB_ARGS(db_text(scope->workspace), db_text(document), db_text(model), db_int(limit)),
            chunk_read, sizeof(Chunk), &items, err))
        return false;
    *list_r = (ChunkList){ .at = items.at, .count = items.count };
    return true;
}

bool vector_count(DbTx *tx, const Scope *scope, Str model, int64_t *count_r, Error *err)
{
    return db_query_int(
        tx,
        DB_SAME("SELECT coalesce(CAST(sum(vectors) AS BIGINT), 0)"
                " FROM document_counts WHERE in_trash = 0 AND vector_model = $1"
                " AND ($2 = 1 OR workspace = $3)"),
        DB_ARGS(db_text(model), db_int(scope->is_system), db_text(scope->workspace)), 0, count_r,
        err);
}

bool vector_missing_count(DbTx *tx, const Scope *scope, Str model, int64_t *count_r, Error *err)
{
    return db_query_int(
        tx,
        DB_SAME("SELECT coalesce(CAST(sum(chunks"
                " - CASE WHEN vector_model = $1 THEN vectors ELSE 0 END) AS BIGINT), 0)"
                " FROM document_counts WHERE state = 'ready' AND in_trash = 0"
                " AND ($2 = 1 OR workspace = $3)"),
        DB_ARGS(db_text(model), db_int(scope->is_system), db_text(scope->workspace)), 0, count_r,
        err);
}

/* Documents embedded last with this model, as others changed to the next, have that no more. Mostly
 * there are none, which the sums say without a look at every document. */
static bool forget_model(DbTx *tx, Str model, Error *err)
{
    int64_t count;

    if (!db_query_int(tx,
                      DB_SAME("SELECT coalesce(CAST(sum(documents) AS BIGINT), 0)"
                              " FROM document_counts WHERE vector_model = $1"),
                      DB_ARGS(db_text(model)), 0, &count, err))
        return false;
    return !count || db_exec(tx,
                             DB_SAME("UPDATE documents SET vector_model = '', vector_count = 0"
                                     " WHERE vector_model = $1"),
                             DB_ARGS(db_text(model)), NULL, err);
}

bool vector_remove_model(DbTx *tx, const Scope *scope, Str model, int64_t limit, int64_t *removed_r,
                         Error *err)
{
    return sql_needs_system(scope, err) && forget_model(tx, model, err) &&
           db_exec(tx,
                   DB_SAME("DELETE FROM vectors WHERE model = $1 AND number IN"
                           " (SELECT number FROM vectors WHERE model = $1 LIMIT $2)"),
                   DB_ARGS(db_text(model), db_int(limit)), removed_r, err);
}
