/* search_filters.h - the member `filters` of a search's body, see docs/seeds.md. */
#pragma once

#include "api/api.h"
#include "search/search.h"

/* `filters` may be NULL: none. */
MUST_CHECK bool api_search_filters(Arena *arena, const json_t *filters, SearchRequest *search,
                                   Error *err);
