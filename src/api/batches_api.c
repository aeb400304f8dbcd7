/* batches_api.c - /v1/batches in OpenAI's shape. */
#include "api/api.h"
#include "batch/batches.h"

#define OPENAI S("openai")
#define METADATA_MAX 16
#define WINDOW_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)

/* --- Showing --- */

static void put_moment(JsonWriter *json, const char *name, bool is_so, int64_t time_ms)
{
    if (is_so && time_ms)
        put_int(json, name, time_ms / 1000);
    else
        put_null(json, name);
}

static void put_moments(JsonWriter *json, const Batch *batch)
{
    put_int(json, "created_at", batch->created_at_ms / 1000);
    put_int(json, "expires_at", batch->expires_at_ms / 1000);
    put_moment(json, "in_progress_at", true, batch->began_at_ms);
    put_moment(json, "finalizing_at", true, batch->finalizing_at_ms);
    put_moment(json, "cancelling_at", true, batch->cancelling_at_ms);
    put_moment(json, "completed_at", str_is(batch->state, "completed"), batch->ended_at_ms);
    put_moment(json, "failed_at", str_is(batch->state, "failed"), batch->ended_at_ms);
    put_moment(json, "expired_at", str_is(batch->state, "expired"), batch->ended_at_ms);
    put_moment(json, "cancelled_at", str_is(batch->state, "cancelled"), batch->ended_at_ms);
}

static void put_errors(JsonWriter *json, Arena *arena, const Batch *batch)
{
    if (!batch->problems.length) {
        put_null(json, "errors");
        return;
    }
    put_object(json, "errors");
    put_text(json, "object", S("list"));
    put_raw(json, "data", str_format(arena, "[" STR_FMT "]", STR_ARG(batch->problems)));
    put_end(json);
}

static void put_usage(JsonWriter *json, const BatchUsage *usage)
{
    put_object(json, "usage");
    put_int(json, "input_tokens", usage->input);
    put_object(json, "input_tokens_details");
    put_int(json, "cached_tokens", usage->cached);
    put_end(json);
    put_int(json, "output_tokens", usage->output);
    put_object(json, "output_tokens_details");
    put_int(json, "reasoning_tokens", usage->reasoning);
    put_end(json);
    put_int(json, "total_tokens", usage->input + usage->output);
    put_end(json);
}

static Str window_of(Arena *arena, const Batch *batch)
{
    int64_t seconds = (batch->expires_at_ms - batch->created_at_ms + 500) / 1000;
    bool is_hours = seconds % 3600 == 0;
    return str_format(arena, "%" PRId64 "%c", is_hours ? seconds / 3600 : seconds,
                      is_hours ? 'h' : 's');
}

static void put_batch(JsonWriter *json, Arena *arena, const Batch *batch)
{
    put_text(json, "id", batch->id);
    put_text(json, "object", S("batch"));
    put_text(json, "endpoint", batch->endpoint);
    put_text_or_null(json, "model", batch->model);
    put_errors(json, arena, batch);
    put_text(json, "input_file_id", batch->input_file);
    put_text(json, "completion_window", window_of(arena, batch));
    put_text(json, "status", batch->state);
    put_text_or_null(json, "output_file_id", batch->output_file);
    put_text_or_null(json, "error_file_id", batch->error_file);
    put_moments(json, batch);
    put_object(json, "request_counts");
    put_int(json, "total", batch->total);
    put_int(json, "completed", batch->completed);
    put_int(json, "failed", batch->failed);
    put_end(json);
    put_usage(json, &batch->usage);
    put_raw(json, "metadata", batch->metadata.length ? batch->metadata : S("null"));
}

static bool respond_batch(ApiRequest *request, HttpResponse *response, const Batch *batch)
{
    JsonWriter json = put_begin(&response->body);
    put_batch(&json, request->arena, batch);
    put_end(&json);
    return true;
}

/* --- Making --- */

/* "24h": OpenAI takes nothing else; here any number of hours, minutes or seconds. */
static bool read_window(Str text, int64_t *window_ms_r, Error *err)
{
    static const int64_t units_ms[] = { ['h'] = 3600000, ['m'] = 60000, ['s'] = 1000 };
    int64_t number = 0;
    char unit = text.length ? text.at[text.length - 1] : 0;
    bool good = HAS_CHAR(unit, "hms") &&
                str_to_int(str_slice(text, 0, text.length - 1), 1, 1000000, &number) &&
                number * units_ms[(unsigned char)unit] <= WINDOW_MAX_MS;
    if (!good)
        return fail_field(err, "completion_window",
                          "completion_window is 24h, or another number of h, m or s up to 168h");
    *window_ms_r = number * units_ms[(unsigned char)unit];
    return true;
}

static bool read_metadata(Arena *arena, const json_t *given, Str *metadata_r, Error *err)
{
    const char *name;
    json_t *value;
    if (!given || json_is_null(given))
        return true;
    bool good = json_is_object(given) && json_object_size(given) <= METADATA_MAX;
    json_object_foreach((json_t *)(uintptr_t)given, name, value)
    {
        good =
            good && json_is_string(value) && strlen(name) <= 64 && json_string_length(value) <= 512;
    }
    if (!good)
        return fail_field(err, "metadata",
                          "metadata has at most %d texts of 512 bytes, with names of 64",
                          METADATA_MAX);
    *metadata_r = json_print(arena, given);
    return true;
}

static bool read_output_expiry(const json_t *given, int64_t *seconds_r, Error *err)
{
    if (!given || json_is_null(given))
        return true;
    int64_t seconds = json_integer_value(json_object_get(given, "seconds"));
    if (!str_is(json_member_text(given, "anchor"), "created_at") || seconds < FILE_EXPIRES_MIN_S ||
        seconds > FILE_EXPIRES_MAX_S)
        return fail_field(err, "output_expires_after",
                          "output_expires_after has the anchor created_at and %d to %d seconds",
                          FILE_EXPIRES_MIN_S, FILE_EXPIRES_MAX_S);
    *seconds_r = seconds;
    return true;
}

bool batches_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    const json_t *json = request->json;
    NewBatch made = { .shape = OPENAI,
                      .endpoint = json_member_text(json, "endpoint"),
                      .input_file = json_member_text(json, "input_file_id") };
    Batch batch;
    if (!read_window(json_member_text(json, "completion_window"), &made.window_ms, err) ||
        !read_metadata(request->arena, json_object_get(json, "metadata"), &made.metadata, err) ||
        !read_output_expiry(json_object_get(json, "output_expires_after"), &made.output_seconds,
                            err) ||
        !batches_add(request->api->batches, request->scope, request->arena, &made, &batch, err))
        return false;
    return respond_batch(request, response, &batch);
}

/* --- The others --- */

bool batches_get_all(ApiRequest *request, HttpResponse *response, Error *err)
{
    BatchAsk ask = { .shape = OPENAI, .after = http_query(request->http, "after") };
    BatchList list;
    if (!api_query_int(request, "limit", 1, 100, 20, &ask.limit, err) ||
        !batches_list(request->api->batches, request->scope, request->arena, &ask, &list, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "object", S("list"));
    put_array(&json, "data");
    for (size_t i = 0; i < list.count; i++) {
        put_object(&json, NULL);
        put_batch(&json, request->arena, &list.at[i]);
        put_end(&json);
    }
    api_put_list_end(&json, list.count ? list.at[0].id : S(""),
                     list.count ? list.at[list.count - 1].id : S(""), list.has_more);
    return true;
}

bool batches_get(ApiRequest *request, HttpResponse *response, Error *err)
{
    Batch batch;
    return batches_find(request->api->batches, request->scope, request->arena, OPENAI,
                        request->params[0], &batch, err) &&
           respond_batch(request, response, &batch);
}

bool batches_stop(ApiRequest *request, HttpResponse *response, Error *err)
{
    Batch batch;
    return batches_cancel(request->api->batches, request->scope, request->arena, OPENAI,
                          request->params[0], &batch, err) &&
           respond_batch(request, response, &batch);
}
