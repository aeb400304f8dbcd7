/* search_int.h - what the files of a search share; for this folder only. */
#pragma once

#include "index/index.h"
#include "search/choose.h"
#include "search/chunk_bits.h"
#include "search/document_tables.h"
#include "search/query_vector.h"
#include "search/search.h"
#include "search/search_history.h"

struct Searcher {
    Reranker *reranker; /* NULL: none */
    Db *db;
    Library *library;
    SearchHistory *history;
    DocumentTables *tables;
    double fresh_days;
    size_t listed_from; /* see search_set_listed_from() */
    QueryVectors *vectors;
    Pool *beside; /* looks up words while the request's thread compares vectors */
    _Atomic(EncodeQueue *) encoder;
    struct Models *models; /* NULL: none */
};

/* What the index and the model read. */
static inline Str search_words(const SearchRequest *request)
{
    return request->words.length ? request->words : request->query;
}

/* The documents that a request allows, of one of its collections. */
DocumentFilter search_filter(const SearchRequest *request, Str collection,
                             const FactCondition *facts);
/* The same of all of its collections; `facts` are read too. */
MUST_CHECK bool search_filter_all(const SearchRequest *request, Arena *arena,
                                  DocumentFilter *filter_r, Error *err);

/* Chunks that the request's conditions allow and the scope sees; no bits: all. */
MUST_CHECK bool search_allow(Searcher *searcher, const Scope *scope, Arena *arena,
                             const SearchRequest *request, ChunkBits *allowed_r, Error *err);

/* The same from the database alone, for requests that have conditions. */
MUST_CHECK bool search_allow_by_rows(Searcher *searcher, const Scope *scope, Arena *arena,
                                     const SearchRequest *request, ChunkBits *allowed_r,
                                     Error *err);

/* Likewise for those that have none: all chunks but those of documents that the scope does not
 * see. */
MUST_CHECK bool search_allow_seen_by_rows(Searcher *searcher, const Scope *scope, Arena *arena,
                                          ChunkBits *allowed_r, Error *err);

/* The table of the workspace's documents, to be released; NULL: the database has to answer. */
MUST_CHECK bool search_borrow_table(Searcher *searcher, const Scope *scope,
                                    const SearchRequest *request, const DocumentTable **table_r,
                                    Error *err);
/* Its documents that the request's conditions allow. */
MUST_CHECK bool search_match(Searcher *searcher, const Scope *scope, Arena *arena,
                             const SearchRequest *request, const DocumentTable *table,
                             DocumentSet *set_r, Error *err);

/* What the scope does not see leaves the set: the table is everybody's. */
MUST_CHECK bool search_leave_out_hidden(Searcher *searcher, const Scope *scope, Arena *arena,
                                        const DocumentTable *table, DocumentSet *set, Error *err);

/* document_lists.c: what search_documents() takes; *is_chosen_r false: the database has to make the
 * list. */
MUST_CHECK bool search_choose_documents(Searcher *searcher, const Scope *scope, Arena *arena,
                                        const DocumentFilter *filter, DocumentOrder order,
                                        bool descending, const Slice *slice,
                                        DocumentChoice *choice_r, bool *is_chosen_r, Error *err);

/* Both legs of the index together give this many; of a page further on, SEARCH_CANDIDATES_DEEP. */
#define SEARCH_CANDIDATES 200
#define SEARCH_CANDIDATES_DEEP INDEX_HITS_MAX

/* A search that is going on. */
typedef struct Running {
    Searcher *searcher;
    const Scope *scope;
    Arena *arena;
    const SearchRequest *request;
    ChunkBits allowed;
    bool has_model, has_frequent; /* the second: phrases of words that are nearly everywhere */
    bool goes_deep;               /* the best hits are all of too few documents */
    IndexHit *hits;
    size_t hit_count;
    Query query;    /* what snippets show */
    ChunkHit *rows; /* of the first hits, as far as they were read */
    size_t row_count, first_row;
    Choice choice;
    int64_t step_start_us;
    SearchResults results;
} Running;

/* How many are chosen, with those before the first that is shown. */
static inline size_t search_wanted(const Running *run)
{
    return (size_t)(run->request->limit + run->request->offset);
}

/* A step is over; fails when nobody waits for the next one. */
MUST_CHECK bool search_step(Running *run, const char *name, Str query, size_t found, Error *err);
/* Something is missing; the search goes on. */
void search_notice(Running *run, const Error *err);

/* search_legs.c: fills hits, query and what the results say of them. */
MUST_CHECK bool search_legs(Running *run, Index *index, size_t dims, Str model, Error *err);
/* The best `max` of `hits` and `more`, whose scores count `weight`: a hit of both as where it is
 * better. Returns how many; hits has room for max. */
size_t search_fuse(Arena *arena, IndexHit *hits, size_t count, const IndexHit *more,
                   size_t more_count, float weight, size_t max);
/* search_list.c: the results of conditions without words. */
MUST_CHECK bool search_list_newest(Running *run, Error *err);
bool search_only_excludes(const Query *query);
/* Of a query that only says what must not be there: the documents without it. */
MUST_CHECK bool search_list_without(Running *run, Index *index, const Query *query, Error *err);
/* search_show.c: the results of the hits. */
#define SEARCH_SNIPPET_BYTES 240
MUST_CHECK bool search_show(Running *run, Index *index, Error *err);

/* search_facets.c: see search_suggest(); words of these chunks alone, without bits of any. */
SearchSuggestion search_suggest_in(Index *index, Arena *arena, const QueryReading *reading,
                                   const ChunkBits *seen);

/* search_plan.c: a search whose mode has a plan. */
MUST_CHECK bool search_planned(Searcher *searcher, const Scope *scope, Arena *arena,
                               const SearchRequest *request, SearchResults *results_r, Error *err);
/* search_other_words.c: words of what was found that are near to the query, at most `max`;
 * *by_meaning_r: the encoder chose them. */
StrList search_other_words(Searcher *searcher, Arena *arena, Str query,
                           const SearchResults *results, size_t max, bool *by_meaning_r);
/* search_diverse.c: at most `count` of the hits, unlike each other rather than best first. */
void search_diversify(Searcher *searcher, Arena *arena, SearchResults *results, size_t count);
