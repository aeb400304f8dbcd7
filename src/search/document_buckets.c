/* document_buckets.c - see document_buckets.h. */
#include "search/document_buckets.h"

#define DIVIDED_MIN 1024
#define SAMPLES (4 * BUCKETS)
/* One bucket may have this part of all, where more came since: what is new is dated last. */
#define CROWDED 16
#define GROWN 8
#define BUCKET_ROOM 4

void document_buckets_free(DocumentBuckets *buckets)
{
    for (size_t i = 0; buckets->buckets && i < BUCKETS; i++)
        free(buckets->buckets[i].at);
    free(buckets->buckets);
    free(buckets->at);
    free(buckets->slots);
    free(buckets->starts);
}

size_t document_buckets_bytes(const DocumentBuckets *buckets)
{
    size_t row = sizeof *buckets->at + sizeof *buckets->slots + sizeof *buckets->buckets->at;
    return buckets->room * row;
}

void document_buckets_reserve(DocumentBuckets *buckets, size_t room)
{
    if (!buckets->at) {
        buckets->buckets = heap_alloc(BUCKETS * sizeof *buckets->buckets);
        buckets->starts = heap_alloc(BUCKETS * sizeof *buckets->starts);
        buckets->starts[0] = INT64_MIN;
        for (size_t i = 1; i < BUCKETS; i++)
            buckets->starts[i] = INT64_MAX;
    }
    buckets->at = heap_grow(buckets->at, room * sizeof *buckets->at);
    buckets->slots = heap_grow(buckets->slots, room * sizeof *buckets->slots);
    buckets->room = room;
}

uint16_t document_bucket(const DocumentBuckets *buckets, int64_t number)
{
    size_t at = 0;
    for (size_t half = BUCKETS / 2; half; half /= 2)
        at += buckets->starts[at + half] <= number ? half : 0;
    return (uint16_t)at;
}

static void set_room(Bucket *bucket, uint32_t room)
{
    bucket->at = heap_grow(bucket->at, room * sizeof *bucket->at);
    bucket->room = room;
}

static void add(DocumentBuckets *buckets, size_t place, uint16_t number)
{
    Bucket *bucket = &buckets->buckets[number];
    if (bucket->count == bucket->room)
        set_room(bucket, bucket->room + bucket->room / 2 + BUCKET_ROOM);
    buckets->at[place] = number;
    buckets->slots[place] = bucket->count;
    bucket->at[bucket->count++] = (uint32_t)place;
}

/* The last one takes its slot. */
static void take(DocumentBuckets *buckets, size_t place)
{
    Bucket *bucket = &buckets->buckets[buckets->at[place]];
    uint32_t last = bucket->at[--bucket->count];
    bucket->at[buckets->slots[place]] = last;
    buckets->slots[last] = buckets->slots[place];
}

void document_buckets_put(DocumentBuckets *buckets, size_t place, int64_t number)
{
    uint16_t bucket = document_bucket(buckets, number);
    bool is_known = place < buckets->count;
    if (is_known && buckets->at[place] == bucket)
        return;
    if (is_known)
        take(buckets, place);
    else
        buckets->count++;
    add(buckets, place, bucket);
}

/* --- Ranges --- */

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void make_ranges(DocumentBuckets *buckets, const int64_t *numbers)
{
    size_t samples = MIN(buckets->count, (size_t)SAMPLES);
    AUTO_FREE int64_t *sample = heap_alloc(samples * sizeof *sample);
    for (size_t i = 0; i < samples; i++)
        sample[i] = numbers[i * buckets->count / samples];
    qsort(sample, samples, sizeof *sample, compare_numbers);
    for (size_t i = 1; i < BUCKETS; i++)
        buckets->starts[i] = sample[i * samples / BUCKETS];
}

/* Each bucket takes the room that it needs. */
static void fill(DocumentBuckets *buckets, const int64_t *numbers)
{
    AUTO_FREE uint32_t *counts = heap_alloc(BUCKETS * sizeof *counts);
    for (size_t i = 0; i < buckets->count; i++) {
        buckets->at[i] = document_bucket(buckets, numbers[i]);
        counts[buckets->at[i]]++;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        free(buckets->buckets[i].at);
        buckets->buckets[i] = (Bucket){ 0 };
        if (counts[i])
            set_room(&buckets->buckets[i], counts[i]);
    }
    for (size_t i = 0; i < buckets->count; i++)
        add(buckets, i, buckets->at[i]);
}

static bool is_crowded(const DocumentBuckets *buckets)
{
    if (buckets->count < buckets->divided + buckets->divided / GROWN)
        return false;
    const Bucket *first = buckets->buckets, *last = first + BUCKETS - 1;
    return MAX(first->count, last->count) > buckets->count / CROWDED;
}

void document_buckets_settle(DocumentBuckets *buckets, const int64_t *numbers)
{
    if (buckets->count < DIVIDED_MIN ||
        (buckets->count < 2 * buckets->divided && !is_crowded(buckets)))
        return;
    make_ranges(buckets, numbers);
    fill(buckets, numbers);
    buckets->divided = buckets->count;
}
