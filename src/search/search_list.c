/* search_list.c - searches without words to rank by: the documents that the conditions allow, those
 * that have none of the excluded words, newest first. See search_int.h. */
#include "base/utf8.h"
#include "search/search_int.h"

/* The newest of those that the conditions allow, from the table of documents: at most `most`.
 * *is_there_r false: there is no table now. */
static bool newest_of_table(const Running *run, size_t most, DocumentChunksList *list_r,
                            size_t *total_r, bool *is_there_r, Error *err)
{
    Searcher *searcher = run->searcher;
    const DocumentTable *table;
    DocumentSet set;
    if (!search_borrow_table(searcher, run->scope, run->request, &table, err))
        return false;
    *is_there_r = table;
    if (!table)
        return true;
    bool ok = search_match(searcher, run->scope, run->arena, run->request, table, &set, err);
    if (ok)
        *list_r = document_set_newest(table, &set, run->arena, most, total_r);
    document_tables_release(searcher->tables, table);
    return ok;
}

typedef struct ListWork {
    Running *run;
    bool has_starts; /* from the table */
    DocumentStarts starts;
    ChunkHit *rows;
} ListWork;

static bool start_by_table(ListWork *work, Error *err)
{
    const Running *run = work->run;
    const SearchRequest *request = run->request;
    DocumentChunksList newest;
    size_t total;
    if (!newest_of_table(run, search_wanted(run), &newest, &total, &work->has_starts, err))
        return false;
    if (!work->has_starts)
        return true;
    NumberList *numbers = &work->starts.numbers;
    numbers->at = arena_new_array(run->arena, int64_t, (size_t)request->limit);
    for (size_t i = (size_t)request->offset; i < newest.count; i++)
        numbers->at[numbers->count++] = newest.at[i].at[0].first;
    work->starts.has_more = total > DOCUMENT_TOTAL_MAX;
    work->starts.total = (int64_t)MIN(total, (size_t)DOCUMENT_TOTAL_MAX);
    return true;
}

static bool start_by_rows(DbTx *tx, ListWork *work, Error *err)
{
    const Running *run = work->run;
    DocumentFilter filter;
    return search_filter_all(run->request, run->arena, &filter, err) &&
           document_list_newest(tx, run->scope, run->arena, &filter, run->request->offset,
                                run->request->limit, &work->starts, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ListWork *work = argument;
    const Running *run = work->run;
    return (work->has_starts || start_by_rows(tx, work, err)) &&
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
    if (!start_by_table(&work, err) ||
        !store_read(run->searcher->db, run->scope, list_work, &work, err))
        return false;
    results->at = arena_new_array(run->arena, SearchHit, work.starts.numbers.count);
    for (size_t i = 0; i < work.starts.numbers.count; i++)
        if (work.rows[i].chunk.number) /* since the table was asked it may have gone */
            results->at[results->count++] = beginning(&work.rows[i]);
    results->found = work.starts.numbers;
    results->total = work.starts.total;
    return search_step(run, "results", S(""), results->count, err);
}

/* --- Without some words --- */

bool search_only_excludes(const Query *query)
{
    bool excludes = query->clauses.count && !query->terms.count;
    for (size_t i = 0; i < query->clauses.count; i++)
        excludes &= query->clauses.at[i].is_excluded;
    return excludes;
}

/* Chunks that have something that is excluded. */
static ChunkBits excluded_chunks(Running *run, Index *index, const Query *query)
{
    ChunkBits all = { 0 };
    for (size_t i = 0; i < query->clauses.count; i++) {
        QueryClause wanted = query->clauses.at[i];
        wanted.is_excluded = false;
        Query one = { .text = query->text, .clauses = { &wanted, 1, 1 } };
        KeyFilter found = index_matching(index, run->arena, &one, &run->has_frequent);
        chunk_bits_add(&all, run->arena, found.bits, found.bit_count);
    }
    return all;
}

typedef struct WithoutWork {
    Running *run;
    ChunkBits excluded;
    bool has_all; /* from the table */
    DocumentChunksList all, kept;
    ChunkHit *rows;
} WithoutWork;

static bool has_excluded(const ChunkBits *excluded, const NumberRangeList *ranges)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (chunk_bits_meet(excluded, &ranges->at[i]))
            return true;
    return false;
}

/* What is told of them all: how many, their chunks, and the first chunk of each. */
static void tell_kept(Running *run, const DocumentChunksList *kept)
{
    SearchResults *results = &run->results;
    results->total = (int64_t)kept->count;
    results->found = (NumberList){ arena_new_array(run->arena, int64_t, kept->count), kept->count };
    float *scores = arena_new_array(run->arena, float, kept->count);
    for (size_t i = 0; i < kept->count; i++) {
        const NumberRangeList *ranges = &kept->at[i];
        results->found.at[i] = ranges->at[0].first;
        scores[i] = 1;
        for (size_t n = 0; run->request->wants_matching && n < ranges->count; n++)
            chunk_bits_add_range(&results->matching, run->arena, &ranges->at[n]);
    }
    results->found_scores = scores;
}

static bool without_work(DbTx *tx, void *argument, Error *err)
{
    WithoutWork *work = argument;
    Running *run = work->run;
    DocumentFilter filter;
    const DocumentChunksList *all = &work->all;
    DocumentChunksList *kept = &work->kept;
    if (!work->has_all &&
        (!search_filter_all(run->request, run->arena, &filter, err) ||
         !document_list_chunks_newest(tx, run->scope, run->arena, &filter, &work->all, err)))
        return false;
    *kept = (DocumentChunksList){ arena_new_array(run->arena, NumberRangeList, all->count), 0 };
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i].count && !has_excluded(&work->excluded, &all->at[i]))
            kept->at[kept->count++] = all->at[i];
    tell_kept(run, kept);
    size_t first = MIN((size_t)run->request->offset, kept->count);
    run->results.count = MIN((size_t)run->request->limit, kept->count - first);
    return chunk_find_many(tx, run->scope, run->arena, run->results.found.at + first,
                           run->results.count, &work->rows, err);
}

bool search_list_without(Running *run, Index *index, const Query *query, Error *err)
{
    WithoutWork work = { .run = run, .excluded = excluded_chunks(run, index, query) };
    SearchResults *results = &run->results;
    size_t total, shown = 0;
    if (!newest_of_table(run, SIZE_MAX, &work.all, &total, &work.has_all, err) ||
        !store_read(run->searcher->db, run->scope, without_work, &work, err))
        return false;
    results->has_keyword = true;
    results->at = arena_new_array(run->arena, SearchHit, results->count);
    for (size_t i = 0; i < results->count; i++)
        if (work.rows[i].chunk.number)
            results->at[shown++] = beginning(&work.rows[i]);
    results->count = shown;
    return search_step(run, "results", search_words(run->request), results->count, err);
}
