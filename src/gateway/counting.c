/* counting.c - see counting.h. Shape: Anthropic's API reference, "Count tokens in a Message". */
#include "gateway/counting.h"

#include "base/json.h"
#include "base/json_walk.h"
#include "gateway/fronts/anthropic_read.h"
#include "gateway/route.h"
#include "net/url.h"

#define TOTAL_MS 10000

/* The first target that a call would have; NULL: none, or none that this caller may use. */
static const GatewayTarget *find_target(const GatewayCaller *caller, const ModelRequest *request,
                                        Str body)
{
    const GatewayRoute *route = config_route(caller->config, request->model);
    const GatewayTarget *target;
    if (!route || !caller_allows(caller, request->model.length ? request->model : route->name))
        return NULL;
    RouteNeeds needs = route_needs(request, body);
    return route_plan(route, &needs, &target, 0, 1) ? target : NULL;
}

static bool has_addresses(Str body)
{
    ModelRequest seen = { 0 };
    Error ignored;
    return !anthropic_check_addresses(json_walk_member(body, "messages"), &seen, &ignored) ||
           seen.has_near_urls;
}

/* What a rule keeps back would have to be named first, which changes the count; and addresses of
 * the own network are not for services in it. */
static bool may_count(const GatewayCaller *caller, const GatewayTarget *target, Str body)
{
    const GatewayPolicy *policy = &caller->config->policy;
    if (!target || target->service->dialect != &dialect_anthropic)
        return false;
    return target->service->is_local
               ? !(policy->masks && policy->masks_local) && !has_addresses(body)
               : !policy->masks;
}

static Str body_for(Arena *arena, Str body, Str model)
{
    Buf out = buf_new(arena, body.length + model.length * 6 + KB(1));
    JsonWalk walk = json_walk_begin(body);
    Str name, value;
    buf_add(&out, S("{\"model\":"));
    json_quote(&out, model);
    while (json_walk_next(&walk, &name, &value))
        if (!str_is(name, "model"))
            buf_addf(&out, ",\"" STR_FMT "\":" STR_FMT, STR_ARG(name), STR_ARG(value));
    buf_add_char(&out, '}');
    return buf_str(&out);
}

/* A service that only speaks like Anthropic's may not count. */
static bool read_count(Arena *arena, const GatewayService *service, const HttpAnswer *answer,
                       int64_t *count_r, Error *err)
{
    int status = answer->status;
    *count_r = -1;
    if (status == 404 || status == 405 || status == 501)
        return true;
    if (status == 200)
        return str_to_int(json_walk_member(answer->body, "input_tokens"), 0, INT64_MAX, count_r) ||
               fail(err, ERROR_UPSTREAM, "its count is of an unknown shape");
    WireError said;
    service->dialect->read_error(arena, answer->body, &said);
    for (size_t i = 0; i < service->keys.count; i++)
        if (service->keys.at[i].length && str_find(said.message, service->keys.at[i]) >= 0)
            said.message = S("it gave a reason that holds the key");
    ErrorCode code = status == 400 ? ERROR_INVALID : status == 429 ? ERROR_LIMITED : ERROR_UPSTREAM;
    return fail(err, code, "it does not count (status %d): " STR_FMT, status,
                STR_ARG(str_slice(said.message, 0, 240)));
}

bool gateway_count_tokens(HttpClient *client, Arena *arena, const GatewayCaller *caller,
                          const ModelRequest *request, Str body, int64_t *count_r, Error *err)
{
    const GatewayTarget *target = find_target(caller, request, body);
    HttpAnswer answer;
    WireRequest wire = { 0 };
    Str address;
    *count_r = -1;
    if (!may_count(caller, target, body))
        return true;
    const GatewayService *service = target->service;
    DialectTarget at = { .model = target_model(target, request->model),
                         .key = service->keys.count ? service->keys.at[0] : S(""),
                         .quirks = service->quirks };
    service->dialect->authorize(arena, &at, &wire);
    wire_header(&wire, S("Content-Type"), S("application/json"));
    HttpCall call = { .url = url_join(arena, service->base_url, S("/messages/count_tokens")),
                      .headers = wire.headers,
                      .header_count = wire.header_count,
                      .body = body_for(arena, body, at.model),
                      .first_byte_ms = TOTAL_MS,
                      .total_ms = TOTAL_MS,
                      .answer_max = KB(64) };
    if (!url_check(arena, call.url, &service->safety, &address, err))
        return fail_in(err, STR_FMT, STR_ARG(service->title));
    call.pinned_address = address;
    return (http_call(client, arena, &call, &answer, err) &&
            read_count(arena, service, &answer, count_r, err)) ||
           fail_in(err, STR_FMT, STR_ARG(service->title));
}
