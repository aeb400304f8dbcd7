/* world_test.h - a small library to search: three documents, no model. */
#pragma once

#include "search/search.h"
#include "store/searches_store.h"

typedef struct World {
    Arena *arena;
    Db *db;
    Scope system, scope;
    Library *library;
    Searcher *searcher;
    Str ids[3]; /* long, short, other */
} World;

void world_open(World *w, const char *url);
void world_close(World *w);
/* Ten results unless it says otherwise; a failure fails the test. */
SearchResults world_search(World *w, SearchRequest request);
/* The place of the document's first result, from 1; 0: it has none. */
size_t world_rank(const SearchResults *results, Str document);
/* What is remembered, with what still waited to be. */
SearchList world_history(World *w);
