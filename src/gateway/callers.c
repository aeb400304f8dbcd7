/* callers.c - who has shown which secret lately.
 *
 * A table of 1,024 places by a keyed hash of the secret; a place holds the one that came last. The
 * secret itself is not kept. */
#include <sodium.h>

#include "base/clock.h"
#include "gateway/gateway_int.h"

#define PLACES 1024
#define DIGEST_SIZE 32

typedef struct Place {
    unsigned char digest[DIGEST_SIZE];
    GatewayCaller *caller; /* NULL: free */
} Place;

struct CallerTable {
    unsigned char key[crypto_generichash_KEYBYTES];
    uint64_t forgets; /* counted */
    Place places[PLACES];
};

GatewayCaller *caller_new(void)
{
    Arena *arena = arena_new(MB(4));
    GatewayCaller *caller = arena_new_one(arena, GatewayCaller);
    caller->arena = arena;
    caller->holders = 1;
    return caller;
}

GatewayCaller *caller_hold(GatewayCaller *caller)
{
    caller->holders++;
    return caller;
}

void caller_release(GatewayCaller *caller)
{
    if (!caller || atomic_fetch_sub(&caller->holders, 1) != 1)
        return;
    config_release(caller->config);
    arena_free(caller->arena);
}

void callers_open(Gateway *gateway)
{
    gateway->callers = heap_alloc(sizeof *gateway->callers);
    crypto_generichash_keygen(gateway->callers->key);
}

static void clear(Place *place)
{
    caller_release(place->caller);
    place->caller = NULL;
}

void callers_close(Gateway *gateway)
{
    for (size_t i = 0; i < PLACES; i++)
        clear(&gateway->callers->places[i]);
    free(gateway->callers);
}

static Place *place_of(struct CallerTable *table, Str secret, unsigned char digest[DIGEST_SIZE])
{
    uint32_t number;
    crypto_generichash(digest, DIGEST_SIZE, (const unsigned char *)secret.at, secret.length,
                       table->key, sizeof table->key);
    memcpy(&number, digest, sizeof number);
    return &table->places[number % PLACES];
}

GatewayCaller *callers_find(Gateway *gateway, Str secret, int64_t oldest_ms)
{
    unsigned char digest[DIGEST_SIZE];
    GatewayCaller *found = NULL;
    Place *place = place_of(gateway->callers, secret, digest);
    pthread_mutex_lock(&gateway->lock);
    if (place->caller && !memcmp(place->digest, digest, DIGEST_SIZE)) {
        if (place->caller->loaded_ms >= oldest_ms)
            found = caller_hold(place->caller);
        else
            clear(place);
    }
    pthread_mutex_unlock(&gateway->lock);
    return found;
}

uint64_t callers_stamp(Gateway *gateway)
{
    pthread_mutex_lock(&gateway->lock);
    uint64_t stamp = gateway->callers->forgets;
    pthread_mutex_unlock(&gateway->lock);
    return stamp;
}

void callers_keep(Gateway *gateway, Str secret, GatewayCaller *caller, uint64_t stamp)
{
    unsigned char digest[DIGEST_SIZE];
    Place *place = place_of(gateway->callers, secret, digest);
    caller->loaded_ms = monotonic_ms();
    pthread_mutex_lock(&gateway->lock);
    if (gateway->callers->forgets == stamp) {
        clear(place);
        memcpy(place->digest, digest, DIGEST_SIZE);
        place->caller = caller_hold(caller);
    }
    pthread_mutex_unlock(&gateway->lock);
}

void gateway_forget(Gateway *gateway, Str secret)
{
    unsigned char digest[DIGEST_SIZE];
    Place *place = place_of(gateway->callers, secret, digest);
    pthread_mutex_lock(&gateway->lock);
    gateway->callers->forgets++;
    if (secret.length)
        clear(place);
    for (size_t i = 0; !secret.length && i < PLACES; i++)
        clear(&gateway->callers->places[i]);
    pthread_mutex_unlock(&gateway->lock);
}
