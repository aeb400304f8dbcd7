/* passkeys_of.c - passkeys of somebody else, for administrators: one that is lost goes alone. */
#include "account/passkeys_int.h"

#include "store/people_store.h"

typedef struct OfWork {
    FactorWork factor;
    Str id;
    PasskeyList list;
} OfWork;

static OfWork of_work(Account *account, Arena *arena, const Visitor *visitor, Str named)
{
    OfWork work = { .factor = factor_work(account, arena, visitor, STR_NONE) };
    work.factor.named = named;
    return work;
}

static bool find_member(DbTx *tx, OfWork *work, Membership *member_r, Error *err)
{
    FactorWork *factor = &work->factor;
    return membership_find(tx, &factor->visitor->scope, factor->arena, factor->named, member_r,
                           err) &&
           factor_may_reset(tx, factor, member_r, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    OfWork *work = argument;
    Membership member;
    return find_member(tx, work, &member, err) &&
           passkey_list(tx, &work->factor.account->system, work->factor.arena, member.user,
                        &work->list, err);
}

bool account_passkeys_of(Account *account, Arena *arena, const Visitor *visitor, Str named,
                         PasskeyList *list_r, Error *err)
{
    OfWork work = of_work(account, arena, visitor, named);
    if (!scope_needs(&visitor->scope, ROLE_ADMIN, err) ||
        !store_read(account->db, &account->system, list_work, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    OfWork *work = argument;
    Membership member;
    return find_member(tx, work, &member, err) &&
           passkey_end(tx, &work->factor, member.user, work->id, err) &&
           audit_account(tx, &work->factor.visitor->scope, "passkey.remove", member.user, S(""),
                         err);
}

bool account_remove_passkey_of(Account *account, const Visitor *visitor, Str named, Str id,
                               Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    OfWork work = of_work(account, arena, visitor, named);
    work.id = id;
    return scope_needs(&visitor->scope, ROLE_ADMIN, err) &&
           store_write(account->db, &account->system, remove_work, &work, err);
}
