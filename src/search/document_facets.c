/* document_facets.c - see document_facets.h. */
#include "search/document_facets.h"

#include "search/chunk_bits.h"
#include "search/document_table_int.h"

#define YEARS 10000 /* as four digits have them */
#define DAY_MS INT64_C(86400000)

/* --- Which documents --- */

static bool has_chunk(const DocumentTable *table, size_t place, const ChunkBits *chunks)
{
    const Chunks *own = &table->chunks[place];
    if (!own->is_scattered) {
        NumberRange range = { own->first, own->count };
        return own->count && chunk_bits_meet(chunks, &range);
    }
    const Scattered *scattered = &table->scattered.at[own->first];
    for (size_t i = 0; i < scattered->count; i++)
        if (chunk_bits_meet(chunks, &scattered->ranges[i]))
            return true;
    return false;
}

/* The places of those that are counted. */
typedef struct Places {
    uint32_t *at;
    size_t count;
} Places;

/* --- Lists of values --- */

static int by_count(const void *a, const void *b)
{
    const FacetValue *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return str_compare(x->value, y->value);
}

typedef VEC(FacetValue) Values;

static FacetList sorted(Values *values)
{
    if (values->count)
        qsort(values->at, values->count, sizeof *values->at, by_count);
    return (FacetList){ values->at, values->count };
}

/* Of texts by their numbers; no text is no value. */
static FacetList list_of(Arena *arena, const Texts *texts, const int64_t *counts)
{
    Values values = { 0 };
    for (size_t i = 0; i < texts->numbers.capacity; i++) {
        const MapEntry *entry = &texts->numbers.slots[i];
        if (!entry->key.at || !counts[entry->number])
            continue;
        Str text = str_copy(arena, entry->key);
        *vec_push(arena, &values) = (FacetValue){ text, text, counts[entry->number] };
    }
    return sorted(&values);
}

static FacetList count_texts(const DocumentTable *table, Arena *arena, const Places *places,
                             TextColumn column)
{
    const Texts *texts = &table->columns[column];
    int64_t *counts = arena_new_array(arena, int64_t, texts->count + 1);
    for (size_t i = 0; i < places->count; i++)
        counts[table->texts[column][places->at[i]]]++;
    return list_of(arena, texts, counts);
}

static FacetList count_tags(const DocumentTable *table, Arena *arena, const Places *places)
{
    int64_t *counts = arena_new_array(arena, int64_t, table->tag_texts.count + 1);
    for (size_t i = 0; i < places->count; i++) {
        const uint32_t *list = &table->tag_lists[table->tags[places->at[i]]];
        for (uint32_t n = 1; n <= list[0]; n++)
            counts[list[n]]++;
    }
    return list_of(arena, &table->tag_texts, counts);
}

/* --- Years --- */

/* Days from 1970 to the first of January (of the proleptic Gregorian calendar), from year 1 on. */
static int64_t first_day(int64_t year)
{
    int64_t before = year - 1;
    return 365 * (year - 1970) + (before / 4 - 492) - (before / 100 - 19) + (before / 400 - 4);
}

/* YEARS: none that has four digits. */
static int64_t year_of(int64_t time_ms)
{
    int64_t day = time_ms / DAY_MS - (time_ms % DAY_MS < 0);
    if (day < first_day(1) || day >= first_day(YEARS))
        return YEARS;
    int64_t year = MIN(MAX(1970 + day * 400 / 146097, 1), YEARS - 1);
    while (day < first_day(year))
        year--;
    while (day >= first_day(year + 1))
        year++;
    return year;
}

static FacetList count_years(const DocumentTable *table, Arena *arena, const Places *places)
{
    int64_t *counts = arena_new_array(arena, int64_t, YEARS + 1);
    Values values = { 0 };
    for (size_t i = 0; i < places->count; i++)
        counts[year_of(table->numbers[COLUMN_DATE][places->at[i]])]++;
    for (size_t year = 0; year < YEARS; year++) {
        if (!counts[year])
            continue;
        Str text = str_format(arena, "%04zu", year);
        *vec_push(arena, &values) = (FacetValue){ text, text, counts[year] };
    }
    return sorted(&values);
}

static FacetCounts count_places(const DocumentTable *table, Arena *arena, const Places *places)
{
    static const struct {
        Facet facet;
        TextColumn column;
    } texts[] = {
        { FACET_type, COLUMN_FORMAT },
        { FACET_collection, COLUMN_COLLECTION },
        { FACET_author, COLUMN_AUTHOR },
        { FACET_language, COLUMN_LANGUAGE },
    };
    FacetCounts counts = { .documents = (int64_t)places->count };
    for (size_t i = 0; i < COUNT(texts); i++)
        counts.lists[texts[i].facet] = count_texts(table, arena, places, texts[i].column);
    counts.lists[FACET_tag] = count_tags(table, arena, places);
    counts.lists[FACET_year] = count_years(table, arena, places);
    return counts;
}

static Places room_for(const DocumentTable *table, Arena *arena)
{
    return (Places){ .at = arena_alloc_raw(arena, (table->count + 1) * sizeof(uint32_t)) };
}

FacetCounts document_facets_of_chunks(const DocumentTable *table, Arena *arena,
                                      const ChunkBits *chunks)
{
    Places places = room_for(table, arena);
    for (size_t i = 0; i < table->count; i++)
        if (has_chunk(table, i, chunks))
            places.at[places.count++] = (uint32_t)i;
    return count_places(table, arena, &places);
}

FacetCounts document_facets_of_set(const DocumentTable *table, Arena *arena, const DocumentSet *set)
{
    Places places = room_for(table, arena);
    for (size_t word = 0; word < set->count; word++)
        for (uint64_t left = set->words[word]; left; left &= left - 1)
            places.at[places.count++] = (uint32_t)(word * 64 + (size_t)__builtin_ctzll(left));
    return count_places(table, arena, &places);
}
