/* document_table.c - see document_table.h. */
#include "search/document_table.h"

#include "base/hash.h"
#include "base/id.h"
#include "base/map.h"
#include "search/chunk_bits.h"

#define TEXTS_MAX GB(1)
#define ROOM_FIRST 64
#define KEY_SIZE 16

/* The bytes of a UUID; of any other id the beginning of its digest. */
typedef struct Key {
    unsigned char at[KEY_SIZE];
} Key;

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

struct DocumentTable {
    Arena *arena; /* of texts and what is scattered */
    size_t count, room;
    Key *keys;
    Chunks *chunks;
    uint32_t *texts[TEXT_COLUMN_COUNT];
    int64_t *numbers[NUMBER_COLUMN_COUNT];
    uint32_t *tags; /* where they begin in tag_lists */
    Texts columns[TEXT_COLUMN_COUNT], tag_texts;
    uint32_t *tag_lists; /* each: how many, and their numbers; the first is the empty one */
    size_t tag_list_count, tag_list_room;
    uint32_t *places;  /* of keys, 1 more than the place; 0: free */
    size_t place_room; /* a power of two */
    VEC(Scattered) scattered;
    int64_t chunk_end; /* all numbers are below it */
};

/* --- Memory --- */

static void grow(DocumentTable *table)
{
    size_t room = table->room = table->room ? table->room * 2 : ROOM_FIRST;
    table->keys = heap_grow(table->keys, room * sizeof *table->keys);
    table->chunks = heap_grow(table->chunks, room * sizeof *table->chunks);
    table->tags = heap_grow(table->tags, room * sizeof *table->tags);
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++)
        table->texts[i] = heap_grow(table->texts[i], room * sizeof **table->texts);
    for (size_t i = 0; i < NUMBER_COLUMN_COUNT; i++)
        table->numbers[i] = heap_grow(table->numbers[i], room * sizeof **table->numbers);
}

DocumentTable *document_table_new(void)
{
    DocumentTable *table = heap_alloc(sizeof *table);
    table->arena = arena_new(TEXTS_MAX);
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++)
        table->columns[i].numbers = map_new(table->arena);
    table->tag_texts.numbers = map_new(table->arena);
    table->tag_list_room = ROOM_FIRST;
    table->tag_lists = heap_alloc(ROOM_FIRST * sizeof *table->tag_lists);
    table->tag_list_count = 1;
    table->place_room = 2 * ROOM_FIRST;
    table->places = heap_alloc(table->place_room * sizeof *table->places);
    grow(table);
    return table;
}

void document_table_free(DocumentTable *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++)
        free(table->texts[i]);
    for (size_t i = 0; i < NUMBER_COLUMN_COUNT; i++)
        free(table->numbers[i]);
    free(table->keys);
    free(table->chunks);
    free(table->tags);
    free(table->tag_lists);
    free(table->places);
    arena_free(table->arena);
    free(table);
}

size_t document_table_bytes(const DocumentTable *table)
{
    size_t row = sizeof(Key) + sizeof(Chunks) + (TEXT_COLUMN_COUNT + 1) * sizeof(uint32_t) +
                 NUMBER_COLUMN_COUNT * sizeof(int64_t);
    return table->room * row + (table->tag_list_room + table->place_room) * sizeof(uint32_t) +
           arena_used(table->arena);
}

/* --- Places --- */

static Key key_of(Str id)
{
    Key key = { 0 };
    if (!id_is_valid(id)) {
        Sha256 sha;
        uint8_t digest[SHA256_SIZE];
        sha256_begin(&sha);
        sha256_add(&sha, id);
        sha256_end(&sha, digest);
        memcpy(key.at, digest, sizeof key.at);
        return key;
    }
    for (size_t i = 0, digit = 0; i < id.length; i++) {
        char c = id.at[i];
        if (c == '-')
            continue;
        key.at[digit / 2] =
            (unsigned char)(key.at[digit / 2] << 4 | (c <= '9' ? c - '0' : c - 'a' + 10));
        digit++;
    }
    return key;
}

/* Where the key is in `places`, or would be: the end of a UUID is random. */
static uint32_t *find_place(const DocumentTable *table, const Key *key)
{
    uint64_t end;
    memcpy(&end, key->at + KEY_SIZE - sizeof end, sizeof end);
    size_t at = (size_t)(end ^ end >> 32) & (table->place_room - 1);
    while (table->places[at] && memcmp(&table->keys[table->places[at] - 1], key, sizeof *key) != 0)
        at = (at + 1) & (table->place_room - 1);
    return &table->places[at];
}

static void grow_places(DocumentTable *table)
{
    free(table->places);
    table->place_room *= 2;
    table->places = heap_alloc(table->place_room * sizeof *table->places);
    for (size_t i = 0; i < table->count; i++)
        *find_place(table, &table->keys[i]) = (uint32_t)i + 1;
}

static size_t place_for(DocumentTable *table, Str id)
{
    Key key = key_of(id);
    uint32_t *place = find_place(table, &key);
    if (*place)
        return *place - 1;
    if (table->count == table->room)
        grow(table);
    table->keys[table->count] = key;
    *place = (uint32_t)++table->count;
    if (table->count * 2 > table->place_room)
        grow_places(table);
    return table->count - 1;
}

/* --- Changing --- */

static uint32_t number_for(DocumentTable *table, Texts *texts, Str text)
{
    if (!text.length)
        return 0;
    MapEntry *entry = map_find(&texts->numbers, text);
    if (!entry) {
        entry = map_add(&texts->numbers, str_copy(table->arena, text), NULL);
        entry->number = (int64_t)++texts->count;
    }
    return (uint32_t)entry->number;
}

static Chunks keep_chunks(DocumentTable *table, const NumberRangeList *ranges)
{
    if (!ranges->count)
        return (Chunks){ 0 };
    const NumberRange *one = ranges->at;
    for (size_t i = 0; i < ranges->count; i++)
        table->chunk_end = MAX(table->chunk_end, one[i].first + one[i].count);
    if (ranges->count == 1)
        return (Chunks){ .first = one->first, .count = (uint32_t)one->count };
    Scattered kept = { arena_new_array(table->arena, NumberRange, ranges->count), ranges->count };
    memcpy(kept.ranges, one, ranges->count * sizeof *one);
    *vec_push(table->arena, &table->scattered) = kept;
    return (Chunks){ (int64_t)table->scattered.count - 1, 1, true };
}

/* A list that is as long as the one it replaces takes its room. */
static void keep_tags(DocumentTable *table, size_t place, StrList tags)
{
    uint32_t at = table->tags[place];
    if (table->tag_lists[at] != tags.count) {
        if (table->tag_list_count + tags.count + 1 > table->tag_list_room) {
            table->tag_list_room = 2 * table->tag_list_room + tags.count;
            table->tag_lists =
                heap_grow(table->tag_lists, table->tag_list_room * sizeof *table->tag_lists);
        }
        at = tags.count ? (uint32_t)table->tag_list_count : 0;
        table->tag_list_count += tags.count ? tags.count + 1 : 0;
    }
    if (tags.count)
        table->tag_lists[at] = (uint32_t)tags.count;
    for (size_t i = 0; i < tags.count; i++)
        table->tag_lists[at + 1 + i] = number_for(table, &table->tag_texts, tags.at[i]);
    table->tags[place] = at;
}

void document_table_put(DocumentTable *table, const DocumentColumns *document)
{
    size_t known = table->count, place = place_for(table, document->id);
    if (place == known)
        table->tags[place] = 0;
    keep_tags(table, place, document->tags);
    table->chunks[place] = keep_chunks(table, &document->ranges);
#define TEXT_COLUMN(name, member)                                                                  \
    table->texts[COLUMN_##name][place] =                                                           \
        number_for(table, &table->columns[COLUMN_##name], document->member);
#define NUMBER_COLUMN(name, member) table->numbers[COLUMN_##name][place] = document->member;
#include "search/document_columns.def"
#undef TEXT_COLUMN
#undef NUMBER_COLUMN
}

void document_table_drop(DocumentTable *table, Str id)
{
    Key key = key_of(id);
    const uint32_t *place = find_place(table, &key);
    if (*place)
        table->chunks[*place - 1] = (Chunks){ 0 };
}

void document_table_empty_collection(DocumentTable *table, Str collection)
{
    const MapEntry *entry = map_find(&table->columns[COLUMN_COLLECTION].numbers, collection);
    uint32_t *column = table->texts[COLUMN_COLLECTION];
    for (size_t i = 0; entry && i < table->count; i++)
        if (column[i] == (uint32_t)entry->number)
            column[i] = 0;
}

/* --- Sets --- */

DocumentSet document_set_new(const DocumentTable *table, Arena *arena)
{
    size_t count = (table->count + 63) / 64;
    return (DocumentSet){ arena_new_array(arena, uint64_t, count), count };
}

/* A byte for each number of a text: whether it is one of these. */
static unsigned char *wanted_of(const Texts *texts, StrList list)
{
    unsigned char *wanted = heap_alloc(texts->count + 1);
    for (size_t i = 0; i < list.count; i++) {
        const MapEntry *entry = map_find(&texts->numbers, list.at[i]);
        if (entry || !list.at[i].length)
            wanted[entry ? entry->number : 0] = 1;
    }
    return wanted;
}

/* Adds each place for which the expression of `i` is 1. */
#define ADD_WHERE(table, set, expression)                                                          \
    for (size_t word = 0; word < (set)->count; word++) {                                           \
        uint64_t found = 0;                                                                        \
        size_t from = word * 64, end = MIN(from + 64, (table)->count);                             \
        for (size_t i = from; i < end; i++)                                                        \
            found |= (uint64_t)(expression) << (i - from);                                         \
        (set)->words[word] |= found;                                                               \
    }

void document_set_add_texts(const DocumentTable *table, DocumentSet *set, TextColumn column,
                            StrList texts)
{
    AUTO_FREE unsigned char *wanted = wanted_of(&table->columns[column], texts);
    const uint32_t *numbers = table->texts[column];
    ADD_WHERE(table, set, wanted[numbers[i]])
}

static bool has_tag(const uint32_t *list, const unsigned char *wanted)
{
    for (uint32_t i = 1; i <= list[0]; i++)
        if (wanted[list[i]])
            return true;
    return false;
}

void document_set_add_tags(const DocumentTable *table, DocumentSet *set, StrList tags)
{
    AUTO_FREE unsigned char *wanted = wanted_of(&table->tag_texts, tags);
    ADD_WHERE(table, set, has_tag(&table->tag_lists[table->tags[i]], wanted))
}

void document_set_add_range(const DocumentTable *table, DocumentSet *set, NumberColumn column,
                            int64_t from_number, int64_t to_number)
{
    const int64_t *numbers = table->numbers[column];
    ADD_WHERE(table, set, (numbers[i] >= from_number) & (numbers[i] < to_number))
}

void document_set_add_ids(const DocumentTable *table, DocumentSet *set, StrList ids)
{
    for (size_t i = 0; i < ids.count; i++) {
        Key key = key_of(ids.at[i]);
        const uint32_t *place = find_place(table, &key);
        if (*place)
            set->words[(*place - 1) / 64] |= UINT64_C(1) << ((*place - 1) % 64);
    }
}

static void add_chunks(const DocumentTable *table, const Chunks *chunks, ChunkBits *bits,
                       Arena *arena)
{
    if (!chunks->is_scattered) {
        NumberRange range = { chunks->first, chunks->count };
        chunk_bits_add_range(bits, arena, &range);
        return;
    }
    const Scattered *scattered = &table->scattered.at[chunks->first];
    for (size_t i = 0; i < scattered->count; i++)
        chunk_bits_add_range(bits, arena, &scattered->ranges[i]);
}

ChunkBits document_set_chunks(const DocumentTable *table, const DocumentSet *set, Arena *arena)
{
    uint64_t bit_count = ((uint64_t)table->chunk_end + 63) / 64 * 64;
    ChunkBits bits = { arena_new_array(arena, uint64_t, bit_count / 64 + 1), bit_count };
    for (size_t word = 0; word < set->count; word++)
        for (uint64_t left = set->words[word]; left; left &= left - 1) {
            size_t place = word * 64 + (size_t)__builtin_ctzll(left);
            if (place < table->count && table->chunks[place].count)
                add_chunks(table, &table->chunks[place], &bits, arena);
        }
    return bits;
}

/* --- The newest --- */

typedef struct Dated {
    int64_t date;
    const Key *key;
    const Chunks *chunks;
} Dated;

static int by_date(const void *a, const void *b)
{
    const Dated *x = a, *y = b;
    if (x->date != y->date)
        return x->date < y->date ? 1 : -1;
    return memcmp(y->key, x->key, sizeof *x->key);
}

typedef struct Newest {
    Dated *at;
    size_t count, most, room;
    bool is_cut; /* the first `most` are in order, and better than what was left out */
} Newest;

/* Sorted when there is no more room, so that each is moved few times. */
static void cut(Newest *newest)
{
    if (newest->count)
        qsort(newest->at, newest->count, sizeof *newest->at, by_date);
    newest->is_cut |= newest->count >= newest->most;
    newest->count = MIN(newest->count, newest->most);
}

static void add_dated(Newest *newest, const Dated *dated)
{
    if (newest->is_cut && by_date(dated, &newest->at[newest->most - 1]) > 0)
        return;
    newest->at[newest->count++] = *dated;
    if (newest->count == newest->room)
        cut(newest);
}

static NumberRangeList ranges_of(const DocumentTable *table, const Chunks *chunks, Arena *arena)
{
    if (chunks->is_scattered)
        return (NumberRangeList){ table->scattered.at[chunks->first].ranges,
                                  table->scattered.at[chunks->first].count };
    NumberRange *range = arena_new_one(arena, NumberRange);
    *range = (NumberRange){ chunks->first, chunks->count };
    return (NumberRangeList){ range, 1 };
}

DocumentChunksList document_set_newest(const DocumentTable *table, const DocumentSet *set,
                                       Arena *arena, size_t most, size_t *total_r)
{
    Newest newest = { .most = MIN(MAX(most, 1), table->count + 1) };
    size_t total = 0;
    newest.room = 2 * newest.most + 1;
    newest.at = arena_new_array(arena, Dated, newest.room);
    for (size_t place = 0; place < table->count; place++) {
        if (!(set->words[place / 64] >> (place % 64) & 1) || !table->chunks[place].count)
            continue;
        add_dated(&newest, &(Dated){ table->numbers[COLUMN_DATE][place], &table->keys[place],
                                     &table->chunks[place] });
        total++;
    }
    cut(&newest);
    NumberRangeList *list = arena_new_array(arena, NumberRangeList, newest.count);
    for (size_t i = 0; i < newest.count; i++)
        list[i] = ranges_of(table, newest.at[i].chunks, arena);
    *total_r = total;
    return (DocumentChunksList){ list, newest.count };
}
