/* asyncapi.c - see asyncapi.h. Each event is two messages: the data alone, as a server-sent event
 * has it, and the object around it that a WebSocket carries. */
#include "api/asyncapi.h"
#include "api/openapi.h"
#include "api/schema_notation.h"
#include "store/events.h"

static const struct {
    const char *name, *data;
} events[] = {
#define EVENT_DATA(name, data) { #name, data },
#include "api/event_data.def"
#undef EVENT_DATA
};

static const char *const told[] = {
#define EVENT(name, role, what) [EVENT_##name] = what,
#include "store/events.def"
#undef EVENT
};

/* What else is said over a WebSocket. */
static const struct {
    const char *name, *data, *title;
} spoken[] = {
    { "ping", "{type: 'ping'}", "Is somebody there? For pages, which cannot send a PING" },
    { "pong", "{type: 'pong'}", "Yes" },
    { "error", "{type: 'error', message}", "What came was not understood" },
};

static const char *title_of(const char *name)
{
    EventKind kind;
    if (event_named(str(name), &kind))
        return told[kind];
    return strcmp(name, "hello") == 0 ? "The connection has begun"
                                      : "Events may have been lost: read the state anew";
}

static bool check_all(Error *err)
{
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        bool is_there = false;
        for (size_t i = 0; i < COUNT(events) && !is_there; i++)
            is_there = strcmp(events[i].name, event_name(kind)) == 0;
        if (!is_there)
            return fail(err, ERROR_INTERNAL, "event_data.def has no '%s'", event_name(kind));
    }
    return true;
}

static void put_reference(JsonWriter *json, const char *name, const char *place, const char *event,
                          const char *end)
{
    char text[160];
    snprintf(text, sizeof text, "#/%s/%s%s", place, event, end);
    put_object(json, name);
    put_text(json, "$ref", str(text));
    put_end(json);
}

/* --- Channels and what is done with them --- */

static void put_channel(JsonWriter *json, const char *name, const char *address, const char *title,
                        const char *end)
{
    put_object(json, name);
    put_text(json, "address", str(address));
    put_text(json, "title", str(title));
    put_object(json, "messages");
    for (size_t i = 0; i < COUNT(events); i++)
        put_reference(json, events[i].name, "components/messages", events[i].name, end);
    for (size_t i = 0; i < COUNT(spoken) && end[0]; i++)
        put_reference(json, spoken[i].name, "components/messages", spoken[i].name, "");
    put_end(json);
    put_end(json);
}

static void put_channels(JsonWriter *json)
{
    put_object(json, "channels");
    put_channel(json, "events", "/v1/events", "Server-sent events (text/event-stream)", "");
    put_channel(json, "socket", "/ws", "The same over a WebSocket", "_text");
    put_end(json);
}

/* Of one message of a channel, or of all its events. */
static void put_operation(JsonWriter *json, const char *name, const char *action,
                          const char *channel, const char *only)
{
    char place[64];
    snprintf(place, sizeof place, "channels/%s/messages", channel);
    put_object(json, name);
    put_text(json, "action", str(action));
    put_reference(json, "channel", "channels", channel, "");
    put_array(json, "messages");
    for (size_t i = 0; i < COUNT(events) && !only; i++)
        put_reference(json, NULL, place, events[i].name, "");
    if (only)
        put_reference(json, NULL, place, only, "");
    put_end(json);
    put_end(json);
}

static void put_operations(JsonWriter *json)
{
    put_object(json, "operations");
    put_operation(json, "tell", "send", "events", NULL);
    put_operation(json, "tell_socket", "send", "socket", NULL);
    put_operation(json, "hear_ping", "receive", "socket", "ping");
    put_operation(json, "answer_ping", "send", "socket", "pong");
    put_operation(json, "refuse", "send", "socket", "error");
    put_end(json);
}

/* --- Messages --- */

static void put_message(JsonWriter *json, const char *event, const char *end, const char *title)
{
    char name[64];
    snprintf(name, sizeof name, "%s%s", event, end);
    put_object(json, name);
    put_text(json, "name", str(event));
    put_text(json, "summary", str(title));
    put_text(json, "contentType", S("application/json"));
    put_reference(json, "payload", "components/schemas", event, end);
    put_end(json);
}

static void put_messages(JsonWriter *json)
{
    put_object(json, "messages");
    for (size_t i = 0; i < COUNT(events); i++) {
        put_message(json, events[i].name, "", title_of(events[i].name));
        put_message(json, events[i].name, "_text", title_of(events[i].name));
    }
    for (size_t i = 0; i < COUNT(spoken); i++)
        put_message(json, spoken[i].name, "", spoken[i].title);
    put_end(json);
}

static bool put_schemas(JsonWriter *json, Error *err)
{
    put_object(json, "schemas");
    for (size_t i = 0; i < COUNT(events); i++) {
        char name[64], whole[KB(2)];
        snprintf(name, sizeof name, "%s_text", events[i].name);
        snprintf(whole, sizeof whole, "{type: '%s', id, data: %s}", events[i].name, events[i].data);
        if (!schema_put(json, events[i].name, str(events[i].data), SCHEMA_OF_ANSWER, err) ||
            !schema_put(json, name, str(whole), SCHEMA_OF_ANSWER, err))
            return fail_in(err, "%s", events[i].name);
    }
    for (size_t i = 0; i < COUNT(spoken); i++)
        if (!schema_put(json, spoken[i].name, str(spoken[i].data), SCHEMA_OF_ANSWER, err))
            return fail_in(err, "%s", spoken[i].name);
    put_end(json);
    return true;
}

static void put_about(JsonWriter *json, const Api *api, Str host)
{
    put_text(json, "asyncapi", S("3.0.0"));
    put_object(json, "info");
    put_text(json, "title", api->app_name);
    put_text(json, "version", S(VERSION));
    put_end(json);
    put_text(json, "defaultContentType", S("application/json"));
    put_object(json, "servers");
    put_object(json, "here");
    put_text(json, "host", host);
    put_text(json, "protocol", api->is_secure ? S("wss") : S("ws"));
    put_end(json);
    put_end(json);
}

bool asyncapi_print(const Api *api, Str host, Buf *out, Error *err)
{
    JsonWriter json = put_begin(out);
    if (!check_all(err))
        return false;
    put_about(&json, api, host);
    put_channels(&json);
    put_operations(&json);
    put_object(&json, "components");
    put_messages(&json);
    if (!put_schemas(&json, err))
        return false;
    put_end(&json);
    put_end(&json);
    return true;
}

bool asyncapi_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    return openapi_check_shown(request, err) &&
           asyncapi_print(request->api, request->http->host, &response->body, err);
}
