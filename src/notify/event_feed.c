/* event_feed.c - see event_feed.h. */
#include "notify/event_feed.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>

#define EVERY_MS 250
#define MANY 50 /* of one kind in one workspace at once: which they are is not told */
#define PENDING_MAX 1000
#define NOTE_MAX 7000 /* of db_hint() */
#define ID_SIZE 64

typedef struct Pending {
    EventKind kind;
    char workspace[ID_SIZE], id[ID_SIZE];
    bool is_for_all; /* nodes; else for this one alone */
    char *data;
} Pending;

struct EventFeed {
    Db *db;
    EventHub *hub;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool is_started, is_stopping;
    bool is_missed; /* there was no room for some: pages read everything anew */
    size_t count;
    Pending pending[PENDING_MAX];
};

/* --- What has changed ------------------------------------------------------------------- */

static bool is_alike(const Pending *pending, const EventLine *line)
{
    return pending->kind == line->kind && str_is(line->workspace, pending->workspace);
}

static void set_data(Pending *pending, Str data)
{
    free(pending->data);
    pending->data = heap_alloc(data.length + 1);
    memcpy(pending->data, data.at, data.length);
}

/* All of its kind become one that names none. */
static void fold(EventFeed *feed, const EventLine *line)
{
    Pending *all = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < feed->count; i++) {
        Pending *one = &feed->pending[i];
        if (all && is_alike(one, line)) {
            all->is_for_all |= one->is_for_all;
            free(one->data);
            continue;
        }
        feed->pending[kept] = *one;
        if (is_alike(one, line))
            all = &feed->pending[kept];
        kept++;
    }
    feed->count = kept;
    if (!all)
        return;
    all->id[0] = '\0';
    set_data(all, S("{\"id\":null}"));
}

static void append(EventFeed *feed, const EventLine *line, bool is_for_all)
{
    if (feed->count == PENDING_MAX) {
        feed->is_missed = true;
        return;
    }
    Pending *added = &feed->pending[feed->count++];
    *added = (Pending){ .kind = line->kind, .is_for_all = is_for_all };
    snprintf(added->workspace, ID_SIZE, STR_FMT, STR_ARG(line->workspace));
    snprintf(added->id, ID_SIZE, STR_FMT, STR_ARG(line->id));
    set_data(added, line->data);
}

static void add(EventFeed *feed, const EventLine *line, bool is_for_all)
{
    size_t alike = 0;
    pthread_mutex_lock(&feed->lock);
    Pending *known = NULL;
    for (size_t i = 0; i < feed->count && !known; i++) {
        Pending *one = &feed->pending[i];
        bool matches = is_alike(one, line);
        alike += matches;
        if (matches && (!one->id[0] || str_is(line->id, one->id)))
            known = one;
    }
    if (known) {
        known->is_for_all |= is_for_all;
        if (known->id[0])
            set_data(known, line->data);
    } else {
        append(feed, line, is_for_all);
        if (alike >= MANY)
            fold(feed, line);
    }
    pthread_cond_signal(&feed->wake);
    pthread_mutex_unlock(&feed->lock);
}

void event_feed_add(EventFeed *feed, const EventLine *line) { add(feed, line, false); }

static void on_changed(void *self, const char *channel, Str text)
{
    EventLine line;
    (void)channel;
    while (event_line_next(&text, &line))
        add(self, &line, true);
}

/* --- To the pages ----------------------------------------------------------------------- */

static void on_events(void *self, const char *channel, Str text)
{
    EventFeed *feed = self;
    EventLine line;
    (void)channel;
    if (!text.length)
        event_hub_missed(feed->hub);
    while (event_line_next(&text, &line))
        event_hub_send(feed->hub, line.workspace, line.kind, line.data);
}

typedef struct Telling {
    EventFeed *feed;
    Pending *at;
    size_t count;
} Telling;

/* Every node hears it, this one too; a piece of news holds what fits. */
static bool tell_nodes(DbTx *tx, void *argument, Error *err)
{
    const Telling *telling = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Buf text = buf_new(arena, NOTE_MAX), one = buf_new(arena, KB(4));
    for (size_t i = 0; i < telling->count; i++) {
        const Pending *pending = &telling->at[i];
        if (!pending->is_for_all)
            continue;
        one.length = 0;
        event_line_add(&one, &(EventLine){ pending->kind, str(pending->workspace), str(pending->id),
                                           str(pending->data) });
        if (text.length + one.length > NOTE_MAX) {
            if (!db_hint(tx, EVENTS_CHANNEL, buf_str(&text), err))
                return false;
            text.length = 0;
        }
        buf_add(&text, buf_str(&one));
    }
    return !text.length || db_hint(tx, EVENTS_CHANNEL, buf_str(&text), err);
}

static void tell(Telling *telling)
{
    EventHub *hub = telling->feed->hub;
    const Scope nobody = { 0 };
    size_t for_all = 0;
    Error err = { 0 };
    for (size_t i = 0; i < telling->count; i++) {
        const Pending *pending = &telling->at[i];
        for_all += pending->is_for_all;
        if (!pending->is_for_all)
            event_hub_send(hub, str(pending->workspace), pending->kind, str(pending->data));
    }
    if (for_all && !store_write(telling->feed->db, &nobody, tell_nodes, telling, &err))
        log_info("notify", "pages were not told of %zu changes: %s", for_all, err.message);
    for (size_t i = 0; i < telling->count; i++)
        free(telling->at[i].data);
}

/* --- The thread ------------------------------------------------------------------------- */

static void wait_until(EventFeed *feed, int64_t until_ms)
{
    while (!feed->is_stopping && cond_wait_until(&feed->wake, &feed->lock, until_ms))
        ;
}

static void *run(void *argument)
{
    EventFeed *feed = argument;
    Telling telling = { .feed = feed, .at = heap_alloc(sizeof feed->pending) };
    pthread_mutex_lock(&feed->lock);
    while (!feed->is_stopping) {
        if (!feed->count && !feed->is_missed) {
            pthread_cond_wait(&feed->wake, &feed->lock);
            continue;
        }
        bool is_missed = feed->is_missed;
        telling.count = feed->count;
        memcpy(telling.at, feed->pending, feed->count * sizeof *feed->pending);
        feed->count = 0;
        feed->is_missed = false;
        pthread_mutex_unlock(&feed->lock);
        tell(&telling);
        if (is_missed)
            event_hub_missed(feed->hub);
        pthread_mutex_lock(&feed->lock);
        wait_until(feed, monotonic_ms() + EVERY_MS);
    }
    pthread_mutex_unlock(&feed->lock);
    free(telling.at);
    return NULL;
}

bool event_feed_open(Db *db, EventHub *hub, EventFeed **feed_r, Error *err)
{
    EventFeed *feed = heap_alloc(sizeof *feed);
    feed->db = db;
    feed->hub = hub;
    pthread_mutex_init(&feed->lock, NULL);
    pthread_cond_init(&feed->wake, NULL);
    feed->is_started = pthread_create(&feed->thread, NULL, run, feed) == 0;
    if (!feed->is_started)
        (void)fail(err, ERROR_BUSY, "no thread could be started to tell pages of changes");
    else if (db_listen(db, EVENTS_CHANGED, on_changed, feed, err) &&
             db_listen(db, EVENTS_CHANNEL, on_events, feed, err)) {
        pthread_setname_np(feed->thread, "event-feed");
        *feed_r = feed;
        return true;
    }
    event_feed_close(feed);
    return false;
}

void event_feed_close(EventFeed *feed)
{
    if (!feed)
        return;
    db_unlisten(feed->db, EVENTS_CHANGED, on_changed, feed);
    db_unlisten(feed->db, EVENTS_CHANNEL, on_events, feed);
    pthread_mutex_lock(&feed->lock);
    feed->is_stopping = true;
    pthread_cond_signal(&feed->wake);
    pthread_mutex_unlock(&feed->lock);
    if (feed->is_started)
        pthread_join(feed->thread, NULL);
    for (size_t i = 0; i < feed->count; i++)
        free(feed->pending[i].data);
    pthread_cond_destroy(&feed->wake);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}
