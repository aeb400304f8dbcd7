/* workspace_removal.c - see workspace_removal.h. */
#include "library/workspace_removal.h"

#include "base/clock.h"
#include "base/log.h"
#include "index/vector_store.h"
#include "library/library_int.h"
#include "store/access.h"
#include "store/api_keys_store.h"
#include "store/audit_store.h"
#include "store/key_limits_store.h"
#include "store/people_store.h"
#include "store/proof.h"
#include "store/workspace_removals_store.h"
#include "store/workspaces_store.h"

#define ROWS_AT_ONCE 1000
#define PROOF_MAX KB(64)

typedef struct Leaving {
    Library *library;
    Job *job;
    Arena *arena;         /* of one transaction */
    Scope system, inside; /* inside: the workspace's own, as its owner */
    WorkspaceRemovalList due;
    Str id;                   /* of the workspace */
    WorkspaceRemoval removal; /* as it is in the transaction */
    WorkspaceTableList tables;
    size_t at; /* the table whose rows go */
    int64_t count;
    Str key; /* of proofs */
} Leaving;

/* Whatever is known of it was read in the transaction that changes it. */
static bool hold(DbTx *tx, Leaving *leaving, Error *err)
{
    return job_hold(tx, leaving->job, err) &&
           workspace_removal_find(tx, &leaving->system, leaving->arena, leaving->id,
                                  &leaving->removal, err);
}

static bool in_transaction(Leaving *leaving, DbWork *work, Error *err)
{
    arena_reset(leaving->arena);
    return store_write(leaving->library->db, &leaving->system, work, leaving, err);
}

/* --- What was removed --- */

static bool note_removed(DbTx *tx, Leaving *leaving, Str table, int64_t rows, Error *err)
{
    AUTO_JSON json_t *removed = NULL;
    WorkspaceRemoval *removal = &leaving->removal;
    if (!rows)
        return true;
    if (!json_parse(removal->removed, PROOF_MAX, &removed, err))
        return false;
    const char *name = str_c(leaving->arena, table);
    int64_t before = json_integer_value(json_object_get(removed, name));
    json_object_set_new(removed, name, json_integer(before + rows));
    removal->removed = json_print(leaving->arena, removed);
    return workspace_removal_save(tx, &leaving->system, removal, err);
}

static bool remove_from(DbTx *tx, Leaving *leaving, size_t table, int64_t limit, Error *err)
{
    WorkspaceTable *from = &leaving->tables.at[table];
    return workspace_remove_rows(tx, &leaving->system, leaving->arena, leaving->id, from, limit,
                                 &leaving->count, err) &&
           (leaving->removal.ended_at_ms ||
            note_removed(tx, leaving, from->name, leaving->count, err));
}

/* --- The doors close --- */

/* What is held open by people and keys is closed; that nobody comes in any more is seen to where
 * they would. */
static bool shut_out(DbTx *tx, const Leaving *leaving, Error *err)
{
    MembershipList people;
    ApiKeyList keys;
    if (!membership_list(tx, &leaving->inside, leaving->arena, &people, err) ||
        !api_key_list(tx, &leaving->inside, leaving->arena, STR_NONE, &keys, err))
        return false;
    for (size_t i = 0; i < people.count; i++)
        if (!access_changed(tx, ACCESS_USER, people.at[i].user, err))
            return false;
    for (size_t i = 0; i < keys.count; i++)
        if (!access_changed(tx, ACCESS_KEY, keys.at[i].id, err))
            return false;
    return callers_changed(tx, &leaving->inside, err);
}

static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    Leaving *leaving = argument;
    if (!hold(tx, leaving, err))
        return false;
    leaving->removal.began_at_ms = now_ms();
    return workspace_removal_save(tx, &leaving->system, &leaving->removal, err) &&
           shut_out(tx, leaving, err);
}

/* --- Rows --- */

static bool list_tables(DbTx *tx, void *argument, Error *err)
{
    Leaving *leaving = argument;
    return workspace_tables(tx, &leaving->system, leaving->job->arena, &leaving->tables, err);
}

static bool remove_some(DbTx *tx, void *argument, Error *err)
{
    Leaving *leaving = argument;
    return hold(tx, leaving, err) && remove_from(tx, leaving, leaving->at, ROWS_AT_ONCE, err);
}

/* A thousand rows a transaction, so that nobody else waits for long. */
static bool remove_rows(Leaving *leaving, Error *err)
{
    for (leaving->at = 0; leaving->at < leaving->tables.count; leaving->at++) {
        leaving->tables.at[leaving->at].walked = -1;
        do {
            if (!job_progress(leaving->job, "removing", (int64_t)leaving->at,
                              (int64_t)leaving->tables.count))
                return job_stopped(leaving->job, err);
            if (!in_transaction(leaving, remove_some, err))
                return false;
        } while (leaving->count >= ROWS_AT_ONCE);
    }
    return true;
}

/* --- What lies outside the database --- */

/* Of models of before, too. */
static bool clear_vectors(const Leaving *leaving, Error *err)
{
    VectorStore *store = leaving->library->options.vectors;
    return !store || !store->forget || store->forget(store, leaving->id, err);
}

static bool remove_outside(const Leaving *leaving, Error *err)
{
    const Library *library = leaving->library;
    BlobStore *second = library->options.second_blobs;
    return (blob_remove_workspace(library->blobs, leaving->id, err) &&
            (!second || blob_remove_workspace(second, leaving->id, err)) &&
            clear_vectors(leaving, err)) ||
           fail_in(err, "removing originals and vectors of a workspace");
}

/* --- The end --- */

static void put_tables(const Leaving *leaving, JsonWriter *json, const json_t *removed)
{
    for (size_t i = 0; i < leaving->tables.count; i++) {
        Str name = leaving->tables.at[i].name;
        int64_t rows = json_integer_value(json_object_get(removed, str_c(leaving->arena, name)));
        if (!rows)
            continue;
        put_object(json, NULL);
        put_text(json, "table", name);
        put_int(json, "rows", rows);
        put_end(json);
    }
}

/* Names nobody: whoever keeps it can show that they or their workspace are meant. */
static Str proof_text(const Leaving *leaving, const json_t *removed, int64_t left)
{
    const WorkspaceRemoval *removal = &leaving->removal;
    Buf out = buf_new(leaving->arena, PROOF_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "workspace", removal->id);
    put_text_or_null(&json, "asked_by_sha256", removal->asker);
    put_time(&json, "asked_at", removal->asked_at_ms);
    put_time(&json, "began_at", removal->began_at_ms);
    put_time(&json, "ended_at", removal->ended_at_ms);
    put_array(&json, "tables");
    put_tables(leaving, &json, removed);
    put_end(&json);
    put_text(&json, "originals", S("removed"));
    put_int(&json, "rows_left", left);
    put_end(&json);
    return str_copy(leaving->arena, buf_str(&out));
}

static bool sign_work(DbTx *tx, Leaving *leaving, Error *err)
{
    AUTO_JSON json_t *removed = NULL;
    WorkspaceRemoval *removal = &leaving->removal;
    int64_t left;
    if (!workspace_count_rows(tx, &leaving->system, leaving->arena, removal->id, &leaving->tables,
                              &left, err) ||
        !json_parse(removal->removed, PROOF_MAX, &removed, err))
        return false;
    if (left)
        return fail(err, ERROR_INTERNAL, "%" PRId64 " rows of a removed workspace are left", left);
    removal->ended_at_ms = now_ms();
    removal->proof = proof_sign(leaving->arena, leaving->key, proof_text(leaving, removed, left));
    return workspace_removal_save(tx, &leaving->system, removal, err);
}

static bool remove_rest(DbTx *tx, Leaving *leaving, Error *err)
{
    for (size_t i = 0; i < leaving->tables.count; i++)
        if (!remove_from(tx, leaving, i, INT64_MAX, err))
            return false;
    return true;
}

static bool end_work(DbTx *tx, void *argument, Error *err)
{
    Leaving *leaving = argument;
    Str line = str_format(leaving->arena, STR_FMT "\n", STR_ARG(leaving->id));
    if (!hold(tx, leaving, err))
        return false;
    if (leaving->removal.ended_at_ms) /* by a node that took this one for dead */
        return true;
    return remove_rest(tx, leaving, err) &&
           workspace_remove(tx, &leaving->system, leaving->id, err) &&
           sign_work(tx, leaving, err) && db_notify(tx, WORKSPACE_GONE_CHANNEL, line, err);
}

/* An original comes before its row, which then finds no workspace any more. */
static bool late_work(DbTx *tx, void *argument, Error *err)
{
    Leaving *leaving = argument;
    return hold(tx, leaving, err) && remove_rest(tx, leaving, err);
}

/* --- The job --- */

/* One that was taken back a moment ago is not there any more. */
static bool remove_one(Leaving *leaving, const WorkspaceRemoval *due, Error *err)
{
    leaving->id = due->id;
    leaving->inside = (Scope){ .workspace = due->id, .role = ROLE_OWNER };
    if (due->ended_at_ms)
        return in_transaction(leaving, late_work, err) && remove_outside(leaving, err);
    if (!due->began_at_ms && !in_transaction(leaving, begin_work, err))
        return err->code == ERROR_NOT_FOUND;
    if (!remove_rows(leaving, err) || !remove_outside(leaving, err) ||
        !in_transaction(leaving, end_work, err))
        return false;
    log_info("library", "the workspace " STR_FMT " was removed", STR_ARG(leaving->id));
    return true;
}

static bool due_work(DbTx *tx, void *argument, Error *err)
{
    Leaving *leaving = argument;
    return workspace_removal_list_due(tx, &leaving->system, leaving->job->arena, now_ms(),
                                      &leaving->due, err);
}

/* One that cannot go holds up nobody behind it, and is tried again. */
static bool remove_all(Leaving *leaving, Error *err)
{
    Error first = { 0 };
    for (size_t i = 0; i < leaving->due.count; i++) {
        if (remove_one(leaving, &leaving->due.at[i], err))
            continue;
        if (job_is_stopped(leaving->job))
            return false;
        log_warn("library", "the workspace " STR_FMT " is not removed yet: %s",
                 STR_ARG(leaving->id), err->message);
        first = first.code ? first : *err;
    }
    *err = first;
    return !first.code;
}

bool library_remove_workspaces_job(Job *job, Error *err)
{
    Library *library = job->argument;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Leaving leaving = { .library = library, .job = job, .arena = arena, .system = library->system };
    if (!store_read(library->db, &library->system, due_work, &leaving, err))
        return false;
    if (!leaving.due.count)
        return true;
    if (!proof_key(library->db, job->arena, &leaving.key, err) ||
        !store_read(library->db, &library->system, list_tables, &leaving, err))
        return false;
    return remove_all(&leaving, err);
}
