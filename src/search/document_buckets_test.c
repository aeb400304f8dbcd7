/* document_buckets_test.c - ranges of numbers know their documents. */
#include "search/document_buckets.h"

#include <criterion/criterion.h>

#define PLACES 6400
#define ROUNDS 40

/* splitmix64 */
static uint64_t draw(uint64_t *state, uint64_t below)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (z ^ z >> 31) % below;
}

/* Each place is where its slot says, once, and what lies in a bucket before is less. */
static void expect_whole(const DocumentBuckets *buckets, const int64_t *numbers, size_t count)
{
    size_t found = 0;
    int64_t most = INT64_MIN;
    for (size_t i = 0; i < BUCKETS; i++) {
        const Bucket *bucket = &buckets->buckets[i];
        int64_t below = most;
        for (size_t n = 0; n < bucket->count; n++, found++) {
            uint32_t place = bucket->at[n];
            cr_assert(place < count && buckets->slots[place] == n && buckets->at[place] == i);
            cr_assert(numbers[place] > below || below == INT64_MIN);
            most = MAX(most, numbers[place]);
        }
    }
    cr_assert_eq(found, count);
}

Test(search, a_bucket_has_the_documents_of_its_numbers_however_they_change)
{
    static int64_t numbers[PLACES];
    DocumentBuckets buckets = { 0 };
    uint64_t random = 9;
    size_t count = 0;
    document_buckets_reserve(&buckets, PLACES);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PLACES / ROUNDS; i++) {
            size_t place = draw(&random, 4) ? count++ : draw(&random, count + 1);
            count += place == count;
            /* Newer ones are later, many are the same. */
            numbers[place] = draw(&random, 3) ? (int64_t)draw(&random, 1 + 50 * (uint64_t)round)
                                              : (int64_t)draw(&random, 1000000);
            document_buckets_put(&buckets, place, numbers[place]);
        }
        document_buckets_settle(&buckets, numbers);
        expect_whole(&buckets, numbers, count);
    }
    document_buckets_free(&buckets);
}
