/* door.c - see door.h: buckets in a fixed table, two places each could be in. */
#include "api/door.h"

#include <pthread.h>
#include <sodium.h>

#include "base/clock.h"
#include "gateway/limits.h"

#define PLACES 4096

typedef struct Place {
    uint64_t hash;
    Bucket bucket;
} Place;

/* Addresses and people apart, so that many addresses push nobody out. */
typedef struct Book {
    int64_t limit;
    const char *whose;
    Place places[PLACES];
} Book;

struct Door {
    unsigned char
        secret[crypto_shorthash_KEYBYTES]; /* so that nobody can choose who shares a place */
    pthread_mutex_t lock;                  /* of the books */
    Book addresses, users;
};

Door *door_new(int64_t of_address, int64_t of_user)
{
    Door *door = heap_alloc(sizeof *door);
    crypto_shorthash_keygen(door->secret);
    pthread_mutex_init(&door->lock, NULL);
    door->addresses.limit = of_address;
    door->addresses.whose = "this address";
    door->users.limit = of_user;
    door->users.whose = "you";
    return door;
}

void door_free(Door *door)
{
    if (!door)
        return;
    pthread_mutex_destroy(&door->lock);
    free(door);
}

static Place *place_of(Book *book, uint64_t hash, int64_t now_us)
{
    Place *a = &book->places[hash % PLACES], *b = &book->places[(hash >> 32) % PLACES];
    if (a->hash == hash)
        return a;
    if (b->hash == hash)
        return b;
    Place *place = a->bucket.at_us <= b->bucket.at_us ? a : b;
    *place = (Place){ .hash = hash };
    bucket_set(&place->bucket, book->limit, now_us);
    return place;
}

static bool lets(Door *door, Book *book, Str who, int64_t *wait_ms_r, Error *err)
{
    if (!book->limit)
        return true;
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)who.at, who.length,
                     door->secret);
    int64_t now_us = monotonic_us();
    pthread_mutex_lock(&door->lock);
    Place *place = place_of(book, hash, now_us);
    int64_t wait_us = bucket_wait_us(&place->bucket, 1, now_us);
    if (!wait_us)
        bucket_take(&place->bucket, 1);
    pthread_mutex_unlock(&door->lock);
    if (!wait_us)
        return true;
    *wait_ms_r = (wait_us + 999) / 1000;
    return fail(err, ERROR_LIMITED, "%s may send %" PRId64 " requests a minute", book->whose,
                book->limit);
}

bool door_lets_address(Door *door, Str address, int64_t *wait_ms_r, Error *err)
{
    return !door || lets(door, &door->addresses, address, wait_ms_r, err);
}

bool door_lets_user(Door *door, Str user, int64_t *wait_ms_r, Error *err)
{
    return !door || lets(door, &door->users, user, wait_ms_r, err);
}
