/* document_facets.h - how many of the documents of a table (document_table.h) have each value of
 * what is counted beside results.
 *
 * Threads: any that may read the table. */
#pragma once

#include "search/document_table.h"

typedef struct FacetCounts {
    int64_t documents;
    FacetList lists[FACET_COUNT]; /* titles are values */
} FacetCounts;
/* Of the documents that have one of the chunks. */
FacetCounts document_facets_of_chunks(const DocumentTable *table, Arena *arena,
                                      const ChunkBits *chunks);
/* Of a set of documents that are searched. */
FacetCounts document_facets_of_set(const DocumentTable *table, Arena *arena,
                                   const DocumentSet *set);
