/* search_api.c - search over HTTP. */
#include "api/document_json.h"
#include "base/clock.h"

/* The filters that search and ask share, as rows of a JSON table. */
bool search_read_times(SearchRequest *search, Str after, Str before, Error *err)
{
    Error why;
    if (after.length && !time_parse(after, &search->after_ms, &why))
        return fail_field(err, "after", "%s", why.message);
    if (before.length && !time_parse(before, &search->before_ms, &why))
        return fail_field(err, "before", "%s", why.message);
    return true;
}

static bool run(ApiRequest *request, const SearchRequest *search, HttpResponse *response,
                Error *err)
{
    SearchResults results;
    if (!search_run(request->api->searcher, request->scope, request->arena, search, &results, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "query", search->query);
    put_text(&json, "mode", str(search_mode_name(search->mode)));
    put_number(&json, "took_ms", (double)results.took_us / 1000);
    put_int(&json, "total", results.total);
    put_object(&json, "legs");
    put_bool(&json, "keyword", results.has_keyword);
    put_bool(&json, "semantic", results.has_semantic);
    put_end(&json);
    put_text_or_null(&json, "notice", results.notice);
    put_array(&json, "results");
    for (size_t i = 0; i < results.count; i++)
        put_hit(&json, request->arena, &results.at[i]);
    put_end(&json);
    put_end(&json);
    return true;
}

bool search_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    SearchRequest search = { .limit = 10, .is_remembered = true };
    Str mode = STR_NONE, after = STR_NONE, before = STR_NONE;
    StrList families = { 0 };
    int64_t limit = 10;
    if (!api_fields(
            request, err,
            { "query", JSON_STR, &search.query, .required = true, .length_max = KB(8) },
            { "mode", JSON_STR, &mode }, { "limit", JSON_I64, &limit, .min = 1, .max = 100 },
            { "collections", JSON_STRS, &search.collections },
            { "documents", JSON_STRS, &search.documents },
            { "formats", JSON_STRS, &search.formats }, { "families", JSON_STRS, &families },
            { "tags", JSON_STRS, &search.tags }, { "metadata", JSON_STRS, &search.metadata },
            { "name", JSON_STR, &search.name, .length_max = 1000 }, { "after", JSON_STR, &after },
            { "before", JSON_STR, &before }, { "remember", JSON_FLAG, &search.is_remembered },
            { "typing", JSON_FLAG, &search.is_typing }) ||
        !search_mode_named(mode, &search.mode, err) ||
        !search_read_times(&search, after, before, err) ||
        !library_formats_of(request->arena, search.formats, families, &search.formats, err))
        return false;
    search.limit = (int)limit;
    return run(request, &search, response, err);
}

bool search_get(ApiRequest *request, HttpResponse *response, Error *err)
{
    SearchRequest search = { .query = http_query(request->http, "q"), .is_remembered = true };
    int64_t limit;
    if (!str_trim(search.query).length)
        return fail_field(err, "q", "'q' is missing");
    if (!api_query_int(request, "limit", 1, 100, 10, &limit, err) ||
        !search_mode_named(http_query(request->http, "mode"), &search.mode, err))
        return false;
    search.limit = (int)limit;
    return run(request, &search, response, err);
}
