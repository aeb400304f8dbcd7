/* search_facets.c - what is shown beside results: how many documents have each value, and what was
 * likely meant. */
#include "index/index.h"
#include "search/document_facets.h"
#include "search/search_int.h"

typedef struct FacetWork {
    const Scope *scope;
    Arena *arena;
    const SearchRequest *request;
    const bool *wanted;
    SearchFacets facets;
} FacetWork;

static bool conditions_work(DbTx *tx, void *argument, Error *err)
{
    FacetWork *work = argument;
    DocumentFilter filter;
    if (!search_filter_all(work->request, work->arena, &filter, err))
        return false;
    work->facets.documents = -1;
    for (size_t f = 0; f < FACET_COUNT; f++)
        if (work->wanted[f] && !document_facet(tx, work->scope, work->arena, &filter, (Facet)f,
                                               &work->facets.lists[f], err))
            return false;
    return true;
}

static bool titles_work(DbTx *tx, void *argument, Error *err)
{
    FacetWork *work = argument;
    return document_facet_titles(tx, work->scope, work->arena, FACET_collection,
                                 &work->facets.lists[FACET_collection], err);
}

static bool take_counts(Searcher *searcher, FacetWork *work, const FacetCounts *counts, Error *err)
{
    memcpy(work->facets.lists, counts->lists, sizeof counts->lists);
    return !work->wanted[FACET_collection] ||
           store_read(searcher->db, work->scope, titles_work, work, err);
}

/* Of documents whose columns are too large to be in memory, the database counts those that the
 * conditions allow. */
static bool count_matching(Searcher *searcher, FacetWork *work, const SearchResults *results,
                           Error *err)
{
    const DocumentTable *table;
    if (!document_tables_need(searcher->tables, work->scope, &table, err))
        return err->code == ERROR_TOO_LARGE &&
               store_read(searcher->db, work->scope, conditions_work, work, err);
    FacetCounts counts = document_facets_of_chunks(table, work->arena, &results->matching);
    document_tables_release(searcher->tables, table);
    work->facets.documents = counts.documents;
    return take_counts(searcher, work, &counts, err);
}

static bool count_conditions(Searcher *searcher, FacetWork *work, Error *err)
{
    const DocumentTable *table;
    DocumentSet set;
    FacetCounts counts;
    if (!search_borrow_table(searcher, work->scope, work->request, &table, err))
        return false;
    if (!table)
        return store_read(searcher->db, work->scope, conditions_work, work, err);
    bool ok = search_match(searcher, work->scope, work->arena, work->request, table, &set, err);
    if (ok)
        counts = document_facets_of_set(table, work->arena, &set);
    document_tables_release(searcher->tables, table);
    work->facets.documents = -1;
    return ok && take_counts(searcher, work, &counts, err);
}

bool search_facets(Searcher *searcher, const Scope *scope, Arena *arena,
                   const SearchRequest *request, const SearchResults *results,
                   const bool wanted[FACET_COUNT], SearchFacets *facets_r, Error *err)
{
    FacetWork work = { .scope = scope, .arena = arena, .request = request, .wanted = wanted };
    bool ok = search_has_words(request) ? count_matching(searcher, &work, results, err)
                                        : count_conditions(searcher, &work, err);
    if (ok)
        *facets_r = work.facets;
    return ok;
}

/* --- What was likely meant --- */

/* Words that are nowhere: more of them are no slips of the pen. */
#define SUGGESTED_WORDS_MAX 4

static Str replaced(Arena *arena, Str text, const SearchChange *changes, size_t count)
{
    Buf out = buf_new(arena, text.length + count * KB(1));
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        buf_add(&out, str_slice(text, at, changes[i].start));
        buf_add(&out, changes[i].to);
        at = changes[i].end;
    }
    buf_add(&out, str_from(text, at));
    return buf_str(&out);
}

static bool is_seen(Index *index, Arena *arena, const ChunkBits *seen, Str word)
{
    Query query = index_query(index, arena, word);
    IndexSearch search = {
        .text = word, .query = &query, .filter = { seen->bits, seen->bit_count }, .count = 1
    };
    IndexHit hit;
    return index_search(index, arena, &search, &hit) > 0;
}

SearchSuggestion search_suggest_in(Index *index, Arena *arena, const QueryReading *reading,
                                   const ChunkBits *seen)
{
    VEC(SearchChange) changes = { 0 };
    size_t looks = SUGGESTED_WORDS_MAX;
    for (size_t i = 0; i < reading->parts.count && looks; i++) {
        const QueryPart *part = &reading->parts.at[i];
        if (part->kind != PART_WORD || part->key.length || !str_is(part->op, "="))
            continue;
        Str to = index_suggest(index, arena, part->value, &looks);
        size_t start = (size_t)(part->value.at - reading->text.at);
        if (to.length && (!seen->bits || is_seen(index, arena, seen, to)))
            *vec_push(arena, &changes) =
                (SearchChange){ part->value, to, start, start + part->value.length };
    }
    if (!changes.count)
        return (SearchSuggestion){ 0 };
    return (SearchSuggestion){ replaced(arena, reading->text, changes.at, changes.count),
                               changes.at, changes.count };
}

SearchSuggestion search_suggest(Searcher *searcher, const Scope *scope, Arena *arena,
                                const QueryReading *reading)
{
    static const SearchRequest anything;
    ChunkBits seen;
    Error ignored;
    size_t dims;
    Str model;
    if (!search_allow(searcher, scope, arena, &anything, &seen, &ignored))
        return (SearchSuggestion){ 0 };
    Index *index = library_borrow_index(searcher->library, scope->workspace, &dims, &model);
    SearchSuggestion suggestion = search_suggest_in(index, arena, reading, &seen);
    library_release_index(searcher->library, index);
    return suggestion;
}
