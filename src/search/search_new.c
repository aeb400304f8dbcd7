/* search_new.c - how much a search would find that was not there before; see search_count_new(). */
#include "base/clock.h"
#include "search/search_int.h"

/* A passage fits when its score is this share of the best. */
#define FITTING_SHARE 0.5f

typedef struct NewWork {
    const Scope *scope;
    Arena *arena;
    const SearchRequest *request;
    int64_t number;
    NumberList numbers; /* of the new passages that fit */
    int64_t count;
} NewWork;

/* Usually there are none, which costs less than a search. */
static bool allowed_work(DbTx *tx, void *argument, Error *err)
{
    NewWork *work = argument;
    DocumentFilter filter;
    return search_filter_all(work->request, work->arena, &filter, err) &&
           document_count_since(tx, work->scope, work->arena, &filter, work->number, &work->count,
                                err);
}

static bool is_first_of_document(const ChunkHit *rows, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (rows[i].is_live && str_equal(rows[i].chunk.document, rows[at].chunk.document))
            return false;
    return true;
}

static bool documents_work(DbTx *tx, void *argument, Error *err)
{
    NewWork *work = argument;
    ChunkHit *rows;
    if (!chunk_find_many(tx, work->scope, work->arena, work->numbers.at, work->numbers.count, &rows,
                         err))
        return false;
    work->count = 0;
    for (size_t i = 0; i < work->numbers.count; i++)
        work->count += rows[i].is_live && is_first_of_document(rows, i);
    return true;
}

static NumberList new_and_fitting(Arena *arena, const SearchResults *results, int64_t number)
{
    NumberList list = { arena_new_array(arena, int64_t, results->found.count), 0 };
    for (size_t i = 0; i < results->found.count; i++)
        if (results->found.at[i] > number &&
            results->found_scores[i] >= results->found_scores[0] * FITTING_SHARE)
            list.at[list.count++] = results->found.at[i];
    return list;
}

bool search_read_times(SearchRequest *search, Str after, Str before, Error *err)
{
    Error why;
    if (after.length && !time_parse(after, &search->after_ms, &why))
        return fail_field(err, "after", "%s", why.message);
    if (before.length && !time_parse(before, &search->before_ms, &why))
        return fail_field(err, "before", "%s", why.message);
    return true;
}

bool search_count_new(Searcher *searcher, const Scope *scope, Arena *arena,
                      const SearchRequest *request, int64_t number, int64_t *count_r, Error *err)
{
    NewWork work = { .scope = scope, .arena = arena, .request = request, .number = number };
    SearchRequest search = *request;
    SearchResults results;
    if (!store_read(searcher->db, scope, allowed_work, &work, err))
        return false;
    if (work.count && search_has_words(request)) {
        search.only_found = true;
        search.is_remembered = false;
        if (!search_run(searcher, scope, arena, &search, &results, err))
            return false;
        work.numbers = new_and_fitting(arena, &results, number);
        if (!store_read(searcher->db, scope, documents_work, &work, err))
            return false;
    }
    *count_r = work.count;
    return true;
}
