/* search_api.c - search over HTTP. */
#include "api/document_json.h"
#include "api/preferences.h"
#include "api/search_filters.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "net/http_stream.h"

/* A search being read from a request and answered. */
typedef struct SearchCall {
    ApiRequest *request;
    SearchRequest search;
    QueryReading reading;
    StrList facets;
    Str like; /* a document whose likes are wanted, and the passage of it; -1: all of it */
    int64_t ordinal;
    HttpStream *stream; /* of events; NULL: none */
    const SearchAfter *after;
} SearchCall;

/* --- Beside the results --- */

#define FACET_VALUES_SHOWN 20

/* Chosen by the request or by what was typed. */
static bool is_selected(const SearchCall *call, Facet facet, Str value)
{
    const SearchRequest *search = &call->search;
    const StrList none = { 0 };
    StrList chosen = facet == FACET_type         ? search->formats
                     : facet == FACET_tag        ? search->tags
                     : facet == FACET_collection ? search->collections
                                                 : none;
    for (size_t i = 0; i < chosen.count; i++)
        if (str_equal(chosen.at[i], value))
            return true;
    for (size_t i = 0; i < call->reading.parts.count; i++) {
        const QueryPart *part = &call->reading.parts.at[i];
        if (part->kind == PART_FILTER && !part->is_negated && str_is(part->key, facet_key(facet)) &&
            str_equal_ignore_case(part->value, value))
            return true;
    }
    return false;
}

static void put_facet(const SearchCall *call, JsonWriter *json, Facet facet, const FacetList *list)
{
    size_t shown = MIN(list->count, (size_t)FACET_VALUES_SHOWN);
    put_object(json, NULL);
    put_text(json, "key", str(facet_name(facet)));
    put_text(json, "operator", str(facet_key(facet)));
    put_text(json, "title", str(facet_title(facet)));
    put_array(json, "values");
    for (size_t i = 0; i < shown; i++) {
        put_object(json, NULL);
        put_text(json, "value", list->at[i].value);
        put_text(json, "title", list->at[i].title);
        put_int(json, "count", list->at[i].count);
        put_bool(json, "selected", is_selected(call, facet, list->at[i].value));
        put_end(json);
    }
    put_end(json);
    put_int(json, "more", (int64_t)(list->count - shown));
    put_end(json);
}

static bool check_facets(const SearchCall *call, Error *err)
{
    for (size_t i = 0; i < call->facets.count; i++)
        if (facet_named(call->facets.at[i]) == FACET_COUNT)
            return fail_field(err, "facets",
                              "there is no facet '" STR_FMT "'; there are type, tag, collection, "
                              "author, year and language",
                              STR_ARG(str_slice(call->facets.at[i], 0, 100)));
    return true;
}

static bool put_facets(SearchCall *call, JsonWriter *json, const SearchResults *results, Error *err)
{
    const ApiRequest *request = call->request;
    bool wanted[FACET_COUNT] = { false };
    SearchFacets facets;
    if (!call->facets.count)
        return true;
    for (size_t i = 0; i < call->facets.count; i++)
        wanted[facet_named(call->facets.at[i])] = true;
    if (!search_facets(request->api->searcher, request->scope, request->arena, &call->search,
                       results, wanted, &facets, err))
        return false;
    if (facets.documents >= 0)
        put_int(json, "documents", facets.documents);
    put_text(json, "facets_over", facets.documents >= 0 ? S("matches") : S("conditions"));
    put_array(json, "facets");
    for (size_t i = 0; i < call->facets.count; i++) {
        Facet facet = facet_named(call->facets.at[i]);
        put_facet(call, json, facet, &facets.lists[facet]);
    }
    put_end(json);
    return true;
}

static void put_suggestion(SearchCall *call, JsonWriter *json, const SearchResults *results)
{
    const QueryReading *reading = &call->reading;
    SearchSuggestion suggestion = { 0 };
    if (results->suggestion)
        suggestion = *results->suggestion;
    else if (!call->search.is_typing)
        suggestion = search_suggest(call->request->api->searcher, call->request->scope,
                                    call->request->arena, reading);
    if (!suggestion.count) {
        put_null(json, "suggestion");
        return;
    }
    put_object(json, "suggestion");
    put_text(json, "query", suggestion.query);
    put_array(json, "changes");
    for (size_t i = 0; i < suggestion.count; i++) {
        const SearchChange *change = &suggestion.changes[i];
        put_object(json, NULL);
        put_text(json, "from", change->from);
        put_text(json, "to", change->to);
        put_int(json, "start", (int64_t)utf8_utf16_units(reading->text, change->start));
        put_int(json, "end", (int64_t)utf8_utf16_units(reading->text, change->end));
        put_end(json);
    }
    put_end(json);
    put_end(json);
}

void put_search_step(JsonWriter *json, const SearchStep *step)
{
    put_text(json, "name", str(step->name));
    put_text(json, "query", str_trim(step->query));
    put_number(json, "took_ms", (double)step->took_us / 1000);
    put_int(json, "found", step->found);
}

void put_search_steps(JsonWriter *json, const SearchResults *results)
{
    put_array(json, "steps");
    for (size_t i = 0; i < results->step_count; i++) {
        put_object(json, NULL);
        put_search_step(json, &results->steps[i]);
        put_end(json);
    }
    put_end(json);
}

/* Nothing of a mode that has no plan. */
void put_search_plan(JsonWriter *json, const SearchPlan *plan)
{
    if (!plan->made_by.length)
        return;
    put_object(json, "plan");
    put_text(json, "made_by", plan->made_by);
    put_texts(json, "questions", plan->questions);
    put_texts(json, "words", plan->words);
    put_end(json);
}

static bool put_results(SearchCall *call, JsonWriter *json, const SearchResults *results,
                        Error *err)
{
    put_text_or_null(json, "search_id", results->search_id);
    put_text(json, "query", call->search.query);
    put_understood(json, &call->reading);
    put_text(json, "mode", str(search_mode_name(call->search.mode)));
    put_number(json, "took_ms", (double)results->took_us / 1000);
    put_int(json, "total", results->total);
    put_object(json, "legs");
    put_bool(json, "keyword", results->has_keyword);
    put_bool(json, "semantic", results->has_semantic);
    put_end(json);
    put_text_or_null(json, "missing", results->missing);
    put_text_or_null(json, "notice", results->notice);
    put_search_plan(json, &results->plan);
    if (call->search.explains)
        put_search_steps(json, results);
    put_array(json, "results");
    for (size_t i = 0; i < results->count; i++)
        put_hit(json, call->request->arena, &results->at[i]);
    put_end(json);
    put_suggestion(call, json, results);
    return put_facets(call, json, results, err);
}

static bool run_search(SearchCall *call, SearchResults *results_r, Error *err)
{
    const ApiRequest *request = call->request;
    Searcher *searcher = request->api->searcher;
    call->search.suggests_for = call->search.is_typing ? NULL : &call->reading;
    bool ok =
        call->like.length
            ? search_like(searcher, request->api->db, request->scope, request->arena, call->like,
                          call->ordinal, &call->search, results_r, err)
            : search_run(searcher, request->scope, request->arena, &call->search, results_r, err);
    return ok && (!call->after || call->after->found(call->after->self, err));
}

static bool answer(SearchCall *call, HttpResponse *response, Error *err)
{
    SearchResults results;
    if (!run_search(call, &results, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    if (!put_results(call, &json, &results, err))
        return false;
    put_end(&json);
    return true;
}

/* --- The same as events: each step as it is done, then everything --- */

static void send_step(void *self, const SearchStep *step)
{
    SearchCall *call = self;
    Buf data = buf_new(call->request->arena, KB(64));
    JsonWriter json = put_begin(&data);
    put_search_step(&json, step);
    put_end(&json);
    (void)http_stream_send(call->stream, S("step"), buf_str(&data));
}

static bool has_gone(void *self) { return !http_stream_is_open(((SearchCall *)self)->stream); }

static bool stream(SearchCall *call, HttpResponse *response)
{
    HttpStreamOptions options = { .wait_ms = 10000,
                                  .queue_max = MB(4),
                                  .last_when_leaving = API_LAST_EVENT };
    SearchResults results;
    Error err = { 0 };
    Buf data = buf_new(call->request->arena, MB(16));
    call->stream = http_respond_stream(response, &options);
    call->search.watch = (SearchWatch){ send_step, has_gone, call };
    JsonWriter json = put_begin(&data);
    bool good = run_search(call, &results, &err) && put_results(call, &json, &results, &err);
    if (!good) {
        data.length = 0;
        json = put_begin(&data);
        put_error(&json, "error", &err);
    }
    put_end(&json);
    (void)http_stream_send(call->stream, good ? S("done") : S("error"), buf_str(&data));
    http_stream_close(call->stream);
    return true;
}

static bool read_query(SearchCall *call, Error *err)
{
    return search_read(call->request->arena, &call->search,
                       call->search.is_typing ? QUERY_LENIENT : QUERY_STRICT, &call->reading, err);
}

/* How results are put together and ordered. */
static bool read_order(SearchRequest *search, Str group, Error *err)
{
    search->by_document = str_is(group, "document");
    if (group.length && !search->by_document)
        return fail_field(err, "group", "'group' is document, not '" STR_FMT "'",
                          STR_ARG(str_slice(group, 0, 40)));
    if (!(search->fresh >= 0 && search->fresh <= 1))
        return fail_field(err, "fresh", "'fresh' is 0 to 1");
    return (search->fresh_days >= 0 && search->fresh_days <= 36500) ||
           fail_field(err, "fresh_days", "'fresh_days' is a number of days, at most 36500");
}

/* As the person likes it, where a search names no mode. */
static bool liked_mode(const ApiRequest *request, Str *mode, Error *err)
{
    Preferences likes;
    if (mode->length)
        return true;
    if (!api_preferences(request, &likes, err))
        return false;
    *mode = likes.search_mode;
    return true;
}

bool search_answer(ApiRequest *request, HttpResponse *response, const SearchAfter *then, Error *err)
{
    SearchCall call = { .request = request,
                        .after = then,
                        .ordinal = -1,
                        .search = { .limit = 10, .is_remembered = true } };
    SearchRequest *search = &call.search;
    Str mode = STR_NONE, after = STR_NONE, before = STR_NONE;
    Str group = STR_NONE;
    bool shows_copies = false, wants_events = false;
    StrList families = { 0 };
    json_t *filters = NULL;
    int64_t limit = 10, offset = 0;
    if (!api_fields(
            request, err, { "query", JSON_STR, &search->query, .length_max = KB(8) },
            { "like", JSON_STR, &call.like, .length_max = 64 },
            { "ordinal", JSON_I64, &call.ordinal, .min = -1, .max = 10000000 },
            { "mode", JSON_STR, &mode }, { "limit", JSON_I64, &limit, .min = 1, .max = 100 },
            { "collections", JSON_STRS, &search->collections },
            { "documents", JSON_STRS, &search->documents },
            { "formats", JSON_STRS, &search->formats }, { "families", JSON_STRS, &families },
            { "tags", JSON_STRS, &search->tags }, { "metadata", JSON_STRS, &search->metadata },
            { "name", JSON_STR, &search->name, .length_max = 1000 }, { "after", JSON_STR, &after },
            { "before", JSON_STR, &before }, { "remember", JSON_FLAG, &search->is_remembered },
            { "typing", JSON_FLAG, &search->is_typing },
            { "explain", JSON_FLAG, &search->explains }, { "stream", JSON_FLAG, &wants_events },
            { "group", JSON_STR, &group }, { "fresh", JSON_F64, &search->fresh },
            { "fresh_days", JSON_F64, &search->fresh_days },
            { "feedback", JSON_FLAG, &search->feeds_back }, { "copies", JSON_FLAG, &shows_copies },
            { "facets", JSON_STRS, &call.facets, .length_max = FACET_COUNT },
            { "filters", JSON_ANY, &filters },
            { "offset", JSON_I64, &offset, .max = SEARCH_OFFSET_MAX }) ||
        (filters && !api_search_filters(request->arena, filters, search, err)) ||
        !check_facets(&call, err) || !read_order(search, group, err) ||
        !liked_mode(request, &mode, err) || !search_mode_named(mode, &search->mode, err) ||
        !search_read_times(search, after, before, err) || !read_query(&call, err) ||
        !library_formats_of(request->arena, search->formats, families, &search->formats, err))
        return false;
    if (!call.like.length && !str_trim(search->query).length && !search_has_conditions(search))
        return fail_field(err, "query", "'query' is missing");
    search->limit = (int)limit;
    search->folds_copies = !shows_copies;
    search->offset = (int)offset;
    search->wants_matching = call.facets.count > 0;
    if (api_wants_events(request, wants_events))
        return stream(&call, response);
    return answer(&call, response, err);
}

bool search_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    return search_answer(request, response, NULL, err);
}

bool search_get(ApiRequest *request, HttpResponse *response, Error *err)
{
    SearchCall call = { .request = request,
                        .search = { .query = http_query(request->http, "q"),
                                    .is_remembered = true } };
    Str mode = http_query(request->http, "mode");
    int64_t limit, offset;
    if (!str_trim(call.search.query).length)
        return fail_field(err, "q", "'q' is missing");
    if (!api_query_int(request, "limit", 1, 100, 10, &limit, err) ||
        !api_query_int(request, "offset", 0, SEARCH_OFFSET_MAX, 0, &offset, err) ||
        !liked_mode(request, &mode, err) || !search_mode_named(mode, &call.search.mode, err) ||
        !read_query(&call, err))
        return false;
    call.search.limit = (int)limit;
    call.search.offset = (int)offset;
    return answer(&call, response, err);
}

/* --- Modes --- */

static void put_names(JsonWriter *json, Str names)
{
    put_array(json, "also");
    for (Str name; str_next(&names, ' ', &name);)
        if (name.length)
            put_text(json, NULL, name);
    put_end(json);
}

static void put_mode(JsonWriter *json, SearchMode mode, bool has_embeddings)
{
    const SearchModeAbout *about = &search_modes[mode];
    put_object(json, NULL);
    put_text(json, "name", str(about->name));
    put_names(json, str(about->also));
    put_text(json, "title", str(about->title));
    put_text(json, "help", str(about->help));
    put_text(json, "needs", str(search_need_name(about->needs)));
    put_bool(json, "is_ready", about->needs == NEEDS_NOTHING || has_embeddings);
    put_bool(json, "remembers", about->keeps);
    put_end(json);
}

bool search_modes_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    bool has_embeddings = library_model_status(request->api->library).is_there;
    JsonWriter json = api_list_begin(response);
    (void)err;
    for (size_t i = 0; i < SEARCH_MODE_COUNT; i++)
        put_mode(&json, (SearchMode)i, has_embeddings);
    api_list_end(&json, -1, STR_NONE);
    return true;
}

/* --- The language --- */

bool search_understand(ApiRequest *request, HttpResponse *response, Error *err)
{
    QueryReading reading;
    if (!query_language_read(request->arena, http_query(request->http, "q"), QUERY_STRICT, &reading,
                             err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "query", reading.text);
    put_understood(&json, &reading);
    put_text(&json, "words", query_language_plain(request->arena, &reading));
    put_end(&json);
    return true;
}

static void put_comparisons(JsonWriter *json, bool compares)
{
    static const Str all[] = { S_INIT("="), S_INIT(">="), S_INIT(">"), S_INIT("<="), S_INIT("<") };
    put_array(json, "compares");
    for (size_t i = 0; i < (compares ? COUNT(all) : 1); i++)
        put_text(json, NULL, all[i]);
    put_end(json);
}

static void put_type_values(JsonWriter *json)
{
    size_t count;
    const LibraryFormat *formats = library_formats(&count);
    for (size_t i = 0; i < count; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i && is_new; j++)
            is_new = strcmp(formats[j].family, formats[i].family) != 0;
        if (is_new)
            put_text(json, NULL, str(formats[i].family));
    }
    for (size_t i = 0; i < count; i++)
        put_text(json, NULL, str(formats[i].name));
}

/* Values that are the same in every library; those of tags and collections are asked for. */
static void put_values(JsonWriter *json, OperatorValue value)
{
    static const char *const grades[] = { "excellent", "good", "fair", "poor" };
    put_array(json, "values");
    if (value == VALUE_TYPE)
        put_type_values(json);
    for (size_t i = 0; value == VALUE_GRADE && i < COUNT(grades); i++)
        put_text(json, NULL, str(grades[i]));
    for (size_t i = 0; value == VALUE_LANGUAGE && query_language_code(i).length; i++)
        put_text(json, NULL, query_language_code(i));
    put_end(json);
}

bool search_operators(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)err;
    JsonWriter json = api_list_begin(response);
    FactName fact;
    for (size_t i = 0; i < query_operator_count; i++) {
        const QueryOperator *one = &query_operators[i];
        put_object(&json, NULL);
        put_text(&json, "name", str(one->name));
        put_names(&json, str(one->also));
        put_text(&json, "value", str(operator_value_name(one->value)));
        put_comparisons(&json, query_operator_compares(one));
        put_text(&json, "title", str(one->title));
        put_text(&json, "example", str(one->example));
        put_values(&json, one->value);
        put_end(&json);
    }
    for (size_t i = 0; fact_name_at(i, &fact); i++) {
        if (query_operator_named(str(fact.key)))
            continue;
        put_object(&json, NULL);
        put_text(&json, "name", str(fact.key));
        put_names(&json, STR_NONE);
        put_text(&json, "value", str(fact.type));
        put_comparisons(&json, !fact.is_text);
        put_text(&json, "title", str(fact.title));
        put_null(&json, "example");
        put_array(&json, "values");
        put_end(&json);
        put_end(&json);
    }
    api_list_end(&json, -1, STR_NONE);
    return true;
}
