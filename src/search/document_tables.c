/* document_tables.c - see document_tables.h. */
#include <time.h>

#include "base/clock.h"
#include "search/document_tables_int.h"

/* So many changes are read for a search; of more a thread takes care, and the database answers. */
#define CHANGES_MAX 2000
#define FILED_FROM 5000
#define WAIT_MS 5

/* --- Slots --- */

Slot *find_slot(const DocumentTables *tables, Str workspace)
{
    for (Slot *slot = tables->slots; slot; slot = slot->next)
        if (str_equal(slot->workspace, workspace))
            return slot;
    return NULL;
}

Slot *need_slot(DocumentTables *tables, Str workspace)
{
    Slot *slot = find_slot(tables, workspace);
    if (slot)
        return slot;
    slot = heap_alloc(sizeof *slot);
    slot->name = heap_alloc(workspace.length + 1);
    memcpy(slot->name, workspace.at, workspace.length);
    slot->workspace = (Str){ slot->name, workspace.length };
    slot->tables = tables;
    pthread_mutex_init(&slot->refreshing, NULL);
    pthread_rwlock_init(&slot->use, NULL);
    slot->next = tables->slots;
    return tables->slots = slot;
}

void release_slot(Slot *slot)
{
    pthread_mutex_lock(&slot->tables->lock);
    slot->users--;
    pthread_mutex_unlock(&slot->tables->lock);
}

/* --- Borrowing --- */

/* With a user more; NULL: there is no table now. */
static Slot *take_slot(DocumentTables *tables, Str workspace)
{
    pthread_mutex_lock(&tables->lock);
    Slot *slot = need_slot(tables, workspace);
    slot->used = ++tables->uses;
    if (slot->state == TABLE_NONE || (slot->state == TABLE_READY && slot->is_lost))
        begin_making(slot);
    bool is_ready = slot->state == TABLE_READY && !slot->is_lost;
    slot->users += is_ready;
    pthread_mutex_unlock(&tables->lock);
    return is_ready ? slot : NULL;
}

bool document_tables_has(DocumentTables *tables, const Scope *scope, size_t documents)
{
    pthread_mutex_lock(&tables->lock);
    Slot *slot = find_slot(tables, scope->workspace);
    bool has = slot && slot->state == TABLE_READY && slot->documents >= documents;
    if (has && slot->is_lost)
        begin_making(slot);
    pthread_mutex_unlock(&tables->lock);
    return has;
}

static bool borrow(DocumentTables *tables, const Scope *scope, int64_t changes_max,
                   const DocumentTable **table_r, Error *err)
{
    Slot *slot = take_slot(tables, scope->workspace);
    bool is_fresh;
    *table_r = NULL;
    if (!slot)
        return true;
    if (!refresh_table(slot, changes_max, &is_fresh, err)) {
        release_slot(slot);
        return false;
    }
    if (!is_fresh) {
        pthread_mutex_lock(&tables->lock);
        if (slot->state == TABLE_READY)
            begin_catching_up(slot);
        pthread_mutex_unlock(&tables->lock);
        release_slot(slot);
        return true;
    }
    pthread_rwlock_rdlock(&slot->use);
    *table_r = slot->table;
    if (!slot->table) { /* it begins anew */
        pthread_rwlock_unlock(&slot->use);
        release_slot(slot);
    }
    return true;
}

bool document_tables_borrow(DocumentTables *tables, const Scope *scope,
                            const DocumentTable **table_r, Error *err)
{
    return borrow(tables, scope, CHANGES_MAX, table_r, err);
}

/* False: nobody makes one. */
static bool help_or_wait(DocumentTables *tables, Str workspace)
{
    const struct timespec pause = { 0, WAIT_MS * 1000000 };
    pthread_mutex_lock(&tables->lock);
    Slot *slot = find_slot(tables, workspace);
    bool is_coming = slot && slot->state == TABLE_COMING;
    pthread_mutex_unlock(&tables->lock);
    if (is_coming && claim_table(slot))
        make_table(slot);
    else if (is_coming)
        (void)nanosleep(&pause, NULL);
    return is_coming;
}

/* One at a time, until it is released. */
static bool make_own(DocumentTables *tables, Str workspace, const DocumentTable **table_r,
                     Error *err)
{
    pthread_mutex_lock(&tables->lock);
    Slot *slot = need_slot(tables, workspace);
    bool is_too_large = slot->is_too_large && monotonic_ms() < slot->retry_ms;
    pthread_mutex_unlock(&tables->lock);
    if (is_too_large)
        return fail_table_too_large(slot, err);
    pthread_mutex_lock(&tables->owning);
    DocumentTable *table = document_table_new();
    if (!fill_table(slot, table, err)) {
        document_table_free(table);
        pthread_mutex_unlock(&tables->owning);
        return false;
    }
    *table_r = tables->own = table;
    return true;
}

bool document_tables_need(DocumentTables *tables, const Scope *scope, const DocumentTable **table_r,
                          Error *err)
{
    do {
        if (!borrow(tables, scope, INT32_MAX, table_r, err))
            return false;
    } while (!*table_r && help_or_wait(tables, scope->workspace));
    return *table_r || make_own(tables, scope->workspace, table_r, err);
}

void document_tables_release(DocumentTables *tables, const DocumentTable *table)
{
    bool is_kept = false;
    pthread_mutex_lock(&tables->lock);
    for (Slot *slot = tables->slots; slot && !is_kept; slot = slot->next)
        if ((is_kept = slot->table == table)) {
            pthread_rwlock_unlock(&slot->use);
            slot->users--;
        }
    pthread_mutex_unlock(&tables->lock);
    if (is_kept)
        return;
    document_table_free(tables->own);
    tables->own = NULL;
    pthread_mutex_unlock(&tables->owning);
}

bool document_tables_wait(DocumentTables *tables, const Scope *scope, int64_t timeout_ms)
{
    const struct timespec pause = { 0, WAIT_MS * 1000000 };
    int64_t end = monotonic_ms() + timeout_ms;
    Slot *slot;
    while (!(slot = take_slot(tables, scope->workspace)) && monotonic_ms() < end)
        (void)nanosleep(&pause, NULL);
    if (slot)
        release_slot(slot);
    return slot;
}

DocumentTables *document_tables_new(Db *db, Library *library)
{
    DocumentTables *tables = heap_alloc(sizeof *tables);
    tables->db = db;
    tables->library = library;
    tables->filed_from = FILED_FROM;
    tables->bytes_max = DOCUMENT_TABLES_BYTES;
    tables->pool = pool_new("filters", 1, 1000);
    pthread_mutex_init(&tables->lock, NULL);
    pthread_mutex_init(&tables->owning, NULL);
    library_watch(library,
                  &(LibraryWatch){ tables_on_change, tables_on_follow, tables_on_save, tables });
    return tables;
}

void document_tables_free(DocumentTables *tables)
{
    if (!tables)
        return;
    library_watch(tables->library, NULL);
    tables->is_stopping = true;
    pool_free(tables->pool);
    for (Slot *slot = tables->slots, *next; slot; slot = next) {
        next = slot->next;
        document_table_free(slot->table);
        forget_notes(slot);
        pthread_mutex_destroy(&slot->refreshing);
        pthread_rwlock_destroy(&slot->use);
        free(slot->name);
        free(slot);
    }
    pthread_mutex_destroy(&tables->lock);
    pthread_mutex_destroy(&tables->owning);
    free(tables);
}
