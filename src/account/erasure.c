/* erasure.c - see erasure.h: giving what is known of somebody, and asking for its erasure. */
#include "account/erasure.h"

#include "account/account_int.h"
#include "account/token.h"
#include "base/clock.h"
#include "store/audit_store.h"
#include "store/identities_store.h"
#include "store/passkeys_store.h"
#include "store/person_data_store.h"
#include "store/proof.h"

#define ROWS_MAX 100000 /* of one table */

typedef struct ErasureWork {
    Account *account;
    Arena *arena;
    const Visitor *visitor;
    Str named, id;
    Str hash; /* of what opens the proof */
    int64_t days;
    Buf *out;
    Membership member;
    PersonErasure erasure;
    ErasureShown shown;
    PersonErasureList list;
    ErasureShownList shown_list;
} ErasureWork;

static bool find_member(DbTx *tx, ErasureWork *work, Error *err)
{
    return membership_find(tx, &work->visitor->scope, work->arena, work->named, &work->member, err);
}

/* --- Giving it --- */

static void put_account(JsonWriter *json, const Membership *member)
{
    put_object(json, "account");
    put_text(json, "id", member->user);
    put_text(json, "email", member->email);
    put_text(json, "name", member->name);
    put_text(json, "role", str(role_name(member->role)));
    put_time(json, "joined_at", member->created_at_ms);
    put_time(json, "last_login_at", member->last_login_at_ms);
    put_end(json);
}

/* Of the account, not of the workspace, so for themselves alone: what they sign in with, without
 * what only this server and their device need. */
static bool put_ways_in(DbTx *tx, const ErasureWork *work, JsonWriter *json, Error *err)
{
    const Scope *system = &work->account->system;
    PasskeyList passkeys;
    IdentityList identities;
    if (!passkey_list(tx, system, work->arena, work->member.user, &passkeys, err) ||
        !identity_list(tx, system, work->arena, work->member.user, &identities, err))
        return false;
    put_array(json, "passkeys");
    for (size_t i = 0; i < passkeys.count; i++) {
        const Passkey *one = &passkeys.at[i];
        put_object(json, NULL);
        put_text(json, "id", one->id);
        put_text(json, "name", one->name);
        put_text(json, "credential", one->credential);
        put_text(json, "transports", one->transports);
        put_time(json, "created_at", one->created_at_ms);
        put_time(json, "last_used_at", one->last_used_at_ms);
        put_end(json);
    }
    put_end(json);
    put_array(json, "identities");
    for (size_t i = 0; i < identities.count; i++) {
        const Identity *one = &identities.at[i];
        put_object(json, NULL);
        put_text(json, "issuer", one->issuer);
        put_text(json, "subject", one->subject);
        put_time(json, "created_at", one->created_at_ms);
        put_time(json, "last_seen_at", one->last_seen_at_ms);
        put_end(json);
    }
    put_end(json);
    return true;
}

static bool print_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    Buf tables = buf_new(work->arena, MB(256));
    work->out->length = 0;
    if (!find_member(tx, work, err) ||
        !person_data_print(tx, &work->visitor->scope, work->arena, work->member.user, ROWS_MAX,
                           &tables, err))
        return false;
    JsonWriter json = put_begin(work->out);
    put_account(&json, &work->member);
    bool is_self = str_equal(work->member.user, work->visitor->scope.user);
    if (is_self && !put_ways_in(tx, work, &json, err))
        return false;
    put_raw(&json, "tables", buf_str(&tables));
    put_end(&json);
    return true;
}

bool account_person_data(Account *account, Arena *arena, const Visitor *visitor, Str named,
                         Buf *out, Error *err)
{
    ErasureWork work = {
        .account = account, .arena = arena, .visitor = visitor, .named = named, .out = out
    };
    bool is_self = named.length && str_equal(named, visitor->scope.user);
    return (is_self || scope_needs(&visitor->scope, ROLE_ADMIN, err)) &&
           store_read(account->db, &account->system, print_work, &work, err);
}

bool account_check_proof(Account *account, Str proof, Error *err)
{
    return proof_check(account->db, proof, err);
}

bool account_proof_key(Account *account, Arena *arena, Str *public_key_r, Error *err)
{
    Str key;
    if (!proof_key(account->db, arena, &key, err))
        return false;
    *public_key_r = proof_public_key(arena, key);
    return true;
}

/* --- Asking for its erasure --- */

static bool note(DbTx *tx, const Scope *scope, const char *action, Str user, Error *err)
{
    AuditEntry entry = { .action = str(action), .subject_kind = S("user"), .subject = user };
    return audit_add(tx, scope, &entry, err);
}

/* Its job waits until it is due. */
static bool ask(DbTx *tx, ErasureWork *work, const Scope *scope, const Membership *member,
                PersonErasure *erasure_r, Error *err)
{
    int64_t now = now_ms();
    PersonErasure erasure = { .user = member->user,
                              .asked_by = scope->user,
                              .hash = work->hash,
                              .asked_at_ms = now,
                              .due_at_ms = now + work->days * DAY_MS };
    if ((member->role == ROLE_OWNER && !people_keep_an_owner(tx, scope, err)) ||
        !person_erasure_add(tx, scope, work->arena, &erasure, err))
        return false;
    const NewJob job = { .type = S(JOB_ERASE_PERSON),
                         .subject = erasure.id,
                         .run_at_ms = work->days ? erasure.due_at_ms : 0 };
    if (!job_add(tx, scope, work->arena, &job, &erasure.job, err) ||
        !person_erasure_save(tx, scope, &erasure, err) ||
        !note(tx, scope, "user.erasure_asked", member->user, err))
        return false;
    *erasure_r = erasure;
    return true;
}

static bool ask_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    if (!find_member(tx, work, err))
        return false;
    if (str_equal(work->member.user, scope->user))
        return fail(err, ERROR_CONFLICT,
                    "nobody can erase themselves here; another administrator can, or you under "
                    "Settings, Account");
    if (work->member.role > scope->role)
        return fail(err, ERROR_DENIED, "only an owner can erase an owner");
    return ask(tx, work, scope, &work->member, &work->erasure, err);
}

bool account_ask_erasure(Account *account, Arena *arena, const Visitor *visitor, Str named,
                         int64_t days, PersonErasure *erasure_r, Error *err)
{
    ErasureWork work = { .account = account,
                         .arena = arena,
                         .visitor = visitor,
                         .named = named,
                         .days = days < 0 ? account->options.erasure_days : days };
    if (!scope_needs(&visitor->scope, ROLE_ADMIN, err) ||
        !store_write(account->db, &account->system, ask_work, &work, err))
        return false;
    *erasure_r = work.erasure;
    return true;
}

/* --- By oneself, everywhere --- */

/* The visitor in another workspace of theirs. */
static Scope scope_in(const ErasureWork *work, const Membership *member)
{
    return (Scope){ .workspace = member->workspace,
                    .user = work->visitor->scope.user,
                    .role = member->role };
}

static bool own_workspaces(DbTx *tx, ErasureWork *work, MembershipList *list_r, Error *err)
{
    return membership_list_of_user(tx, &work->account->system, work->arena,
                                   work->visitor->scope.user, list_r, err);
}

static bool ask_own_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    MembershipList list;
    if (!own_workspaces(tx, work, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        const Membership *member = &list.at[i];
        Scope scope = scope_in(work, member);
        PersonErasure erasure;
        if (!ask(tx, work, &scope, member, &erasure, err))
            return fail_in(err, STR_FMT, STR_ARG(member->workspace_name));
        if (str_equal(member->workspace, work->visitor->scope.workspace))
            work->erasure = erasure;
    }
    return true;
}

bool account_ask_own_erasure(Account *account, Arena *arena, const Visitor *visitor,
                             const SecondFactorProof *proof, PersonErasure *erasure_r, Str *token_r,
                             Error *err)
{
    Str token = token_new(arena, "erasure_");
    ErasureWork work = { .hash = token_hash(arena, token),
                         .account = account,
                         .arena = arena,
                         .visitor = visitor,
                         .days = account->options.erasure_days };
    if (!account->options.erases_themselves)
        return fail(err, ERROR_DENIED,
                    "this server does not let people delete their own account; ask an "
                    "administrator (setting own_erasure)");
    if (!account_prove_person(account, visitor, proof, err) ||
        !store_write(account->db, &account->system, ask_own_work, &work, err))
        return false;
    *erasure_r = work.erasure;
    *token_r = token;
    return true;
}

static bool proofs_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    return person_erasure_list_by_hash(tx, &work->account->system, work->arena, work->hash,
                                       now_ms() - ERASURE_PROOF_DAYS * DAY_MS, &work->list, err);
}

bool account_erasure_proofs(Account *account, Arena *arena, Str token, PersonErasureList *list_r,
                            Error *err)
{
    ErasureWork work = { .account = account, .arena = arena, .hash = token_hash(arena, token) };
    if (!store_read(account->db, &account->system, proofs_work, &work, err))
        return false;
    if (!work.list.count)
        return fail(err, ERROR_DENIED,
                    "there is no erasure that this opens, or it ended more than %d days ago",
                    ERASURE_PROOF_DAYS);
    *list_r = work.list;
    return true;
}

/* --- Taking it back --- */

static bool take_back(DbTx *tx, const Scope *scope, const PersonErasure *erasure, Error *err)
{
    return person_erasure_take_back(tx, scope, erasure->id, err) &&
           job_cancel(tx, scope, erasure->job, err) &&
           note(tx, scope, "user.erasure_taken_back", erasure->user, err);
}

static bool keep_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    return person_erasure_find(tx, scope, work->arena, work->id, &work->erasure, err) &&
           take_back(tx, scope, &work->erasure, err);
}

bool account_keep_person(Account *account, Arena *arena, const Visitor *visitor, Str id, Error *err)
{
    ErasureWork work = { .account = account, .arena = arena, .visitor = visitor, .id = id };
    return scope_needs(&visitor->scope, ROLE_ADMIN, err) &&
           store_write(account->db, &visitor->scope, keep_work, &work, err);
}

bool account_erase_person_cancel(DbTx *tx, const Scope *scope, Arena *arena, const JobRow *job,
                                 Error *err)
{
    PersonErasure erasure;
    return person_erasure_find(tx, scope, arena, job->subject, &erasure, err) &&
           take_back(tx, scope, &erasure, err);
}

/* One that an administrator has asked for is not the person's to take back. */
static bool is_own(const ErasureWork *work, const PersonErasure *erasure)
{
    return str_equal(erasure->asked_by, work->visitor->scope.user);
}

static bool keep_own_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    MembershipList list;
    size_t kept = 0;
    if (!own_workspaces(tx, work, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        Scope scope = scope_in(work, &list.at[i]);
        PersonErasure erasure;
        if (!person_erasure_find_open(tx, &scope, work->arena, scope.user, &erasure, err)) {
            if (err->code == ERROR_NOT_FOUND)
                continue;
            return false;
        }
        if (!is_own(work, &erasure))
            continue;
        if (!take_back(tx, &scope, &erasure, err))
            return false;
        kept++;
    }
    return kept || fail(err, ERROR_NOT_FOUND, "you have not asked to delete your account");
}

bool account_keep_own(Account *account, Arena *arena, const Visitor *visitor, Error *err)
{
    ErasureWork work = { .account = account, .arena = arena, .visitor = visitor };
    return store_write(account->db, &account->system, keep_own_work, &work, err);
}

static bool own_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    return person_erasure_find_open(tx, scope, work->arena, scope->user, &work->erasure, err) ||
           err->code == ERROR_NOT_FOUND;
}

bool account_own_erasure(Account *account, Arena *arena, const Visitor *visitor,
                         PersonErasure *erasure_r, Error *err)
{
    ErasureWork work = { .account = account, .arena = arena, .visitor = visitor };
    if (!store_read(account->db, &visitor->scope, own_work, &work, err))
        return false;
    *erasure_r = work.erasure;
    return true;
}

/* --- Looking --- */

static bool add_job(DbTx *tx, const Scope *scope, Arena *arena, ErasureShown *shown, Error *err)
{
    shown->job = (JobRow){ 0 };
    return jobs_store_find(tx, scope, arena, shown->erasure.job, &shown->job, err) ||
           err->code == ERROR_NOT_FOUND;
}

static bool show_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    return person_erasure_find(tx, scope, work->arena, work->id, &work->shown.erasure, err) &&
           add_job(tx, scope, work->arena, &work->shown, err);
}

bool account_find_erasure(Account *account, Arena *arena, const Visitor *visitor, Str id,
                          ErasureShown *shown_r, Error *err)
{
    ErasureWork work = { .account = account, .arena = arena, .visitor = visitor, .id = id };
    if (!scope_may_look(&visitor->scope, ROLE_ADMIN, err) ||
        !store_read(account->db, &visitor->scope, show_work, &work, err))
        return false;
    *shown_r = work.shown;
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    VEC(ErasureShown) list = { 0 };
    if (!person_erasure_list(tx, scope, work->arena, &work->list, err))
        return false;
    for (size_t i = 0; i < work->list.count; i++) {
        ErasureShown shown = { .erasure = work->list.at[i] };
        if (!shown.erasure.ended_at_ms && !add_job(tx, scope, work->arena, &shown, err))
            return false;
        *vec_push(work->arena, &list) = shown;
    }
    work->shown_list = (ErasureShownList){ list.at, list.count };
    return true;
}

bool account_list_erasures(Account *account, Arena *arena, const Visitor *visitor,
                           ErasureShownList *list_r, Error *err)
{
    ErasureWork work = { .account = account, .arena = arena, .visitor = visitor };
    if (!scope_may_look(&visitor->scope, ROLE_ADMIN, err) ||
        !store_read(account->db, &visitor->scope, list_work, &work, err))
        return false;
    *list_r = work.shown_list;
    return true;
}
