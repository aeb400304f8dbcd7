/* usage_api.c - calls of models: one by one, and summed. */
#include "api/api.h"
#include "store/calls_store.h"

/* --- What is asked for --- */

static bool read_filter(const ApiRequest *request, CallFilter *filter, Error *err)
{
    const HttpRequest *http = request->http;
    *filter = (CallFilter){ .model = http_query(http, "model"),
                            .service = http_query(http, "service"),
                            .key = http_query(http, "key"),
                            .user = http_query(http, "user"),
                            .feature = http_query(http, "feature"),
                            .task = http_query(http, "task"),
                            .status = http_query(http, "status") };
    return api_query_time(request, "from", &filter->from_ms, err) &&
           api_query_time(request, "to", &filter->to_ms, err);
}

static bool read_group(Str word, CallGroup *group_r, Error *err)
{
    if (!word.length) {
        *group_r = CALL_GROUP_DAY;
        return true;
    }
    return call_group_named(word, group_r) || fail_field(err, "by", "'by' is one of"
#define CALL_GROUP(name, word, span, sql, what) " " word
#include "store/call_groups.def"
#undef CALL_GROUP
                                              );
}

/* --- Calls --- */

typedef struct CallsWork {
    ApiRequest *request;
    CallFilter filter;
    Slice slice;
    CallList calls;
    CallGroup group;
    CallSumList sums;
} CallsWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    CallsWork *work = argument;
    return calls_list(tx, work->request->scope, work->request->arena, &work->filter, &work->slice,
                      &work->calls, err);
}

static void put_call(JsonWriter *json, const CallRow *call)
{
    put_object(json, NULL);
    put_text(json, "id", call->id);
    put_time(json, "started_at", call->started_at_ms);
#define CALL_TEXT(member, name) put_text_or_null(json, name, call->member);
#define CALL_NUMBER(member, name)                                                                  \
    if (*name)                                                                                     \
        put_int(json, name, call->member);
#include "store/call_columns.def"
#undef CALL_TEXT
#undef CALL_NUMBER
    if (call->cost_pico >= 0)
        put_int(json, "cost_pico", call->cost_pico);
    else
        put_null(json, "cost_pico");
    put_bool(json, "estimated", call->flags & CALL_IS_ESTIMATED);
    put_bool(json, "stream", call->flags & CALL_IS_STREAM);
    put_bool(json, "truncated", call->flags & CALL_IS_TRUNCATED);
    put_bool(json, "local", call->flags & CALL_IS_LOCAL);
    put_end(json);
}

bool calls_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    CallsWork work = { .request = request };
    if (!api_slice(request, &work.slice, err) || !read_filter(request, &work.filter, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.calls.count; i++)
        put_call(&json, &work.calls.at[i]);
    api_list_end(&json, -1, work.calls.next);
    return true;
}

/* --- Sums --- */

static bool sum_work(DbTx *tx, void *argument, Error *err)
{
    CallsWork *work = argument;
    return calls_sum(tx, work->request->scope, work->request->arena, work->group, &work->filter,
                     &work->sums, err);
}

static int64_t average(int64_t sum, int64_t count) { return count ? sum / count : 0; }

static void put_sum(JsonWriter *json, const CallSumRow *sum)
{
    const CallTotals *totals = &sum->totals;
    put_object(json, NULL);
    put_text(json, "name", sum->name);
    put_int(json, "errors", sum->errors);
#define CALL_SUM(total, what) put_int(json, #total, totals->total);
#include "store/call_sums.def"
#undef CALL_SUM
    put_int(json, "took_ms", totals->took_us / 1000);
    put_int(json, "average_us", average(totals->took_us, totals->calls));
    put_int(json, "average_first_us", average(totals->first_us, totals->streams));
    put_int(json, "average_own_us", average(totals->own_us, totals->calls));
    put_end(json);
}

bool usage_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    CallsWork work = { .request = request };
    if (!read_group(http_query(request->http, "by"), &work.group, err) ||
        !read_filter(request, &work.filter, err) ||
        !store_read(request->api->db, request->scope, sum_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.sums.count; i++)
        put_sum(&json, &work.sums.at[i]);
    api_list_end(&json, (int64_t)work.sums.count, S(""));
    return true;
}
