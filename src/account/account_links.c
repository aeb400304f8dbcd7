/* account_links.c - see account_links.h. */
#include "account/account_links.h"

#include "account/account_mail.h"
#include "account/password.h"
#include "account/token.h"
#include "base/clock.h"
#include "store/account_links_store.h"
#include "store/key_limits_store.h"

typedef struct LinkWork {
    Account *account;
    Arena *arena;
    AccountMail mail;
    Str user_id, to, token, password_hash, address, name;
    Str key; /* of mails to be sent */
    User user;
    AccountLink link;
} LinkWork;

static bool add_mail(DbTx *tx, void *argument, Error *err)
{
    LinkWork *work = argument;
    AccountMailWish wish = { work->mail, work->user_id, work->to };
    return account_mail_add(tx, &work->account->system, work->arena, work->key, &wish, err);
}

static bool run(LinkWork *work, DbWork *what, Error *err)
{
    Account *account = work->account;
    return account_mail_key(account, work->arena, &work->key, err) &&
           store_write(account->db, &account->system, what, work, err);
}

static bool needs_mail(const Account *account, Error *err)
{
    return account_has_mail(account) ||
           fail(err, ERROR_CONFLICT,
                "this server sends no mails about accounts; ask an administrator, who sets a new "
                "password under Settings > People or with: lectern users password EMAIL");
}

/* How often somebody may ask, or try a link, from one address. */
static Str tries_of(Arena *arena, Str address)
{
    return str_format(arena, "account link " STR_FMT, STR_ARG(address));
}

bool account_forgot_password(Account *account, Arena *arena, Str email, Str address, Error *err)
{
    LinkWork work = {
        .account = account, .arena = arena, .mail = ACCOUNT_MAIL_password, .to = str_trim(email)
    };
    Str tries = tries_of(arena, address);
    if (!needs_mail(account, err) || !email_is_good(work.to, err) ||
        !throttle_allows(account->throttle, tries, err))
        return false;
    throttle_failed(account->throttle, tries);
    return run(&work, add_mail, err);
}

/* --- Using a link --- */

static bool take_link(DbTx *tx, LinkWork *work, Error *err)
{
    const Scope *system = &work->account->system;
    Error why = { 0 };
    if (!account_link_take(tx, system, work->arena, str(account_mail_name(work->mail)),
                           token_hash(work->arena, work->token), now_ms(), &work->link, &why))
        return why.code == ERROR_NOT_FOUND
                   ? fail(err, ERROR_DENIED,
                          "this link was used already, or is too old; ask for a new one")
                   : fail(err, why.code, "%s", why.message);
    if (!user_find(tx, system, work->arena, work->link.user, &work->user, err))
        return false;
    return !work->user.is_disabled ||
           fail(err, ERROR_DENIED, "this person may not sign in any more");
}

/* In every workspace that they belong to. */
static bool audit_everywhere(DbTx *tx, const LinkWork *work, const char *action, Error *err)
{
    MembershipList list;
    if (!membership_list_of_user(tx, &work->account->system, work->arena, work->user.id, &list,
                                 err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        Scope scope = { .workspace = list.at[i].workspace, .user = work->user.id };
        if (!audit_account(tx, &scope, action, work->user.id, work->address, err) ||
            !callers_changed(tx, &scope, err))
            return false;
    }
    return true;
}

static bool reset_password(DbTx *tx, void *argument, Error *err)
{
    LinkWork *work = argument;
    const Scope *system = &work->account->system;
    if (!take_link(tx, work, err))
        return false;
    AccountMailWish wish = { ACCOUNT_MAIL_password_set, work->user.id, work->user.email };
    work->user.password_hash = work->password_hash;
    return user_update(tx, system, &work->user, err) &&
           session_remove_of_user(tx, system, work->user.id, STR_NONE, err) &&
           account_link_remove_of_user(tx, system, work->user.id, err) &&
           audit_everywhere(tx, work, "user.password", err) &&
           account_mail_add(tx, system, work->arena, work->key, &wish, err);
}

/* Whoever tries links that are none has to wait, longer each time. */
static bool use_link(LinkWork *work, DbWork *what, Error *err)
{
    Account *account = work->account;
    Str tries = tries_of(work->arena, work->address);
    if (!throttle_allows(account->throttle, tries, err))
        return false;
    if (run(work, what, err)) {
        throttle_succeeded(account->throttle, tries);
        return true;
    }
    if (err->code == ERROR_DENIED)
        throttle_failed(account->throttle, tries);
    return false;
}

bool account_reset_password(Account *account, Arena *arena, Str token, Str password, Str address,
                            Error *err)
{
    LinkWork work = { .account = account,
                      .arena = arena,
                      .mail = ACCOUNT_MAIL_password,
                      .token = token,
                      .address = address };
    if (!password_is_good(password, err) ||
        !throttle_allows(account->throttle, tries_of(arena, address), err) ||
        !password_hash(arena, password, &work.password_hash, err) ||
        !use_link(&work, reset_password, err))
        return false;
    /* Their guesses of before are forgiven: the link has shown who they are. */
    throttle_succeeded(account->throttle, str_lower(arena, work.user.email));
    return true;
}

/* --- The first password of who was invited --- */

static bool accept_invitation(DbTx *tx, void *argument, Error *err)
{
    LinkWork *work = argument;
    const Scope *system = &work->account->system;
    MembershipList list;
    if (!take_link(tx, work, err) ||
        !membership_list_of_user(tx, system, work->arena, work->user.id, &list, err))
        return false;
    if (!list.count)
        return fail(err, ERROR_DENIED, "this invitation was taken back");
    work->user.password_hash = work->password_hash;
    if (work->name.length)
        work->user.name = work->name;
    return user_update(tx, system, &work->user, err) &&
           account_link_remove_of_user(tx, system, work->user.id, err) &&
           audit_everywhere(tx, work, "user.accept", err);
}

bool account_accept_invitation(Account *account, Arena *arena, Str token, Str password, Str name,
                               Str address, Error *err)
{
    LinkWork work = { .account = account,
                      .arena = arena,
                      .mail = ACCOUNT_MAIL_invitation,
                      .token = token,
                      .name = str_trim(name),
                      .address = address };
    return (!work.name.length || name_is_good(work.name, err)) && password_is_good(password, err) &&
           throttle_allows(account->throttle, tries_of(arena, address), err) &&
           password_hash(arena, password, &work.password_hash, err) &&
           use_link(&work, accept_invitation, err);
}

/* --- A new address --- */

static bool confirm_email(DbTx *tx, void *argument, Error *err)
{
    LinkWork *work = argument;
    const Scope *system = &work->account->system;
    User other;
    if (!take_link(tx, work, err))
        return false;
    AccountMailWish wish = { ACCOUNT_MAIL_email_set, work->user.id, work->user.email };
    if (user_find_by_email(tx, system, work->arena, work->link.email, &other, err))
        return fail(err, ERROR_CONFLICT, "somebody has this mail address already");
    if (err->code != ERROR_NOT_FOUND)
        return false;
    work->user.email = work->link.email;
    return user_update(tx, system, &work->user, err) &&
           account_link_remove_of_user(tx, system, work->user.id, err) &&
           audit_everywhere(tx, work, "user.email", err) &&
           account_mail_add(tx, system, work->arena, work->key, &wish, err);
}

bool account_confirm_email(Account *account, Arena *arena, Str token, Str address, Error *err)
{
    LinkWork work = { .account = account,
                      .arena = arena,
                      .mail = ACCOUNT_MAIL_email,
                      .token = token,
                      .address = address };
    return use_link(&work, confirm_email, err);
}

static bool find_self(DbTx *tx, void *argument, Error *err)
{
    LinkWork *work = argument;
    return user_find(tx, &work->account->system, work->arena, work->user_id, &work->user, err);
}

bool account_change_email(Account *account, Arena *arena, const Visitor *visitor, Str email,
                          Str password, Error *err)
{
    LinkWork work = { .account = account,
                      .arena = arena,
                      .mail = ACCOUNT_MAIL_email,
                      .user_id = visitor->scope.user,
                      .to = str_trim(email) };
    Throttle *throttle = account->throttle;
    if (!visitor->session.length)
        return fail(err, ERROR_INVALID, "only who is signed in can change their mail address");
    if (!needs_mail(account, err) || !email_is_good(work.to, err) ||
        !throttle_allows(throttle, work.user_id, err) ||
        !store_read(account->db, &account->system, find_self, &work, err))
        return false;
    if (!work.user.password_hash.length)
        return fail(err, ERROR_CONFLICT,
                    "this account has no password: its mail address is changed where it signs in");
    if (!password_fits(password, work.user.password_hash)) {
        throttle_failed(throttle, work.user_id);
        return fail_field(err, "password", "the password is wrong");
    }
    throttle_succeeded(throttle, work.user_id);
    return run(&work, add_mail, err);
}

/* --- Their name --- */

static bool save_name(DbTx *tx, void *argument, Error *err)
{
    LinkWork *work = argument;
    if (!find_self(tx, work, err))
        return false;
    work->user.name = work->to;
    return user_update(tx, &work->account->system, &work->user, err) &&
           audit_everywhere(tx, work, "user.change", err);
}

bool account_change_name(Account *account, const Visitor *visitor, Str name, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    LinkWork work = {
        .account = account, .arena = arena, .user_id = visitor->scope.user, .to = str_trim(name)
    };
    if (!work.user_id.length)
        return fail(err, ERROR_INVALID, "a key has no name of a person");
    return name_is_good(work.to, err) &&
           store_write(account->db, &account->system, save_name, &work, err);
}
