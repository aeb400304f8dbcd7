/* helpers.c - small things that handlers share; see api.h. */
#include "api/api.h"
#include "api/idempotency.h"
#include "base/clock.h"
#include "base/id.h"
#include "store/audit_store.h"

bool api_query_int(const ApiRequest *request, const char *name, int64_t min, int64_t max,
                   int64_t missing, int64_t *number_r, Error *err)
{
    Str text = http_query(request->http, name);
    if (!text.length) {
        *number_r = missing;
        return true;
    }
    if (min == 0 && max == 1 && (str_is(text, "true") || str_is(text, "false"))) {
        *number_r = str_is(text, "true");
        return true;
    }
    if (!str_to_int(text, min, max, number_r))
        return fail_field(err, name, "'%s' must be a number from %" PRId64 " to %" PRId64, name,
                          min, max);
    return true;
}

bool api_query_time(const ApiRequest *request, const char *name, int64_t *time_ms_r, Error *err)
{
    Str text = http_query(request->http, name);
    if (!text.length) {
        *time_ms_r = 0;
        return true;
    }
    Error why;
    return time_parse(text, time_ms_r, &why) || fail_field(err, name, "%s", why.message);
}

bool api_slice(const ApiRequest *request, Slice *slice_r, Error *err)
{
    if (!api_slice_by_key(request, slice_r, err))
        return false;
    return !slice_r->after.length || id_is_valid(slice_r->after) ||
           fail_field(err, "after", "'after' is no place that this list gave: send its 'next'");
}

bool api_slice_by_key(const ApiRequest *request, Slice *slice_r, Error *err)
{
    int64_t limit;
    if (!api_query_int(request, "limit", 1, SLICE_MAX, SLICE_DEFAULT, &limit, err))
        return false;
    *slice_r = (Slice){ .limit = limit, .after = http_query(request->http, "after") };
    return true;
}

static bool client_has_left(void *response) { return http_client_has_left(response); }

StopCheck api_client(HttpResponse *response) { return (StopCheck){ client_has_left, response }; }

bool api_done(HttpResponse *response)
{
    response->status = 204;
    return true;
}

typedef struct Change {
    ApiRequest *request;
    HttpResponse *response;
    DbWork *work;
    ApiAnswer *answer;
    void *argument;
    size_t header_count;
} Change;

static bool write_answer(const Change *change)
{
    return change->answer ? change->answer(change->argument, change->response)
                          : api_done(change->response);
}

static bool answered_work(DbTx *tx, void *argument, Error *err)
{
    const Change *change = argument;
    change->response->body.length = 0;
    change->response->headers.count = change->header_count;
    return change->work(tx, change->argument, err) && write_answer(change) &&
           idempotency_keep(change->request, change->response, change->request->hold, err);
}

bool api_change(ApiRequest *request, HttpResponse *response, DbWork *work, ApiAnswer *answer,
                void *argument, Error *err)
{
    Change change = { request, response, work, answer, argument, response->headers.count };
    if (!request->hold)
        return store_write(request->api->db, request->scope, work, argument, err) &&
               write_answer(&change);
    bool is_done = store_write(request->api->db, request->scope, answered_work, &change, err);
    if (!is_done)
        idempotency_unkeep(request->hold);
    return is_done;
}

JsonWriter api_list_begin(HttpResponse *response)
{
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "items");
    return json;
}

void api_list_end(JsonWriter *json, int64_t total, Str next)
{
    put_end(json);
    if (total >= 0)
        put_int(json, "total", total);
    put_text_or_null(json, "next", next);
    put_end(json);
}

void api_put_history(HttpResponse *response, const AuditList *history)
{
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < history->count; i++) {
        const AuditEntry *entry = &history->at[i];
        put_object(&json, NULL);
        put_text(&json, "action", entry->action);
        put_text_or_null(&json, "user", entry->user);
        put_text_or_null(&json, "key", entry->key);
        put_raw(&json, "changes", entry->details.length ? entry->details : S("{}"));
        put_time(&json, "at", entry->created_at_ms);
        put_end(&json);
    }
    api_list_end(&json, -1, history->next);
}

bool api_wants_events(const ApiRequest *request, bool is_asked)
{
    return is_asked ||
           str_find(http_header_in(request->http, "Accept"), S("text/event-stream")) >= 0;
}

bool api_is_stranger(const ApiRequest *request) { return request->scope->role == ROLE_NONE; }

bool api_is_https(const Api *api, const HttpRequest *http)
{
    return api->is_secure || http->is_https;
}

void api_session_cookie(const ApiRequest *request, HttpResponse *response, Str token)
{
    http_header(response, "Set-Cookie",
                str_format(request->arena,
                           "lectern_session=" STR_FMT "; Path=/; HttpOnly; SameSite=Strict%s%s",
                           STR_ARG(token),
                           api_is_https(request->api, request->http) ? "; Secure" : "",
                           token.length ? "; Max-Age=31536000" : "; Max-Age=0"));
}

void api_put_list_end(JsonWriter *json, Str first_id, Str last_id, bool has_more)
{
    put_end(json);
    put_text_or_null(json, "first_id", first_id);
    put_text_or_null(json, "last_id", last_id);
    put_bool(json, "has_more", has_more);
    put_end(json);
}

bool api_is_local(const ApiRequest *request, Error *err)
{
    return str_is(request->http->peer, "local") ||
           fail(err, ERROR_DENIED, "only the command line on the server's machine can do this");
}
