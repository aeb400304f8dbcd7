/* vouched.c - see vouched.h. */
#include "account/vouched.h"

#include "base/clock.h"

/* When a person was last seen is noted at most this often. */
#define SEEN_EVERY_MS ((int64_t)60 * 60 * 1000)

typedef struct VouchedWork {
    Account *account;
    Arena *arena;
    const Vouched *vouched;
    VouchedPerson person;
    Workspace workspace; /* of a person who is made */
    int64_t now;
} VouchedWork;

/* --- Who is known --- */

static bool find_member(DbTx *tx, VouchedWork *work, Error *err)
{
    Str wished = work->vouched->workspace;
    MembershipList list;
    if (!membership_list_of_user(tx, &work->account->system, work->arena, work->person.user.id,
                                 &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (!wished.length || str_equal(list.at[i].workspace, wished)) {
            work->person.member = list.at[i];
            return true;
        }
    return fail(err, ERROR_DENIED, "this person does not belong to the workspace%s",
                wished.length ? " that is meant" : " any more");
}

static bool check_enabled(const VouchedWork *work, Error *err)
{
    return !work->person.user.is_disabled ||
           fail(err, ERROR_DENIED, "this person may not sign in any more");
}

static bool find_known(DbTx *tx, void *argument, Error *err)
{
    VouchedWork *work = argument;
    VouchedPerson *person = &work->person;
    const Scope *system = &work->account->system;
    return identity_find(tx, system, work->arena, work->vouched->issuer, work->vouched->subject,
                         &person->identity, err) &&
           user_find(tx, system, work->arena, person->identity.user, &person->user, err) &&
           check_enabled(work, err) && find_member(tx, work, err);
}

/* --- Who is seen for the first time --- */

/* Whoever may choose their address must not become the person it belongs to. */
static bool check_email(const Vouched *vouched, Error *err)
{
    if (!vouched->email.length)
        return fail(err, ERROR_DENIED,
                    "whoever signed in is not known here, and their issuer names no e-mail address "
                    "of theirs");
    if (!vouched->email_is_proved)
        return fail(err, ERROR_DENIED,
                    "the issuer does not say that the e-mail address is its person's "
                    "(email_verified), so they are not known here");
    return email_is_good(vouched->email, err);
}

static bool find_workspace(DbTx *tx, VouchedWork *work, Error *err)
{
    const Scope *system = &work->account->system;
    Str wished = work->vouched->workspace;
    WorkspaceList list;
    if (wished.length)
        return (workspace_find(tx, system, work->arena, wished, &work->workspace, err) &&
                workspace_may_be_entered(&work->workspace, err)) ||
               (err->code == ERROR_NOT_FOUND &&
                fail(err, ERROR_DENIED, "there is no workspace with the id that is meant"));
    return workspace_list(tx, system, work->arena, &list, err) &&
           first_workspace(&list, &work->workspace, err);
}

static bool make_person(DbTx *tx, VouchedWork *work, Error *err)
{
    const Vouched *vouched = work->vouched;
    Str name = vouched->name;
    Error unusable;
    if (!vouched->may_be_made)
        return fail(err, ERROR_DENIED,
                    "nobody here has the e-mail address " STR_FMT "; an administrator adds people",
                    STR_ARG(vouched->email));
    if (!find_workspace(tx, work, err))
        return false;
    if (!name_is_good(name, &unusable))
        name = str_slice(vouched->email, 0, (size_t)str_find_char(vouched->email, '@'));
    User *user = &work->person.user;
    *user = (User){ .email = vouched->email, .name = str_trim(name) };
    Scope scope = { .workspace = work->workspace.id, .role = vouched->role };
    if (!user_add(tx, &work->account->system, work->arena, user, err))
        return false;
    scope.user = user->id;
    return membership_set(tx, &scope, user->id, vouched->role, err) &&
           audit_account(tx, &scope, "user.add", user->id, S(""), err);
}

/* The address may have gone to somebody else since. */
static bool check_unlinked(DbTx *tx, VouchedWork *work, Error *err)
{
    int64_t count;
    return identity_count(tx, &work->account->system, work->person.user.id, &count, err) &&
           (!count ||
            fail(err, ERROR_DENIED,
                 "the person with this e-mail address is known under another name of an issuer "
                 "already, so the account is not given to this one"));
}

static bool audit_link(DbTx *tx, const VouchedWork *work, Error *err)
{
    MembershipList list;
    Str user = work->person.user.id;
    if (!membership_list_of_user(tx, &work->account->system, work->arena, user, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        Scope scope = { .workspace = list.at[i].workspace, .user = user };
        if (!audit_account(tx, &scope, "user.identity", user, S(""), err))
            return false;
    }
    return true;
}

static bool link_person(DbTx *tx, void *argument, Error *err)
{
    VouchedWork *work = argument;
    const Vouched *vouched = work->vouched;
    const Scope *system = &work->account->system;
    User *user = &work->person.user;
    if (!check_email(vouched, err))
        return false;
    if (!user_find_by_email(tx, system, work->arena, vouched->email, user, err) &&
        (err->code != ERROR_NOT_FOUND || !make_person(tx, work, err)))
        return false;
    Identity identity = { .issuer = vouched->issuer,
                          .subject = vouched->subject,
                          .user = user->id,
                          .created_at_ms = work->now,
                          .last_seen_at_ms = work->now };
    return check_enabled(work, err) && check_unlinked(tx, work, err) &&
           identity_add(tx, system, &identity, err) && audit_link(tx, work, err);
}

/* Two first requests at once: the second finds what the first has made. */
bool vouched_find(Account *account, Arena *arena, const Vouched *vouched, VouchedPerson *person_r,
                  Error *err)
{
    VouchedWork work = { .account = account, .arena = arena, .vouched = vouched, .now = now_ms() };
    Error why = { 0 };
    if (!store_read(account->db, &account->system, find_known, &work, &why)) {
        if (why.code != ERROR_NOT_FOUND)
            return fail(err, why.code, "%s", why.message);
        bool is_linked = store_write(account->db, &account->system, link_person, &work, &why);
        if (!store_read(account->db, &account->system, find_known, &work, err))
            return !is_linked && err->code == ERROR_NOT_FOUND
                       ? fail(err, why.code, "%s", why.message)
                       : false;
    }
    *person_r = work.person;
    return true;
}

/* --- When they were here --- */

static bool note_seen(DbTx *tx, void *argument, Error *err)
{
    VouchedWork *work = argument;
    const Scope *system = &work->account->system;
    return identity_seen(tx, system, &work->person.identity, work->now, err) &&
           user_logged_in(tx, system, work->person.user.id, work->now, err);
}

void vouched_seen(Account *account, const VouchedPerson *person)
{
    VouchedWork work = { .account = account, .person = *person, .now = now_ms() };
    Error ignored; /* the next use notes it */
    if (work.now - person->identity.last_seen_at_ms > SEEN_EVERY_MS)
        (void)!store_write(account->db, &account->system, note_seen, &work, &ignored);
}
