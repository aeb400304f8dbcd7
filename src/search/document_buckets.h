/* document_buckets.h - where the numbers of a column of a table (document_table.h) lie, two bytes
 * for each document: one of 4,096 ranges with about as many documents in each. A greater number is
 * never in a lower bucket, so most numbers are compared without being read.
 *
 * Threads: one that changes them, or any that read. */
#pragma once

#include "base/base.h"

#define BUCKETS 4096

typedef struct DocumentBuckets {
    uint16_t *at;    /* by place; NULL: there are none */
    int64_t *starts; /* of each bucket: numbers from here on are not in the buckets before */
    size_t divided;  /* documents when the ranges were made */
} DocumentBuckets;

void document_buckets_free(DocumentBuckets *buckets);
/* Room for so many documents. */
void document_buckets_reserve(DocumentBuckets *buckets, size_t room);
uint16_t document_bucket(const DocumentBuckets *buckets, int64_t number);
static inline void document_buckets_put(DocumentBuckets *buckets, size_t place, int64_t number)
{
    buckets->at[place] = document_bucket(buckets, number);
}
/* Makes the ranges anew, if there are twice as many numbers as when they were made. */
void document_buckets_settle(DocumentBuckets *buckets, const int64_t *numbers, size_t count);
