/* search_int.h - what the files of a search share; for this folder only. */
#pragma once

#include "search/query_vector.h"
#include "search/search.h"
#include "search/search_history.h"

struct Searcher {
    Reranker *reranker; /* NULL: none */
    Db *db;
    Library *library;
    SearchHistory *history;
    QueryVectors *vectors;
    _Atomic(EncodeQueue *) encoder;
};

/* The documents that a request allows, of one of its collections. */
DocumentFilter search_filter(const SearchRequest *request, Str collection,
                             const FactCondition *facts);
/* The same of all of its collections; `facts` are read too. */
MUST_CHECK bool search_filter_all(const SearchRequest *request, Arena *arena,
                                  DocumentFilter *filter_r, Error *err);
/* Not conditions alone. */
bool search_has_words(const SearchRequest *request);
