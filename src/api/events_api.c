/* events_api.c - what changes in a workspace, as it happens: as server-sent events, and over a
 * WebSocket. */
#include "api/api.h"
#include "base/id.h"
#include "notify/event_hub.h"
#include "store/audit_store.h"

/* A right that has run out is noticed at the latest when this is over. */
#define LIFE_MS ((int64_t)24 * 3600 * 1000)
#define BROADCAST_MAX 400 /* bytes, so that it fits into one event */

/* The last event that the client has seen: a browser sends the header by itself. */
static Str last_id(const HttpRequest *http)
{
    Str told = http_query(http, "last_event_id");
    return told.length ? told : http_header_in(http, "Last-Event-ID");
}

static EventJoin join_of(const ApiRequest *request)
{
    return (EventJoin){ .scope = request->scope,
                        .session = request->visitor.session,
                        .last_id = last_id(request->http) };
}

bool events_stream(ApiRequest *request, HttpResponse *response, Error *err)
{
    EventHub *hub = request->api->events;
    if (!event_hub_has_room(hub, request->scope, err))
        return false;
    HttpStreamOptions options = {
        .on_gone = event_hub_gone, .argument = hub, .is_endless = true, .life_ms = LIFE_MS
    };
    EventJoin join = join_of(request);
    join.stream = http_respond_stream(response, &options);
    event_hub_join(hub, &join);
    return true;
}

/* --- The same over a WebSocket --- */

/* A browser's own PING cannot be sent from a page, so a text does it. */
static void take_text(void *argument, WebSocket *socket, Str text)
{
    AUTO_JSON json_t *json = NULL;
    Error err;
    (void)argument;
    bool is_object = json_parse(text, text.length, &json, &err) && json_is_object(json);
    if (is_object && str_is(json_member_text(json, "type"), "ping"))
        (void)websocket_send(socket, S("{\"type\":\"pong\"}"));
    else
        (void)websocket_send(socket,
                             S("{\"type\":\"error\",\"message\":\"what is understood here is "
                               "{\\\"type\\\":\\\"ping\\\"}\"}"));
}

/* RFC 9110, section 15.5.22: a 426 says what is spoken. */
static void refuse_handshake(HttpResponse *response, int status, const Error *err)
{
    http_respond_error(response, err);
    response->status = status;
    if (status != 426)
        return;
    http_header(response, "Upgrade", S("websocket"));
    http_header(response, "Sec-WebSocket-Version", S("13"));
}

bool events_socket(ApiRequest *request, HttpResponse *response, Error *err)
{
    EventHub *hub = request->api->events;
    int status;
    if (!websocket_is_asked(request->http, &status, err)) {
        refuse_handshake(response, status, err);
        return true;
    }
    if (!event_hub_has_room(hub, request->scope, err))
        return false;
    WebSocketOptions options = {
        .take_text = take_text, .on_gone = event_hub_gone, .argument = hub, .life_ms = LIFE_MS
    };
    EventJoin join = join_of(request);
    join.socket = websocket_accept(request->http, response, &options);
    event_hub_join(hub, &join);
    return true;
}

/* --- Telling everybody --- */

typedef struct Broadcast {
    const ApiRequest *request;
    EventLine line;
} Broadcast;

static bool broadcast_work(DbTx *tx, void *argument, Error *err)
{
    const Broadcast *broadcast = argument;
    AuditEntry entry = { .action = S("events.broadcast"),
                         .subject_kind = S("event"),
                         .subject = broadcast->line.id,
                         .details = broadcast->line.data };
    return audit_add(tx, broadcast->request->scope, &entry, err) &&
           event_tell_data(tx, &broadcast->line, err);
}

static bool answer_events_broadcast(const void *argument, HttpResponse *response)
{
    const Broadcast *work = argument;
    buf_add(&response->body, work->line.data);
    return true;
}

bool events_broadcast(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str text = STR_NONE;
    if (!api_fields(request, err, { "text", JSON_STR, &text, true, BROADCAST_MAX }))
        return false;
    Str id = id_new(request->arena);
    Buf data = buf_new(request->arena, EVENT_DATA_MAX);
    JsonWriter json = put_begin(&data);
    put_text(&json, "id", id);
    put_text(&json, "text", str_trim(text));
    put_end(&json);
    if (!str_trim(text).length || data.overflowed)
        return fail_field(err, "text", "a text of 1 to %d bytes is needed", BROADCAST_MAX);
    Broadcast broadcast = { request,
                            { EVENT_broadcast, request->scope->workspace, id, buf_str(&data) } };
    response->status = 202;
    return api_change(request, response, broadcast_work, answer_events_broadcast, &broadcast, err);
}
