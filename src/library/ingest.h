/* ingest.h - what a reader found in a file, made into rows: text, blocks, chunks, facts.
 *
 * Pure: no database, no index. Everything lives in the arena. Any thread. */
#pragma once

#include "extract/document.h"
#include "library/facts.h"
#include "store/blocks_store.h"
#include "store/chunks_store.h"
#include "store/documents_store.h"

/* One document (the file or one of its members) ready to be stored. */
typedef struct Ingested {
    Str text;
    StoredBlock *blocks;
    size_t block_count;
    Chunk *chunks;
    size_t chunk_count;
    DocumentFacts facts;
    FactList fact_list; /* for filters */
} Ingested;

typedef struct IngestSettings {
    size_t chunk_chars, chunk_overlap, tokens_max;
    size_t (*count_tokens)(void *self, Str text); /* NULL: no limit by tokens */
    void *self;
} IngestSettings;

/* The text of the node's blocks lies in ingested_r->text from then on. */
void ingest_node(Arena *arena, const DocNode *node, const IngestSettings *settings,
                 Ingested *ingested_r);
/* What a person reads as the place of a chunk: "page 3", "slide 2", "Sheet1!A4:F9",
 * "lines 12-18", "heading Fees". `blocks` are those it touches. */
Str ingest_place(Arena *arena, const StoredBlock *blocks, size_t count, Str headings);
/* Blocks and their text back as a document in memory, for printing; `text` begins at byte
 * `text_start` of the document's. */
DocNode *ingest_restore(Arena *arena, Str name, Str text, size_t text_start,
                        const StoredBlock *blocks, size_t count);
