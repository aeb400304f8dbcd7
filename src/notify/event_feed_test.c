/* event_feed_test.c - what open pages are told of: by the lines that go to every node. */
#include "notify/event_feed.h"

#include "base/clock.h"
#include "db/fixture_test.h"

#include <pthread.h>

#define PLACE S("0193a0a0-0000-7000-8000-000000000001")
#define WAIT_MS 8000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char heard[MB(1)];
static size_t heard_count; /* lines */

static void hear(void *argument, const char *channel, Str text)
{
    EventLine line;
    (void)argument, (void)channel;
    pthread_mutex_lock(&lock);
    while (event_line_next(&text, &line)) {
        size_t used = strlen(heard);
        snprintf(heard + used, sizeof heard - used, "%s " STR_FMT "\n", event_name(line.kind),
                 STR_ARG(line.data));
        heard_count++;
    }
    pthread_mutex_unlock(&lock);
}

/* Until this was told. */
static bool is_heard(const char *text)
{
    bool is_there = false;
    for (int64_t end = monotonic_ms() + WAIT_MS; !is_there && monotonic_ms() < end; sleep_ms(5)) {
        pthread_mutex_lock(&lock);
        is_there = strstr(heard, text) != NULL;
        pthread_mutex_unlock(&lock);
    }
    return is_there;
}

typedef struct Node {
    Db *db;
    EventHub *hub;
    EventFeed *feed;
} Node;

static Error err;

static Node node_open(const char *url)
{
    Node node = { .hub = event_hub_new() };
    cr_assert(db_open(url, NULL, &node.db, &err), "%s", err.message);
    cr_assert(event_feed_open(node.db, node.hub, &node.feed, &err), "%s", err.message);
    return node;
}

static void node_close(Node *node)
{
    event_feed_close(node->feed);
    event_hub_free(node->hub);
    db_close(node->db);
}

typedef struct Change {
    EventKind kind;
    Str id, state;
    int count; /* of ids, when it is not 0: 1, 2 ... */
    bool fails;
} Change;

static bool change_work(DbTx *tx, void *argument, Error *error)
{
    const Change *change = argument;
    char id[20];
    for (int i = 0; i < change->count; i++) {
        snprintf(id, sizeof id, "%d", i);
        if (!event_tell(tx, PLACE, change->kind, str(id), change->state, error))
            return false;
    }
    return (change->count ||
            event_tell(tx, PLACE, change->kind, change->id, change->state, error)) &&
           (!change->fails || fail(error, ERROR_DENIED, "on purpose"));
}

static void change(Db *db, Change what)
{
    const Scope nobody = { 0 };
    cr_assert(store_write(db, &nobody, change_work, &what, &err) != what.fails, "%s", err.message);
}

TEST_BOTH(notify, a_change_is_told_to_every_node_once_it_is_committed)
{
    Node here = node_open(url), there = node_open(url);
    Db *listens = db_kind(here.db) == DB_POSTGRES ? there.db : here.db;
    cr_assert(db_listen(listens, EVENTS_CHANNEL, hear, NULL, &err), "%s", err.message);
    change(here.db, (Change){ EVENT_workflow, S("lost"), S("failed"), .fails = true });
    change(here.db, (Change){ EVENT_workflow, S("one"), S("running") });
    change(here.db, (Change){ EVENT_notices });
    cr_expect(is_heard("workflow {\"id\":\"one\",\"state\":\"running\"}\n"));
    cr_expect(is_heard("notices {\"id\":null}\n"));
    cr_expect(!strstr(heard, "lost"));
    cr_expect_eq(heard_count, 2);
    node_close(&there);
    node_close(&here);
}

TEST_BOTH(notify, what_changes_all_the_time_is_told_a_few_times_a_second_as_it_was_last)
{
    Node here = node_open(url);
    cr_assert(db_listen(here.db, EVENTS_CHANNEL, hear, NULL, &err), "%s", err.message);
    int64_t began = monotonic_ms();
    for (int i = 0; i < 100; i++)
        change(here.db, (Change){ EVENT_workflow, S("one"), S("running") });
    change(here.db, (Change){ EVENT_workflow, S("one"), S("done") });
    cr_expect(is_heard("\"state\":\"done\"}\n"));
    cr_expect(heard_count <= 2 + (size_t)(monotonic_ms() - began) / 250, "%zu", heard_count);
    node_close(&here);
}

TEST_BOTH(notify, of_very_many_things_pages_hear_that_some_changed)
{
    Node here = node_open(url);
    cr_assert(db_listen(here.db, EVENTS_CHANNEL, hear, NULL, &err), "%s", err.message);
    change(here.db, (Change){ EVENT_meeting, .count = 2000 });
    change(here.db, (Change){ EVENT_approval, S("a") });
    cr_expect(is_heard("meeting {\"id\":null}\n"));
    cr_expect(is_heard("approval {\"id\":\"a\"}\n"));
    cr_expect(heard_count < 200, "%zu", heard_count);
    node_close(&here);
}
