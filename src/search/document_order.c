/* document_order.c - the first documents of a set, in an order. */
#include "base/id.h"
#include "search/document_table_int.h"

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

/* --- The first of a list --- */

/* So many are taken at once at most to look at their names. */
#define TAKEN_MAX 20000

typedef struct First {
    const int64_t *numbers;
    const Key *keys;
    int64_t flip; /* -1: numbers and keys are compared the other way */
} First;

/* As it is compared: the smaller, the earlier. */
static int64_t worth(const First *first, size_t place)
{
    return first->numbers[place] ^ first->flip;
}

/* Which of two with the same worth comes first. */
static int compare_keys(const First *first, size_t a, size_t b)
{
    int by_key = memcmp(&first->keys[a], &first->keys[b], sizeof(Key));
    return first->flip ? -by_key : by_key;
}

static const NumberZone *zones_of(const DocumentTable *table, DocumentOrder order)
{
    switch (order) {
    case DOCUMENT_BY_CREATED: return table->zones[COLUMN_ADDED];
    case DOCUMENT_BY_UPDATED: return table->zones[COLUMN_UPDATED];
    case DOCUMENT_BY_SIZE: return table->zones[COLUMN_SIZE];
    case DOCUMENT_BY_DATE: return table->zones[COLUMN_OWN_DATE];
    case DOCUMENT_BY_NAME: break;
    }
    return document_names_zones(table->names);
}

static const int64_t *numbers_of(const DocumentTable *table, DocumentOrder order)
{
    switch (order) {
    case DOCUMENT_BY_CREATED: return table->numbers[COLUMN_ADDED];
    case DOCUMENT_BY_UPDATED: return table->numbers[COLUMN_UPDATED];
    case DOCUMENT_BY_SIZE: return table->numbers[COLUMN_SIZE];
    case DOCUMENT_BY_DATE: return table->numbers[COLUMN_OWN_DATE];
    case DOCUMENT_BY_NAME: break;
    }
    return document_names_labels(table->names);
}

/* Where a part of a list begins: behind `key` where the worth is `least`, else from there on. */
typedef struct Beginning {
    int64_t least;
    bool is_behind_key;
    Key key;
} Beginning;

static Beginning beginning_of(const DocumentTable *table, const First *first, DocumentOrder order,
                              const ListKey *after)
{
    if (!after)
        return (Beginning){ .least = INT64_MIN };
    Key key = document_key_of(after->id);
    if (order != DOCUMENT_BY_NAME)
        return (Beginning){ after->number ^ first->flip, true, key };
    bool is_up = !first->flip;
    int64_t label = document_names_label(table->names, table->keys, after->text, &key, is_up);
    return (Beginning){ .least = is_up ? label : (label ^ first->flip) + 1 };
}

static bool is_before(const First *first, const Beginning *beginning, size_t place)
{
    int64_t of_place = worth(first, place);
    if (of_place != beginning->least || !beginning->is_behind_key)
        return of_place < beginning->least;
    int by_key = memcmp(&first->keys[place], &beginning->key, sizeof(Key));
    return first->flip ? by_key >= 0 : by_key <= 0;
}

typedef struct Kept {
    int64_t worth;
    uint32_t place;
} Kept;

/* The first `most` of what was looked at: a heap, with the last of them at its root. */
typedef struct Gathering {
    First first;
    Beginning beginning;
    const uint16_t *buckets; /* of the numbers; NULL: there are none */
    Kept *kept;
    size_t count, most;
} Gathering;

static bool comes_after(const First *first, const Kept *a, const Kept *b)
{
    return a->worth != b->worth ? a->worth > b->worth : compare_keys(first, a->place, b->place) > 0;
}

static int compare_kept(const void *a, const void *b, void *first)
{
    return comes_after(first, a, b) ? 1 : -1;
}

static void rise(Gathering *in, Kept one)
{
    size_t at = in->count++;
    for (size_t up; at && comes_after(&in->first, &one, &in->kept[up = (at - 1) / 2]); at = up)
        in->kept[at] = in->kept[up];
    in->kept[at] = one;
}

/* In place of the last. */
static void sink(Gathering *in, Kept one)
{
    size_t at = 0;
    for (size_t next; (next = 2 * at + 1) < in->count; at = next) {
        if (next + 1 < in->count && comes_after(&in->first, &in->kept[next + 1], &in->kept[next]))
            next++;
        if (!comes_after(&in->first, &in->kept[next], &one))
            break;
        in->kept[at] = in->kept[next];
    }
    in->kept[at] = one;
}

static bool is_full(const Gathering *in) { return in->count == in->most; }

/* Its bucket says so. */
static bool is_too_late(const Gathering *in, size_t place)
{
    if (!in->buckets || !is_full(in))
        return false;
    uint16_t bucket = in->buckets[place], last = in->buckets[in->kept[0].place];
    return in->first.flip ? bucket < last : bucket > last;
}

static void gather(Gathering *in, size_t place)
{
    if (is_too_late(in, place))
        return;
    Kept one = { worth(&in->first, place), (uint32_t)place };
    if (is_full(in) && !comes_after(&in->first, &in->kept[0], &one))
        return;
    if (is_before(&in->first, &in->beginning, place))
        return;
    if (is_full(in))
        sink(in, one);
    else
        rise(in, one);
}

/* None of the 64 places is late enough, or early enough. */
static bool is_outside(const Gathering *in, const NumberZone *zone)
{
    int64_t first = in->first.flip ? ~zone->most : zone->least;
    int64_t last = in->first.flip ? ~zone->least : zone->most;
    return last < in->beginning.least || (is_full(in) && first > in->kept[0].worth);
}

/* Of any name. What came last has the highest place as a rule: the best come early from either end.
 */
static size_t first_of_any(const DocumentTable *table, const DocumentSet *set, Arena *arena,
                           const DocumentPart *part, uint32_t **places_r)
{
    bool is_down = part->descending;
    Gathering in = { .first = { numbers_of(table, part->order), table->keys, is_down ? -1 : 0 },
                     .most = MAX(part->most, 1) };
    if (part->order == DOCUMENT_BY_DATE)
        in.buckets = table->buckets[COLUMN_OWN_DATE].at;
    in.beginning = beginning_of(table, &in.first, part->order, part->after);
    in.kept = arena_alloc_raw(arena, in.most * sizeof *in.kept);
    const NumberZone *zones = zones_of(table, part->order);
    for (size_t i = 0; i < set->count; i++) {
        size_t word = is_down ? set->count - 1 - i : i;
        if (!set->words[word] || is_outside(&in, &zones[word]))
            continue;
        for (uint64_t left = set->words[word]; left;) {
            int bit = is_down ? 63 - __builtin_clzll(left) : __builtin_ctzll(left);
            gather(&in, word * 64 + (size_t)bit);
            left &= ~(UINT64_C(1) << bit);
        }
    }
    if (in.count)
        qsort_r(in.kept, in.count, sizeof *in.kept, compare_kept, &in.first);
    *places_r = arena_new_array(arena, uint32_t, in.count);
    for (size_t i = 0; i < in.count; i++)
        (*places_r)[i] = in.kept[i].place;
    return in.count;
}

/* More and more are taken until enough have the name. */
size_t document_set_first(const DocumentTable *table, const DocumentSet *set, Arena *arena,
                          const DocumentPart *part, uint32_t **places_r)
{
    DocumentPart taken = *part;
    ListKey last;
    size_t found = 0, count;
    if (!part->name.length)
        return first_of_any(table, set, arena, part, places_r);
    uint32_t *places = arena_new_array(arena, uint32_t, part->most + 1), *some;
    do {
        taken.most = MIN(2 * taken.most, (size_t)TAKEN_MAX);
        count = first_of_any(table, set, arena, &taken, &some);
        for (size_t i = 0; i < count && found < part->most; i++)
            if (document_names_have(table->names, some[i], part->name))
                places[found++] = some[i];
        if (count)
            last = document_list_key(table, some[count - 1], part->order, arena);
        taken.after = &last;
    } while (count == taken.most && found < part->most);
    *places_r = places;
    return found;
}

static Str id_of(const DocumentTable *table, size_t place, Arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    const Key *key = &table->keys[place];
    char *id = arena_alloc_raw(arena, ID_LENGTH + 1), *at = id;
    for (size_t i = 0; i < sizeof key->at; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[key->at[i] >> 4];
        *at++ = digits[key->at[i] & 15];
    }
    *at = '\0';
    return (Str){ id, ID_LENGTH };
}

StrList document_set_ids(const DocumentTable *table, const DocumentSet *set, Arena *arena)
{
    Str *ids = arena_new_array(arena, Str, document_set_count(set));
    size_t count = 0;
    for (size_t word = 0; word < set->count; word++)
        for (uint64_t left = set->words[word]; left; left &= left - 1)
            ids[count++] = id_of(table, word * 64 + (size_t)__builtin_ctzll(left), arena);
    return (StrList){ ids, count };
}

ListKey document_list_key(const DocumentTable *table, size_t place, DocumentOrder order,
                          Arena *arena)
{
    ListKey made = { .id = id_of(table, place, arena) };
    if (order == DOCUMENT_BY_NAME)
        made.text = str_copy(arena, document_names_at(table->names, place));
    else
        made.number = numbers_of(table, order)[place];
    return made;
}
