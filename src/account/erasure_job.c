/* erasure_job.c - see erasure.h: erasing what is kept about somebody. */
#include "account/account_int.h"
#include "account/erasure.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "store/audit_store.h"
#include "store/calls_store.h"
#include "store/person_data_store.h"
#include "store/proof.h"

#define ROWS_AT_ONCE 1000
#define PAGES_AT_ONCE 50
#define CALLS "call_pages.data"
#define PROOF_MAX KB(256)

typedef struct Erasing {
    Account *account;
    Job *job;
    Arena *arena;          /* of one transaction */
    Scope scope;           /* the workspace's, as whoever takes over from the person */
    PersonErasure erasure; /* as it is in the transaction */
    PersonNames names;
    WorkspaceTableList tables;
    size_t at; /* the column whose rows go */
    int64_t rows;
    char page[80]; /* of calls, the last that was looked at */
    bool pages_left;
    Str key; /* of proofs */
    bool account_goes;
    PersonCountList left;
} Erasing;

/* --- Who it is about --- */

/* Works with somebody's rights go on with those of whoever asked, or of an owner. */
static bool find_heir(DbTx *tx, Erasing *in, Error *err)
{
    MembershipList people;
    Str heir = STR_NONE;
    if (!membership_list(tx, &in->scope, in->arena, &people, err))
        return false;
    for (size_t i = 0; i < people.count; i++) {
        const Membership *one = &people.at[i];
        if (str_equal(one->user, in->erasure.user) || one->is_disabled)
            continue;
        if (str_equal(one->user, in->erasure.asked_by))
            heir = one->user;
        else if (!heir.length && one->role == ROLE_OWNER)
            heir = one->user;
    }
    in->scope.user = in->names.heir = heir;
    return true;
}

/* Nobody can tell from it whose it was, and two erasures of one person have two. */
static Str pseudonym_of(const Erasing *in)
{
    Str both =
        str_format(in->arena, STR_FMT STR_FMT, STR_ARG(in->erasure.user), STR_ARG(in->erasure.id));
    Str mark = hmac_sha256_hex(in->arena, in->key, both);
    return str_format(in->arena, "erased-%.16s", mark.at);
}

/* Whatever is known of it was read in the transaction that changes it. */
static bool hold(DbTx *tx, Erasing *in, Error *err)
{
    User user = { 0 };
    if (!job_hold(tx, in->job, err) ||
        !person_erasure_find(tx, &in->scope, in->arena, in->job->subject, &in->erasure, err))
        return false;
    if (in->erasure.ended_at_ms)
        return true;
    if (!user_find(tx, &in->account->system, in->arena, in->erasure.user, &user, err) &&
        err->code != ERROR_NOT_FOUND)
        return false;
    in->names = (PersonNames){ .id = in->erasure.user,
                               .email = user.is_service ? STR_NONE : user.email,
                               .pseudonym = pseudonym_of(in) };
    return find_heir(tx, in, err);
}

static bool in_transaction(Erasing *in, DbWork *work, Error *err)
{
    arena_reset(in->arena);
    return store_write(in->account->db, &in->account->system, work, in, err);
}

/* --- Out of the workspace --- */

static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    Erasing *in = argument;
    Membership member;
    if (!hold(tx, in, err))
        return false;
    if (in->erasure.began_at_ms)
        return true;
    bool is_there = membership_find(tx, &in->scope, in->arena, in->erasure.user, &member, err);
    if (!is_there && err->code != ERROR_NOT_FOUND)
        return false;
    in->erasure.began_at_ms = now_ms();
    return (!is_there || people_take_out(tx, in->arena, &in->scope, &member, err)) &&
           person_erasure_save(tx, &in->scope, &in->erasure, err);
}

/* --- Rows --- */

static const char *name_of(const Erasing *in, size_t column)
{
    PersonCount count = person_column(column);
    return str_c(in->arena, str_format(in->arena, STR_FMT "." STR_FMT, STR_ARG(count.table),
                                       STR_ARG(count.column)));
}

static bool note_rows(DbTx *tx, Erasing *in, const char *name, int64_t rows, Error *err)
{
    AUTO_JSON json_t *removed = NULL;
    if (!rows)
        return true;
    if (!json_parse(in->erasure.removed, PROOF_MAX, &removed, err))
        return false;
    int64_t before = json_integer_value(json_object_get(removed, name));
    json_object_set_new(removed, name, json_integer(before + rows));
    in->erasure.removed = json_print(in->arena, removed);
    return person_erasure_save(tx, &in->scope, &in->erasure, err);
}

static bool erase_rows(DbTx *tx, Erasing *in, size_t column, int64_t limit, Error *err)
{
    return person_data_erase(tx, &in->scope, in->arena, &in->names, &in->tables, column, limit,
                             &in->rows, err) &&
           note_rows(tx, in, name_of(in, column), in->rows, err);
}

static bool erase_some(DbTx *tx, void *argument, Error *err)
{
    Erasing *in = argument;
    in->rows = 0;
    return hold(tx, in, err) &&
           (in->erasure.ended_at_ms || erase_rows(tx, in, in->at, ROWS_AT_ONCE, err));
}

/* A thousand rows a transaction, so that nobody else waits for long. */
static bool erase_all(Erasing *in, Error *err)
{
    int64_t count = (int64_t)person_column_count();
    for (in->at = 0; in->at < person_column_count(); in->at++)
        do {
            if (!job_progress(in->job, "erasing", (int64_t)in->at, count))
                return job_stopped(in->job, err);
            if (person_column_waits(in->at))
                break;
            if (!in_transaction(in, erase_some, err))
                return false;
        } while (in->rows == ROWS_AT_ONCE);
    return true;
}

/* Who made a call is packed with it. */
static bool unname_pages(DbTx *tx, Erasing *in, int64_t limit, Error *err)
{
    Str after = str(in->page);
    if (!calls_unname(tx, &in->scope, in->arena, in->names.id, in->names.pseudonym, limit, &after,
                      &in->rows, err))
        return false;
    in->pages_left = after.length > 0;
    if (in->pages_left)
        snprintf(in->page, sizeof in->page, STR_FMT, STR_ARG(after));
    return note_rows(tx, in, CALLS, in->rows, err);
}

static bool unname_some(DbTx *tx, void *argument, Error *err)
{
    Erasing *in = argument;
    in->pages_left = false;
    return hold(tx, in, err) &&
           (in->erasure.ended_at_ms || unname_pages(tx, in, PAGES_AT_ONCE, err));
}

static bool unname_calls(Erasing *in, Error *err)
{
    int64_t count = (int64_t)person_column_count();
    do {
        if (!job_progress(in->job, "erasing", count, count))
            return job_stopped(in->job, err);
        if (!in_transaction(in, unname_some, err))
            return false;
    } while (in->pages_left);
    return true;
}

/* --- The proof --- */

static void put_count(JsonWriter *json, const PersonCount *count)
{
    put_object(json, NULL);
    put_text(json, "table", count->table);
    put_text(json, "column", count->column);
    if (count->becomes[0])
        put_text(json, "became", str(count->becomes));
    put_int(json, "rows", count->rows);
    put_end(json);
}

static void put_counts(const Erasing *in, JsonWriter *json, const json_t *removed)
{
    put_array(json, "tables");
    for (size_t i = 0; i < person_column_count(); i++) {
        PersonCount count = person_column(i);
        count.rows = json_integer_value(json_object_get(removed, name_of(in, i)));
        if (count.rows)
            put_count(json, &count);
    }
    PersonCount calls = { "unnamed", S("call_pages"), S("data"),
                          json_integer_value(json_object_get(removed, CALLS)) };
    if (calls.rows)
        put_count(json, &calls);
    put_end(json);
    put_array(json, "left");
    for (size_t i = 0; i < in->left.count; i++)
        put_count(json, &in->left.at[i]);
    put_end(json);
}

/* Neither id nor address: who keeps the proof can show that theirs are meant. */
static bool sign(Erasing *in, Error *err)
{
    AUTO_JSON json_t *removed = NULL;
    const PersonErasure *erasure = &in->erasure;
    Buf out = buf_new(in->arena, PROOF_MAX);
    JsonWriter json = put_begin(&out);
    if (!json_parse(erasure->removed, PROOF_MAX, &removed, err))
        return false;
    put_text(&json, "workspace", in->scope.workspace);
    put_text(&json, "person_sha256", sha256_hex(in->arena, in->names.id));
    put_text(&json, "email_sha256", sha256_hex(in->arena, in->names.email));
    put_text(&json, "pseudonym", in->names.pseudonym);
    put_text_or_null(&json, "asked_by_sha256",
                     erasure->asked_by.length ? sha256_hex(in->arena, erasure->asked_by)
                                              : STR_NONE);
    put_time(&json, "asked_at", erasure->asked_at_ms);
    put_time(&json, "began_at", erasure->began_at_ms);
    put_time(&json, "ended_at", erasure->ended_at_ms);
    put_bool(&json, "account_erased", in->account_goes);
    put_counts(in, &json, removed);
    put_end(&json);
    in->erasure.proof = proof_sign(in->arena, in->key, str_copy(in->arena, buf_str(&out)));
    return true;
}

/* --- The end --- */

/* With the last workspace, and when nothing is to be erased in another one any more. */
static bool forget_account(DbTx *tx, Erasing *in, Error *err)
{
    const Scope *system = &in->account->system;
    MembershipList others;
    int64_t open;
    if (!membership_list_of_user(tx, system, in->arena, in->names.id, &others, err) ||
        !person_erasure_count_open(tx, system, in->names.id, &open, err))
        return false;
    in->account_goes = !others.count && !open;
    return !in->account_goes || user_remove(tx, system, in->names.id, err) ||
           err->code == ERROR_NOT_FOUND;
}

static bool note_erasure(DbTx *tx, const Erasing *in, Error *err)
{
    AuditEntry entry = { .action = S("user.erase"),
                         .subject_kind = S("user"),
                         .subject = in->names.pseudonym,
                         .details = in->erasure.proof };
    return audit_add(tx, &in->scope, &entry, err);
}

/* What was written while the parts went, too. The asker may have been the person. */
static bool erase_rest(DbTx *tx, Erasing *in, Error *err)
{
    for (size_t i = 0; i < person_column_count(); i++)
        if (!erase_rows(tx, in, i, INT64_MAX, err))
            return false;
    if (!unname_pages(tx, in, INT64_MAX, err))
        return false;
    if (str_equal(in->erasure.asked_by, in->names.id))
        in->erasure.asked_by = in->names.pseudonym;
    in->erasure.user = STR_NONE;
    in->erasure.ended_at_ms = now_ms();
    return person_erasure_save(tx, &in->scope, &in->erasure, err);
}

static bool end_work(DbTx *tx, void *argument, Error *err)
{
    Erasing *in = argument;
    if (!hold(tx, in, err))
        return false;
    if (in->erasure.ended_at_ms) /* by a node that took this one for dead */
        return true;
    return erase_rest(tx, in, err) && forget_account(tx, in, err) &&
           person_data_traces(tx, &in->scope, in->arena, &in->names, &in->left, err) &&
           sign(in, err) && person_erasure_save(tx, &in->scope, &in->erasure, err) &&
           note_erasure(tx, in, err);
}

static bool list_tables(DbTx *tx, void *argument, Error *err)
{
    Erasing *in = argument;
    return workspace_tables(tx, &in->account->system, in->job->arena, &in->tables, err);
}

bool account_erase_person_job(Job *job, Error *err)
{
    Account *account = job->argument;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Erasing in = { .account = account,
                   .job = job,
                   .arena = arena,
                   .scope = { .workspace = job->scope.workspace, .role = ROLE_OWNER } };
    if (!proof_key(account->db, job->arena, &in.key, err) ||
        !store_read(account->db, &account->system, list_tables, &in, err) ||
        !in_transaction(&in, begin_work, err) || !erase_all(&in, err) || !unname_calls(&in, err) ||
        !in_transaction(&in, end_work, err))
        return false;
    if (!db_forget(account->db, err))
        return fail_in(err, "the rows are gone, the database's log still holds them");
    log_info("account", "somebody's data was erased: " STR_FMT, STR_ARG(job->subject));
    return true;
}
