/* step_call.c - an address that a workflow names, asked. */
#include "net/url_safety.h"
#include "workflow/workflow_int.h"

#define HEADERS_MAX 20
#define CONNECT_MS 10000

static HttpPair pair_of(const char *name, Str value) { return (HttpPair){ str(name), value }; }

/* Those that say how the call is made are ours. */
static bool may_set(const char *name)
{
    static const char *const ours[] = { "host",       "content-length",  "transfer-encoding",
                                        "connection", "idempotency-key", "expect" };
    for (size_t i = 0; i < COUNT(ours); i++)
        if (str_equal_ignore_case(str(name), str(ours[i])))
            return false;
    return !strpbrk(name, "\r\n: ");
}

static bool add_headers(const StepCall *call, HttpPair *headers, size_t *count, Error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)call->headers, name, value)
    {
        Str text = { json_string_value(value), json_string_length(value) };
        if (!may_set(name) || str_find_char(text, '\n') >= 0 || str_find_char(text, '\r') >= 0)
            return fail(err, ERROR_INVALID, "header '%s' cannot be set", name);
        headers[(*count)++] = (HttpPair){ str(name), text };
    }
    return true;
}

bool step_call(StepRun *run, const StepCall *call, HttpAnswer *answer_r, Error *err)
{
    const UrlSafety safety = { .allows_private = false };
    HttpPair headers[HEADERS_MAX + 3] = { pair_of("Idempotency-Key", run->key) };
    size_t count = 1;
    Str address;
    if (call->media_type.length)
        headers[count++] = pair_of("Content-Type", call->media_type);
    if (json_object_size(call->headers) > HEADERS_MAX)
        return fail(err, ERROR_INVALID, "at most %d headers can be set", HEADERS_MAX);
    if (!add_headers(call, headers, &count, err) ||
        !url_check(run->arena, call->url, &safety, &address, err))
        return false;
    const HttpCall request = { .method = call->method,
                               .url = call->url,
                               .headers = headers,
                               .header_count = count,
                               .body = call->body,
                               .has_body = call->media_type.length > 0,
                               .connect_ms = CONNECT_MS,
                               .first_byte_ms = run->timeout_ms,
                               .idle_ms = run->timeout_ms,
                               .total_ms = run->timeout_ms,
                               .answer_max = WORKFLOW_OUTPUT_MAX / 2,
                               .pinned_address = address };
    if (!http_call(run->workflows->http, run->arena, &request, answer_r, err))
        return false;
    if (call->takes_errors || (answer_r->status >= 200 && answer_r->status < 300))
        return true;
    return fail(err, ERROR_UPSTREAM, "the address answered with status %d: " STR_FMT,
                answer_r->status, STR_ARG(str_slice(answer_r->body, 0, 200)));
}
