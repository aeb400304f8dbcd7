/* search_allow.c - the chunks that the conditions of a request allow. See search_int.h.
 *
 * From the table of the workspace's documents where there is one; else, and for documents that are
 * named one by one, from the database. */
#include "library/facts.h"
#include "search/document_match.h"
#include "search/search_int.h"
#include "store/document_access.h"

typedef struct AllowWork {
    const Scope *scope;
    Arena *arena;
    const SearchRequest *request;
    ChunkBits allowed;
} AllowWork;

/* The chunks of each wanted collection; one query when there is none or one. */
static bool allow_work(DbTx *tx, void *argument, Error *err)
{
    AllowWork *work = argument;
    const StrList *collections = &work->request->collections;
    const FactCondition *facts;
    if (!fact_conditions_read(work->arena, work->request->metadata, &facts, err))
        return false;
    work->allowed = (ChunkBits){ .bits = arena_new_array(work->arena, uint64_t, 1) };
    for (size_t i = 0; i < MAX(collections->count, 1); i++) {
        NumberRangeList ranges;
        DocumentFilter filter =
            search_filter(work->request, collections->count ? collections->at[i] : S(""), facts);
        if (!document_list_chunks(tx, work->scope, work->arena, &filter, &ranges, err))
            return false;
        for (size_t j = 0; j < ranges.count; j++)
            chunk_bits_add_range(&work->allowed, work->arena, &ranges.at[j]);
    }
    return true;
}

bool search_allow_by_rows(Searcher *searcher, const Scope *scope, Arena *arena,
                          const SearchRequest *request, ChunkBits *allowed_r, Error *err)
{
    AllowWork work = { .scope = scope, .arena = arena, .request = request };
    if (!store_read(searcher->db, scope, allow_work, &work, err))
        return false;
    *allowed_r = work.allowed;
    return true;
}

/* All chunks but those of documents that the scope does not see. */
static bool seen_by_rows_work(DbTx *tx, void *argument, Error *err)
{
    AllowWork *work = argument;
    NumberRangeList hidden;
    int64_t newest;
    if (!document_list_hidden_chunks(tx, work->scope, work->arena, &hidden, err) ||
        !chunk_newest(tx, work->scope, &newest, err))
        return false;
    if (hidden.count)
        work->allowed = chunk_bits_without(work->arena, newest + 1, &hidden);
    return true;
}

bool search_allow_seen_by_rows(Searcher *searcher, const Scope *scope, Arena *arena,
                               ChunkBits *allowed_r, Error *err)
{
    AllowWork work = { .scope = scope, .arena = arena };
    if (!store_read(searcher->db, scope, seen_by_rows_work, &work, err))
        return false;
    *allowed_r = work.allowed;
    return true;
}

bool search_borrow_table(Searcher *searcher, const Scope *scope, const SearchRequest *request,
                         const DocumentTable **table_r, Error *err)
{
    *table_r = NULL;
    return request->documents.count ||
           document_tables_borrow(searcher->tables, scope, table_r, err);
}

typedef struct SightWork {
    const Scope *scope;
    Arena *arena;
    Sight sight;
} SightWork;

static bool sight_work(DbTx *tx, void *argument, Error *err)
{
    SightWork *work = argument;
    return access_sight(tx, work->scope, work->arena, &work->sight, err);
}

/* Grants are read at each search, and later than guards: what is taken back is so at once. */
bool search_leave_out_hidden(Searcher *searcher, const Scope *scope, Arena *arena,
                             const DocumentTable *table, DocumentSet *set, Error *err)
{
    SightWork work = { .scope = scope, .arena = arena };
    const Sight *sight = &work.sight;
    if (access_sees_all(scope))
        return true;
    if (!store_read(searcher->db, scope, sight_work, &work, err))
        return false;
    if (sight->collections.count)
        document_set_keep_texts(table, set, COLUMN_COLLECTION, sight->collections);
    if (sight->sees_guarded)
        return true;
    Str *guards = arena_new_array(arena, Str, sight->guards.count + 1); /* the first: open */
    if (sight->guards.count)
        memcpy(guards + 1, sight->guards.at, sight->guards.count * sizeof *guards);
    document_set_keep_texts(table, set, COLUMN_GUARD, (StrList){ guards, sight->guards.count + 1 });
    return true;
}

/* No bits where nothing is hidden. */
static bool seen_of_table(Searcher *searcher, const Scope *scope, Arena *arena,
                          const DocumentTable *table, ChunkBits *allowed_r, Error *err)
{
    DocumentSet set = document_set_live(table, arena);
    size_t all = document_set_count(&set);
    if (!search_leave_out_hidden(searcher, scope, arena, table, &set, err))
        return false;
    if (document_set_count(&set) < all)
        *allowed_r = document_set_chunks(table, &set, arena);
    return true;
}

static bool allow_what_is_seen(Searcher *searcher, const Scope *scope, Arena *arena,
                               ChunkBits *allowed_r, Error *err)
{
    const DocumentTable *table;
    if (access_sees_all(scope))
        return true;
    if (!document_tables_borrow(searcher->tables, scope, &table, err))
        return false;
    if (!table)
        return search_allow_seen_by_rows(searcher, scope, arena, allowed_r, err);
    bool ok = seen_of_table(searcher, scope, arena, table, allowed_r, err);
    document_tables_release(searcher->tables, table);
    return ok;
}

bool search_match(Searcher *searcher, const Scope *scope, Arena *arena,
                  const SearchRequest *request, const DocumentTable *table, DocumentSet *set_r,
                  Error *err)
{
    const FactCondition *facts;
    if (!fact_conditions_read(arena, request->metadata, &facts, err))
        return false;
    DocumentFilter filter = search_filter(request, S(""), facts);
    return document_match(searcher->db, scope, arena, table, &filter, request->collections, set_r,
                          err) &&
           search_leave_out_hidden(searcher, scope, arena, table, set_r, err);
}

bool search_allow(Searcher *searcher, const Scope *scope, Arena *arena,
                  const SearchRequest *request, ChunkBits *allowed_r, Error *err)
{
    const DocumentTable *table;
    DocumentSet set;
    *allowed_r = (ChunkBits){ 0 };
    if (!search_has_conditions(request))
        return allow_what_is_seen(searcher, scope, arena, allowed_r, err);
    if (!search_borrow_table(searcher, scope, request, &table, err))
        return false;
    if (!table)
        return search_allow_by_rows(searcher, scope, arena, request, allowed_r, err);
    bool ok = search_match(searcher, scope, arena, request, table, &set, err);
    if (ok)
        *allowed_r = document_set_chunks(table, &set, arena);
    document_tables_release(searcher->tables, table);
    return ok;
}
