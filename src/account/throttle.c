/* throttle.c - see throttle.h: a fixed table, two places a key could be in. */
#include "account/throttle.h"

#include <pthread.h>

#include "base/clock.h"

#define SLOTS 4096
#define FREE_FAILURES 5
#define WAIT_MAX_MS (15 * 60 * 1000)

typedef struct Slot {
    uint64_t hash;
    int failures;
    int64_t until_ms, last_ms;
} Slot;

struct Throttle {
    pthread_mutex_t lock;
    Slot slots[SLOTS];
};

int64_t throttle_wait_ms(int64_t failures)
{
    int64_t shift = MIN(failures - FREE_FAILURES, 12);
    return shift < 0 ? 0 : MIN(1000 << shift, WAIT_MAX_MS);
}

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
    pthread_mutex_destroy(&throttle->lock);
    free(throttle);
}

static Slot *find(Throttle *throttle, uint64_t hash)
{
    Slot *a = &throttle->slots[hash % SLOTS], *b = &throttle->slots[(hash >> 32) % SLOTS];
    if (a->hash == hash)
        return a;
    if (b->hash == hash)
        return b;
    return NULL;
}

bool throttle_allows(Throttle *throttle, Str key, Error *err)
{
    int64_t now = monotonic_ms(), wait_ms = 0;
    pthread_mutex_lock(&throttle->lock);
    const Slot *slot = find(throttle, str_hash(key));
    if (slot && slot->until_ms > now)
        wait_ms = slot->until_ms - now;
    pthread_mutex_unlock(&throttle->lock);
    if (wait_ms)
        return fail(err, ERROR_LIMITED, "too many failed attempts; try again in %d seconds",
                    (int)(wait_ms / 1000 + 1));
    return true;
}

void throttle_failed(Throttle *throttle, Str key)
{
    uint64_t hash = str_hash(key);
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

void throttle_succeeded(Throttle *throttle, Str key)
{
    pthread_mutex_lock(&throttle->lock);
    Slot *slot = find(throttle, str_hash(key));
    if (slot)
        *slot = (Slot){ 0 };
    pthread_mutex_unlock(&throttle->lock);
}
