/* event_hub.c - see event_hub.h. */
#include "notify/event_hub.h"

#include <pthread.h>
#include <stdatomic.h>

#define ID_SIZE 64

typedef struct Listener {
    struct Listener *next;
    HttpStream *stream;
    char workspace[ID_SIZE], user[ID_SIZE];
    Role role;
} Listener;

struct EventHub {
    pthread_mutex_t lock;
    Listener *listeners;
    size_t count;
    _Atomic bool someone_left;
};

EventHub *event_hub_new(void)
{
    EventHub *hub = heap_alloc(sizeof *hub);
    pthread_mutex_init(&hub->lock, NULL);
    return hub;
}

void event_hub_gone(void *hub) { atomic_store(&((EventHub *)hub)->someone_left, true); }

/* Streams whose page has gone are closed here rather than in event_hub_gone(), which must not wait
 * for the lock. The caller holds it. */
static void sweep(EventHub *hub)
{
    if (!atomic_exchange(&hub->someone_left, false))
        return;
    for (Listener **at = &hub->listeners; *at;) {
        Listener *listener = *at;
        if (http_stream_is_open(listener->stream)) {
            at = &listener->next;
            continue;
        }
        *at = listener->next;
        http_stream_close(listener->stream);
        free(listener);
        hub->count--;
    }
}

void event_hub_join(EventHub *hub, const Scope *scope, HttpStream *stream)
{
    Listener *listener = heap_alloc(sizeof *listener);
    listener->stream = stream;
    snprintf(listener->workspace, ID_SIZE, STR_FMT, STR_ARG(scope->workspace));
    snprintf(listener->user, ID_SIZE, STR_FMT, STR_ARG(scope->user));
    listener->role = scope->role;
    pthread_mutex_lock(&hub->lock);
    sweep(hub);
    listener->next = hub->listeners;
    hub->listeners = listener;
    hub->count++;
    pthread_mutex_unlock(&hub->lock);
}

/* Whose pages are told; what is empty does not matter. */
typedef struct Audience {
    Str workspace, user;
    Role role;
} Audience;

static bool is_among(const Listener *listener, const Audience *audience)
{
    return (!audience->workspace.length || str_is(audience->workspace, listener->workspace)) &&
           (!audience->user.length || str_is(audience->user, listener->user)) &&
           listener->role >= audience->role;
}

static void send(EventHub *hub, const Audience *audience, const char *event, Str data)
{
    pthread_mutex_lock(&hub->lock);
    for (Listener *listener = hub->listeners; listener; listener = listener->next)
        if (is_among(listener, audience) && !http_stream_send(listener->stream, str(event), data))
            atomic_store(&hub->someone_left, true);
    sweep(hub);
    pthread_mutex_unlock(&hub->lock);
}

void event_hub_send(EventHub *hub, Str workspace, EventKind kind, Str data)
{
    const Audience audience = { .workspace = workspace, .role = event_role(kind) };
    if (workspace.length)
        send(hub, &audience, event_name(kind), data);
}

void event_hub_send_to(EventHub *hub, Str workspace, Str user, EventKind kind, Str data)
{
    const Audience audience = { workspace, user, event_role(kind) };
    if (workspace.length && user.length)
        send(hub, &audience, event_name(kind), data);
}

void event_hub_missed(EventHub *hub)
{
    const Audience everybody = { 0 };
    send(hub, &everybody, "missed", S("{}"));
}

size_t event_hub_count(EventHub *hub)
{
    pthread_mutex_lock(&hub->lock);
    sweep(hub);
    size_t count = hub->count;
    pthread_mutex_unlock(&hub->lock);
    return count;
}

void event_hub_free(EventHub *hub)
{
    if (!hub)
        return;
    for (Listener *listener = hub->listeners, *next; listener; listener = next) {
        next = listener->next;
        http_stream_close(listener->stream);
        free(listener);
    }
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}
