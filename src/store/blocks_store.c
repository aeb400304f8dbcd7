#include "store/blocks_store.h"

#include "store/document_access.h"
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

/* Packed in memory: so many at a time, since a document may have hundreds of thousands of blocks.
 */
#define PACKS_AT_ONCE 64

static bool insert_packs(DbTx *tx, const Scope *scope, Str document, int64_t version,
                         int64_t offset, const StoredBlock *blocks, size_t count, Error *err)
{
    enum { COLUMNS = 10 };
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    size_t pack_count = (count + BLOCK_PACK - 1) / BLOCK_PACK;
    DbValue *values = arena_new_array(arena, DbValue, pack_count * COLUMNS);

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
    return db_exec_many(tx,
                        DB_SAME("INSERT INTO blocks (workspace, document, version, first, count,"
                                " page_first, page_last, text_start, text_end, bytes)"
                                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
                        values, COLUMNS, pack_count, err);
}

bool block_append(DbTx *tx, const Scope *scope, Str document, int64_t version, int64_t offset,
                  const StoredBlock *blocks, size_t count, Error *err)
{
    const size_t step = PACKS_AT_ONCE * BLOCK_PACK;

    assert(offset % BLOCK_PACK == 0);
    if (!db_exec(
            tx,
            DB_SAME("DELETE FROM blocks WHERE workspace = $1 AND document = $2"
                    " AND version = $3 AND first >= $4"),
            DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version), db_int(offset)),
            NULL, err))
        return false;
    for (size_t first = 0; first < count; first += step)
        if (!insert_packs(tx, scope, document, version, offset + (int64_t)first, blocks + first,
                          MIN(count - first, step), err))
            return false;
    return true;
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

bool block_list(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                int64_t first, int64_t count, StoredBlockList *list_r, Error *err)
{
    first = MAX(first, 0);
    Wanted wanted = { .first = first,
                      .end = count < INT64_MAX - first ? first + count : INT64_MAX };

    return access_may_see(tx, scope, document, err) &&
           list_wanted(tx, arena, DB_SAME(PACKS "AND first >= $4 AND first < $5 ORDER BY first"),
                       DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version),
                               db_int(first - first % BLOCK_PACK), db_int(wanted.end)),
                       &wanted, list_r, err);
}

/* --- Ranges of many documents ------------------------------------------------------------ */

/* A row of the table; ranges of one document share it. */
typedef struct Pack {
    Str document;
    int64_t version, first;
    StoredBlockList blocks;
} Pack;

typedef struct PackList {
    Pack *at;
    size_t count, capacity;
} PackList;

static Pack *find_pack(const PackList *packs, Str document, int64_t version, int64_t first)
{
    for (size_t i = packs->count; i--;) /* neighbours ask for the same */
        if (packs->at[i].first == first && packs->at[i].version == version &&
            str_equal(packs->at[i].document, document))
            return &packs->at[i];
    return NULL;
}

static int64_t first_pack(const BlockRange *range)
{
    return MAX(range->first, 0) - MAX(range->first, 0) % BLOCK_PACK;
}

/* [[document, version, first], ...] */
static Str name_packs(Arena *arena, const BlockRange *ranges, size_t count, PackList *packs)
{
    Buf json = buf_new(arena, MB(16));
    for (size_t i = 0; i < count; i++)
        for (int64_t first = first_pack(&ranges[i]); first < ranges[i].first + ranges[i].count;
             first += BLOCK_PACK) {
            if (find_pack(packs, ranges[i].document, ranges[i].version, first))
                continue;
            buf_add(&json, str(packs->count ? ",[" : "[["));
            json_quote(&json, ranges[i].document);
            buf_addf(&json, ",%" PRId64 ",%" PRId64 "]", ranges[i].version, first);
            *vec_push(arena, packs) = (Pack){ ranges[i].document, ranges[i].version, first, { 0 } };
        }
    buf_add(&json, str(packs->count ? "]" : "[]"));
    return buf_str(&json);
}

static bool read_packs(DbRows *rows, Arena *arena, const PackList *packs, Error *err)
{
    DbStep step;
    while ((step = db_next(rows, err)) == DB_ROW) {
        Str document = db_get_text(rows, 0, arena);
        int64_t first = db_get_int(rows, 2);
        Pack *pack = find_pack(packs, document, db_get_int(rows, 1), first);
        if (pack && !block_unpack(arena, db_get_blob(rows, 3, arena), first, &pack->blocks, err))
            return fail_in(err, "blocks from %" PRId64 " of document " STR_FMT, first,
                           STR_ARG(document));
    }
    return step != DB_FAILED;
}

static StoredBlockList blocks_of_range(Arena *arena, const BlockRange *range, const PackList *packs)
{
    VEC(StoredBlock) found = { 0 };
    Wanted wanted = { .first = range->first, .end = range->first + range->count };
    for (int64_t first = first_pack(range); first < wanted.end; first += BLOCK_PACK) {
        const Pack *pack = find_pack(packs, range->document, range->version, first);
        for (size_t i = 0; i < pack->blocks.count; i++)
            if (is_wanted(&pack->blocks.at[i], &wanted))
                *vec_push(arena, &found) = pack->blocks.at[i];
    }
    return (StoredBlockList){ .at = found.at, .count = found.count };
}

bool block_list_many(DbTx *tx, const Scope *scope, Arena *arena, BlockRange *ranges, size_t count,
                     Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    PackList packs = { 0 };
    assert(count <= BLOCK_RANGES_MAX);
    Str names = name_packs(arena, ranges, count, &packs);
    if (!db_query(tx,
                  DB_SQL("SELECT b.document, b.version, b.first, b.bytes FROM json_each($2) k"
                         " CROSS JOIN blocks b ON b.workspace = $1 AND b.document = k.value ->> 0"
                         " AND b.version = k.value ->> 1 AND b.first = k.value ->> 2",
                         "SELECT b.document, b.version, b.first, b.bytes"
                         " FROM json_array_elements($2::json) k"
                         " JOIN blocks b ON b.workspace = $1 AND b.document = k ->> 0"
                         " AND b.version = (k ->> 1)::bigint AND b.first = (k ->> 2)::bigint"),
                  DB_ARGS(db_text(scope->workspace), db_text(names)), &rows, err) ||
        !read_packs(&rows, arena, &packs, err))
        return false;
    for (size_t i = 0; i < count; i++)
        ranges[i].found = blocks_of_range(arena, &ranges[i], &packs);
    return true;
}

/* --- Of one page, of a range of the text -------------------------------------------------- */

bool block_list_of_page(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                        int32_t page, StoredBlockList *list_r, Error *err)
{
    Wanted wanted = { .page = page };

    return access_may_see(tx, scope, document, err) &&
           list_wanted(
               tx, arena, DB_SAME(PACKS "AND page_first <= $4 AND page_last >= $4 ORDER BY first"),
               DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version), db_int(page)),
               &wanted, list_r, err);
}

bool block_list_of_range(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                         uint64_t start, uint64_t length, StoredBlockList *list_r, Error *err)
{
    Wanted wanted = { .is_range = true, .start = start, .finish = start + length };

    return access_may_see(tx, scope, document, err) &&
           list_wanted(tx, arena,
                       DB_SAME(PACKS "AND text_start < $5 AND text_end >= $4 ORDER BY first"),
                       DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version),
                               db_int((int64_t)start), db_int((int64_t)(start + length))),
                       &wanted, list_r, err);
}

bool block_count(DbTx *tx, const Scope *scope, Str document, int64_t version, int64_t *count_r,
                 Error *err)
{
    return access_may_see(tx, scope, document, err) &&
           db_query_int(tx,
                        DB_SAME("SELECT first + count FROM blocks WHERE workspace = $1"
                                " AND document = $2 AND version = $3 ORDER BY first DESC LIMIT 1"),
                        DB_ARGS(db_text(scope->workspace), db_text(document), db_int(version)), 0,
                        count_r, err);
}
