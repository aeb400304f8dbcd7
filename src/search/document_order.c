/* document_order.c - the newest documents of a set, and the ids of its documents. */
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

Str document_id_at(const DocumentTable *table, size_t place, Arena *arena)
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
            ids[count++] = document_id_at(table, word * 64 + (size_t)__builtin_ctzll(left), arena);
    return (StrList){ ids, count };
}
