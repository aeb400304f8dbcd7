/* document_first.c - the first documents of a set in an order, behind a cursor.
 *
 * Where many are in the set the order is walked until enough of them were met; where few are, each
 * is looked at. Either takes about as long as it takes to look at the square root of what a page
 * has of all: some thousands of a million. */
#include "search/document_table_int.h"

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

static NumberColumn column_of(DocumentOrder order)
{
    switch (order) {
    case DOCUMENT_BY_CREATED: return COLUMN_ADDED;
    case DOCUMENT_BY_UPDATED: return COLUMN_UPDATED;
    case DOCUMENT_BY_SIZE: return COLUMN_SIZE;
    case DOCUMENT_BY_DATE: return COLUMN_OWN_DATE;
    case DOCUMENT_BY_NAME: break;
    }
    return NUMBER_COLUMN_COUNT;
}

static const int64_t *numbers_of(const DocumentTable *table, DocumentOrder order)
{
    NumberColumn column = column_of(order);
    return column < NUMBER_COLUMN_COUNT ? table->numbers[column]
                                        : document_names_labels(table->names);
}

/* NULL: names have none. */
static const DocumentBuckets *buckets_of(const DocumentTable *table, DocumentOrder order)
{
    NumberColumn column = column_of(order);
    return column < NUMBER_COLUMN_COUNT ? &table->buckets[column] : NULL;
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

/* --- In the order --- */

/* A step to the next of an order and a look at its bit take less than a number that is fetched. */
#define STEPS_OF_LOOK 2
/* So many times the steps that are enough on average; then the set lies at the other end. */
#define STEPS_BEYOND 8
#define STEPS_MIN 1000

static bool has_place(const DocumentSet *set, size_t place)
{
    return set->words[place / 64] >> place % 64 & 1;
}

/* Each bucket whose numbers may be among the first, until there are enough. `counts` says how many
 * of the set are in each; NULL: that is not known. */
static bool walk_buckets(Gathering *in, const DocumentSet *set, const DocumentBuckets *buckets,
                         const uint32_t *counts, size_t steps)
{
    bool is_down = in->first.flip;
    size_t bucket = document_bucket(buckets, in->beginning.least ^ in->first.flip);
    for (size_t left = is_down ? bucket + 1 : BUCKETS - bucket; left && !is_full(in); left--) {
        const Bucket *one = &buckets->buckets[bucket];
        size_t count = counts && !counts[bucket] ? 0 : one->count;
        if (count > steps)
            return false;
        steps -= count;
        for (size_t i = 0; i < count; i++)
            if (has_place(set, one->at[i]))
                gather(in, one->at[i]);
        bucket += is_down ? (size_t)-1 : 1;
    }
    return true;
}

/* Wherever the set lies in the order: what is counted is read in the order of places, which is far
 * quicker than to compare. */
static void walk_counted(Gathering *in, const DocumentSet *set, const DocumentBuckets *buckets)
{
    AUTO_FREE uint32_t *counts = heap_alloc(BUCKETS * sizeof *counts);
    for (size_t word = 0; word < set->count; word++)
        for (uint64_t left = set->words[word]; left; left &= left - 1)
            counts[buckets->at[word * 64 + (size_t)__builtin_ctzll(left)]]++;
    (void)walk_buckets(in, set, buckets, counts, SIZE_MAX);
}

static bool walk_names(Gathering *in, const DocumentSet *set, const DocumentTable *table,
                       const ListKey *after, size_t steps)
{
    bool is_down = in->first.flip;
    size_t count, at;
    const uint32_t *order = document_names_order(table->names, &count);
    at = is_down ? count : 0;
    if (after) {
        Key key = document_key_of(after->id);
        at = document_names_position(table->names, table->keys, after->text, &key, !is_down);
    }
    for (size_t left = is_down ? at : count - at; left && !is_full(in); left--) {
        size_t place = order[is_down ? --at : at++];
        if (!steps--)
            return false;
        if (has_place(set, place))
            gather(in, place);
    }
    return true;
}

/* The longer the order is walked the fewer are in the set, and the fewer are looked at instead.
 * False: it would take longer, and nothing is gathered. */
static bool walk(Gathering *in, const DocumentTable *table, const DocumentSet *set,
                 const DocumentPart *part)
{
    const DocumentBuckets *buckets = buckets_of(table, part->order);
    size_t among = document_set_count(set), average = in->most * table->count / MAX(among, 1);
    if (average > among * STEPS_OF_LOOK + STEPS_MIN)
        return false;
    size_t steps = MIN(among * STEPS_OF_LOOK, average * STEPS_BEYOND) + STEPS_MIN;
    if (buckets ? walk_buckets(in, set, buckets, NULL, steps)
                : walk_names(in, set, table, part->after, steps))
        return true;
    in->count = 0;
    if (buckets)
        walk_counted(in, set, buckets);
    return buckets;
}

/* What came last has the highest place as a rule: the best come early from either end. */
static void look_by_place(Gathering *in, const DocumentSet *set, const NumberZone *zones)
{
    bool is_down = in->first.flip;
    for (size_t i = 0; i < set->count; i++) {
        size_t word = is_down ? set->count - 1 - i : i;
        if (!set->words[word] || is_outside(in, &zones[word]))
            continue;
        for (uint64_t left = set->words[word]; left;) {
            int bit = is_down ? 63 - __builtin_clzll(left) : __builtin_ctzll(left);
            gather(in, word * 64 + (size_t)bit);
            left &= ~(UINT64_C(1) << bit);
        }
    }
}

/* Where numbers lie in no order they are fetched into the caches so many places ahead. */
#define FETCHED_AHEAD 16

static void look_at_each(Gathering *in, const DocumentSet *set)
{
    uint32_t ahead[FETCHED_AHEAD];
    size_t seen = 0;
    for (size_t word = 0; word < set->count; word++)
        for (uint64_t left = set->words[word]; left; left &= left - 1) {
            size_t place = word * 64 + (size_t)__builtin_ctzll(left);
            uint32_t *slot = &ahead[seen % FETCHED_AHEAD];
            if (in->buckets)
                __builtin_prefetch(&in->buckets[place]);
            else
                __builtin_prefetch(&in->first.numbers[place]);
            if (seen++ >= FETCHED_AHEAD)
                gather(in, *slot);
            *slot = (uint32_t)place;
        }
    for (size_t i = 0; i < MIN(seen, (size_t)FETCHED_AHEAD); i++)
        gather(in, ahead[i]);
}

/* Of any name. */
static size_t first_of_any(const DocumentTable *table, const DocumentSet *set, Arena *arena,
                           const DocumentPart *part, uint32_t **places_r)
{
    bool is_down = part->descending;
    Gathering in = { .first = { numbers_of(table, part->order), table->keys, is_down ? -1 : 0 },
                     .most = MAX(part->most, 1) };
    in.beginning = beginning_of(table, &in.first, part->order, part->after);
    in.kept = arena_alloc_raw(arena, in.most * sizeof *in.kept);
    bool is_by_place = part->order == DOCUMENT_BY_CREATED || part->order == DOCUMENT_BY_UPDATED;
    if (!is_by_place && part->order != DOCUMENT_BY_NAME)
        in.buckets = buckets_of(table, part->order)->at;
    if (is_by_place)
        look_by_place(&in, set, table->zones[column_of(part->order)]);
    else if (!walk(&in, table, set, part))
        look_at_each(&in, set);
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

ListKey document_list_key(const DocumentTable *table, size_t place, DocumentOrder order,
                          Arena *arena)
{
    ListKey made = { .id = document_id_at(table, place, arena) };
    if (order == DOCUMENT_BY_NAME)
        made.text = str_copy(arena, document_names_at(table->names, place));
    else
        made.number = numbers_of(table, order)[place];
    return made;
}
