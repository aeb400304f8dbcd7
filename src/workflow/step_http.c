/* step_http.c - an address asked with JSON. Redirects are not followed. */
#include "base/utf8.h"
#include "workflow/workflow_int.h"

const char step_http_takes[] =
    "{\"type\":\"object\",\"required\":[\"url\"],\"additionalProperties\":false,\"properties\":{"
    "\"url\":{\"type\":\"string\",\"maxLength\":2000},"
    "\"method\":{\"enum\":[\"GET\",\"POST\",\"PUT\",\"PATCH\",\"DELETE\"],\"description\":\"POST "
    "with a "
    "body, else GET\"},"
    "\"headers\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
    "\"body\":{\"description\":\"Sent as JSON\"},"
    "\"accept_errors\":{\"type\":\"boolean\",\"description\":\"Any status is an answer\"}}}";

static json_t *body_of(Str body)
{
    json_t *value = json_loadb(body.at ? body.at : "", body.length, JSON_DECODE_ANY, NULL);
    if (!value && body.length)
        value = json_stringn(body.at, utf8_floor(body, body.length));
    return value ? value : json_null();
}

static bool run_http(StepRun *run, Error *err)
{
    const json_t *body = json_object_get(run->with, "body");
    Str method = step_text(run, "method");
    HttpAnswer answer;
    const StepCall call = { .method = method.length ? str_c(run->arena, method) : NULL,
                            .url = step_text(run, "url"),
                            .body = body ? json_print(run->arena, body) : STR_NONE,
                            .media_type = body ? S("application/json") : STR_NONE,
                            .headers = json_object_get(run->with, "headers"),
                            .takes_errors =
                                json_is_true(json_object_get(run->with, "accept_errors")) };
    if (!step_call(run, &call, &answer, err))
        return false;
    json_object_set_new(run->output, "status", json_integer(answer.status));
    json_object_set_new(run->output, "body", body_of(answer.body));
    return true;
}

const StepType step_http = { .run = run_http };
