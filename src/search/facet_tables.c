/* facet_tables.c - see facet_tables.h. */
#include "search/facet_tables.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/map.h"
#include "search/chunk_bits.h"

#define TABLE_MAX GB(1)
/* A change may be committed later than one that was made after it. */
#define LATE_MS 10000

typedef struct Value {
    Str text;
    Facet facet;
} Value;

typedef struct Counted {
    const NumberRange *ranges;
    const uint32_t *values; /* places in Table.values */
    size_t range_count, value_count;
} Counted;

typedef struct Table {
    Str workspace; /* no text: the place is free */
    Arena *arena;
    Map places;                    /* of documents by id */
    Map value_places[FACET_COUNT]; /* of values by text */
    VEC(Counted) documents;
    VEC(Value) values;
    int64_t changed_ms;         /* the latest change that it has */
    int64_t built_ms, fresh_ms; /* monotonic: when it was begun, and read last */
} Table;

/* A library that is read for the first time holds up nobody else's. */
typedef struct Slot {
    size_t users;  /* the lock of all guards this, */
    uint64_t used; /* this, and which workspace the table is of: while it has users, none other */
    pthread_mutex_t lock; /* this one the rest of the table */
    Table table;
} Slot;

struct FacetTables {
    Db *db;
    pthread_mutex_t lock;
    pthread_cond_t idle; /* a slot has no users any more */
    uint64_t uses;
    Slot at[FACET_TABLES_MAX];
};

FacetTables *facet_tables_new(Db *db)
{
    FacetTables *tables = heap_alloc(sizeof *tables);
    tables->db = db;
    pthread_mutex_init(&tables->lock, NULL);
    pthread_cond_init(&tables->idle, NULL);
    for (size_t i = 0; i < COUNT(tables->at); i++)
        pthread_mutex_init(&tables->at[i].lock, NULL);
    return tables;
}

static void forget(Table *table)
{
    arena_free(table->arena);
    *table = (Table){ 0 };
}

void facet_tables_free(FacetTables *tables)
{
    if (!tables)
        return;
    for (size_t i = 0; i < COUNT(tables->at); i++) {
        forget(&tables->at[i].table);
        pthread_mutex_destroy(&tables->at[i].lock);
    }
    pthread_cond_destroy(&tables->idle);
    pthread_mutex_destroy(&tables->lock);
    free(tables);
}

/* --- Reading --- */

typedef struct ReadWork {
    const Scope *scope;
    Arena *arena;
    int64_t since_ms;
    DocumentValuesList list;
} ReadWork;

static bool read_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    return document_facet_values(tx, work->scope, work->arena, work->since_ms, &work->list, err);
}

static uint32_t place_of_value(Table *table, Facet facet, Str text)
{
    MapEntry *entry = map_find(&table->value_places[facet], text);
    if (entry)
        return (uint32_t)entry->number;
    Str kept = str_copy(table->arena, text);
    map_add(&table->value_places[facet], kept, NULL)->number = (int64_t)table->values.count;
    *vec_push(table->arena, &table->values) = (Value){ kept, facet };
    return (uint32_t)table->values.count - 1;
}

static Counted *place_of(Table *table, Str id)
{
    MapEntry *entry = map_find(&table->places, id);
    if (entry)
        return &table->documents.at[entry->number];
    map_add(&table->places, str_copy(table->arena, id), NULL)->number =
        (int64_t)table->documents.count;
    return vec_push(table->arena, &table->documents);
}

static void keep(Table *table, const DocumentValues *document)
{
    size_t count = 0;
    for (size_t f = 0; f < FACET_COUNT; f++)
        count += document->values[f].count;
    uint32_t *values = arena_new_array(table->arena, uint32_t, count);
    NumberRange *ranges = arena_new_array(table->arena, NumberRange, document->ranges.count);
    count = 0;
    for (size_t f = 0; f < FACET_COUNT; f++)
        for (size_t i = 0; i < document->values[f].count; i++)
            values[count++] = place_of_value(table, (Facet)f, document->values[f].at[i]);
    if (document->ranges.count)
        memcpy(ranges, document->ranges.at, document->ranges.count * sizeof *ranges);
    *place_of(table, document->id) = (Counted){ ranges, values, document->ranges.count, count };
    table->changed_ms = MAX(table->changed_ms, document->updated_at_ms);
}

static void begin(Table *table, Str workspace)
{
    forget(table);
    table->arena = arena_new(TABLE_MAX);
    table->workspace = str_copy(table->arena, workspace);
    table->places = map_new(table->arena);
    for (size_t f = 0; f < FACET_COUNT; f++)
        table->value_places[f] = map_new(table->arena);
    table->built_ms = monotonic_ms();
}

static bool refresh(const FacetTables *tables, Table *table, const Scope *scope, Error *err)
{
    int64_t now = monotonic_ms();
    if (table->fresh_ms && now - table->fresh_ms < FACET_FRESH_MS)
        return true;
    AUTO_ARENA Arena *arena = arena_new(TABLE_MAX);
    ReadWork work = { .scope = scope, .arena = arena, .since_ms = table->changed_ms - LATE_MS };
    if (!store_read(tables->db, scope, read_work, &work, err))
        return false;
    for (size_t i = 0; i < work.list.count; i++)
        keep(table, &work.list.at[i]);
    table->fresh_ms = now;
    return true;
}

static bool is_of(const Slot *slot, Str workspace)
{
    return slot->table.arena && str_equal(slot->table.workspace, workspace);
}

/* The workspace's slot, else of those without users the one that was used least; NULL: all have
 * some. */
static Slot *find(FacetTables *tables, Str workspace)
{
    Slot *found = NULL;
    for (size_t i = 0; i < COUNT(tables->at); i++) {
        Slot *one = &tables->at[i];
        if (is_of(one, workspace))
            return one;
        if (!one->users && (!found || one->used < found->used))
            found = one;
    }
    return found;
}

/* A table that is old is begun anew once nobody uses it. */
static Slot *borrow(FacetTables *tables, Str workspace)
{
    Slot *slot;
    pthread_mutex_lock(&tables->lock);
    while (!(slot = find(tables, workspace)))
        pthread_cond_wait(&tables->idle, &tables->lock);
    bool is_old = monotonic_ms() - slot->table.built_ms > FACET_KEEP_MS;
    if (!slot->users && (is_old || !is_of(slot, workspace)))
        begin(&slot->table, workspace);
    slot->users++;
    slot->used = ++tables->uses;
    pthread_mutex_unlock(&tables->lock);
    return slot;
}

static void give_back(FacetTables *tables, Slot *slot)
{
    pthread_mutex_lock(&tables->lock);
    if (--slot->users == 0)
        pthread_cond_broadcast(&tables->idle);
    pthread_mutex_unlock(&tables->lock);
}

/* --- Counting --- */

static bool is_counted(const Counted *document, const ChunkBits *chunks)
{
    for (size_t i = 0; i < document->range_count; i++)
        if (chunk_bits_meet(chunks, &document->ranges[i]))
            return true;
    return false;
}

static int by_count(const void *a, const void *b)
{
    const FacetValue *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return str_compare(x->value, y->value);
}

static FacetList list_of(const Table *table, Arena *arena, Facet facet, const int64_t *counts)
{
    VEC(FacetValue) list = { 0 };
    for (size_t i = 0; i < table->values.count; i++)
        if (counts[i] && table->values.at[i].facet == facet) {
            Str text = str_copy(arena, table->values.at[i].text);
            *vec_push(arena, &list) = (FacetValue){ text, text, counts[i] };
        }
    if (list.count)
        qsort(list.at, list.count, sizeof *list.at, by_count);
    return (FacetList){ list.at, list.count };
}

static void count(const Table *table, Arena *arena, const ChunkBits *chunks, FacetCounts *counts_r)
{
    int64_t *counts = arena_new_array(arena, int64_t, table->values.count + 1);
    *counts_r = (FacetCounts){ 0 };
    for (size_t i = 0; i < table->documents.count; i++) {
        const Counted *document = &table->documents.at[i];
        if (!is_counted(document, chunks))
            continue;
        counts_r->documents++;
        for (size_t v = 0; v < document->value_count; v++)
            counts[document->values[v]]++;
    }
    for (size_t f = 0; f < FACET_COUNT; f++)
        counts_r->lists[f] = list_of(table, arena, (Facet)f, counts);
}

bool facet_tables_count(FacetTables *tables, const Scope *scope, Arena *arena,
                        const ChunkBits *chunks, FacetCounts *counts_r, Error *err)
{
    Slot *slot = borrow(tables, scope->workspace);
    pthread_mutex_lock(&slot->lock);
    bool ok = refresh(tables, &slot->table, scope, err);
    if (ok)
        count(&slot->table, arena, chunks, counts_r);
    pthread_mutex_unlock(&slot->lock);
    give_back(tables, slot);
    return ok;
}
