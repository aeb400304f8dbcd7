#include "store/chunks_store.h"

#include "store/chunks_row.h"
#include "store/document_access_sql.h"
#include "store/documents_row.h"
#include "store/index_changes_store.h"

#include <assert.h>

#define FIND_MAX 10000

void chunk_read(DbRows *row, Arena *arena, void *item)
{
    *(Chunk *)item = (Chunk){
        .number = db_get_int(row, 0),
        .workspace = db_get_text(row, 1, arena),
        .document = db_get_text(row, 2, arena),
        .version = db_get_int(row, 3),
        .ordinal = db_get_int(row, 4),
        .start = db_get_int(row, 5),
        .length = db_get_int(row, 6),
        .first_block = db_get_int(row, 7),
        .last_block = db_get_int(row, 8),
        .heading = db_get_text(row, 9, arena),
        .page = db_get_int(row, 10),
        .place = db_get_text(row, 11, arena),
        .token_count = db_get_int(row, 12),
        .text = db_get_text(row, 13, arena),
    };
}

/* --- Replacing -------------------------------------------------------------------------- */

static bool list_numbers(DbTx *tx, Arena *arena, const char *sql, const DbValue *args, size_t count,
                         NumberList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(sql), args, count, sql_read_int, sizeof(int64_t), &items, err))
        return false;
    *list_r = (NumberList){ .at = items.at, .count = items.count };
    return true;
}

bool chunk_live_numbers(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                        NumberList *list_r, Error *err)
{
    return list_numbers(tx, arena,
                        "SELECT c.number" LIVE_CHUNKS
                        "WHERE c.workspace = $1 AND c.document = $2 ORDER BY c.number",
                        DB_ARGS(db_text(scope->workspace), db_text(document)), list_r, err);
}

/* New numbers, ascending; in PostgreSQL others may take some in between. */
static bool take_numbers(DbTx *tx, Arena *arena, size_t count, NumberList *list_r, Error *err)
{
    NumberList list = { .at = arena_new_array(arena, int64_t, count), .count = count };
    int64_t last;

    if (db_tx_kind(tx) == DB_POSTGRES)
        return list_numbers(tx, arena,
                            "SELECT nextval('chunk_numbers') FROM generate_series(1, $1)",
                            DB_ARGS(db_int((int64_t)count)), list_r, err);
    if (!db_query_int(tx,
                      DB_SAME("UPDATE counters SET last = last + $1 WHERE name = 'chunk'"
                              " RETURNING last"),
                      DB_ARGS(db_int((int64_t)count)), 0, &last, err))
        return false;
    for (size_t i = 0; i < count; i++)
        list.at[i] = last - (int64_t)count + 1 + (int64_t)i;
    *list_r = list;
    return true;
}

/* Each makes a row of arguments: so many at a time, since a document may have hundreds of thousands
 * of chunks. */
#define INSERTED_AT_ONCE 1000

static bool insert_some(DbTx *tx, const Scope *scope, Str document, int64_t version,
                        const Chunk *chunks, const int64_t *numbers, size_t first, size_t count,
                        DbValue *values, Error *err)
{
    for (size_t i = 0; i < count; i++) {
        const Chunk *chunk = &chunks[first + i];
        DbValue row[CHUNK_COLUMN_COUNT] = {
            db_int(numbers[first + i]),
            db_text(scope->workspace),
            db_text(document),
            db_int(version),
            db_int((int64_t)(first + i)),
            db_int(chunk->start),
            db_int(chunk->length),
            db_int(chunk->first_block),
            db_int(chunk->last_block),
            db_text(chunk->heading),
            db_int(chunk->page),
            db_text(chunk->place),
            db_int(chunk->token_count),
            db_text(chunk->text),
        };
        memcpy(values + i * CHUNK_COLUMN_COUNT, row, sizeof(row));
    }
    return db_exec_many(tx,
                        DB_SAME("INSERT INTO chunks (number, workspace, document, version, ordinal,"
                                " start, length, first_block, last_block, heading, page, place,"
                                " token_count, text) VALUES"
                                " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"),
                        values, CHUNK_COLUMN_COUNT, count, err);
}

static bool insert_chunks(DbTx *tx, const Scope *scope, Str document, int64_t version,
                          const Chunk *chunks, const int64_t *numbers, size_t count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    DbValue *values =
        arena_new_array(arena, DbValue, MIN(count, INSERTED_AT_ONCE) * CHUNK_COLUMN_COUNT);
    for (size_t first = 0; first < count; first += INSERTED_AT_ONCE)
        if (!insert_some(tx, scope, document, version, chunks, numbers, first,
                         MIN(count - first, INSERTED_AT_ONCE), values, err))
            return false;
    return true;
}

static bool update_document(DbTx *tx, const Scope *scope, Str document, int64_t version,
                            size_t count, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE documents SET indexed_version = $3, chunk_count = $4,"
                              " vector_count = 0, vector_model = '' WHERE workspace = $1"
                              " AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version),
                              db_int((int64_t)count)),
                      "document", document, err);
}

bool chunk_replace(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                   Chunk *chunks, size_t count, Error *err)
{
    NumberList before, taken = { 0 }, after;

    /* The order is that of locks in PostgreSQL: the document, then the index's log. */
    if (!chunk_live_numbers(tx, scope, arena, document, &before, err) ||
        !update_document(tx, scope, document, version, count, err) ||
        !db_exec(tx,
                 DB_SAME("DELETE FROM chunks WHERE workspace = $1 AND document = $2"
                         " AND version = $3"),
                 DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version)), NULL,
                 err) ||
        !take_numbers(tx, arena, count, &taken, err) ||
        !insert_chunks(tx, scope, document, version, chunks, taken.at, count, err) ||
        !chunk_live_numbers(tx, scope, arena, document, &after, err) ||
        !index_change_add(tx, scope, arena, INDEX_REMOVE, document, STR_NONE, before.at,
                          before.count, err) ||
        !index_change_add(tx, scope, arena, INDEX_ADD, document, STR_NONE, after.at, after.count,
                          err))
        return false;
    assert(taken.count == count);
    for (size_t i = 0; i < count; i++)
        chunks[i].number = taken.at[i];
    return true;
}

/* --- Results ---------------------------------------------------------------------------- */

#define HIT_COLUMNS                                                                                \
    CHUNK_COLUMNS ", d.name, d.title, d.media_type, d.format, d.collection, d.parent,"             \
                  " d.language, d.tags, d.created_at, d.document_date, d.deleted_at,"              \
                  " d.indexed_version"

static void read_hit(DbRows *row, Arena *arena, void *item)
{
    ChunkHit *hit = item;
    int next = CHUNK_COLUMN_COUNT;

    chunk_read(row, arena, &hit->chunk);
    hit->name = db_get_text(row, next++, arena);
    hit->title = db_get_text(row, next++, arena);
    hit->media_type = db_get_text(row, next++, arena);
    hit->format = db_get_text(row, next++, arena);
    hit->collection = db_get_text(row, next++, arena);
    hit->parent = db_get_text(row, next++, arena);
    hit->language = db_get_text(row, next++, arena);
    hit->tags = document_tags_split(arena, db_get_text(row, next++, arena));
    hit->created_at_ms = db_get_int(row, next++);
    hit->document_date_ms = db_get_int(row, next++);
    hit->is_live = !db_get_int(row, next) && db_get_int(row, next + 1) == hit->chunk.version;
}

typedef struct Asked {
    int64_t number;
    size_t at;
} Asked;

static int compare_asked(const void *a, const void *b)
{
    int64_t x = ((const Asked *)a)->number, y = ((const Asked *)b)->number;
    return (x > y) - (x < y);
}

/* Rows come sorted by number, as `asked` is: one walk brings them together. */
static bool match_hits(DbRows *rows, Arena *arena, const Asked *asked, size_t count, ChunkHit *hits,
                       Error *err)
{
    size_t i = 0;
    DbStep step;

    while ((step = db_next(rows, err)) == DB_ROW) {
        int64_t number = db_get_int(rows, 0);
        while (i < count && asked[i].number < number)
            i++;
        size_t first = i;
        for (; i < count && asked[i].number == number; i++) {
            if (i == first)
                read_hit(rows, arena, &hits[asked[i].at]);
            else
                hits[asked[i].at] = hits[asked[first].at];
        }
    }
    return step == DB_END;
}

bool chunk_find_many(DbTx *tx, const Scope *scope, Arena *arena, const int64_t *numbers,
                     size_t count, ChunkHit **hits_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };

    if (count > FIND_MAX)
        return fail(err, ERROR_TOO_LARGE, "at most %d passages at once, not %zu", FIND_MAX, count);
    ChunkHit *hits = arena_new_array(arena, ChunkHit, count);
    Asked *asked = arena_new_array(arena, Asked, count);
    for (size_t i = 0; i < count; i++)
        asked[i] = (Asked){ numbers[i], i };
    if (count)
        qsort(asked, count, sizeof(*asked), compare_asked);
    const DbSql find = SQL_IN("SELECT " HIT_COLUMNS " FROM chunks c"
                              " JOIN documents d ON d.workspace = c.workspace AND d.id = "
                              "c.document WHERE c.workspace = $1 AND c.number",
                              2, "");
    SqlBuild build =
        sql_build_on(tx, arena, db_tx_kind(tx) == DB_SQLITE ? find.sqlite : find.postgres,
                     DB_ARGS(db_text(scope->workspace), sql_numbers(tx, arena, numbers, count)));
    access_add(&build, scope);
    sql_add(&build, " ORDER BY c.number");
    if (!db_query(tx, sql_text(&build), build.args, build.count, &rows, err) ||
        !match_hits(&rows, arena, asked, count, hits, err))
        return false;
    *hits_r = hits;
    return true;
}

/* --- Lists ------------------------------------------------------------------------------ */

static bool list_chunks(DbTx *tx, Arena *arena, const char *sql, const DbValue *args, size_t count,
                        ChunkList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(sql), args, count, chunk_read, sizeof(Chunk), &items, err))
        return false;
    *list_r = (ChunkList){ .at = items.at, .count = items.count };
    return true;
}

bool chunk_list(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                int64_t first, int64_t count, ChunkList *list_r, Error *err)
{
    first = MAX(first, 0);
    return access_may_see(tx, scope, document, err) &&
           list_chunks(tx, arena,
                       "SELECT " CHUNK_COLUMNS " FROM chunks c WHERE c.workspace = $1"
                       " AND c.document = $2 AND c.version = $3 AND c.ordinal >= $4"
                       " ORDER BY c.ordinal LIMIT $5",
                       DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version),
                               db_int(first), db_int(MAX(count, 0))),
                       list_r, err);
}

bool chunk_numbers(DbTx *tx, const Scope *scope, Arena *arena, Str document, NumberList *list_r,
                   Error *err)
{
    return list_numbers(tx, arena,
                        "SELECT number FROM chunks WHERE workspace = $1 AND document = $2"
                        " ORDER BY +number", /* not by walking through the numbers of all */
                        DB_ARGS(db_text(scope->workspace), db_text(document)), list_r, err);
}

bool chunk_newest(DbTx *tx, const Scope *scope, int64_t *number_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT coalesce(max(number), 0) FROM chunks WHERE workspace = $1"),
                        DB_ARGS(db_text(scope->workspace)), 0, number_r, err);
}

bool chunk_scan(DbTx *tx, const Scope *scope, Arena *arena, ChunkCursor *cursor, int64_t limit,
                ChunkHitList *list_r, Error *err)
{
    const char *sql =
        scope->is_system
            ? "SELECT " HIT_COLUMNS LIVE_CHUNKS
              "WHERE (c.workspace, c.number) > ($1, $2) ORDER BY c.workspace, c.number LIMIT $3"
            : "SELECT " HIT_COLUMNS LIVE_CHUNKS
              "WHERE c.workspace = $1 AND c.number > $2 ORDER BY c.number LIMIT $3";
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(sql),
                  DB_ARGS(db_text(scope->is_system ? cursor->workspace : scope->workspace),
                          db_int(cursor->number), db_int(limit)),
                  read_hit, sizeof(ChunkHit), &items, err))
        return false;
    ChunkHitList list = { .at = items.at, .count = items.count };
    if (list.count)
        *cursor = (ChunkCursor){ .workspace = list.at[list.count - 1].chunk.workspace,
                                 .number = list.at[list.count - 1].chunk.number };
    *list_r = list;
    return true;
}

bool chunk_count(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT coalesce(CAST(sum(chunks) AS BIGINT), 0)"
                                " FROM document_counts WHERE in_trash = 0"
                                " AND ($1 = 1 OR workspace = $2)"),
                        DB_ARGS(db_int(scope->is_system), db_text(scope->workspace)), 0, count_r,
                        err);
}
