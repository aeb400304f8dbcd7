/* document_buckets.c - see document_buckets.h. */
#include "search/document_buckets.h"

#define DIVIDED_MIN 1024
#define SAMPLES (4 * BUCKETS)

void document_buckets_free(DocumentBuckets *buckets)
{
    free(buckets->at);
    free(buckets->starts);
}

void document_buckets_reserve(DocumentBuckets *buckets, size_t room)
{
    if (!buckets->at) {
        buckets->starts = heap_alloc(BUCKETS * sizeof *buckets->starts);
        buckets->starts[0] = INT64_MIN;
        for (size_t i = 1; i < BUCKETS; i++)
            buckets->starts[i] = INT64_MAX;
    }
    buckets->at = heap_grow(buckets->at, room * sizeof *buckets->at);
}

uint16_t document_bucket(const DocumentBuckets *buckets, int64_t number)
{
    size_t at = 0;
    for (size_t half = BUCKETS / 2; half; half /= 2)
        at += buckets->starts[at + half] <= number ? half : 0;
    return (uint16_t)at;
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void document_buckets_settle(DocumentBuckets *buckets, const int64_t *numbers, size_t count)
{
    if (count < DIVIDED_MIN || count < 2 * buckets->divided)
        return;
    size_t samples = MIN(count, (size_t)SAMPLES);
    AUTO_FREE int64_t *sample = heap_alloc(samples * sizeof *sample);
    for (size_t i = 0; i < samples; i++)
        sample[i] = numbers[i * count / samples];
    qsort(sample, samples, sizeof *sample, compare_numbers);
    for (size_t i = 1; i < BUCKETS; i++)
        buckets->starts[i] = sample[i * samples / BUCKETS];
    for (size_t i = 0; i < count; i++)
        document_buckets_put(buckets, i, numbers[i]);
    buckets->divided = count;
}
