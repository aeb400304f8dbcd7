/* document_table_int.h - what the files of a document table share: document_table.c changes it,
 * document_sets.c, document_sets_named.c, document_first.c and document_order.c read it,
 * document_table_file.c writes and reads its file. */
#pragma once

#include "base/map.h"
#include "search/document_buckets.h"
#include "search/document_names.h"
#include "search/document_table.h"
#include "search/document_values.h"

/* The bytes of a UUID; of any other id the beginning of its digest. */
typedef DocumentKeyBytes Key;

/* Between which numbers those of 64 places in a row are: never too narrow, seldom too wide. */
typedef struct NumberZone {
    int64_t least, most;
} NumberZone;
#define NUMBER_ZONE_NONE ((NumberZone){ INT64_MAX, INT64_MIN })
static inline void number_zone_widen(NumberZone *zone, int64_t number)
{
    zone->least = MIN(zone->least, number);
    zone->most = MAX(zone->most, number);
}

/* Different texts, each a number from 1 on; 0 is the empty one. */
typedef struct Texts {
    Map numbers;
    size_t count;
} Texts;

typedef struct Scattered {
    NumberRange *ranges;
    size_t count;
} Scattered;

/* The chunks of a document: in a row as a rule, else `first` is a place in `scattered`. */
typedef struct Chunks {
    int64_t first;
    uint32_t count; /* 0: none */
    bool is_scattered;
} Chunks;

/* The documents that have a tag, or had it. */
typedef struct TagPlaces {
    uint32_t *at;
    size_t count, room;
    bool is_stale; /* some have it no more */
} TagPlaces;

struct DocumentTable {
    Arena *arena; /* of texts and what is scattered */
    size_t count, room;
    Key *keys;
    Chunks *chunks;
    uint32_t *texts[TEXT_COLUMN_COUNT];
    DocumentValues values[TEXT_COLUMN_COUNT]; /* of the texts */
    int64_t *numbers[NUMBER_COLUMN_COUNT];
    NumberZone *zones[NUMBER_COLUMN_COUNT];       /* of 64 numbers each */
    DocumentBuckets buckets[NUMBER_COLUMN_COUNT]; /* of dates, which lie in no order */
    uint64_t *live;                               /* a bit for each place that has chunks */
    DocumentNames *names;
    uint32_t *tags; /* where they begin in tag_lists */
    Texts columns[TEXT_COLUMN_COUNT], tag_texts;
    uint32_t *tag_lists; /* each: how many, and their numbers; the first is the empty one */
    size_t tag_list_count, tag_list_room;
    TagPlaces *tag_places;                  /* by the number of the tag */
    size_t tag_place_count, tag_place_room; /* lists there is room for; numbers in all of them */
    uint32_t *places;                       /* of keys, 1 more than the place; 0: free */
    size_t place_room;                      /* a power of two */
    VEC(Scattered) scattered;
    int64_t chunk_end; /* all numbers are below it */
};

/* A document as columns have it. */
typedef struct DocumentRow {
    Key key;
    uint32_t texts[TEXT_COLUMN_COUNT]; /* numbers of texts */
    int64_t numbers[NUMBER_COLUMN_COUNT];
    NumberRangeList ranges;
    const uint32_t *tags; /* how many, and their numbers */
    Str name, title;
} DocumentRow;
/* In place of what there was of it. */
void document_table_put_row(DocumentTable *table, const DocumentRow *row);
/* The number of a text, a new one if need be. */
uint32_t document_text_number(DocumentTable *table, Texts *texts, Str text);
/* Numbers that were put have their buckets. */
void document_table_settle_numbers(DocumentTable *table);
/* Room for so many at once. */
void document_table_reserve(DocumentTable *table, size_t count);

Key document_key_of(Str id);
/* The place of an id; false: it has none. */
bool document_place_of(const DocumentTable *table, Str id, size_t *place_r);
Str document_id_at(const DocumentTable *table, size_t place, Arena *arena);
