/* account.c - the first account, sign-in and sessions. */
#include "account/account_int.h"

#include "account/oidc.h"
#include "account/password.h"
#include "account/token.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "store/audit_store.h"
#include "store/passkeys_store.h"

/* Sessions are stretched at most this often, so that a request seldom writes. */
#define SEEN_EVERY_MS ((int64_t)60 * 1000)
/* To find the telephone and type its code. */
#define CODE_WAIT_MS ((int64_t)5 * 60 * 1000)

static bool make_first_workspace(DbTx *tx, void *argument, Error *err)
{
    Account *account = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    WorkspaceList list;
    if (!workspace_list(tx, &account->system, arena, &list, err))
        return false;
    if (list.count)
        return true;
    Workspace workspace = { .name = S("Library"), .settings = S("{}") };
    return workspace_add(tx, &account->system, arena, &workspace, err);
}

static bool open_tokens(Account *account, Error *err)
{
    const AccountTokens *tokens = &account->options.tokens;
    if (!tokens->from.keys.length && !tokens->from.secret_file.length)
        return true;
    if (!tokens->issuer.length || !tokens->audience.length)
        return fail(err, ERROR_INVALID,
                    "tokens are taken only from one issuer and for one audience: the settings "
                    "jwt_issuer and jwt_audience are needed too");
    return issuer_open(&tokens->from, &account->issuer, err);
}

static bool open_oidc(Account *account, Error *err)
{
    const AccountOidc *options = &account->options.oidc;
    if (!options->file.length)
        return true;
    if (!options->public_url.length)
        return fail(err, ERROR_INVALID,
                    "other services lead people back here after they signed in: with the setting "
                    "oidc, public_url is needed too");
    return oidc_open(account, options, &account->oidc, err);
}

bool account_open(Db *db, const AccountOptions *options, Account **account_r, Error *err)
{
    Account *account = heap_alloc(sizeof *account);
    *account = (Account){ .db = db, .options = *options, .system = scope_system() };
    account->throttle = throttle_new();
    if (!throttle_share(account->throttle, db, "throttle", err) || !open_tokens(account, err) ||
        !open_oidc(account, err)) {
        account_close(account);
        return false;
    }
    if (!store_write(db, &account->system, make_first_workspace, account, err)) {
        account_close(account);
        return fail_in(err, "making the first workspace");
    }
    *account_r = account;
    return true;
}

void account_close(Account *account)
{
    if (!account)
        return;
    throttle_free(account->throttle);
    issuer_close(account->issuer);
    oidc_close(account->oidc);
    free(account);
}

bool audit_account(DbTx *tx, const Scope *scope, const char *action, Str subject, Str address,
                   Error *err)
{
    AuditEntry entry = { .action = str(action),
                         .subject_kind = S("user"),
                         .subject = subject,
                         .address = address,
                         .user = scope->user };
    return audit_add(tx, scope, &entry, err);
}

bool first_workspace(const WorkspaceList *list, Workspace *first_r, Error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->at[i].is_leaving) {
            *first_r = list->at[i];
            return true;
        }
    return fail(err, ERROR_NOT_FOUND, "there is no workspace");
}

bool workspace_may_be_entered(const Workspace *workspace, Error *err)
{
    return !workspace->is_leaving ||
           fail(err, ERROR_NOT_FOUND, "the workspace '" STR_FMT "' is being removed",
                STR_ARG(workspace->id));
}

/* --- Sessions --- */

typedef struct Lookup {
    Account *account;
    Arena *arena;
    Str hash;
    Session session;
    Workspace workspace;
    int64_t now;
} Lookup;

static Scope scope_of_session(const Session *session)
{
    return (Scope){ .workspace = session->workspace, .user = session->user, .role = session->role };
}

static bool find_session(DbTx *tx, void *argument, Error *err)
{
    Lookup *look = argument;
    const Scope *system = &look->account->system;
    return session_find(tx, system, look->arena, look->hash, look->now, &look->session, err) &&
           workspace_find(tx, system, look->arena, look->session.workspace, &look->workspace,
                          err) &&
           workspace_may_be_entered(&look->workspace, err);
}

static bool stretch_session(DbTx *tx, void *argument, Error *err)
{
    Lookup *look = argument;
    Scope scope = scope_of_session(&look->session);
    return session_seen(tx, &scope, look->session.id, look->now,
                        look->now + look->account->options.session_days * DAY_MS, err);
}

Visitor visitor_of(const Session *session, const Workspace *workspace)
{
    Scope scope = scope_of_session(session);
    scope.is_unguarded = !workspace->has_guards;
    return (Visitor){ .scope = scope,
                      .email = session->email,
                      .name = session->name,
                      .csrf = session->csrf,
                      .session = session->id,
                      .provider = session->provider,
                      .workspace_name = workspace->name,
                      .removal_due_ms = workspace->removal_due_ms,
                      .must_enrol =
                          !session->has_second_factor && factor_is_required(workspace->settings) };
}

bool account_of_session(Account *account, Arena *arena, Str token, Visitor *visitor_r, Error *err)
{
    Lookup look = { .account = account, .arena = arena, .now = now_ms() };
    look.hash = token_hash(arena, token);
    if (!store_read(account->db, &account->system, find_session, &look, err)) {
        if (err->code == ERROR_NOT_FOUND)
            return fail(err, ERROR_NO_LOGIN, "the session has ended; sign in again");
        return false;
    }
    if (look.now - look.session.last_seen_at_ms > SEEN_EVERY_MS) {
        Error ignored; /* a session that is not stretched now is stretched by the next request */
        Scope scope = scope_of_session(&look.session);
        (void)!store_write(account->db, &scope, stretch_session, &look, &ignored);
    }
    *visitor_r = visitor_of(&look.session, &look.workspace);
    return true;
}

static bool owner_workspace(DbTx *tx, void *argument, Error *err)
{
    Lookup *look = argument;
    const Scope *system = &look->account->system;
    WorkspaceList list;
    if (look->hash.length)
        return workspace_find(tx, system, look->arena, look->hash, &look->workspace, err) &&
               workspace_may_be_entered(&look->workspace, err);
    return workspace_list(tx, system, look->arena, &list, err) &&
           first_workspace(&list, &look->workspace, err);
}

bool account_of_owner(Account *account, Arena *arena, Str workspace, Visitor *visitor_r, Error *err)
{
    Lookup look = { .account = account, .arena = arena, .hash = workspace };
    if (!store_read(account->db, &account->system, owner_workspace, &look, err))
        return false;
    *visitor_r = (Visitor){ .scope = { .workspace = look.workspace.id, .role = ROLE_OWNER },
                            .workspace_name = look.workspace.name };
    return true;
}

bool account_check_operator(Account *account, const Visitor *visitor, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Lookup look = { .account = account, .arena = arena };
    const Scope *scope = &visitor->scope;
    bool is_here = !scope->user.length && !visitor->key.length; /* by the local socket */
    if (!scope_needs(scope, ROLE_OWNER, err))
        return false;
    if (is_here)
        return true;
    if (!store_read(account->db, &account->system, owner_workspace, &look, err))
        return false;
    return str_equal(scope->workspace, look.workspace.id) ||
           fail(err, ERROR_DENIED,
                "this is of the whole server, and for owners of its first workspace");
}

/* --- The first account and signing in --- */

/* RFC 5321: at most 254 bytes. Control characters would break the headers of a mail. */
bool email_is_good(Str email, Error *err)
{
    ptrdiff_t at = str_find_char(email, '@');
    bool good = at > 0 && email.length <= 254 && (size_t)at + 1 < email.length &&
                str_find_char(str_from(email, (size_t)at + 1), '@') < 0;
    for (size_t i = 0; i < email.length && good; i++)
        good = (unsigned char)email.at[i] > ' ' && email.at[i] != 0x7F &&
               !HAS_CHAR(email.at[i], "<>,;\"");
    return good || fail_field(err, "email", "'" STR_FMT "' is not an e-mail address",
                              STR_ARG(str_slice(email, 0, 254)));
}

bool name_is_good(Str name, Error *err)
{
    bool good = str_trim(name).length && name.length <= 200;
    for (size_t i = 0; i < name.length && good; i++)
        good = (unsigned char)name.at[i] >= ' ' && name.at[i] != 0x7F;
    return good || fail_field(err, "name", "a name of 1 to 200 bytes without line ends is needed");
}

typedef struct Entry {
    Account *account;
    Arena *arena;
    const SignIn *who;
    Str password_hash, token, csrf;
    Str waiting; /* token of the first half */
    FactorGuess guess;
    int64_t code_until_ms;
    bool has_app, has_passkey;
    SignInWay way;
    User user;
    Session session;
    Workspace first;
} Entry;

static Str way_name(SignInWay way)
{
    static const char *const names[] = {
#define SIGN_IN_WAY(name, text) [SIGN_IN_##name] = text,
#include "account/sign_in_ways.def"
#undef SIGN_IN_WAY
    };
    return str(names[way]);
}

static bool add_session(DbTx *tx, Entry *entry, Str workspace, Role role, Error *err)
{
    int64_t now = now_ms();
    Scope scope = { .workspace = workspace, .user = entry->user.id, .role = role };
    entry->session = (Session){
        .id = token_hash(entry->arena, entry->token),
        .user = entry->user.id,
        .workspace = workspace,
        .csrf = entry->csrf,
        .user_agent = utf8_clean(entry->arena, str_slice(entry->who->user_agent, 0, 300)),
        .address = entry->who->address,
        .provider = entry->who->provider,
        .way = way_name(entry->way),
        .created_at_ms = now,
        .last_seen_at_ms = now,
        .expires_at_ms = now + entry->account->options.session_days * DAY_MS,
        .email = entry->user.email,
        .name = entry->user.name,
        .role = role,
        .has_second_factor = entry->way == SIGN_IN_PASSKEY || entry->way == SIGN_IN_PASSWORD_PASSKEY
    };
    return session_add(tx, &scope, &entry->session, err) &&
           membership_entered(tx, &scope, entry->user.id, now, err) &&
           user_logged_in(tx, &entry->account->system, entry->user.id, now, err) &&
           audit_account(tx, &scope, "user.login", entry->user.id, entry->who->address, err);
}

static bool set_up(DbTx *tx, void *argument, Error *err)
{
    Entry *entry = argument;
    const Scope *system = &entry->account->system;
    int64_t people;
    WorkspaceList list;
    if (!user_count(tx, system, &people, err) ||
        !workspace_list(tx, system, entry->arena, &list, err))
        return false;
    if (people)
        return fail(err, ERROR_CONFLICT, "the first account has been made already; sign in");
    if (!first_workspace(&list, &entry->first, err))
        return false;
    entry->user = (User){ .email = entry->who->email,
                          .name = str_trim(entry->who->name),
                          .password_hash = entry->password_hash };
    Scope scope = { .workspace = entry->first.id, .role = ROLE_OWNER };
    if (!user_add(tx, system, entry->arena, &entry->user, err) ||
        !membership_set(tx, &scope, entry->user.id, ROLE_OWNER, err))
        return false;
    Str name = str_trim(entry->who->workspace);
    if (name.length) {
        entry->first.name = name;
        if (!workspace_update(tx, &scope, name, entry->first.settings, err))
            return false;
    }
    return add_session(tx, entry, entry->first.id, ROLE_OWNER, err);
}

typedef struct PeopleCount {
    const Scope *system;
    int64_t count;
} PeopleCount;

static bool count_people(DbTx *tx, void *argument, Error *err)
{
    PeopleCount *people = argument;
    return user_count(tx, people->system, &people->count, err);
}

bool account_needs_setup(Account *account, bool *needed_r, Error *err)
{
    PeopleCount people = { .system = &account->system };
    if (!store_read(account->db, &account->system, count_people, &people, err))
        return false;
    *needed_r = people.count == 0;
    return true;
}

static void new_tokens(Entry *entry)
{
    entry->token = token_new(entry->arena, "");
    entry->csrf = token_new(entry->arena, "");
}

bool account_setup(Account *account, Arena *arena, const SignIn *who, Str *token_r,
                   Visitor *visitor_r, Error *err)
{
    Entry entry = { .account = account, .arena = arena, .who = who };
    bool needed = false;
    if (!email_is_good(who->email, err) || !name_is_good(who->name, err) ||
        !password_is_good(who->password, err) || !account_needs_setup(account, &needed, err))
        return false;
    if (!needed)
        return fail(err, ERROR_CONFLICT, "the first account has been made already; sign in");
    new_tokens(&entry);
    if (!password_hash(arena, who->password, &entry.password_hash, err) ||
        !store_write(account->db, &account->system, set_up, &entry, err))
        return false;
    *token_r = entry.token;
    *visitor_r = visitor_of(&entry.session, &entry.first);
    return true;
}

static bool find_person(DbTx *tx, void *argument, Error *err)
{
    Entry *entry = argument;
    return user_find_by_email(tx, &entry->account->system, entry->arena, entry->who->email,
                              &entry->user, err);
}

/* The one that is asked for, or else where they were last. */
static const Membership *pick_workspace(const MembershipList *list, Str wanted)
{
    const Membership *last = &list->at[0];
    for (size_t i = 0; i < list->count; i++) {
        if (str_equal(list->at[i].workspace, wanted))
            return &list->at[i];
        if (list->at[i].entered_at_ms > last->entered_at_ms)
            last = &list->at[i];
    }
    return last;
}

static bool enter(DbTx *tx, Entry *entry, Error *err)
{
    MembershipList list;
    if (!membership_list_of_user(tx, &entry->account->system, entry->arena, entry->user.id, &list,
                                 err))
        return false;
    if (!list.count)
        return fail(err, ERROR_DENIED, "this account belongs to no workspace any more");
    const Membership *member = pick_workspace(&list, entry->who->workspace);
    return workspace_find(tx, &entry->account->system, entry->arena, member->workspace,
                          &entry->first, err) &&
           add_session(tx, entry, member->workspace, member->role, err);
}

static bool enter_at_once(DbTx *tx, void *argument, Error *err) { return enter(tx, argument, err); }

bool account_enter(Account *account, Arena *arena, const User *user, const SignIn *who,
                   SignInWay way, Str *token_r, Visitor *visitor_r, Error *err)
{
    Entry entry = { .account = account, .arena = arena, .who = who, .way = way, .user = *user };
    new_tokens(&entry);
    if (!store_write(account->db, &account->system, enter_at_once, &entry, err))
        return false;
    *token_r = entry.token;
    *visitor_r = visitor_of(&entry.session, &entry.first);
    return true;
}

/* Who has a second factor is not in yet. */
static bool enter_or_wait(DbTx *tx, void *argument, Error *err)
{
    Entry *entry = argument;
    const Scope *system = &entry->account->system;
    SecondFactor factor = { 0 };
    int64_t passkeys;
    if ((!second_factor_find(tx, system, entry->arena, entry->user.id, &factor, err) &&
         err->code != ERROR_NOT_FOUND) ||
        !passkey_count(tx, system, entry->user.id, &passkeys, err))
        return false;
    entry->has_app = factor.confirmed_at_ms > 0;
    entry->has_passkey = passkeys > 0;
    if (!entry->has_app && !entry->has_passkey)
        return enter(tx, entry, err);
    entry->code_until_ms = now_ms() + CODE_WAIT_MS;
    return half_sign_in_add(tx, system, token_hash(entry->arena, entry->token), entry->user.id,
                            entry->code_until_ms, err);
}

/* The same answer and, by the decoy hash, the same time for an unknown address. */
static bool check_password(Account *account, Entry *entry, Error *err)
{
    Str email = str_lower(entry->arena, entry->who->email);
    bool known = store_read(account->db, &account->system, find_person, entry, err);
    if (!known && err->code != ERROR_NOT_FOUND)
        return false;
    bool fits = password_fits(entry->who->password, known ? entry->user.password_hash : S(""));
    if (!fits || !known || entry->user.is_disabled) {
        throttle_failed(account->throttle, email);
        throttle_failed(account->throttle, entry->who->address);
        return fail(err, ERROR_NO_LOGIN, "the e-mail address or the password is wrong");
    }
    throttle_succeeded(account->throttle, email);
    throttle_succeeded(account->throttle, entry->who->address);
    return true;
}

bool account_sign_in(Account *account, Arena *arena, const SignIn *who, Str *token_r,
                     Visitor *visitor_r, Error *err)
{
    Entry entry = { .account = account, .arena = arena, .who = who };
    if (!throttle_allows(account->throttle, str_lower(arena, who->email), err) ||
        !throttle_allows(account->throttle, who->address, err) ||
        !check_password(account, &entry, err))
        return false;
    new_tokens(&entry);
    if (!store_write(account->db, &account->system, enter_or_wait, &entry, err))
        return false;
    *token_r = entry.token;
    *visitor_r = entry.code_until_ms ? (Visitor){ .code_until_ms = entry.code_until_ms,
                                                  .has_app = entry.has_app,
                                                  .has_passkey = entry.has_passkey }
                                     : visitor_of(&entry.session, &entry.first);
    return true;
}

bool account_find_waiting(DbTx *tx, Account *account, Arena *arena, Str waiting, int64_t now_ms,
                          User *user_r, Error *err)
{
    const Scope *system = &account->system;
    Str user;
    if (!half_sign_in_find(tx, system, arena, token_hash(arena, waiting), now_ms, &user, err) ||
        !user_find(tx, system, arena, user, user_r, err))
        return err->code == ERROR_NOT_FOUND
                   ? fail(err, ERROR_NO_LOGIN, "the time for the code is over; sign in again")
                   : false;
    return !user_r->is_disabled ||
           fail(err, ERROR_NO_LOGIN, "this person may not sign in any more");
}

/* Whose factor was taken away meanwhile signs in again, with the password alone. */
static bool enter_with_code(DbTx *tx, void *argument, Error *err)
{
    Entry *entry = argument;
    const Scope *system = &entry->account->system;
    if (!account_find_waiting(tx, entry->account, entry->arena, entry->waiting, entry->guess.now,
                              &entry->user, err))
        return false;
    entry->guess.user = entry->user.id;
    if (!factor_guess(tx, &entry->guess, err))
        return err->code == ERROR_NOT_FOUND
                   ? fail(err, ERROR_NO_LOGIN, "there is no second factor any more; sign in again")
                   : false;
    if (!entry->guess.fits)
        return true;
    entry->way = entry->guess.was_recovery ? SIGN_IN_PASSWORD_RECOVERY_CODE : SIGN_IN_PASSWORD_CODE;
    if (!half_sign_in_remove(tx, system, entry->user.id, err) || !enter(tx, entry, err))
        return false;
    entry->session.has_second_factor = true;
    Scope scope = scope_of_session(&entry->session);
    return !entry->guess.was_recovery || audit_account(tx, &scope, "second_factor.recovery",
                                                       entry->user.id, entry->who->address, err);
}

int64_t account_wait_ms(const Account *account, Str address, Str user)
{
    int64_t of_address = throttle_left_ms(account->throttle, address);
    int64_t of_user = user.length ? throttle_left_ms(account->throttle, user) : 0;
    return MAX(of_address, of_user);
}

bool account_enter_code(Account *account, Arena *arena, const SignIn *who, Str waiting, Str code,
                        Str *token_r, Visitor *visitor_r, Error *err)
{
    Entry entry = { .account = account, .arena = arena, .who = who, .waiting = waiting };
    entry.guess =
        (FactorGuess){ .account = account, .arena = arena, .code = code, .now = now_ms() };
    new_tokens(&entry);
    if (!throttle_allows(account->throttle, who->address, err) ||
        !factor_key(account, arena, &entry.guess.key, err) ||
        !store_write(account->db, &account->system, enter_with_code, &entry, err))
        return false;
    if (!entry.guess.fits) {
        throttle_failed(account->throttle, who->address);
        return factor_wrong(err);
    }
    *token_r = entry.token;
    *visitor_r = visitor_of(&entry.session, &entry.first);
    return true;
}

static bool remove_session(DbTx *tx, void *argument, Error *err)
{
    const Visitor *visitor = argument;
    return session_remove(tx, &visitor->scope, visitor->session, err) &&
           audit_account(tx, &visitor->scope, "user.logout", visitor->scope.user, S(""), err);
}

bool account_sign_out(Account *account, const Visitor *visitor, Error *err)
{
    if (!visitor->session.length)
        return fail(err, ERROR_INVALID, "there is no session to end");
    return store_write(account->db, &visitor->scope, remove_session, (void *)(uintptr_t)visitor,
                       err);
}
