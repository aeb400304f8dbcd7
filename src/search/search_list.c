/* search_list.c - a search with conditions and no words: the documents, newest first. */
#include "base/utf8.h"
#include "search/search_int.h"

typedef struct ListWork {
    Running *run;
    DocumentStarts starts;
    ChunkHit *rows;
} ListWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ListWork *work = argument;
    const Running *run = work->run;
    DocumentFilter filter;
    return search_filter_all(run->request, run->arena, &filter, err) &&
           document_list_newest(tx, run->scope, run->arena, &filter, run->request->offset,
                                run->request->limit, &work->starts, err) &&
           chunk_find_many(tx, run->scope, run->arena, work->starts.numbers.at,
                           work->starts.numbers.count, &work->rows, err);
}

/* There is nothing to rank by; a document shows its beginning. */
static SearchHit beginning(const ChunkHit *row)
{
    Str text = row->chunk.text;
    return (SearchHit){ .row = *row,
                        .snippet_end =
                            (int64_t)utf8_floor(text, MIN(text.length, SEARCH_SNIPPET_BYTES)) };
}

bool search_list_newest(Running *run, Error *err)
{
    ListWork work = { .run = run };
    SearchResults *results = &run->results;
    if (!store_read(run->searcher->db, run->scope, list_work, &work, err))
        return false;
    results->at = arena_new_array(run->arena, SearchHit, work.starts.numbers.count);
    for (size_t i = 0; i < work.starts.numbers.count; i++)
        results->at[results->count++] = beginning(&work.rows[i]);
    results->found = work.starts.numbers;
    results->total = work.starts.total;
    return search_step(run, "results", S(""), results->count, err);
}
