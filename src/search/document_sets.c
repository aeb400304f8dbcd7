/* document_sets.c - sets of the documents of a table. */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "search/chunk_bits.h"
#include "search/document_table_int.h"

DocumentSet document_set_new(const DocumentTable *table, Arena *arena)
{
    size_t count = (table->count + 63) / 64;
    return (DocumentSet){ arena_new_array(arena, uint64_t, count), count };
}

DocumentSet document_set_live(const DocumentTable *table, Arena *arena)
{
    size_t count = (table->count + 63) / 64, size = count * sizeof(uint64_t);
    DocumentSet set = { arena_alloc_raw(arena, size + 1), count };
    if (count)
        memcpy(set.words, table->live, size);
    return set;
}

static size_t count_plainly(const DocumentSet *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += (size_t)__builtin_popcountll(set->words[i]);
    return count;
}

#ifdef __x86_64__
/* The processor's own instruction takes a tenth of the time. */
__attribute__((target("popcnt"))) static size_t count_by_processor(const DocumentSet *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += (size_t)__builtin_popcountll(set->words[i]);
    return count;
}

size_t document_set_count(const DocumentSet *set)
{
    return __builtin_cpu_supports("popcnt") ? count_by_processor(set) : count_plainly(set);
}
#else
size_t document_set_count(const DocumentSet *set) { return count_plainly(set); }
#endif

void document_set_take_ids(const DocumentTable *table, DocumentSet *set, StrList ids)
{
    size_t place;
    for (size_t i = 0; i < ids.count; i++)
        if (document_place_of(table, ids.at[i], &place) && place / 64 < set->count)
            set->words[place / 64] &= ~(UINT64_C(1) << place % 64);
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

/* 64 flags as bits: each multiplication moves eight of them to its highest byte. */
static uint64_t pack(const unsigned char flags[64])
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t eight;
        memcpy(&eight, flags + 8 * i, sizeof eight);
        bits |= (eight * 0x0102040810204080 >> 56) << 8 * i;
    }
    return bits;
}

/* Each place for which the expression of `i` is 1: of those of `had`, which may be all that a word
 * of the set has room for. */
#define SPARSE 8
#define WORD_WHERE(table, word, had, found, expression)                                            \
    size_t from = (word)*64;                                                                       \
    if (__builtin_popcountll(had) < SPARSE || from + 64 > (table)->count) {                        \
        for (uint64_t left = (had); left; left &= left - 1) {                                      \
            size_t i = from + (size_t)__builtin_ctzll(left);                                       \
            if (i < (table)->count)                                                                \
                (found) |= (uint64_t)(expression) << (i - from);                                   \
        }                                                                                          \
    } else {                                                                                       \
        unsigned char flags[64];                                                                   \
        for (size_t at = 0; at < 64; at++) {                                                       \
            size_t i = from + at;                                                                  \
            flags[at] = (expression);                                                              \
        }                                                                                          \
        (found) = pack(flags) & (had);                                                             \
    }

#define ADD_WHERE(table, set, expression)                                                          \
    for (size_t word = 0; word < (set)->count; word++) {                                           \
        uint64_t found = 0, had = UINT64_MAX;                                                      \
        WORD_WHERE(table, word, had, found, expression)(set)->words[word] |= found;                \
    }

/* Which documents of 64 in a row have one of the wanted texts, of those of `had`. */
typedef struct TextLook {
    const DocumentTable *table;
    const uint32_t *numbers;
    unsigned char *wanted; /* to be freed */
    WantedValues values;
    bool is_exact; /* the bits of the texts say it */
} TextLook;

static TextLook text_look(const DocumentTable *table, TextColumn column, StrList texts)
{
    const Texts *known = &table->columns[column];
    TextLook look = { .table = table,
                      .numbers = table->texts[column],
                      .wanted = wanted_of(known, texts),
                      .is_exact = known->count < VALUE_PLANES };
    look.values = document_values_wanted(&table->values[column], look.wanted, known->count + 1);
    return look;
}

static uint64_t look_at_texts(const TextLook *look, size_t word, uint64_t had)
{
    uint64_t found = 0;
    had &= document_values_word(&look->values, word);
    if (!had || look->is_exact)
        return had;
    WORD_WHERE(look->table, word, had, found, look->wanted[look->numbers[i]])
    return found;
}

void document_set_add_texts(const DocumentTable *table, DocumentSet *set, TextColumn column,
                            StrList texts)
{
    TextLook look = text_look(table, column, texts);
    for (size_t word = 0; word < set->count; word++)
        set->words[word] |= look_at_texts(&look, word, UINT64_MAX);
    free(look.wanted);
}

void document_set_add_texts_with(const DocumentTable *table, DocumentSet *set, TextColumn column,
                                 Str part)
{
    const Map *texts = &table->columns[column].numbers;
    AUTO_FREE unsigned char *wanted = heap_alloc(table->columns[column].count + 1);
    const uint32_t *numbers = table->texts[column];
    for (size_t i = 0; i < texts->capacity; i++)
        if (texts->slots[i].key.at && str_find(texts->slots[i].key, part) >= 0)
            wanted[texts->slots[i].number] = 1;
    ADD_WHERE(table, set, wanted[numbers[i]])
}

/* In a loop of its own, since most filters name one format or collection. */
static void keep_plane(DocumentSet *set, const uint64_t *plane)
{
    for (size_t word = 0; word < set->count; word++)
        set->words[word] &= plane[word];
}

void document_set_keep_texts(const DocumentTable *table, DocumentSet *set, TextColumn column,
                             StrList texts)
{
    TextLook look = text_look(table, column, texts);
    if (look.is_exact && look.values.count == 1)
        keep_plane(set, look.values.planes[0]);
    else
        for (size_t word = 0; word < set->count; word++)
            set->words[word] = look_at_texts(&look, word, set->words[word]);
    free(look.wanted);
}

static bool has_tag(const uint32_t *list, uint32_t tag)
{
    for (uint32_t i = 1; i <= list[0]; i++)
        if (list[i] == tag)
            return true;
    return false;
}

static void add_tag(const DocumentTable *table, DocumentSet *set, Str tag)
{
    const MapEntry *entry = map_find(&table->tag_texts.numbers, tag);
    uint32_t number = entry ? (uint32_t)entry->number : 0;
    if (!entry || number >= table->tag_place_count)
        return;
    const TagPlaces *places = &table->tag_places[number];
    for (size_t i = 0; i < places->count; i++) {
        uint32_t place = places->at[i];
        if (!places->is_stale || has_tag(&table->tag_lists[table->tags[place]], number))
            set->words[place / 64] |= UINT64_C(1) << place % 64;
    }
}

void document_set_add_tags(const DocumentTable *table, DocumentSet *set, StrList tags)
{
    for (size_t i = 0; i < tags.count; i++)
        add_tag(table, set, tags.at[i]);
}

void document_set_keep_tags(const DocumentTable *table, DocumentSet *set, StrList tags)
{
    AUTO_FREE uint64_t *words = heap_alloc(set->count * sizeof *words + 1);
    DocumentSet tagged = { words, set->count };
    document_set_add_tags(table, &tagged, tags);
    for (size_t i = 0; i < set->count; i++)
        set->words[i] &= words[i];
}

/* At least `from`, and less than `from + width`. */
typedef struct RangeLook {
    const DocumentTable *table;
    const int64_t *numbers;
    const uint16_t *buckets; /* NULL: all numbers are read */
    uint64_t from, width;
    uint16_t first, last; /* its buckets */
} RangeLook;

static uint64_t look_at_numbers(const RangeLook *look, size_t word, uint64_t had)
{
    uint64_t found = 0;
    WORD_WHERE(look->table, word, had, found, (uint64_t)look->numbers[i] - look->from < look->width)
    return found;
}

/* Every machine compares so many at once; of a loop the compiler makes nothing of the kind (-O2).
 */
typedef uint16_t Lanes __attribute__((vector_size(16)));
#define LANES (sizeof(Lanes) / sizeof(uint16_t))

/* A bit for each lane of both, all of whose bits are the same. */
static uint64_t bits_of_lanes(Lanes low, Lanes high)
{
#ifdef __SSE2__
    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16((__m128i)low, (__m128i)high));
#else
    uint64_t bits = 0;
    for (size_t i = 0; i < LANES; i++)
        bits |= (uint64_t)(low[i] & 1) << i | (uint64_t)(high[i] & 1) << (LANES + i);
    return bits;
#endif
}

/* Of 64 buckets, those that are `first`, or up to `more` above it. */
static uint64_t bits_from(const uint16_t *at, uint16_t first, uint16_t more)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < 64; i += 2 * LANES) {
        Lanes low, high;
        memcpy(&low, at + i, sizeof low);
        memcpy(&high, at + i + LANES, sizeof high);
        bits |= bits_of_lanes((Lanes)(low - first <= more), (Lanes)(high - first <= more)) << i;
    }
    return bits;
}

static bool is_within(const RangeLook *look, size_t place)
{
    uint16_t bucket = look->buckets[place];
    if (bucket <= look->first || bucket >= look->last)
        return (uint64_t)look->numbers[place] - look->from < look->width;
    return true;
}

/* Only what lies in the first and the last bucket has to be read. */
static uint64_t look_at_buckets(const RangeLook *look, size_t word, uint64_t had)
{
    if (!(had & (had - 1)))
        return had && is_within(look, word * 64 + (size_t)__builtin_ctzll(had)) ? had : 0;
    const uint16_t *at = look->buckets + word * 64;
    uint16_t more = look->last - look->first;
    uint64_t may = had & bits_from(at, look->first, more), within = 0;
    if (more >= 2 && may)
        within = may & bits_from(at, look->first + 1, more - 2);
    return within | look_at_numbers(look, word, may & ~within);
}

/* Of so many documents of the set one has to be in the range, else to compare them takes longer
 * than to gather those that are. */
#define GATHERED_OF 6

/* The few that are in the range, by their buckets. False: they are not few. */
static bool keep_few(const RangeLook *look, const DocumentBuckets *buckets, DocumentSet *set)
{
    size_t few = 0;
    for (size_t i = look->first; i <= look->last && look->width; i++)
        few += buckets->buckets[i].count;
    if (few > document_set_count(set) / GATHERED_OF)
        return false;
    AUTO_FREE uint64_t *words = heap_alloc(set->count * sizeof *words + 1);
    for (size_t i = look->first; i <= look->last && look->width; i++) {
        const Bucket *bucket = &buckets->buckets[i];
        bool is_edge = i == look->first || i == look->last;
        for (size_t n = 0; n < bucket->count; n++) {
            uint32_t place = bucket->at[n];
            if (!is_edge || is_within(look, place))
                words[place / 64] |= UINT64_C(1) << place % 64;
        }
    }
    for (size_t i = 0; i < set->count; i++)
        set->words[i] &= words[i];
    return true;
}

void document_set_keep_range(const DocumentTable *table, DocumentSet *set, NumberColumn column,
                             int64_t from_number, int64_t to_number)
{
    const DocumentBuckets *buckets = &table->buckets[column];
    RangeLook look = { .table = table,
                       .numbers = table->numbers[column],
                       .buckets = buckets->at,
                       .from = (uint64_t)from_number };
    if (from_number < to_number)
        look.width = (uint64_t)to_number - look.from;
    if (look.buckets && look.width) {
        look.first = document_bucket(buckets, from_number);
        look.last = document_bucket(buckets, to_number - 1);
    }
    if (look.buckets && keep_few(&look, buckets, set))
        return;
    for (size_t word = 0; word < set->count; word++) {
        const NumberZone *zone = &table->zones[column][word];
        uint64_t had = set->words[word];
        if (!had || (zone->least >= from_number && zone->most < to_number))
            continue;
        if (zone->most < from_number || zone->least >= to_number)
            set->words[word] = 0;
        else
            set->words[word] = (look.buckets ? look_at_buckets : look_at_numbers)(&look, word, had);
    }
}

void document_set_add_range(const DocumentTable *table, DocumentSet *set, NumberColumn column,
                            int64_t from_number, int64_t to_number)
{
    AUTO_FREE uint64_t *words = heap_alloc(set->count * sizeof *words + 1);
    DocumentSet within = { words, set->count };
    if (set->count)
        memcpy(words, table->live, set->count * sizeof *words);
    document_set_keep_range(table, &within, column, from_number, to_number);
    for (size_t i = 0; i < set->count; i++)
        set->words[i] |= words[i];
}

void document_set_add_ids(const DocumentTable *table, DocumentSet *set, StrList ids)
{
    size_t place;
    for (size_t i = 0; i < ids.count; i++)
        if (document_place_of(table, ids.at[i], &place))
            set->words[place / 64] |= UINT64_C(1) << place % 64;
}

static void add_chunks(const DocumentTable *table, const Chunks *chunks, ChunkBits *bits,
                       Arena *arena)
{
    if (!chunks->is_scattered && chunks->count == 1) { /* there is room up to chunk_end */
        bits->bits[chunks->first / 64] |= UINT64_C(1) << chunks->first % 64;
        return;
    }
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
