/* kept.c - see kept.h: a queue to the thread that writes. */
#include "gateway/kept.h"

#include <pthread.h>

#include "base/clock.h"

#define AT_ONCE 256
#define AGAIN_MS 1000 /* after a failure */
#define TRIES_MAX 10  /* of one answer: its workspace may be gone */

typedef struct Entry {
    struct Entry *next;
    KeptAnswer answer; /* its texts lie behind it */
    KeptWaiter waiter; /* no call: nobody waits */
    size_t size;
    int tries;
} Entry;

struct KeptAnswers {
    KeptPorts ports;
    pthread_t writer;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t has_changed;
    Entry *first, **end; /* oldest first */
    size_t bytes, at_once;
    int writing; /* of the first ones, by the thread */
    bool is_ending;
};

/* --- The queue, with the lock held --- */

static Entry *take_first(KeptAnswers *kept)
{
    Entry *entry = kept->first;
    kept->first = entry->next;
    if (!kept->first)
        kept->end = &kept->first;
    kept->bytes -= entry->size;
    return entry;
}

static void tell(Entry *entry)
{
    if (entry->waiter.call)
        reactor_post(entry->waiter.reactor, entry->waiter.call, entry->waiter.argument);
    entry->waiter.call = NULL;
}

/* What is being written stays. */
static void give_up_old(KeptAnswers *kept)
{
    while (kept->bytes > KEPT_BYTES_MAX && kept->first && !kept->writing) {
        Entry *entry = take_first(kept);
        tell(entry);
        free(entry);
    }
}

/* --- The thread --- */

/* Answers that come first, as many as are written at once. */
static size_t gather(KeptAnswers *kept, KeptAnswer *answers)
{
    size_t count = 0;
    for (const Entry *entry = kept->first; entry && count < kept->at_once; entry = entry->next)
        answers[count++] = entry->answer;
    kept->writing = (int)count;
    return count;
}

/* Whoever waits is told in any case: what could not be written is tried again without him, one by
 * one, as one answer may be to blame. */
static void settle(KeptAnswers *kept, size_t count, bool is_written)
{
    Entry *entry = kept->first;
    bool is_given_up = !is_written && count == 1 && ++entry->tries == TRIES_MAX;
    kept->at_once = is_written ? AT_ONCE : 1;
    for (size_t i = 0; i < count; i++, entry = entry->next)
        tell(entry);
    for (size_t i = 0; i < count && (is_written || is_given_up); i++)
        free(take_first(kept));
    kept->writing = 0;
    give_up_old(kept);
    pthread_cond_broadcast(&kept->has_changed);
}

static void pause_writing(KeptAnswers *kept)
{
    (void)cond_wait_until(&kept->has_changed, &kept->lock, monotonic_ms() + AGAIN_MS);
}

/* False: it has failed. */
static bool write_some(KeptAnswers *kept)
{
    KeptAnswer answers[AT_ONCE];
    Error ignored; /* nobody is there who could be told; it is tried again */
    size_t count = gather(kept, answers);
    pthread_mutex_unlock(&kept->lock);
    bool good = kept->ports.write(kept->ports.app, answers, count, &ignored);
    pthread_mutex_lock(&kept->lock);
    settle(kept, count, good);
    return good;
}

static void *run_writer(void *argument)
{
    KeptAnswers *kept = argument;
    bool good = true;
    pthread_mutex_lock(&kept->lock);
    while (!kept->is_ending || (kept->first && good)) {
        if (!kept->first)
            pthread_cond_wait(&kept->has_changed, &kept->lock);
        else if (!(good = write_some(kept)) && !kept->is_ending)
            pause_writing(kept);
    }
    pthread_mutex_unlock(&kept->lock);
    return NULL;
}

KeptAnswers *kept_new(const KeptPorts *ports)
{
    if (!ports->write)
        return NULL;
    KeptAnswers *kept = heap_alloc(sizeof *kept);
    kept->ports = *ports;
    kept->end = &kept->first;
    kept->at_once = AT_ONCE;
    pthread_mutex_init(&kept->lock, NULL);
    pthread_cond_init(&kept->has_changed, NULL);
    if (pthread_create(&kept->writer, NULL, run_writer, kept) != 0)
        abort(); /* as without memory */
    return kept;
}

void kept_free(KeptAnswers *kept)
{
    if (!kept)
        return;
    pthread_mutex_lock(&kept->lock);
    kept->is_ending = true;
    pthread_cond_broadcast(&kept->has_changed);
    pthread_mutex_unlock(&kept->lock);
    pthread_join(kept->writer, NULL);
    while (kept->first)
        free(take_first(kept));
    pthread_cond_destroy(&kept->has_changed);
    pthread_mutex_destroy(&kept->lock);
    free(kept);
}

/* --- Adding --- */

static Str put(char **at, Str text)
{
    Str copy = { *at, text.length };
    if (text.length)
        memcpy(*at, text.at, text.length);
    *at += text.length;
    return copy;
}

static Entry *entry_new(const KeptAnswer *answer)
{
    const KeptName *name = &answer->name;
    size_t texts = name->workspace.length + name->user.length + name->id.length +
                   answer->reply.length + answer->items.length;
    Entry *entry = heap_alloc(sizeof *entry + texts);
    char *at = (char *)(entry + 1);
    entry->answer = *answer;
    entry->answer.name.workspace = put(&at, name->workspace);
    entry->answer.name.user = put(&at, name->user);
    entry->answer.name.id = put(&at, name->id);
    entry->answer.reply = put(&at, answer->reply);
    entry->answer.items = put(&at, answer->items);
    entry->size = sizeof *entry + texts;
    return entry;
}

bool kept_add(KeptAnswers *kept, const KeptAnswer *answer, const KeptWaiter *waiter)
{
    if (!kept || answer->reply.length + answer->items.length > KEPT_ONE_MAX)
        return false;
    Entry *entry = entry_new(answer);
    if (waiter)
        entry->waiter = *waiter;
    pthread_mutex_lock(&kept->lock);
    *kept->end = entry;
    kept->end = &entry->next;
    kept->bytes += entry->size;
    give_up_old(kept);
    pthread_cond_broadcast(&kept->has_changed);
    pthread_mutex_unlock(&kept->lock);
    return true;
}

/* --- What is asked for --- */

static bool is_of(const Entry *entry, const KeptName *name)
{
    return str_equal(entry->answer.name.id, name->id) &&
           str_equal(entry->answer.name.user, name->user) &&
           str_equal(entry->answer.name.workspace, name->workspace);
}

/* With the lock held: some of it is on its way. */
static bool is_coming(const KeptAnswers *kept, const KeptName *name)
{
    const Entry *entry = kept->first;
    while (entry && !is_of(entry, name))
        entry = entry->next;
    return entry != NULL;
}

/* Until what was added of it is written, or it is clear that this takes longer. */
static void wait_for(KeptAnswers *kept, const KeptName *name)
{
    int64_t end_ms = monotonic_ms() + AGAIN_MS;
    pthread_mutex_lock(&kept->lock);
    while (is_coming(kept, name) && !kept->is_ending && monotonic_ms() < end_ms)
        pause_writing(kept);
    pthread_mutex_unlock(&kept->lock);
}

static bool fail_none(Error *err) { return fail(err, ERROR_NOT_FOUND, "nothing is kept here"); }

bool kept_find(KeptAnswers *kept, Arena *arena, const KeptName *name, KeptAnswer *answer_r,
               Error *err)
{
    if (!kept)
        return fail_none(err);
    wait_for(kept, name);
    return kept->ports.find(kept->ports.app, arena, name, answer_r, err);
}

bool kept_touch(KeptAnswers *kept, const KeptName *name, Error *err)
{
    if (!kept)
        return fail_none(err);
    pthread_mutex_lock(&kept->lock);
    bool comes = is_coming(kept, name);
    pthread_mutex_unlock(&kept->lock);
    return comes || kept->ports.touch(kept->ports.app, name, err);
}

bool kept_cancel(KeptAnswers *kept, const KeptName *name, Error *err)
{
    if (!kept)
        return fail_none(err);
    wait_for(kept, name);
    return kept->ports.cancel(kept->ports.app, name, err);
}

bool kept_remove(KeptAnswers *kept, const KeptName *name, Error *err)
{
    if (!kept)
        return fail_none(err);
    wait_for(kept, name);
    return kept->ports.remove(kept->ports.app, name, err);
}
