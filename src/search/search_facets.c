/* search_facets.c - what is shown beside results: how many documents have each value, and what was
 * likely meant. */
#include "index/index.h"
#include "search/search_int.h"

typedef struct FacetWork {
    const Scope *scope;
    Arena *arena;
    const SearchRequest *request;
    const NumberList *numbers;
    Facet facet;
    FacetList list;
} FacetWork;

static bool facet_work(DbTx *tx, void *argument, Error *err)
{
    FacetWork *work = argument;
    DocumentFilter filter;
    if (!search_filter_all(work->request, work->arena, &filter, err))
        return false;
    return document_facet(tx, work->scope, work->arena, &filter, work->numbers, work->facet,
                          &work->list, err);
}

bool search_facet(Searcher *searcher, const Scope *scope, Arena *arena,
                  const SearchRequest *request, const SearchResults *results, Facet facet,
                  FacetList *list_r, Error *err)
{
    FacetWork work = { .scope = scope,
                       .arena = arena,
                       .request = request,
                       .numbers = search_has_words(request) ? &results->found : NULL,
                       .facet = facet };
    if (!store_read(searcher->db, scope, facet_work, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

/* --- What was likely meant --- */

/* Each costs some 0.5 ms in a large index, when it is nowhere. */
#define SUGGESTED_WORDS_MAX 16

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

SearchSuggestion search_suggest(Searcher *searcher, const Scope *scope, Arena *arena,
                                const QueryReading *reading)
{
    VEC(SearchChange) changes = { 0 };
    SearchSuggestion suggestion = { 0 };
    size_t dims;
    Str model;
    Index *index = library_borrow_index(searcher->library, scope->workspace, &dims, &model);
    size_t looked = 0;
    for (size_t i = 0; i < reading->parts.count && looked < SUGGESTED_WORDS_MAX; i++) {
        const QueryPart *part = &reading->parts.at[i];
        if (part->kind != PART_WORD || part->key.length || !str_is(part->op, "="))
            continue;
        looked++;
        Str to = index_suggest(index, arena, part->value);
        size_t start = (size_t)(part->value.at - reading->text.at);
        if (to.length)
            *vec_push(arena, &changes) =
                (SearchChange){ part->value, to, start, start + part->value.length };
    }
    library_release_index(searcher->library, index);
    if (changes.count)
        suggestion = (SearchSuggestion){ replaced(arena, reading->text, changes.at, changes.count),
                                         changes.at, changes.count };
    return suggestion;
}
