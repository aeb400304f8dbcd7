/* message_batches_api.c - /v1/messages/batches in Anthropic's shape: the same batches, whose calls
 * come in the request and whose answers are one file. */
#include "api/api.h"
#include "base/map.h"
#include "batch/batches.h"

#define ANTHROPIC S("anthropic")
#define ENDPOINT S("/v1/messages")
#define REQUESTS_MAX 100000
#define WINDOW_MS (INT64_C(24) * 3600 * 1000)

/* --- Showing --- */

static void put_counts(JsonWriter *json, const Batch *batch)
{
    int64_t left = batch->total - batch->completed - batch->failed;
    bool is_over = batch_is_over(batch), is_cancelled = batch->cancelling_at_ms != 0;
    put_object(json, "request_counts");
    put_int(json, "processing", is_over ? 0 : left);
    put_int(json, "succeeded", batch->completed);
    put_int(json, "errored", batch->failed);
    put_int(json, "canceled", is_over && is_cancelled ? left : 0);
    put_int(json, "expired", is_over && !is_cancelled ? left : 0);
    put_end(json);
}

static void put_batch(JsonWriter *json, const ApiRequest *request, const Batch *batch)
{
    bool is_over = batch_is_over(batch);
    Str url =
        str_format(request->arena, "%s/v1/messages/batches/" STR_FMT "/results",
                   request->api->public_url ? request->api->public_url : "", STR_ARG(batch->id));
    put_text(json, "id", batch->id);
    put_text(json, "type", S("message_batch"));
    put_text(json, "processing_status",
             is_over                   ? S("ended")
             : batch->cancelling_at_ms ? S("canceling")
                                       : S("in_progress"));
    put_counts(json, batch);
    put_time(json, "created_at", batch->created_at_ms);
    put_time(json, "expires_at", batch->expires_at_ms);
    put_time(json, "ended_at", batch->ended_at_ms);
    put_time(json, "cancel_initiated_at", batch->cancelling_at_ms);
    put_null(json, "archived_at");
    put_text_or_null(json, "results_url", is_over ? url : S(""));
}

static bool respond_batch(const ApiRequest *request, HttpResponse *response, const Batch *batch)
{
    JsonWriter json = put_begin(&response->body);
    put_batch(&json, request, batch);
    put_end(&json);
    return true;
}

/* --- Making --- */

static bool read_request(Arena *arena, const json_t *given, size_t at, Map *ids,
                         BatchInput *input_r, Error *err)
{
    const json_t *params = json_object_get(given, "params");
    bool is_new = false;
    char name[40];
    snprintf(name, sizeof name, "requests.%zu", at);
    input_r->custom_id = json_member_text(given, "custom_id");
    if (input_r->custom_id.length < 1 || input_r->custom_id.length > 64)
        return fail_field(err, name, "%s: custom_id is a text of 1 to 64 characters", name);
    (void)map_add(ids, input_r->custom_id, &is_new);
    if (!is_new)
        return fail_field(err, name, "%s: another request has the custom_id '" STR_FMT "'", name,
                          STR_ARG(input_r->custom_id));
    if (!json_is_object(params))
        return fail_field(err, name, "%s: params is the body of a message", name);
    input_r->body = json_print(arena, params);
    return true;
}

static bool read_requests(ApiRequest *request, BatchInput **inputs_r, size_t *count_r, Error *err)
{
    const json_t *given = json_object_get(request->json, "requests");
    size_t count = json_array_size(given);
    Map ids = map_new(request->arena);
    if (!count || count > REQUESTS_MAX)
        return fail_field(err, "requests", "requests is a list of 1 to %d", REQUESTS_MAX);
    BatchInput *inputs = arena_new_array(request->arena, BatchInput, count);
    for (size_t i = 0; i < count; i++)
        if (!read_request(request->arena, json_array_get(given, i), i, &ids, &inputs[i], err))
            return false;
    *inputs_r = inputs;
    *count_r = count;
    return true;
}

bool message_batches_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    Batches *batches = request->api->batches;
    NewBatch made = { .shape = ANTHROPIC, .endpoint = ENDPOINT, .window_ms = WINDOW_MS };
    BatchInput *inputs = NULL;
    size_t count = 0;
    Batch batch;
    if (!read_requests(request, &inputs, &count, err) ||
        !batches_input(batches, request->scope, request->arena, ENDPOINT, inputs, count,
                       &made.input_file, err) ||
        !batches_add(batches, request->scope, request->arena, &made, &batch, err))
        return false;
    batch.total = (int64_t)count; /* as its job will find */
    return respond_batch(request, response, &batch);
}

/* --- The others --- */

static bool find(ApiRequest *request, Batch *batch_r, Error *err)
{
    return batches_find(request->api->batches, request->scope, request->arena, ANTHROPIC,
                        request->params[0], batch_r, err);
}

bool message_batches_get(ApiRequest *request, HttpResponse *response, Error *err)
{
    Batch batch;
    return find(request, &batch, err) && respond_batch(request, response, &batch);
}

bool message_batches_get_all(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str before = http_query(request->http, "before_id");
    BatchAsk ask = { .shape = ANTHROPIC,
                     .after = before.length ? before : http_query(request->http, "after_id"),
                     .is_ascending = before.length > 0 };
    BatchList list;
    if (!api_query_int(request, "limit", 1, 1000, 20, &ask.limit, err) ||
        !batches_list(request->api->batches, request->scope, request->arena, &ask, &list, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "data");
    for (size_t i = 0; i < list.count; i++) {
        put_object(&json, NULL);
        put_batch(&json, request, &list.at[ask.is_ascending ? list.count - 1 - i : i]);
        put_end(&json);
    }
    size_t first = ask.is_ascending && list.count ? list.count - 1 : 0;
    api_put_list_end(&json, list.count ? list.at[first].id : S(""),
                     list.count ? list.at[list.count - 1 - first].id : S(""), list.has_more);
    return true;
}

bool message_batches_cancel(ApiRequest *request, HttpResponse *response, Error *err)
{
    Batch batch;
    return batches_cancel(request->api->batches, request->scope, request->arena, ANTHROPIC,
                          request->params[0], &batch, err) &&
           respond_batch(request, response, &batch);
}

bool message_batches_results(ApiRequest *request, HttpResponse *response, Error *err)
{
    Batch batch;
    ClientFile file;
    int fd;
    if (!find(request, &batch, err))
        return false;
    if (!batch.output_file.length)
        return fail(err, ERROR_NOT_FOUND, "the batch '" STR_FMT "' has no results%s",
                    STR_ARG(batch.id), batch_is_over(&batch) ? "" : " yet");
    if (!files_open(request->api->batches, request->scope, request->arena, batch.output_file, &file,
                    &fd, err))
        return false;
    http_respond_file(response, &(HttpFile){ .fd = fd,
                                             .size = (uint64_t)file.size,
                                             .media_type = S("application/x-jsonl"),
                                             .etag = file.blob,
                                             .name = file.name });
    return true;
}

bool message_batches_delete(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str id = request->params[0];
    if (!batches_remove(request->api->batches, request->scope, ANTHROPIC, id, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "id", id);
    put_text(&json, "type", S("message_batch_deleted"));
    put_end(&json);
    return true;
}
