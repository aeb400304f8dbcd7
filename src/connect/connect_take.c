/* connect_take.c - one item becomes a document, stays the one it is, or goes; see connect.h. */
#include "base/clock.h"
#include "connect/connect_int.h"

typedef struct Take {
    ConnectRun *run;
    ConnectionItem item; /* as it will be */
    ConnectFile file;
    Document document; /* the one that is here; empty: none */
    bool is_removed;   /* it is in the trash, or no more */
    Str leaves;        /* the document that goes to the trash with it; empty: none */
} Take;

/* --- What is here --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    Take *take = argument;
    const ConnectRun *run = take->run;
    Error why = { 0 };
    take->is_removed = false;
    take->document = (Document){ 0 };
    if (!take->item.document.length || !take->item.version.length)
        return true; /* nothing came of it, or what did left with it */
    if (!document_find(tx, run->scope, run->arena, take->item.document, &take->document, &why) &&
        why.code != ERROR_NOT_FOUND)
        return fail(err, why.code, "%s", why.message);
    take->is_removed = !take->document.id.length || take->document.deleted_at_ms;
    return true;
}

/* A document goes with its item when nothing else brought it here: no other item, no person. */
static bool may_leave(DbTx *tx, const ConnectRun *run, Str id, bool *may_r, Error *err)
{
    Document document = { 0 };
    Error why = { 0 };
    int64_t items = 0;
    *may_r = false;
    if (!document_find(tx, run->scope, run->arena, id, &document, &why))
        return why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
    if (!connection_items_of(tx, run->scope, id, &items, err))
        return false;
    *may_r = !items && !document.deleted_at_ms && connect_is_source(document.source);
    return true;
}

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    Take *take = argument;
    ConnectRun *run = take->run;
    bool may = false;
    return connect_hold(tx, run, err) &&
           connection_items_found(tx, run->scope, run->arena, &run->connection,
                                  take->file.found.all.at, take->file.found.all.count,
                                  connect_items_max(run), err) &&
           connection_item_save(tx, run->scope, run->connection.id, &take->item, err) &&
           (!take->leaves.length ||
            (may_leave(tx, run, take->leaves, &may, err) &&
             (!may || document_trash(tx, run->scope, take->leaves, now_ms(), err))));
}

static bool save(Take *take, Error *err)
{
    return store_write(take->run->options->db, take->run->scope, save_work, take, err);
}

/* --- Taking --- */

static void set_error(ConnectionItem *item, const Error *why, Arena *arena)
{
    item->error_code = str(error_name(why->code));
    item->error = str_copy(arena, str(why->message));
}

/* What may be over by the next round, and what will not be for this version. */
static void set_failed(Take *take, const Error *why)
{
    bool is_temporary = error_is_temporary(why->code) || why->code == ERROR_INTERNAL;
    take->item.state = is_temporary ? ITEM_failed : ITEM_skipped;
    take->item.tries++;
    if (!is_temporary && take->item.listed.length)
        take->item.version = take->item.listed;
    set_error(&take->item, why, take->run->arena);
}

static void set_taken(Take *take, Str digest)
{
    ConnectionItem *item = &take->item;
    item->state = ITEM_taken;
    item->version = take->file.version.length ? take->file.version
                    : item->listed.length     ? item->listed
                    : digest.length           ? digest
                                              : item->version;
    item->tries = 0;
    item->error_code = item->error = STR_NONE;
}

static void set_conflict(Take *take, Str digest)
{
    Error why = { 0 };
    set_taken(take, digest);
    take->item.state = ITEM_conflict;
    fail(&why, ERROR_CONFLICT,
         "it has changed there, and its document was removed here: take it "
         "again, or ignore it");
    set_error(&take->item, &why, take->run->arena);
}

static bool add(Take *take, NewFile *file, Error *err)
{
    ConnectRun *run = take->run;
    Document document;
    bool is_new;
    file->name = take->file.name.length ? take->file.name : take->item.name;
    file->media_type = take->file.media_type;
    file->collection = run->connection.collection;
    file->source = str(run->kind->source);
    file->tags = take->file.tags;
    if (!library_accepts(file->path, file->name, file->media_type, err) ||
        !library_add(run->options->library, run->scope, run->arena, file, &document, &is_new, err))
        return false;
    if (!str_equal(document.id, take->item.document))
        take->leaves = take->item.document;
    take->item.document = document.id;
    take->item.name = file->name;
    set_taken(take, file->sha256);
    return true;
}

/* What fetch() has given, into what the item will be. */
static bool settle(Take *take, Error *err)
{
    NewFile file = { 0 };
    if (take->file.is_gone) {
        take->item.state = ITEM_gone;
        take->item.version = STR_NONE;
        if (str_is(take->run->connection.gone, "trash"))
            take->leaves = take->item.document;
        return true;
    }
    if (take->file.is_unchanged) {
        set_taken(take, STR_NONE);
        return true;
    }
    if (!connect_bytes_end(&take->file, take->run->arena, &file.path, &file.size, &file.sha256,
                           err))
        return false;
    bool is_same = str_equal(file.sha256, take->document.blob);
    if (is_same)
        set_taken(take, file.sha256);
    else if (take->is_removed)
        set_conflict(take, file.sha256);
    return is_same || take->is_removed || add(take, &file, err);
}

bool connect_take(ConnectRun *run, const ConnectionItem *item, bool *is_failed_r, Error *err)
{
    Take take = { .run = run, .item = *item };
    Error why = { 0 };
    if (!store_read(run->options->db, run->scope, find_work, &take, err))
        return false;
    bool good = run->connector->fetch(run, &take.item, &take.file, &why) && settle(&take, &why);
    connect_bytes_free(&take.file);
    if (!good && (connect_is_stopped(run) || run->retry_ms))
        return fail(err, why.code, "%s", why.message);
    if (!good)
        set_failed(&take, &why);
    *is_failed_r = take.item.state == ITEM_failed;
    if (*is_failed_r)
        run->last_failure = why;
    return save(&take, err);
}

/* --- What is gone --- */

typedef struct Away {
    ConnectRun *run;
    ConnectionItemList list;
} Away;

static bool unseen_work(DbTx *tx, void *argument, Error *err)
{
    Away *away = argument;
    ConnectRun *run = away->run;
    int64_t seen = 0;
    if (!connection_items_unseen(tx, run->scope, run->arena, &run->connection, &away->list, err) ||
        !connection_items_seen(tx, run->scope, &run->connection, &seen, err))
        return false;
    return seen || !away->list.count ||
           fail(err, ERROR_CONFLICT,
                "there is nothing there any more, which may be a mistake, as of a disk that is "
                "not mounted: no document was removed. If it is meant, remove the connection or "
                "its documents");
}

bool connect_take_away(ConnectRun *run, Error *err)
{
    Away away = { .run = run };
    do {
        arena_reset(run->arena);
        if (!store_read(run->options->db, run->scope, unseen_work, &away, err))
            return false;
        for (size_t i = 0; i < away.list.count; i++) {
            Take take = { .run = run, .item = away.list.at[i], .file.is_gone = true };
            if (!settle(&take, err) || !save(&take, err))
                return false;
        }
    } while (away.list.count);
    return true;
}
