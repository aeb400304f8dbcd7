/* throttle.c - see throttle.h: a fixed table, two places a key could be in. */
#include "account/throttle.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/pool.h"

#define SLOTS 4096
#define FREE_FAILURES 5
#define WAIT_MAX_MS (15 * 60 * 1000)
#define NEWS_MAX 256 /* that wait to be told */
#define NEWS_SIZE 64

typedef struct Slot {
    uint64_t hash;
    int failures;
    int64_t until_ms, last_ms;
} Slot;

struct Throttle {
    pthread_mutex_t lock;
    Slot slots[SLOTS];
    Db *db; /* NULL: nobody else counts */
    const char *channel;
    uint64_t node; /* who tells: what one says oneself is counted already */
    Pool *news;
    atomic_bool is_ending;
};

int64_t throttle_wait_ms(int64_t failures)
{
    int64_t shift = MIN(failures - FREE_FAILURES, 12);
    return shift < 0 ? 0 : MIN(1000 << shift, WAIT_MAX_MS);
}

/* The same in every node and version, and nothing that a key could be read from. */
static uint64_t hash_of(Str key)
{
    uint8_t digest[SHA256_SIZE];
    uint64_t hash;
    Sha256 sha;
    sha256_begin(&sha);
    sha256_add(&sha, key);
    sha256_end(&sha, digest);
    memcpy(&hash, digest, sizeof hash);
    return hash;
}

/* --- Counting --- */

static Slot *find(Throttle *throttle, uint64_t hash)
{
    Slot *a = &throttle->slots[hash % SLOTS], *b = &throttle->slots[(hash >> 32) % SLOTS];
    if (a->hash == hash)
        return a;
    if (b->hash == hash)
        return b;
    return NULL;
}

int64_t throttle_left_ms(Throttle *throttle, Str key)
{
    int64_t now = monotonic_ms(), wait_ms = 0;
    pthread_mutex_lock(&throttle->lock);
    const Slot *slot = find(throttle, hash_of(key));
    if (slot && slot->until_ms > now)
        wait_ms = slot->until_ms - now;
    pthread_mutex_unlock(&throttle->lock);
    return wait_ms;
}

bool throttle_allows(Throttle *throttle, Str key, Error *err)
{
    int64_t wait_ms = throttle_left_ms(throttle, key);
    if (wait_ms)
        return fail(err, ERROR_LIMITED, "too many failed attempts; try again in %d seconds",
                    (int)(wait_ms / 1000 + 1));
    return true;
}

static void count_failure(Throttle *throttle, uint64_t hash)
{
    int64_t now = monotonic_ms();
    pthread_mutex_lock(&throttle->lock);
    Slot *slot = find(throttle, hash);
    if (!slot) {
        Slot *a = &throttle->slots[hash % SLOTS], *b = &throttle->slots[(hash >> 32) % SLOTS];
        slot = a->last_ms <= b->last_ms ? a : b;
        *slot = (Slot){ .hash = hash };
    }
    slot->failures++;
    slot->last_ms = now;
    slot->until_ms = now + throttle_wait_ms(slot->failures);
    pthread_mutex_unlock(&throttle->lock);
}

/* False: there was nothing to forget. */
static bool forget(Throttle *throttle, uint64_t hash)
{
    pthread_mutex_lock(&throttle->lock);
    Slot *slot = find(throttle, hash);
    if (slot)
        *slot = (Slot){ 0 };
    pthread_mutex_unlock(&throttle->lock);
    return slot;
}

/* --- Other nodes --- */

typedef struct News {
    Throttle *throttle;
    char text[NEWS_SIZE];
} News;

static bool tell_work(DbTx *tx, void *argument, Error *err)
{
    const News *news = argument;
    return db_hint(tx, news->throttle->channel, str(news->text), err);
}

static void tell_now(void *argument)
{
    AUTO_FREE News *news = argument;
    const Scope system = scope_system();
    Error ignored; /* the others count for themselves then */
    if (!atomic_load(&news->throttle->is_ending))
        (void)!store_write(news->throttle->db, &system, tell_work, news, &ignored);
}

static void tell(Throttle *throttle, uint64_t hash, bool has_failed)
{
    if (!throttle->db)
        return;
    News *news = heap_alloc(sizeof *news);
    news->throttle = throttle;
    snprintf(news->text, sizeof news->text, "%016" PRIx64 " %016" PRIx64 " %d", throttle->node,
             hash, has_failed);
    if (!pool_add(throttle->news, tell_now, news))
        free(news);
}

static void hear(void *argument, const char *channel, Str text)
{
    Throttle *throttle = argument;
    char copy[NEWS_SIZE];
    uint64_t node, hash;
    int has_failed;
    (void)channel;
    snprintf(copy, sizeof copy, STR_FMT, STR_ARG(text));
    if (sscanf(copy, "%16" SCNx64 " %16" SCNx64 " %1d", &node, &hash, &has_failed) != 3 ||
        node == throttle->node)
        return;
    if (has_failed)
        count_failure(throttle, hash);
    else
        (void)forget(throttle, hash);
}

bool throttle_share(Throttle *throttle, Db *db, const char *channel, Error *err)
{
    if (db_kind(db) != DB_POSTGRES)
        return true;
    random_bytes(&throttle->node, sizeof throttle->node);
    if (!db_listen(db, channel, hear, throttle, err))
        return false;
    throttle->news = pool_new("throttle", 1, NEWS_MAX);
    throttle->channel = channel;
    throttle->db = db;
    return true;
}

/* --- For those who ask --- */

Throttle *throttle_new(void)
{
    Throttle *throttle = heap_alloc(sizeof *throttle);
    pthread_mutex_init(&throttle->lock, NULL);
    return throttle;
}

void throttle_free(Throttle *throttle)
{
    if (!throttle)
        return;
    if (throttle->db)
        db_unlisten(throttle->db, throttle->channel, hear, throttle);
    atomic_store(&throttle->is_ending, true);
    pool_free(throttle->news);
    pthread_mutex_destroy(&throttle->lock);
    free(throttle);
}

void throttle_failed(Throttle *throttle, Str key)
{
    uint64_t hash = hash_of(key);
    count_failure(throttle, hash);
    tell(throttle, hash, true);
}

void throttle_succeeded(Throttle *throttle, Str key)
{
    uint64_t hash = hash_of(key);
    if (forget(throttle, hash))
        tell(throttle, hash, false);
}
