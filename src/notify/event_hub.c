/* event_hub.c - see event_hub.h. */
#include "notify/event_hub.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "net/sse.h"
#include "store/access.h"

#include <pthread.h>
#include <stdatomic.h>

#define ID_SIZE 68             /* a session's id is 64 letters */
#define KEPT_MAX 2048          /* events, for those who come back */
#define KEPT_BYTES MB(1)       /* of what they say */
#define TOLD_AGAIN_MAX KB(100) /* to one who comes back */
#define AWAY_MS (120 * 1000L)  /* how long somebody who has left is waited for */

typedef struct Listener {
    struct Listener *next;
    HttpStream *stream; /* or */
    WebSocket *socket;
    char workspace[ID_SIZE], user[ID_SIZE], key[ID_SIZE], session[ID_SIZE];
    char *collections; /* that a key is limited to, each with spaces around it; NULL: to none */
    Role role;
} Listener;

/* One event as it was told. */
typedef struct Kept {
    char workspace[ID_SIZE], user[ID_SIZE], collection[ID_SIZE];
    Role role;
    const char *event;
    char *data, *only; /* `only` NULL: everybody, else as in an Audience */
    size_t size;
} Kept;

struct EventHub {
    pthread_mutex_t lock;
    Listener *listeners;
    size_t count;
    _Atomic bool someone_left;
    char epoch[9];     /* of this process: ids of another say nothing here */
    uint64_t number;   /* of the last event */
    size_t kept_count; /* the last of them, at number % KEPT_MAX */
    size_t kept_size;  /* bytes */
    int64_t heard_until_ms;
    Kept kept[KEPT_MAX];
};

EventHub *event_hub_new(void)
{
    EventHub *hub = heap_alloc(sizeof *hub);
    uint32_t epoch;
    random_bytes(&epoch, sizeof epoch);
    snprintf(hub->epoch, sizeof hub->epoch, "%08x", epoch);
    pthread_mutex_init(&hub->lock, NULL);
    return hub;
}

void event_hub_gone(void *hub) { atomic_store(&((EventHub *)hub)->someone_left, true); }

/* --- Those who listen; with the lock held --- */

static void release(Listener *listener)
{
    http_stream_close(listener->stream);
    websocket_release(listener->socket);
    free(listener->collections);
    free(listener);
}

static bool is_there(const Listener *listener)
{
    return listener->socket ? websocket_is_open(listener->socket)
                            : http_stream_is_open(listener->stream);
}

/* Who has gone is let go here rather than in event_hub_gone(), which must not wait for the lock. */
static void sweep(EventHub *hub)
{
    if (!atomic_exchange(&hub->someone_left, false))
        return;
    for (Listener **at = &hub->listeners; *at;) {
        Listener *listener = *at;
        if (is_there(listener)) {
            at = &listener->next;
            continue;
        }
        *at = listener->next;
        release(listener);
        hub->count--;
        hub->heard_until_ms = monotonic_ms() + AWAY_MS;
    }
}

/* --- What is told; with the lock held --- */

/* Who is told; what is empty does not matter. */
typedef struct Audience {
    Str workspace, user;
    Str collection; /* of what it is about */
    Role role;
    const char *only; /* ids of people and keys, each with spaces around it; NULL: anybody */
} Audience;

/* One event in both forms, each made when the first of its listeners is told. */
typedef struct Telling {
    Arena *arena;
    Str id, event, data;
    Str lines, frame;
} Telling;

static Telling telling_of(EventHub *hub, Arena *arena, uint64_t number, Str event, Str data)
{
    return (Telling){ .arena = arena,
                      .id = str_format(arena, "%s-%" PRIu64, hub->epoch, number),
                      .event = event,
                      .data = data };
}

static size_t text_max(const Telling *telling)
{
    return telling->data.length * 8 + telling->event.length + KB(1);
}

static Str lines_of(Telling *telling)
{
    if (telling->lines.length)
        return telling->lines;
    Buf out = buf_new(telling->arena, text_max(telling));
    sse_write(&out, telling->id, telling->event, telling->data);
    return telling->lines = buf_str(&out);
}

static Str frame_of(Telling *telling)
{
    if (telling->frame.length)
        return telling->frame;
    Buf text = buf_new(telling->arena, text_max(telling));
    Buf out = buf_new(telling->arena, text_max(telling) + 16);
    JsonWriter json = put_begin(&text);
    put_text(&json, "type", telling->event);
    put_text(&json, "id", telling->id);
    put_raw(&json, "data", telling->data);
    put_end(&json);
    websocket_write(&out, WEBSOCKET_TEXT, buf_str(&text));
    return telling->frame = buf_str(&out);
}

static bool tell(const Listener *listener, Telling *telling)
{
    return listener->socket ? websocket_send_frame(listener->socket, frame_of(telling))
                            : http_stream_write(listener->stream, lines_of(telling));
}

static bool is_named(const char *only, const char *id)
{
    char padded[ID_SIZE + 2];
    snprintf(padded, sizeof padded, " %s ", id);
    return *id && strstr(only, padded);
}

/* Administrators see everything. */
static bool is_chosen(const Listener *listener, const char *only)
{
    return !only || listener->role >= ROLE_ADMIN || is_named(only, listener->user) ||
           is_named(only, listener->key);
}

/* What is of no workspace, as "missed", says nothing of documents. */
static bool is_within(const Listener *listener, const Audience *audience)
{
    char id[ID_SIZE];
    if (!listener->collections || !audience->workspace.length)
        return true;
    snprintf(id, sizeof id, STR_FMT, STR_ARG(audience->collection));
    return is_named(listener->collections, id);
}

static bool is_among(const Listener *listener, const Audience *audience)
{
    return is_within(listener, audience) &&
           (!audience->workspace.length || str_is(audience->workspace, listener->workspace)) &&
           (!audience->user.length || str_is(audience->user, listener->user)) &&
           listener->role >= audience->role && is_chosen(listener, audience->only);
}

static Arena *arena_for(Str data) { return arena_new(data.length * 40 + KB(64)); }

static void tell_all(EventHub *hub, const Audience *audience, const char *event, Str data)
{
    AUTO_ARENA Arena *arena = arena_for(data);
    Telling telling = telling_of(hub, arena, hub->number, str(event), data);
    for (Listener *listener = hub->listeners; listener; listener = listener->next)
        if (is_among(listener, audience) && !tell(listener, &telling))
            atomic_store(&hub->someone_left, true);
}

/* --- What is kept of it; with the lock held --- */

static void forget_oldest(EventHub *hub)
{
    Kept *kept = &hub->kept[(hub->number - hub->kept_count + 1) % KEPT_MAX];
    hub->kept_size -= kept->size;
    hub->kept_count--;
    free(kept->data);
    free(kept->only);
    *kept = (Kept){ 0 };
}

/* Nobody can go on from what was told before. */
static void forget_all(EventHub *hub)
{
    while (hub->kept_count)
        forget_oldest(hub);
    hub->number++;
}

static void keep(EventHub *hub, const Audience *audience, const char *event, Str data)
{
    if (hub->kept_count == KEPT_MAX)
        forget_oldest(hub);
    hub->number++;
    hub->kept_count++;
    hub->kept_size += data.length;
    Kept *kept = &hub->kept[hub->number % KEPT_MAX];
    *kept = (Kept){ .role = audience->role, .event = event, .size = data.length };
    snprintf(kept->workspace, ID_SIZE, STR_FMT, STR_ARG(audience->workspace));
    snprintf(kept->user, ID_SIZE, STR_FMT, STR_ARG(audience->user));
    snprintf(kept->collection, ID_SIZE, STR_FMT, STR_ARG(audience->collection));
    kept->data = heap_alloc(data.length + 1);
    memcpy(kept->data, data.at, data.length);
    if (audience->only) {
        size_t size = strlen(audience->only) + 1;
        kept->only = heap_alloc(size);
        memcpy(kept->only, audience->only, size);
    }
    while (hub->kept_size > KEPT_BYTES && hub->kept_count > 1)
        forget_oldest(hub);
}

/* False: it is none of ours, or what came after it is not kept any more. */
static bool can_go_on(const EventHub *hub, Str id, uint64_t *number_r)
{
    int64_t number;
    Str epoch, rest = id;
    if (!str_next(&rest, '-', &epoch) || !str_is(epoch, hub->epoch) ||
        !str_to_int(rest, 0, INT64_MAX, &number) || (uint64_t)number > hub->number ||
        (uint64_t)number < hub->number - hub->kept_count)
        return false;
    *number_r = (uint64_t)number;
    return true;
}

static Audience audience_of(const Kept *kept)
{
    return (Audience){ str(kept->workspace), str(kept->user), str(kept->collection), kept->role,
                       kept->only };
}

static void tell_kept(EventHub *hub, const Listener *listener, uint64_t number)
{
    const Kept *kept = &hub->kept[number % KEPT_MAX];
    const Audience audience = audience_of(kept);
    if (!is_among(listener, &audience))
        return;
    Str data = { kept->data, kept->size };
    AUTO_ARENA Arena *arena = arena_for(data);
    Telling telling = telling_of(hub, arena, number, str(kept->event), data);
    if (!tell(listener, &telling))
        atomic_store(&hub->someone_left, true);
}

/* Whether all of it fits into a stream's queue: one that is cut off for it would come back for it.
 */
static bool is_small(const EventHub *hub, const Listener *listener, uint64_t last)
{
    size_t size = 0;
    for (uint64_t number = last + 1; number <= hub->number; number++) {
        const Kept *kept = &hub->kept[number % KEPT_MAX];
        const Audience audience = audience_of(kept);
        size += is_among(listener, &audience) ? kept->size + 100 : 0;
    }
    return size <= TOLD_AGAIN_MAX;
}

static void welcome(EventHub *hub, const Listener *listener, Str last_id)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    uint64_t last = hub->number;
    bool is_missed =
        last_id.length && !(can_go_on(hub, last_id, &last) && is_small(hub, listener, last));
    Telling hello = telling_of(hub, arena, last, S("hello"), S("{}"));
    (void)tell(listener, &hello);
    for (uint64_t number = last + 1; number <= hub->number && !is_missed; number++)
        tell_kept(hub, listener, number);
    if (!is_missed)
        return;
    Telling missed = telling_of(hub, arena, hub->number, S("missed"), S("{}"));
    (void)tell(listener, &missed);
}

/* --- Coming and going --- */

bool event_hub_has_room(EventHub *hub, const Scope *scope, Error *err)
{
    size_t count = 0;
    bool is_person = scope->user.length > 0;
    if (!is_person && !scope->key.length)
        return true; /* the owner of the machine */
    pthread_mutex_lock(&hub->lock);
    sweep(hub);
    for (const Listener *listener = hub->listeners; listener; listener = listener->next)
        count +=
            is_person ? str_is(scope->user, listener->user) : str_is(scope->key, listener->key);
    pthread_mutex_unlock(&hub->lock);
    return count < LISTENERS_OF_ONE ||
           fail(err, ERROR_LIMITED, "you listen %d times already; close one of these connections",
                LISTENERS_OF_ONE);
}

static char *spaced(Str ids)
{
    if (!ids.length)
        return NULL;
    size_t size = ids.length + sizeof "  ";
    char *text = heap_alloc(size);
    snprintf(text, size, " " STR_FMT " ", STR_ARG(ids));
    return text;
}

void event_hub_join(EventHub *hub, const EventJoin *join)
{
    Listener *listener = heap_alloc(sizeof *listener);
    const Scope *scope = join->scope;
    listener->stream = join->stream;
    listener->socket = join->socket;
    listener->role = scope->role;
    snprintf(listener->workspace, ID_SIZE, STR_FMT, STR_ARG(scope->workspace));
    snprintf(listener->user, ID_SIZE, STR_FMT, STR_ARG(scope->user));
    snprintf(listener->key, ID_SIZE, STR_FMT, STR_ARG(scope->key));
    listener->collections = spaced(scope->collections);
    snprintf(listener->session, ID_SIZE, STR_FMT, STR_ARG(join->session));
    pthread_mutex_lock(&hub->lock);
    sweep(hub);
    listener->next = hub->listeners;
    hub->listeners = listener;
    hub->count++;
    welcome(hub, listener, join->last_id);
    pthread_mutex_unlock(&hub->lock);
}

static bool is_shut_out(const Listener *listener, AccessKind kind, Str id)
{
    switch (kind) {
    case ACCESS_USER: return str_is(id, listener->user);
    case ACCESS_SESSION: return str_is(id, listener->session);
    case ACCESS_KEY: return str_is(id, listener->key);
    }
    return false;
}

static void shut_out(EventHub *hub, const Listener *listener)
{
    if (listener->socket)
        websocket_end(listener->socket, WEBSOCKET_POLICY, S("what you may do has changed"));
    else
        http_stream_finish(listener->stream, S(""));
    atomic_store(&hub->someone_left, true);
}

void event_hub_shut_out(void *self, const char *channel, Str text)
{
    EventHub *hub = self;
    AccessKind kind;
    Str id;
    bool is_unsure = !text.length;
    (void)channel;
    pthread_mutex_lock(&hub->lock);
    for (const Listener *at = hub->listeners; at && is_unsure; at = at->next)
        shut_out(hub, at);
    while (access_next(&text, &kind, &id))
        for (const Listener *at = hub->listeners; at; at = at->next)
            if (is_shut_out(at, kind, id))
                shut_out(hub, at);
    sweep(hub);
    pthread_mutex_unlock(&hub->lock);
}

/* --- Events --- */

static void send(EventHub *hub, const Audience *audience, EventKind kind, Str data)
{
    pthread_mutex_lock(&hub->lock);
    keep(hub, audience, event_name(kind), data);
    tell_all(hub, audience, event_name(kind), data);
    sweep(hub);
    pthread_mutex_unlock(&hub->lock);
}

void event_hub_send(EventHub *hub, Str workspace, EventKind kind, Str data)
{
    const Audience audience = { .workspace = workspace, .role = event_role(kind) };
    if (workspace.length)
        send(hub, &audience, kind, data);
}

void event_hub_send_to(EventHub *hub, Str workspace, Str user, EventKind kind, Str data)
{
    const Audience audience = { .workspace = workspace, .user = user, .role = event_role(kind) };
    if (workspace.length && user.length)
        send(hub, &audience, kind, data);
}

/* " id id "; NULL: anybody. */
static const char *only_those(Arena *arena, const StrList *those)
{
    if (!those)
        return NULL;
    Buf only = buf_new(arena, those->count * ID_SIZE + KB(1));
    buf_add_char(&only, ' ');
    for (size_t i = 0; i < those->count; i++) {
        buf_add(&only, those->at[i]);
        buf_add_char(&only, ' ');
    }
    return buf_c(&only);
}

void event_hub_send_of(EventHub *hub, Str workspace, Str collection, const StrList *those,
                       EventKind kind, Str data)
{
    AUTO_ARENA Arena *arena = arena_new((those ? those->count * ID_SIZE : 0) + KB(4));
    const Audience audience = { .workspace = workspace,
                                .collection = collection,
                                .role = event_role(kind),
                                .only = only_those(arena, those) };
    if (workspace.length)
        send(hub, &audience, kind, data);
}

void event_hub_missed(EventHub *hub)
{
    const Audience everybody = { 0 };
    pthread_mutex_lock(&hub->lock);
    forget_all(hub);
    tell_all(hub, &everybody, "missed", S("{}"));
    sweep(hub);
    pthread_mutex_unlock(&hub->lock);
}

size_t event_hub_count(EventHub *hub)
{
    pthread_mutex_lock(&hub->lock);
    sweep(hub);
    size_t count = hub->count;
    pthread_mutex_unlock(&hub->lock);
    return count;
}

bool event_hub_is_heard(EventHub *hub)
{
    pthread_mutex_lock(&hub->lock);
    sweep(hub);
    bool is_heard = hub->count || monotonic_ms() < hub->heard_until_ms;
    if (!is_heard)
        forget_all(hub);
    pthread_mutex_unlock(&hub->lock);
    return is_heard;
}

void event_hub_free(EventHub *hub)
{
    if (!hub)
        return;
    for (Listener *listener = hub->listeners, *next; listener; listener = next) {
        next = listener->next;
        release(listener);
    }
    forget_all(hub);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}
