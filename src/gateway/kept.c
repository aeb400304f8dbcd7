/* kept.c - see kept.h: chains of entries by hash, and all of them in a ring by age. */
#include "gateway/kept.h"

#include <pthread.h>

#include "base/clock.h"

#define CHAINS 4096

typedef struct Entry {
    struct Entry *next;            /* in its chain */
    struct Entry *older, *younger; /* in the ring */
    uint64_t hash;
    int64_t until_ms;
    Str owner, id;
    KeptAnswer answer;
    size_t size; /* with its texts, which lie behind it */
} Entry;

struct KeptAnswers {
    pthread_mutex_t lock;
    Entry *chains[CHAINS];
    Entry ends; /* of the ring: its younger is the oldest */
    size_t bytes;
};

KeptAnswers *kept_new(void)
{
    KeptAnswers *kept = heap_alloc(sizeof *kept);
    pthread_mutex_init(&kept->lock, NULL);
    kept->ends.older = kept->ends.younger = &kept->ends;
    return kept;
}

static Entry **place_of(KeptAnswers *kept, Str owner, Str id, uint64_t hash)
{
    Entry **place = &kept->chains[hash % CHAINS];
    while (*place && !((*place)->hash == hash && str_equal((*place)->id, id) &&
                       str_equal((*place)->owner, owner)))
        place = &(*place)->next;
    return place;
}

/* With the lock held. */
static void drop(KeptAnswers *kept, Entry *entry)
{
    *place_of(kept, entry->owner, entry->id, entry->hash) = entry->next;
    entry->older->younger = entry->younger;
    entry->younger->older = entry->older;
    kept->bytes -= entry->size;
    free(entry);
}

static void drop_old(KeptAnswers *kept, size_t bytes_max)
{
    int64_t now = monotonic_ms();
    Entry *oldest;
    while ((oldest = kept->ends.younger) != &kept->ends &&
           (kept->bytes > bytes_max || oldest->until_ms <= now))
        drop(kept, oldest);
}

void kept_free(KeptAnswers *kept)
{
    if (!kept)
        return;
    while (kept->ends.younger != &kept->ends)
        drop(kept, kept->ends.younger);
    pthread_mutex_destroy(&kept->lock);
    free(kept);
}

static Str put(char **at, Str text)
{
    Str copy = { *at, text.length };
    if (text.length)
        memcpy(*at, text.at, text.length);
    *at += text.length;
    return copy;
}

static Entry *entry_new(Str owner, Str id, KeptAnswer answer)
{
    size_t texts = owner.length + id.length + answer.reply.length + answer.items.length;
    Entry *entry = heap_alloc(sizeof *entry + texts);
    char *at = (char *)(entry + 1);
    entry->owner = put(&at, owner);
    entry->id = put(&at, id);
    entry->answer.reply = put(&at, answer.reply);
    entry->answer.items = put(&at, answer.items);
    entry->answer.asked = answer.asked;
    entry->hash = str_hash(id);
    entry->size = sizeof *entry + texts;
    entry->until_ms = monotonic_ms() + KEPT_MS;
    return entry;
}

void kept_add(KeptAnswers *kept, Str owner, Str id, KeptAnswer answer)
{
    if (answer.reply.length + answer.items.length > KEPT_ONE_MAX)
        return;
    Entry *entry = entry_new(owner, id, answer);
    pthread_mutex_lock(&kept->lock);
    drop_old(kept, KEPT_BYTES_MAX - entry->size);
    Entry **place = place_of(kept, owner, id, entry->hash);
    if (*place)
        drop(kept, *place);
    place = &kept->chains[entry->hash % CHAINS];
    entry->next = *place;
    *place = entry;
    entry->older = kept->ends.older;
    entry->younger = &kept->ends;
    entry->older->younger = entry;
    kept->ends.older = entry;
    kept->bytes += entry->size;
    pthread_mutex_unlock(&kept->lock);
}

bool kept_find(KeptAnswers *kept, Arena *arena, Str owner, Str id, KeptAnswer *answer_r)
{
    pthread_mutex_lock(&kept->lock);
    drop_old(kept, KEPT_BYTES_MAX);
    const Entry *entry = *place_of(kept, owner, id, str_hash(id));
    if (entry)
        *answer_r = (KeptAnswer){ str_copy(arena, entry->answer.reply),
                                  str_copy(arena, entry->answer.items), entry->answer.asked };
    pthread_mutex_unlock(&kept->lock);
    return entry != NULL;
}

bool kept_remove(KeptAnswers *kept, Str owner, Str id)
{
    pthread_mutex_lock(&kept->lock);
    Entry *entry = *place_of(kept, owner, id, str_hash(id));
    if (entry)
        drop(kept, entry);
    pthread_mutex_unlock(&kept->lock);
    return entry != NULL;
}
