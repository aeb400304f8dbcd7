/* erasure.c - see erasure.h. */
#include "account/erasure.h"

#include "account/account_int.h"
#include "base/clock.h"
#include "base/hash.h"
#include "store/audit_store.h"
#include "store/person_data_store.h"
#include "store/proof.h"

#define ROWS_MAX 100000 /* of one table */
#define PROOF_MAX KB(256)

typedef struct ErasureWork {
    Account *account;
    Arena *arena;
    const Visitor *visitor;
    Str named, key;
    Buf *out;
    Membership member;
    PersonNames names;
    PersonCountList changed, left;
    bool account_goes;
    int64_t began_ms;
    Str proof;
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

static bool print_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    Buf tables = buf_new(work->arena, MB(256));
    if (!find_member(tx, work, err) ||
        !person_data_print(tx, &work->visitor->scope, work->arena, work->member.user, ROWS_MAX,
                           &tables, err))
        return false;
    JsonWriter json = put_begin(work->out);
    put_account(&json, &work->member);
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
    return scope_needs(&visitor->scope, ROLE_ADMIN, err) &&
           store_read(account->db, &account->system, print_work, &work, err);
}

/* --- The proof --- */

static void put_counts(JsonWriter *json, const char *name, const PersonCountList *list)
{
    put_array(json, name);
    for (size_t i = 0; i < list->count; i++) {
        const PersonCount *count = &list->at[i];
        put_object(json, NULL);
        put_text(json, "table", count->table);
        put_text(json, "column", count->column);
        if (count->becomes[0])
            put_text(json, "became", str(count->becomes));
        put_int(json, "rows", count->rows);
        put_end(json);
    }
    put_end(json);
}

/* Neither id nor address: who keeps the proof can show that theirs are meant. */
static Str proof_text(const ErasureWork *work)
{
    Buf out = buf_new(work->arena, PROOF_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "workspace", work->visitor->scope.workspace);
    put_text(&json, "person_sha256", sha256_hex(work->arena, work->names.id));
    put_text(&json, "email_sha256", sha256_hex(work->arena, work->names.email));
    put_text(&json, "pseudonym", work->names.pseudonym);
    put_text(&json, "asked_by", work->visitor->scope.user);
    put_time(&json, "began_at", work->began_ms);
    put_time(&json, "ended_at", now_ms());
    put_bool(&json, "account_erased", work->account_goes);
    put_counts(&json, "tables", &work->changed);
    put_counts(&json, "left", &work->left);
    put_end(&json);
    return str_copy(work->arena, buf_str(&out));
}

bool account_check_proof(Account *account, Str proof, Error *err)
{
    return proof_check(account->db, proof, err);
}

/* --- Erasing --- */

static bool forget_account(DbTx *tx, ErasureWork *work, Error *err)
{
    MembershipList others;
    if (!membership_list_of_user(tx, &work->account->system, work->arena, work->names.id, &others,
                                 err))
        return false;
    work->account_goes = !others.count;
    return others.count || user_remove(tx, &work->account->system, work->names.id, err);
}

static bool note_erasure(DbTx *tx, ErasureWork *work, Error *err)
{
    AuditEntry entry = { .action = S("user.erase"),
                         .subject_kind = S("user"),
                         .subject = work->names.pseudonym,
                         .details = work->proof };
    return audit_add(tx, &work->visitor->scope, &entry, err);
}

static bool name_person(ErasureWork *work, Error *err)
{
    const Scope *scope = &work->visitor->scope;
    if (str_equal(work->member.user, scope->user))
        return fail(err, ERROR_CONFLICT, "nobody can erase themselves; another administrator can");
    Str mark = hmac_sha256_hex(work->arena, work->key, work->member.user);
    work->names = (PersonNames){ .id = work->member.user,
                                 .email = work->member.email,
                                 .pseudonym = str_format(work->arena, "erased-%.16s", mark.at),
                                 .heir = scope->user };
    return true;
}

static bool erase_work(DbTx *tx, void *argument, Error *err)
{
    ErasureWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    work->began_ms = now_ms();
    if (!find_member(tx, work, err) || !name_person(work, err) ||
        !person_take_out(tx, work->account, work->arena, work->visitor, work->names.id, err) ||
        !person_data_erase(tx, scope, work->arena, &work->names, &work->changed, err) ||
        !forget_account(tx, work, err) ||
        !person_data_traces(tx, scope, work->arena, &work->names, &work->left, err))
        return false;
    work->proof = proof_sign(work->arena, work->key, proof_text(work));
    return note_erasure(tx, work, err);
}

bool account_erase_person(Account *account, Arena *arena, const Visitor *visitor, Str named,
                          Str *proof_r, Error *err)
{
    ErasureWork work = { .account = account, .arena = arena, .visitor = visitor, .named = named };
    if (!scope_needs(&visitor->scope, ROLE_ADMIN, err) ||
        !proof_key(account->db, arena, &work.key, err) ||
        !store_write(account->db, &account->system, erase_work, &work, err))
        return false;
    *proof_r = work.proof;
    return true;
}
