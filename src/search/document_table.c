/* document_table.c - see document_table.h. */
#include "search/document_table_int.h"

#include "base/hash.h"
#include "base/id.h"

#define TEXTS_MAX GB(1)
#define ROOM_FIRST 64 /* a multiple of 64 */

/* --- Memory --- */

/* Of what does not grow with the places. */
static const bool has_buckets[NUMBER_COLUMN_COUNT] = {
    [COLUMN_DATE] = true, [COLUMN_OWN_DATE] = true, [COLUMN_SIZE] = true
};

/* `room` is a multiple of 64. */
static void grow(DocumentTable *table, size_t room)
{
    table->room = room;
    table->keys = heap_grow(table->keys, room * sizeof *table->keys);
    table->chunks = heap_grow(table->chunks, room * sizeof *table->chunks);
    table->tags = heap_grow(table->tags, room * sizeof *table->tags);
    table->live = heap_grow(table->live, room / 64 * sizeof *table->live);
    size_t words = (table->count + 63) / 64;
    memset(table->live + words, 0, (room / 64 - words) * sizeof *table->live);
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++) {
        table->texts[i] = heap_grow(table->texts[i], room * sizeof **table->texts);
        document_values_reserve(&table->values[i], room);
    }
    for (size_t i = 0; i < NUMBER_COLUMN_COUNT; i++) {
        table->numbers[i] = heap_grow(table->numbers[i], room * sizeof **table->numbers);
        table->zones[i] = heap_grow(table->zones[i], room / 64 * sizeof **table->zones);
        for (size_t zone = words; zone < room / 64; zone++)
            table->zones[i][zone] = NUMBER_ZONE_NONE;
        if (has_buckets[i])
            document_buckets_reserve(&table->buckets[i], room);
    }
}

DocumentTable *document_table_new(void)
{
    DocumentTable *table = heap_alloc(sizeof *table);
    table->arena = arena_new(TEXTS_MAX);
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++)
        table->columns[i].numbers = map_new(table->arena);
    table->tag_texts.numbers = map_new(table->arena);
    table->names = document_names_new();
    table->tag_list_room = ROOM_FIRST;
    table->tag_lists = heap_alloc(ROOM_FIRST * sizeof *table->tag_lists);
    table->tag_list_count = 1;
    table->place_room = 2 * ROOM_FIRST;
    table->places = heap_alloc(table->place_room * sizeof *table->places);
    grow(table, ROOM_FIRST);
    return table;
}

void document_table_free(DocumentTable *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++) {
        free(table->texts[i]);
        document_values_free(&table->values[i]);
    }
    for (size_t i = 0; i < NUMBER_COLUMN_COUNT; i++) {
        free(table->numbers[i]);
        free(table->zones[i]);
        document_buckets_free(&table->buckets[i]);
    }
    for (size_t i = 0; i < table->tag_place_count; i++)
        free(table->tag_places[i].at);
    free(table->tag_places);
    free(table->keys);
    free(table->chunks);
    free(table->tags);
    free(table->live);
    document_names_free(table->names);
    free(table->tag_lists);
    free(table->places);
    arena_free(table->arena);
    free(table);
}

size_t document_table_bytes(const DocumentTable *table)
{
    size_t row = sizeof(Key) + sizeof(Chunks) + (TEXT_COLUMN_COUNT + 1) * sizeof(uint32_t) +
                 NUMBER_COLUMN_COUNT * (sizeof(int64_t) + 1);
    size_t values = 0, buckets = 0;
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++)
        values += document_values_bytes(&table->values[i]);
    for (size_t i = 0; i < NUMBER_COLUMN_COUNT; i++)
        buckets += document_buckets_bytes(&table->buckets[i]);
    return table->room * row + values + buckets +
           (table->tag_list_room + table->tag_place_room + table->place_room) * sizeof(uint32_t) +
           arena_used(table->arena) + document_names_bytes(table->names);
}

size_t document_table_count(const DocumentTable *table) { return table->count; }

/* --- Places --- */

Key document_key_of(Str id)
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
    memcpy(&end, key->at + DOCUMENT_KEY_SIZE - sizeof end, sizeof end);
    size_t at = (size_t)(end ^ end >> 32) & (table->place_room - 1);
    while (table->places[at] && memcmp(&table->keys[table->places[at] - 1], key, sizeof *key) != 0)
        at = (at + 1) & (table->place_room - 1);
    return &table->places[at];
}

bool document_place_of(const DocumentTable *table, Str id, size_t *place_r)
{
    Key key = document_key_of(id);
    const uint32_t *place = find_place(table, &key);
    if (*place)
        *place_r = *place - 1;
    return *place;
}

static void grow_places(DocumentTable *table, size_t room)
{
    free(table->places);
    table->place_room = room;
    table->places = heap_alloc(table->place_room * sizeof *table->places);
    for (size_t i = 0; i < table->count; i++)
        *find_place(table, &table->keys[i]) = (uint32_t)i + 1;
}

static size_t place_for(DocumentTable *table, const Key *key)
{
    uint32_t *place = find_place(table, key);
    if (*place)
        return *place - 1;
    if (table->count == table->room)
        grow(table, 2 * table->room);
    table->keys[table->count] = *key;
    *place = (uint32_t)++table->count;
    if (table->count * 2 > table->place_room)
        grow_places(table, 2 * table->place_room);
    return table->count - 1;
}

void document_table_reserve(DocumentTable *table, size_t count)
{
    size_t room = (count + 63) / 64 * 64, place_room = table->place_room;
    while (place_room < 2 * count)
        place_room *= 2;
    if (place_room > table->place_room)
        grow_places(table, place_room);
    if (room > table->room)
        grow(table, room);
    document_names_reserve(table->names, room);
}

/* --- Changing --- */

uint32_t document_text_number(DocumentTable *table, Texts *texts, Str text)
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

static bool list_has(const uint32_t *list, uint32_t tag)
{
    for (uint32_t i = 1; i <= list[0]; i++)
        if (list[i] == tag)
            return true;
    return false;
}

static void add_tag_place(DocumentTable *table, uint32_t tag, size_t place)
{
    if (tag >= table->tag_place_count) {
        size_t count = 2 * (size_t)tag + 1;
        table->tag_places = heap_grow(table->tag_places, count * sizeof *table->tag_places);
        memset(table->tag_places + table->tag_place_count, 0,
               (count - table->tag_place_count) * sizeof *table->tag_places);
        table->tag_place_count = count;
    }
    TagPlaces *places = &table->tag_places[tag];
    if (places->count == places->room) {
        size_t room = places->room ? 2 * places->room : 4;
        table->tag_place_room += room - places->room;
        places->at = heap_grow(places->at, room * sizeof *places->at);
        places->room = room;
    }
    places->at[places->count++] = (uint32_t)place;
}

/* `list` replaces what the place had. */
static void note_tags(DocumentTable *table, size_t place, const uint32_t *list)
{
    const uint32_t *before = &table->tag_lists[table->tags[place]];
    for (uint32_t i = 1; i <= list[0]; i++)
        if (!list_has(before, list[i]))
            add_tag_place(table, list[i], place);
    for (uint32_t i = 1; i <= before[0]; i++)
        table->tag_places[before[i]].is_stale |= !list_has(list, before[i]);
}

/* A list that is as long as the one it replaces takes its room. */
static void keep_tags(DocumentTable *table, size_t place, const uint32_t *list)
{
    size_t count = list[0];
    note_tags(table, place, list);
    uint32_t at = table->tags[place];
    if (table->tag_lists[at] != count) {
        if (table->tag_list_count + count + 1 > table->tag_list_room) {
            table->tag_list_room = 2 * table->tag_list_room + count;
            table->tag_lists =
                heap_grow(table->tag_lists, table->tag_list_room * sizeof *table->tag_lists);
        }
        at = count ? (uint32_t)table->tag_list_count : 0;
        table->tag_list_count += count ? count + 1 : 0;
    }
    memcpy(&table->tag_lists[at], list, (count + 1) * sizeof *list);
    table->tags[place] = at;
}

static void set_live(DocumentTable *table, size_t place, bool is_live)
{
    uint64_t bit = UINT64_C(1) << place % 64, *word = &table->live[place / 64];
    *word = is_live ? *word | bit : *word & ~bit;
}

/* Of a place that has one. */
static void change_text(DocumentTable *table, TextColumn column, size_t place, uint32_t number)
{
    document_values_take(&table->values[column], place, table->texts[column][place]);
    table->texts[column][place] = number;
    document_values_add(&table->values[column], place, number);
}

void document_table_put_row(DocumentTable *table, const DocumentRow *row)
{
    size_t known = table->count, place = place_for(table, &row->key);
    if (place == known)
        table->tags[place] = 0;
    keep_tags(table, place, row->tags);
    table->chunks[place] = keep_chunks(table, &row->ranges);
    set_live(table, place, table->chunks[place].count > 0);
    document_names_put(table->names, table->keys, place, row->name, row->title);
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++) {
        if (place < known) {
            change_text(table, i, place, row->texts[i]);
            continue;
        }
        table->texts[i][place] = row->texts[i];
        document_values_add(&table->values[i], place, row->texts[i]);
    }
    for (size_t i = 0; i < NUMBER_COLUMN_COUNT; i++) {
        table->numbers[i][place] = row->numbers[i];
        number_zone_widen(&table->zones[i][place / 64], row->numbers[i]);
        if (has_buckets[i])
            document_buckets_put(&table->buckets[i], place, row->numbers[i]);
    }
}

void document_table_put(DocumentTable *table, const DocumentColumns *document)
{
    size_t tag_count = document->tags.count;
    AUTO_FREE uint32_t *tags = heap_alloc((tag_count + 1) * sizeof *tags);
    DocumentRow row = { .key = document_key_of(document->id),
                        .ranges = document->ranges,
                        .tags = tags,
                        .name = document->name,
                        .title = document->title };
    tags[0] = (uint32_t)tag_count;
    for (size_t i = 0; i < tag_count; i++)
        tags[i + 1] = document_text_number(table, &table->tag_texts, document->tags.at[i]);
#define TEXT_COLUMN(name, member)                                                                  \
    row.texts[COLUMN_##name] =                                                                     \
        document_text_number(table, &table->columns[COLUMN_##name], document->member);
#define NUMBER_COLUMN(name, member) row.numbers[COLUMN_##name] = document->member;
#include "search/document_columns.def"
#undef TEXT_COLUMN
#undef NUMBER_COLUMN
    document_table_put_row(table, &row);
}

void document_table_settle_numbers(DocumentTable *table)
{
    for (size_t i = 0; i < NUMBER_COLUMN_COUNT; i++)
        if (has_buckets[i])
            document_buckets_settle(&table->buckets[i], table->numbers[i]);
}

void document_table_settle(DocumentTable *table)
{
    document_table_settle_numbers(table);
    document_names_settle(table->names, table->keys);
}

void document_table_drop(DocumentTable *table, Str id)
{
    size_t place;
    if (!document_place_of(table, id, &place))
        return;
    table->chunks[place] = (Chunks){ 0 };
    set_live(table, place, false);
}

void document_table_empty_collection(DocumentTable *table, Str collection)
{
    const MapEntry *entry = map_find(&table->columns[COLUMN_COLLECTION].numbers, collection);
    const uint32_t *column = table->texts[COLUMN_COLLECTION];
    for (size_t i = 0; entry && i < table->count; i++)
        if (column[i] == (uint32_t)entry->number)
            change_text(table, COLUMN_COLLECTION, i, 0);
}

void document_table_guard_collection(DocumentTable *table, Str collection, Str guard)
{
    const MapEntry *entry = map_find(&table->columns[COLUMN_COLLECTION].numbers, collection);
    uint32_t own = document_text_number(table, &table->columns[COLUMN_GUARD], collection);
    uint32_t number = document_text_number(table, &table->columns[COLUMN_GUARD], guard);
    const uint32_t *guards = table->texts[COLUMN_GUARD];
    for (size_t i = 0; entry && i < table->count; i++)
        if (table->texts[COLUMN_COLLECTION][i] == (uint32_t)entry->number &&
            (!guards[i] || guards[i] == own))
            change_text(table, COLUMN_GUARD, i, number);
}
