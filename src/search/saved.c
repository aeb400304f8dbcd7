/* saved.c - see saved.h. */
#include "search/saved.h"

#include "library/facts.h"

bool saved_filters_read(Arena *arena, const json_t *json, SavedFilters *filters, Error *err)
{
    return json_read(json, arena,
                     JSON_FIELDS({ "collections", JSON_STRS, &filters->collections },
                                 { "documents", JSON_STRS, &filters->documents },
                                 { "formats", JSON_STRS, &filters->formats },
                                 { "tags", JSON_STRS, &filters->tags },
                                 { "metadata", JSON_STRS, &filters->metadata },
                                 { "after", JSON_STR, &filters->after },
                                 { "before", JSON_STR, &filters->before }),
                     err);
}

bool saved_search_make(Arena *arena, const SavedSearch *saved, const SavedFilters *filters,
                       SearchRequest *search_r, Error *err)
{
    QueryReading reading;
    const FactCondition *facts;
    SearchRequest search = { .query = saved->query,
                             .limit = 1,
                             .collections = filters->collections,
                             .documents = filters->documents,
                             .formats = filters->formats,
                             .tags = filters->tags,
                             .metadata = filters->metadata };
    if (!search_mode_named(saved->mode, &search.mode, err) ||
        !search_read_times(&search, filters->after, filters->before, err) ||
        !search_read(arena, &search, QUERY_STRICT, &reading, err) ||
        !fact_conditions_read(arena, search.metadata, &facts, err))
        return false;
    *search_r = search;
    return true;
}

bool saved_search_count(Searcher *searcher, const Scope *scope, Arena *arena,
                        const SavedSearch *saved, int64_t number, int64_t *count_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    SavedFilters filters = { 0 };
    SearchRequest search;
    return json_parse(saved->filters, SAVED_FILTERS_MAX, &json, err) &&
           saved_filters_read(arena, json, &filters, err) &&
           saved_search_make(arena, saved, &filters, &search, err) &&
           search_count_new(searcher, scope, arena, &search, number, count_r, err);
}
