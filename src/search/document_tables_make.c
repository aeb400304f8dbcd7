/* document_tables_make.c - making a table of the rows, and the room that all take together. */
#include "base/clock.h"
#include "base/log.h"
#include "search/document_tables_int.h"

#define PAGE_ROWS 5000
#define RETRY_MS 600000

/* --- Room --- */

/* Takes the least used tables that nobody uses until there is room; never that of `for_whom`. */
static bool make_room(DocumentTables *tables, const Slot *for_whom, size_t bytes)
{
    while (true) {
        size_t total = bytes;
        Slot *least = NULL;
        for (Slot *slot = tables->slots; slot; slot = slot->next) {
            if (slot == for_whom || !slot->bytes)
                continue;
            total += slot->bytes;
            if (!slot->users && (!least || slot->used < least->used))
                least = slot;
        }
        if (total <= tables->bytes_max)
            return true;
        if (!least)
            return false;
        document_table_free(least->table);
        least->table = NULL;
        least->bytes = 0;
        least->state = TABLE_NONE;
        least->file.is_there = false; /* it falls behind */
        forget_notes(least);
    }
}

/* --- Making a table --- */

typedef struct Reading {
    DocumentTables *tables;
    Scope scope;
    Arena *arena;
    Str after;
    StrList ids; /* no text: those behind `after` */
    DocumentColumnsList list;
} Reading;

static bool read_work(DbTx *tx, void *argument, Error *err)
{
    Reading *reading = argument;
    return document_columns_after(tx, &reading->scope, reading->arena, reading->after, PAGE_ROWS,
                                  &reading->list, err);
}

bool fail_table_too_large(const Slot *slot, Error *err)
{
    return fail(err, ERROR_TOO_LARGE, "the columns of its documents take more than %zu MB",
                slot->tables->bytes_max / MB(1));
}

bool fill_table(Slot *slot, DocumentTable *table, Error *err)
{
    char last[256] = "";
    size_t count = PAGE_ROWS;
    while (count == PAGE_ROWS) {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        Reading reading = { .tables = slot->tables, .arena = arena, .after = str(last) };
        reading.scope = (Scope){ .workspace = slot->workspace, .role = ROLE_OWNER };
        if (slot->tables->is_stopping)
            return fail(err, ERROR_CANCELLED, "the program ends");
        if (!store_read(slot->tables->db, &reading.scope, read_work, &reading, err))
            return false;
        count = reading.list.count;
        for (size_t i = 0; i < count; i++)
            document_table_put(table, &reading.list.at[i]);
        if (count)
            snprintf(last, sizeof last, STR_FMT, STR_ARG(reading.list.at[count - 1].id));
        if (document_table_bytes(table) > slot->tables->bytes_max)
            return fail_table_too_large(slot, err);
    }
    document_table_settle(table);
    return true;
}

/* Whoever holds `refreshing` puts it in place; `table` NULL: there is none. */
static void replace(Slot *slot, DocumentTable *table)
{
    DocumentTables *tables = slot->tables;
    size_t bytes = table ? document_table_bytes(table) : 0;
    pthread_rwlock_wrlock(&slot->use);
    pthread_mutex_lock(&tables->lock);
    document_table_free(slot->table);
    slot->table = table;
    slot->bytes = bytes;
    slot->documents = table ? document_table_count(table) : 0;
    slot->state = table ? TABLE_READY : TABLE_NONE;
    slot->is_making = false;
    if (!table) {
        slot->retry_ms = monotonic_ms() + RETRY_MS;
        forget_notes(slot);
    }
    pthread_mutex_unlock(&tables->lock);
    pthread_rwlock_unlock(&slot->use);
}

void make_table(Slot *slot)
{
    DocumentTables *tables = slot->tables;
    Error err = { 0 };
    DocumentTable *table = table_from_file(slot);
    bool ok = true, is_from_file = table;
    if (!table) {
        table = document_table_new();
        ok = fill_table(slot, table, &err);
    }
    pthread_mutex_lock(&tables->lock);
    slot->is_too_large = !ok && err.code == ERROR_TOO_LARGE;
    if (ok && !make_room(tables, slot, document_table_bytes(table)))
        ok = fail(&err, ERROR_TOO_LARGE, "those of other workspaces are in use");
    pthread_mutex_unlock(&tables->lock);
    if (!ok) {
        if (err.code != ERROR_CANCELLED)
            log_warn("search", "filters are read from the database, which takes longer: %s",
                     err.message);
        document_table_free(table);
        table = NULL;
    }
    pthread_mutex_lock(&slot->refreshing);
    replace(slot, table);
    pthread_mutex_unlock(&slot->refreshing);
    if (table && !is_from_file)
        want_file(slot);
    release_slot(slot);
}

bool claim_table(Slot *slot)
{
    pthread_mutex_lock(&slot->tables->lock);
    bool is_ours = slot->state == TABLE_COMING && !slot->is_making;
    if (is_ours) {
        slot->is_making = true;
        slot->users++;
    }
    pthread_mutex_unlock(&slot->tables->lock);
    return is_ours;
}

/* Unless somebody who needs it has made it by now. */
static void make_in_turn(void *argument)
{
    if (claim_table(argument))
        make_table(argument);
    release_slot(argument);
}

void begin_making(Slot *slot)
{
    int64_t followed;
    if (!library_followed(slot->tables->library, slot->workspace, &followed) ||
        monotonic_ms() < slot->retry_ms)
        return;
    forget_notes(slot);
    slot->is_lost = false;
    slot->making++;
    if (pool_add(slot->tables->pool, make_in_turn, slot)) {
        slot->state = TABLE_COMING;
        slot->users++;
    }
}

void tables_on_follow(void *argument, Str workspace, size_t chunks)
{
    DocumentTables *tables = argument;
    if (chunks < DOCUMENT_TABLES_EARLY)
        return;
    pthread_mutex_lock(&tables->lock);
    Slot *slot = need_slot(tables, workspace);
    if (slot->state == TABLE_NONE)
        begin_making(slot);
    pthread_mutex_unlock(&tables->lock);
}
