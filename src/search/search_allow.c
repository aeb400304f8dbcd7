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

/* All chunks but those of documents that the scope does not see: usually a few of many. */
static bool seen_work(DbTx *tx, void *argument, Error *err)
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

static bool allow_what_is_seen(Searcher *searcher, const Scope *scope, Arena *arena,
                               ChunkBits *allowed_r, Error *err)
{
    AllowWork work = { .scope = scope, .arena = arena };
    if (!access_sees_all(scope) && !store_read(searcher->db, scope, seen_work, &work, err))
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

typedef struct HiddenWork {
    const Scope *scope;
    Arena *arena;
    StrList ids;
} HiddenWork;

static bool hidden_work(DbTx *tx, void *argument, Error *err)
{
    HiddenWork *work = argument;
    return document_list_hidden(tx, work->scope, work->arena, &work->ids, err);
}

bool search_leave_out_hidden(Searcher *searcher, const Scope *scope, Arena *arena,
                             const DocumentTable *table, DocumentSet *set, Error *err)
{
    HiddenWork work = { .scope = scope, .arena = arena };
    if (access_sees_all(scope))
        return true;
    if (!store_read(searcher->db, scope, hidden_work, &work, err))
        return false;
    document_set_take_ids(table, set, work.ids);
    return true;
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
