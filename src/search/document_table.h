/* document_table.h - what filters ask of the searched documents of one workspace, in columns.
 *
 * A filter in the database reads the row of every document that it lets through: half a second in a
 * library of half a million. Here it compares numbers in a row: a millisecond for a million
 * documents, which take about 310 bytes each, with their names. The database stays what is right:
 * document_tables.h keeps the columns as it has them.
 *
 * Each document has a place; sets of documents are a bit for each place. One that is searched no
 * more keeps its place without chunks, and is in no set of chunks.
 *
 * Threads: one that changes it, or any that read. */
#pragma once

#include "search/search.h"
#include "store/document_columns_store.h"
#include "store/document_keys.h"

typedef enum TextColumn {
#define TEXT_COLUMN(name, member) COLUMN_##name,
#define NUMBER_COLUMN(name, member)
#include "search/document_columns.def"
#undef TEXT_COLUMN
#undef NUMBER_COLUMN
    TEXT_COLUMN_COUNT,
} TextColumn;

typedef enum NumberColumn {
#define TEXT_COLUMN(name, member)
#define NUMBER_COLUMN(name, member) COLUMN_##name,
#include "search/document_columns.def"
#undef TEXT_COLUMN
#undef NUMBER_COLUMN
    NUMBER_COLUMN_COUNT,
} NumberColumn;

typedef struct DocumentTable DocumentTable;

DocumentTable *document_table_new(void);
void document_table_free(DocumentTable *table); /* NULL is fine */
size_t document_table_bytes(const DocumentTable *table);
/* How many places it has. */
size_t document_table_count(const DocumentTable *table);

/* As it is now, in place of what there was of it. */
void document_table_put(DocumentTable *table, const DocumentColumns *document);
/* After some were put: names take their places in the order. */
void document_table_settle(DocumentTable *table);
/* It is not searched any more. */
void document_table_drop(DocumentTable *table, Str id);
/* The collection is gone. */
void document_table_empty_collection(DocumentTable *table, Str collection);
/* The guard of the collection is this one now: so is that of what has no list of its own. */
void document_table_guard_collection(DocumentTable *table, Str collection, Str guard);

/* --- Sets --- */

typedef struct DocumentSet {
    uint64_t *words;
    size_t count; /* of words */
} DocumentSet;

DocumentSet document_set_new(const DocumentTable *table, Arena *arena);
/* All that are searched. */
DocumentSet document_set_live(const DocumentTable *table, Arena *arena);
size_t document_set_count(const DocumentSet *set);
/* These add the documents: whose text is one of these; */
void document_set_add_texts(const DocumentTable *table, DocumentSet *set, TextColumn column,
                            StrList texts);
/* whose text has the part in it; */
void document_set_add_texts_with(const DocumentTable *table, DocumentSet *set, TextColumn column,
                                 Str part);
/* that have one of the tags; */
void document_set_add_tags(const DocumentTable *table, DocumentSet *set, StrList tags);
/* whose number is at least `from` and below `to`; */
void document_set_add_range(const DocumentTable *table, DocumentSet *set, NumberColumn column,
                            int64_t from, int64_t to);
/* with these ids. */
void document_set_add_ids(const DocumentTable *table, DocumentSet *set, StrList ids);
/* These leave out the others: */
void document_set_keep_texts(const DocumentTable *table, DocumentSet *set, TextColumn column,
                             StrList texts);
void document_set_keep_tags(const DocumentTable *table, DocumentSet *set, StrList tags);
void document_set_keep_range(const DocumentTable *table, DocumentSet *set, NumberColumn column,
                             int64_t from, int64_t to);
/* This those with the part in their name or title, which is without letter case. False: more than
 * `most` have it, and the last of the set are not looked at. */
bool document_set_keep_part(const DocumentTable *table, DocumentSet *set, Str part, size_t most);
/* This adds those that are searched and have one of the parts, as document_name_spaced() gives
 * them, in their name. */
void document_set_add_named(const DocumentTable *table, DocumentSet *set, StrList parts,
                            Arena *arena);
/* This leaves out those with these ids. */
void document_set_take_ids(const DocumentTable *table, DocumentSet *set, StrList ids);
StrList document_set_ids(const DocumentTable *table, const DocumentSet *set, Arena *arena);
/* The numbers of their chunks. */
ChunkBits document_set_chunks(const DocumentTable *table, const DocumentSet *set, Arena *arena);
/* The chunks of each that has some, in the order of document_list_newest(): of `most` at most.
 * *total_r: how many have some. */
DocumentChunksList document_set_newest(const DocumentTable *table, const DocumentSet *set,
                                       Arena *arena, size_t most, size_t *total_r);
/* A part of a list: the first `most` in the order, behind `after` (NULL: from the beginning), that
 * have `name` (empty: any) in their name or title, which is without letter case. */
typedef struct DocumentPart {
    DocumentOrder order;
    bool descending;
    const ListKey *after;
    size_t most;
    Str name;
} DocumentPart;
/* Their places, of a set of documents that are searched. Returns how many there are. */
size_t document_set_first(const DocumentTable *table, const DocumentSet *set, Arena *arena,
                          const DocumentPart *part, uint32_t **places_r);
ListKey document_list_key(const DocumentTable *table, size_t place, DocumentOrder order,
                          Arena *arena);
