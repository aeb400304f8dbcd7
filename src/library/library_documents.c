/* library_documents.c - finding, listing and changing documents. */
#include "library/library_int.h"

#include "base/clock.h"
#include "library/follower.h"
#include "store/account_links_store.h"
#include "store/audit_store.h"
#include "store/document_access.h"
#include "store/document_versions_store.h"
#include "store/erase_store.h"
#include "store/idempotency_store.h"
#include "store/index_changes_store.h"
#include "store/kept_collections_store.h"
#include "store/sessions_store.h"
#include "store/sign_in_states_store.h"

typedef struct DocWork {
    Library *library;
    const Scope *scope;
    Arena *arena;
    Str id;
    Document document;
    DocumentView view;
    const DocumentFilter *filter;
    DocumentOrder order;
    bool descending;
    const Slice *slice;
    const DocumentChoice *choice; /* NULL: the database chooses */
    DocumentViewList list;
    const DocumentChange *change;
    Str password_sealed;
    Erased erased;
    JobRowList jobs;
    DocumentKeyList expired;
    StrList those; /* who saw what is removed, where it has a guard */
    DueDocumentList due;
    int64_t now_ms;
    bool has_gone;
} DocWork;

/* --- Views --- */

static const JobRow *job_of(const JobRowList *jobs, Str document)
{
    const JobRow *found = NULL;
    for (size_t i = 0; i < jobs->count; i++)
        if (str_equal(jobs->at[i].subject, document) &&
            (!found || jobs->at[i].state == JOB_RUNNING))
            found = &jobs->at[i];
    return found;
}

static DocumentProgress progress_of(const Document *document, const JobRow *job, int64_t now)
{
    DocumentProgress progress = { .seconds_left = -1 };
    if (document_state_is_over(document->state))
        return progress;
    progress.is_running = true;
    progress.stage = S("waiting");
    if (job && job->state == JOB_RUNNING && job->stage.length) {
        progress.stage = job->stage;
        progress.done = job->done;
        progress.total = job->total;
        progress.seconds_left = job_seconds_left(job, now);
    }
    return progress;
}

static DocumentView view_of(const Document *document, const JobRowList *jobs, int64_t now)
{
    DocumentView view = { .document = *document };
    view.progress = progress_of(document, job_of(jobs, document->id), now);
    view.is_searchable =
        document->indexed_version > 0 && document->chunk_count > 0 && !document->deleted_at_ms;
    return view;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    if (!document_find(tx, work->scope, work->arena, work->id, &work->document, err) ||
        !jobs_store_of_subjects(tx, work->scope, work->arena, &work->id, 1, &work->jobs, err))
        return false;
    work->view = view_of(&work->document, &work->jobs, now_ms());
    return document_count_children(tx, work->scope, work->arena, &work->id, 1,
                                   &work->view.child_count, err);
}

bool library_find(Library *library, const Scope *scope, Arena *arena, Str id, DocumentView *view_r,
                  Error *err)
{
    DocWork work = { .library = library, .scope = scope, .arena = arena, .id = id };
    if (!store_read(library->db, scope, find_work, &work, err))
        return false;
    *view_r = work.view;
    return true;
}

/* Of the documents that are not over: of others nothing is shown. */
static bool find_jobs(DbTx *tx, DocWork *work, const DocumentList *list, Error *err)
{
    Str *ids = arena_new_array(work->arena, Str, list->count);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!document_state_is_over(list->at[i].state))
            ids[count++] = list->at[i].id;
    work->jobs = (JobRowList){ 0 };
    return !count ||
           jobs_store_of_subjects(tx, work->scope, work->arena, ids, count, &work->jobs, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    DocumentList list;
    int64_t now = now_ms();
    bool is_whole = false;
    if (work->choice && !document_list_chosen(tx, work->scope, work->arena, work->filter,
                                              work->order, work->choice, &list, &is_whole, err))
        return false;
    if (!is_whole && !document_list(tx, work->scope, work->arena, work->filter, work->order,
                                    work->descending, work->slice, &list, err))
        return false;
    Str *ids = arena_new_array(work->arena, Str, list.count);
    for (size_t i = 0; i < list.count; i++)
        ids[i] = list.at[i].id;
    if (!find_jobs(tx, work, &list, err))
        return false;
    work->list = (DocumentViewList){ arena_new_array(work->arena, DocumentView, list.count),
                                     list.count, list.total, list.has_more, list.next };
    int64_t *children = arena_new_array(work->arena, int64_t, list.count);
    if (!document_count_children(tx, work->scope, work->arena, ids, list.count, children, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        work->list.at[i] = view_of(&list.at[i], &work->jobs, now);
        work->list.at[i].child_count = children[i];
    }
    return true;
}

bool library_list(Library *library, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                  DocumentOrder order, bool descending, const Slice *slice,
                  DocumentViewList *list_r, Error *err)
{
    return library_list_chosen(library, scope, arena, filter, order, descending, slice, NULL,
                               list_r, err);
}

bool library_list_chosen(Library *library, const Scope *scope, Arena *arena,
                         const DocumentFilter *filter, DocumentOrder order, bool descending,
                         const Slice *slice, const DocumentChoice *choice, DocumentViewList *list_r,
                         Error *err)
{
    DocWork work = { .library = library,
                     .scope = scope,
                     .arena = arena,
                     .filter = filter,
                     .order = order,
                     .descending = descending,
                     .slice = slice,
                     .choice = choice };
    if (!store_read(library->db, scope, list_work, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

/* --- Changes --- */

static bool audit(DbTx *tx, const DocWork *work, const char *action, Error *err)
{
    AuditEntry entry = { .action = str(action),
                         .subject_kind = S("document"),
                         .subject = work->id };
    return audit_add(tx, work->scope, &entry, err);
}

/* The index weighs a document's title, so its passages are read anew. */
static bool tell_index(DbTx *tx, const DocWork *work, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    NumberList numbers;
    return chunk_numbers(tx, work->scope, arena, work->id, &numbers, err) &&
           index_change_add(tx, work->scope, arena, INDEX_ADD, work->id, STR_NONE, numbers.at,
                            numbers.count, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const DocumentChange *change = work->change;
    const Scope *scope = work->scope;
    return document_find(tx, scope, arena, work->id, &work->document, err) &&
           (!change->name || document_rename(tx, scope, work->id, *change->name, err)) &&
           (!change->title || document_set_title(tx, scope, work->id, *change->title, err)) &&
           (!change->collection || document_move(tx, scope, work->id, *change->collection, err)) &&
           (!change->tags || document_set_tags(tx, scope, work->id, *change->tags, err)) &&
           ((!change->name && !change->title) || tell_index(tx, work, err)) &&
           audit(tx, work, "document.change", err);
}

bool library_change(Library *library, const Scope *scope, Str id, const DocumentChange *change,
                    Error *err)
{
    DocWork work = { .library = library, .scope = scope, .id = id, .change = change };
    if (!store_write(library->db, scope, change_work, &work, err))
        return false;
    library_tell(library, scope, NEWS_DOCUMENT, id);
    return true;
}

static bool cancel_jobs(DbTx *tx, DocWork *work, Error *err)
{
    if (!jobs_store_of_subjects(tx, work->scope, work->arena, &work->id, 1, &work->jobs, err))
        return false;
    for (size_t i = 0; i < work->jobs.count; i++)
        if (!job_cancel(tx, work->scope, work->jobs.at[i].id, err) && err->code != ERROR_CONFLICT)
            return false;
    return true;
}

/* A job that was asked to stop and has not done so yet would be found instead of a new one. */
static bool none_is_stopping(const DocWork *work, Error *err)
{
    for (size_t i = 0; i < work->jobs.count; i++)
        if (work->jobs.at[i].is_cancelled)
            return fail(err, ERROR_BUSY, "the document is still being stopped; try again");
    return true;
}

static bool cancel_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    unsigned running = 1u << DOCUMENT_QUEUED | 1u << DOCUMENT_EXTRACTING | 1u << DOCUMENT_INDEXING;
    return document_advance(tx, work->scope, work->id, running, DOCUMENT_CANCELLED, err) &&
           cancel_jobs(tx, work, err) && audit(tx, work, "document.cancel", err);
}

bool library_cancel(Library *library, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    DocWork work = { .library = library, .scope = scope, .arena = arena, .id = id };
    if (!store_write(library->db, scope, cancel_work, &work, err))
        return false;
    library_tell(library, scope, NEWS_DOCUMENT, id);
    return true;
}

static bool retry_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    unsigned over = 1u << DOCUMENT_FAILED | 1u << DOCUMENT_CANCELLED | 1u << DOCUMENT_READY;
    if (work->password_sealed.length &&
        !document_set_password(tx, work->scope, work->id, work->password_sealed, err))
        return false;
    return jobs_store_of_subjects(tx, work->scope, work->arena, &work->id, 1, &work->jobs, err) &&
           none_is_stopping(work, err) &&
           document_advance(tx, work->scope, work->id, over, DOCUMENT_QUEUED, err) &&
           library_queue(tx, work->scope, work->arena, JOB_EXTRACT, work->id, err) &&
           audit(tx, work, "document.retry", err);
}

bool library_retry(Library *library, const Scope *scope, Str id, Str password, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    DocWork work = { .library = library, .scope = scope, .arena = arena, .id = id };
    if (!password_seal(library, arena, password, &work.password_sealed, err) ||
        !store_write(library->db, scope, retry_work, &work, err))
        return false;
    library_tell(library, scope, NEWS_DOCUMENT, id);
    return true;
}

/* --- The trash --- */

/* Asked while it is there: nobody knows afterwards. */
static bool find_those(DbTx *tx, DocWork *work, Error *err)
{
    return document_find(tx, work->scope, work->arena, work->id, &work->document, err) &&
           (!work->document.guard.length ||
            access_audience(tx, work->scope, work->arena, work->document.guard, &work->those, err));
}

static void tell_removed(const DocWork *work)
{
    library_tell_removed(work->library, work->scope, work->id,
                         work->document.guard.length ? &work->those : NULL);
}

static bool trash_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    return find_those(tx, work, err) && document_trash(tx, work->scope, work->id, now_ms(), err) &&
           (work->document.deleted_at_ms || audit(tx, work, "document.trash", err));
}

static bool restore_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    return document_restore(tx, work->scope, work->id, err) &&
           audit(tx, work, "document.restore", err);
}

/* The caller's next search sees the change, if this node keeps up. */
#define INDEX_WAIT_MS 2000

bool library_trash(Library *library, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    DocWork work = { .library = library, .scope = scope, .arena = arena, .id = id };
    if (!store_write(library->db, scope, trash_work, &work, err))
        return false;
    (void)library_wait_indexed(library, INDEX_WAIT_MS);
    tell_removed(&work);
    return true;
}

bool library_restore(Library *library, const Scope *scope, Str id, Error *err)
{
    DocWork work = { .library = library, .scope = scope, .id = id };
    if (!store_write(library->db, scope, restore_work, &work, err))
        return false;
    (void)library_wait_indexed(library, INDEX_WAIT_MS);
    library_tell(library, scope, NEWS_DOCUMENT, id);
    return true;
}

static bool erase_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    return find_those(tx, work, err) && cancel_jobs(tx, work, err) &&
           document_erase(tx, work->scope, work->arena, work->id, &work->erased, err) &&
           audit(tx, work, "document.erase", err);
}

static bool erase_blobs(DocWork *work, Error *err)
{
    return originals_remove(work->library, work->scope, work->arena, work->erased.blobs, err) ||
           fail_in(err, "the document and its rows are gone, its original goes by itself as soon as"
                        " its store answers; nothing has to be done again");
}

/* A library of a million passages is written anew within this time. */
#define ERASE_WAIT_MS 120000

/* Rows and originals; what the log and the index hold of them goes with forget_erased(). *rows_r:
 * the rows are gone, also where the originals are not yet. */
static bool erase_one(Library *library, const Scope *scope, Str id, bool *rows_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    DocWork work = { .library = library, .scope = scope, .arena = arena, .id = id };
    pthread_rwlock_wrlock(&library->blobs_in_use);
    bool rows = store_write(library->db, scope, erase_work, &work, err);
    bool good = rows && erase_blobs(&work, err);
    pthread_rwlock_unlock(&library->blobs_in_use);
    if (rows)
        tell_removed(&work);
    *rows_r = rows;
    return good;
}

static bool forget_erased(Library *library, Error *err)
{
    if (!db_forget(library->db, err))
        return fail_in(err, "the rows are gone, the database's log still holds them");
    if (!follower_wait_erased(library->follower, ERASE_WAIT_MS))
        return fail(err, ERROR_TIMEOUT,
                    "the rows and the original are gone, the index files are still being written"
                    " without them");
    return true;
}

bool library_erase(Library *library, const Scope *scope, Str id, Error *err)
{
    bool rows;
    Error why;
    if (erase_one(library, scope, id, &rows, err))
        return forget_erased(library, err);
    /* The original goes as soon as its store answers; nothing else has to wait for that. */
    if (rows && !forget_erased(library, &why))
        *err = why;
    return false;
}

/* --- Collections that keep documents for a time --- */

#define LET_GO_AT_ONCE 100

static bool over_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    return kept_collections_over(tx, &work->library->system, work->arena, work->now_ms,
                                 LET_GO_AT_ONCE, &work->due, err);
}

static bool let_go_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    return kept_collection_let_go(tx, work->scope, work->arena, work->id, work->now_ms,
                                  &work->has_gone, err) &&
           (!work->has_gone ||
            (find_those(tx, work, err) && audit(tx, work, "document.let_go", err)));
}

static bool let_go(Library *library, const DueDocument *due, int64_t now, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Scope scope = { .workspace = due->workspace, .role = ROLE_OWNER };
    DocWork work = {
        .library = library, .scope = &scope, .arena = arena, .id = due->id, .now_ms = now
    };
    if (!store_write(library->db, &scope, let_go_work, &work, err))
        return false;
    if (work.has_gone)
        tell_removed(&work);
    return true;
}

/* A document a transaction, so that nobody waits. */
static bool let_go_all(Library *library, Job *job, Error *err)
{
    int64_t now = now_ms();
    for (;;) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        DocWork work = { .library = library, .arena = arena, .now_ms = now };
        if (!store_read(library->db, &library->system, over_work, &work, err))
            return false;
        for (size_t i = 0; i < work.due.count; i++) {
            if (job_is_stopped(job))
                return job_stopped(job, err);
            if (!let_go(library, &work.due.at[i], now, err))
                return false;
        }
        if (!work.due.count)
            return true;
    }
}

/* --- Purging --- */

static bool expired_work(DbTx *tx, void *argument, Error *err)
{
    DocWork *work = argument;
    int64_t before = now_ms() - work->library->options.trash_days * 24 * 3600 * 1000;
    return document_list_expired(tx, &work->library->system, work->arena, before, 100,
                                 &work->expired, err);
}

/* SQLite's are forgotten by its only follower as soon as its index is written. */
#define CHANGES_AT_ONCE 5000

typedef struct ForgetWork {
    const Scope *system;
    Arena *arena;
    int64_t until, floor;
} ForgetWork;

static bool old_work(DbTx *tx, void *argument, Error *err)
{
    ForgetWork *work = argument;
    IndexPosition position;
    if (!index_change_old(tx, work->system, work->arena, now_ms(), &work->until, err) ||
        !index_position(tx, work->system, work->arena, &position, err))
        return false;
    work->floor = position.floor;
    return true;
}

static bool forget_some_work(DbTx *tx, void *argument, Error *err)
{
    const ForgetWork *work = argument;
    return index_change_forget(tx, work->system, MIN(work->floor + CHANGES_AT_ONCE, work->until),
                               err);
}

static bool forget_changes(Library *library, Job *job, Error *err)
{
    ForgetWork work = { .system = &library->system, .arena = job->arena };
    if (db_kind(library->db) != DB_POSTGRES)
        return true;
    if (!store_write(library->db, &library->system, old_work, &work, err))
        return false;
    for (; work.floor < work.until; work.floor += CHANGES_AT_ONCE) {
        if (job_is_stopped(job))
            return job_stopped(job, err);
        if (!store_write(library->db, &library->system, forget_some_work, &work, err))
            return false;
    }
    return true;
}

bool library_purge_job(Job *job, Error *err)
{
    Library *library = job->argument;
    if (!forget_changes(library, job, err) || !let_go_all(library, job, err))
        return false;
    for (;;) {
        DocWork work = { .library = library, .arena = job->arena };
        if (!store_read(library->db, &library->system, expired_work, &work, err))
            return false;
        if (!work.expired.count)
            return originals_tidy(library, job, err) && blob_tidy(library->blobs, err);
        for (size_t i = 0; i < work.expired.count; i++) {
            Scope scope = { .workspace = work.expired.at[i].workspace, .role = ROLE_OWNER };
            bool rows;
            if (job_is_stopped(job))
                return job_stopped(job, err);
            if (!erase_one(library, &scope, work.expired.at[i].id, &rows, err))
                return false;
        }
        if (!forget_erased(library, err))
            return false;
    }
}
