/* document_values.h - which documents of a table (document_table.h) have one of a few texts in a
 * column: a bit for each document and each of VALUE_PLANES sets of texts. As long as there are
 * fewer texts than sets each has its own; of more the bits say which documents have to be looked
 * at. A set takes memory once a document is in it.
 *
 * Threads: one that changes them, or any that read. */
#pragma once

#include "base/base.h"

#define VALUE_PLANES 32

typedef struct DocumentValues {
    uint64_t *planes[VALUE_PLANES]; /* NULL: no document */
    size_t room;                    /* words of a plane */
} DocumentValues;

void document_values_free(DocumentValues *values);
size_t document_values_bytes(const DocumentValues *values);
/* Room for so many documents, a multiple of 64. */
void document_values_reserve(DocumentValues *values, size_t room);
/* Texts are known by their numbers. */
void document_values_add(DocumentValues *values, size_t place, uint32_t number);
void document_values_take(DocumentValues *values, size_t place, uint32_t number);

/* Some of the texts. */
typedef struct WantedValues {
    const uint64_t *planes[VALUE_PLANES];
    size_t count;
} WantedValues;
/* `wanted`: for each number below `count` whether it is one of them. */
WantedValues document_values_wanted(const DocumentValues *values, const unsigned char *wanted,
                                    size_t count);
/* Of 64 places in a row, those that have one of them, or (with VALUE_PLANES texts and more) may. */
static inline uint64_t document_values_word(const WantedValues *wanted, size_t word)
{
    uint64_t any = 0;
    for (size_t i = 0; i < wanted->count; i++)
        any |= wanted->planes[i][word];
    return any;
}
