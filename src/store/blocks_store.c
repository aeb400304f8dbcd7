#include "store/blocks_store.h"

#include "store/sql.h"

#include <assert.h>

#define PACKS                                                                                      \
    "SELECT first, bytes FROM blocks WHERE workspace = $1 AND document = $2 AND version = $3 "

/* --- Writing ---------------------------------------------------------------------------- */

bool block_save(DbTx *tx, const Scope *scope, Str document, int64_t version,
                const StoredBlock *blocks, size_t count, Error *err)
{
    return block_append(tx, scope, document, version, 0, blocks, count, err);
}

typedef struct Extent {
    int32_t page_first, page_last;
    uint64_t start, end;
} Extent;

static Extent extent_of(const StoredBlock *blocks, size_t count)
{
    Extent extent = { INT32_MAX, 0, UINT64_MAX, 0 };

    for (size_t i = 0; i < count; i++) {
        extent.page_first = MIN(extent.page_first, blocks[i].page);
        extent.page_last = MAX(extent.page_last, blocks[i].page);
        extent.start = MIN(extent.start, blocks[i].start);
        extent.end = MAX(extent.end, blocks[i].start + blocks[i].length);
    }
    return extent;
}

bool block_append(DbTx *tx, const Scope *scope, Str document, int64_t version, int64_t offset,
                  const StoredBlock *blocks, size_t count, Error *err)
{
    enum { COLUMNS = 10 };
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    size_t pack_count = (count + BLOCK_PACK - 1) / BLOCK_PACK;
    DbValue *values = arena_new_array(arena, DbValue, pack_count * COLUMNS);

    assert(offset % BLOCK_PACK == 0);
    for (size_t i = 0; i < pack_count; i++) {
        const StoredBlock *first = blocks + i * BLOCK_PACK;
        size_t in_pack = MIN(count - i * BLOCK_PACK, BLOCK_PACK);
        Extent extent = extent_of(first, in_pack);
        DbValue row[COLUMNS] = {
            db_text(scope->workspace),
            db_text(document),
            db_int(version),
            db_int(offset + (int64_t)(i * BLOCK_PACK)),
            db_int((int64_t)in_pack),
            db_int(extent.page_first),
            db_int(extent.page_last),
            db_int((int64_t)extent.start),
            db_int((int64_t)extent.end),
            db_blob(block_pack(arena, first, in_pack)),
        };
        memcpy(values + i * COLUMNS, row, sizeof(row));
    }
    return db_exec(tx,
                   DB_SAME("DELETE FROM blocks WHERE workspace = $1 AND document = $2"
                           " AND version = $3 AND first >= $4"),
                   DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version),
                           db_int(offset)),
                   NULL, err) &&
           db_exec_many(tx,
                        DB_SAME("INSERT INTO blocks (workspace, document, version, first, count,"
                                " page_first, page_last, text_start, text_end, bytes)"
                                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
                        values, COLUMNS, pack_count, err);
}

/* --- Reading ---------------------------------------------------------------------------- */

/* Which blocks of a pack are wanted. */
typedef struct Wanted {
    int64_t first, end; /* ordinals */
    int32_t page;       /* 0: any */
    bool is_range;
    uint64_t start, finish; /* of the range */
} Wanted;

static bool is_wanted(const StoredBlock *block, const Wanted *wanted)
{
    if (wanted->is_range) {
        /* A block without text counts where it stands. */
        uint64_t end = block->start + MAX(block->length, 1);
        return block->start < wanted->finish && end > wanted->start;
    }
    if (wanted->page)
        return block->page == wanted->page;
    return block->ordinal >= wanted->first && block->ordinal < wanted->end;
}

static bool list_wanted(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                        const Wanted *wanted, StoredBlockList *list_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    VEC(StoredBlock) found = { 0 };
    DbStep step;

    if (!db_query(tx, sql, args, count, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        StoredBlockList pack;
        Str bytes = db_get_blob(&rows, 1, arena);
        if (!block_unpack(arena, bytes, db_get_int(&rows, 0), &pack, err))
            return fail_in(err, "blocks from %" PRId64 " of document " STR_FMT,
                           db_get_int(&rows, 0), STR_ARG(args[1].text));
        for (size_t i = 0; i < pack.count; i++)
            if (is_wanted(&pack.at[i], wanted))
                *vec_push(arena, &found) = pack.at[i];
    }
    if (step == DB_FAILED)
        return false;
    *list_r = (StoredBlockList){ .at = found.at, .count = found.count };
    return true;
}

bool block_find(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                int64_t ordinal, StoredBlock *block_r, Error *err)
{
    StoredBlockList list;

    if (!block_list(tx, scope, arena, document, version, ordinal, 1, &list, err))
        return false;
    if (!list.count)
        return fail(err, ERROR_NOT_FOUND, "document '" STR_FMT "' has no block %" PRId64,
                    STR_ARG(document), ordinal);
    *block_r = list.at[0];
    return true;
}

bool block_list(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                int64_t first, int64_t count, StoredBlockList *list_r, Error *err)
{
    first = MAX(first, 0);
    Wanted wanted = { .first = first,
                      .end = count < INT64_MAX - first ? first + count : INT64_MAX };

    return list_wanted(tx, arena, DB_SAME(PACKS "AND first >= $4 AND first < $5 ORDER BY first"),
                       DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version),
                               db_int(first - first % BLOCK_PACK), db_int(wanted.end)),
                       &wanted, list_r, err);
}

bool block_list_of_page(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                        int32_t page, StoredBlockList *list_r, Error *err)
{
    Wanted wanted = { .page = page };

    return list_wanted(
        tx, arena, DB_SAME(PACKS "AND page_first <= $4 AND page_last >= $4 ORDER BY first"),
        DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version), db_int(page)),
        &wanted, list_r, err);
}

bool block_list_of_range(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                         uint64_t start, uint64_t length, StoredBlockList *list_r, Error *err)
{
    Wanted wanted = { .is_range = true, .start = start, .finish = start + length };

    return list_wanted(tx, arena,
                       DB_SAME(PACKS "AND text_start < $5 AND text_end >= $4 ORDER BY first"),
                       DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version),
                               db_int((int64_t)start), db_int((int64_t)(start + length))),
                       &wanted, list_r, err);
}

bool block_count(DbTx *tx, const Scope *scope, Str document, int64_t version, int64_t *count_r,
                 Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT first + count FROM blocks WHERE workspace = $1"
                                " AND document = $2 AND version = $3 ORDER BY first DESC LIMIT 1"),
                        DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version)), 0,
                        count_r, err);
}
