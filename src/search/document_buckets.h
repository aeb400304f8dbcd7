/* document_buckets.h - where the numbers of a column of a table (document_table.h) lie: in one of
 * 4,096 ranges with about as many documents in each. A greater number is never in a lower bucket.
 * Each document has the number of its bucket, so most numbers are compared without being read, and
 * each bucket has its documents, so few numbers are found, and the first of an order, without all
 * being looked at. 10 bytes a document.
 *
 * Threads: one that changes them, or any that read. */
#pragma once

#include "base/base.h"

#define BUCKETS 4096

/* The places of its documents, in no order. */
typedef struct Bucket {
    uint32_t *at;
    uint32_t count, room;
} Bucket;

typedef struct DocumentBuckets {
    uint16_t *at;    /* by place; NULL: there are none */
    uint32_t *slots; /* by place: where in its bucket it is */
    int64_t *starts; /* of each bucket: numbers from here on are not in the buckets before */
    Bucket *buckets; /* [BUCKETS] */
    size_t count;    /* documents */
    size_t divided;  /* documents when the ranges were made */
    size_t room;     /* of `at` and `slots` */
} DocumentBuckets;

void document_buckets_free(DocumentBuckets *buckets);
size_t document_buckets_bytes(const DocumentBuckets *buckets);
/* Room for so many documents. */
void document_buckets_reserve(DocumentBuckets *buckets, size_t room);
uint16_t document_bucket(const DocumentBuckets *buckets, int64_t number);
/* Places come one after the other; a known one has this number from now on. */
void document_buckets_put(DocumentBuckets *buckets, size_t place, int64_t number);
/* Makes the ranges anew where they are of too few numbers by now. */
void document_buckets_settle(DocumentBuckets *buckets, const int64_t *numbers);
