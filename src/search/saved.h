/* saved.h - a search that a person keeps, as one that can be run. Any thread. */
#pragma once

#include "search/search.h"
#include "store/saved_searches_store.h"

#define SAVED_FILTERS_MAX KB(256) /* a body is at most 64 KiB; escapes may make it longer */

/* What a saved search's filters may hold: the names that POST /v1/search has for them. */
typedef struct SavedFilters {
    StrList collections, documents, formats, tags, metadata;
    Str after, before;
} SavedFilters;

MUST_CHECK bool saved_filters_read(Arena *arena, const json_t *json, SavedFilters *filters,
                                   Error *err);
/* What would be run. */
MUST_CHECK bool saved_search_make(Arena *arena, const SavedSearch *saved,
                                  const SavedFilters *filters, SearchRequest *search_r, Error *err);
/* How much is new in it since chunk `number` was the newest: search_count_new(). */
MUST_CHECK bool saved_search_count(Searcher *searcher, const Scope *scope, Arena *arena,
                                   const SavedSearch *saved, int64_t number, int64_t *count_r,
                                   Error *err);
