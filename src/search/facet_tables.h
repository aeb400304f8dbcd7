/* facet_tables.h - what documents are counted by beside results, kept in memory.
 *
 * Counting thousands of matches in the database takes too long while somebody types, so a workspace
 * that is asked for has a table here: of each document the numbers of its chunks and its values.
 * Before it counts it reads what has changed since it was read last, at most once in
 * FACET_FRESH_MS; after FACET_KEEP_MS it is read anew, which forgets what was erased. The least
 * used of more than FACET_TABLES_MAX workspaces goes.
 *
 * Threads: any. */
#pragma once

#include "search/search.h"

#define FACET_FRESH_MS 1000
#define FACET_KEEP_MS 600000
#define FACET_TABLES_MAX 32

typedef struct FacetTables FacetTables;

FacetTables *facet_tables_new(Db *db);
void facet_tables_free(FacetTables *tables); /* NULL is fine */

typedef struct FacetCounts {
    int64_t documents;            /* that have one of the chunks */
    FacetList lists[FACET_COUNT]; /* of them; titles are values */
} FacetCounts;
MUST_CHECK bool facet_tables_count(FacetTables *tables, const Scope *scope, Arena *arena,
                                   const ChunkBits *chunks, FacetCounts *counts_r, Error *err);
