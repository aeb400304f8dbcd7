/* tokens.c - people whom somebody else vouches for: from a token's claims to a Visitor. */
#include "account/account_int.h"
#include "base/clock.h"
#include "store/identities_store.h"

/* When a person was last seen is noted at most this often. */
#define SEEN_EVERY_MS ((int64_t)60 * 60 * 1000)

typedef struct TokenWork {
    Account *account;
    Arena *arena;
    const AccountTokens *rules;
    Jwt jwt;
    Identity identity;
    User user;
    Membership member;
    Workspace workspace; /* of a person who is made */
    Role role;           /* what the token says; ROLE_NONE: nothing */
    int64_t now;
} TokenWork;

/* --- What the token says --- */

static bool add_role(const json_t *value, Role *role)
{
    Role named = json_is_string(value) ? role_named(str(json_string_value(value))) : ROLE_NONE;
    *role = MAX(*role, named);
    return named != ROLE_NONE;
}

/* One role, or a list with others' among it, of which the highest counts. Owners are made here, not
 * by others. */
static bool read_role(TokenWork *work, Error *err)
{
    Str path = work->rules->role_claim;
    const json_t *value = path.length ? jwt_claim(&work->jwt, path) : NULL;
    bool found = !value;
    for (size_t i = 0; i < json_array_size(value); i++)
        found |= add_role(json_array_get(value, i), &work->role);
    if (value && !json_is_array(value))
        found = add_role(value, &work->role);
    work->role = MIN(work->role, ROLE_ADMIN);
    return found || fail(err, ERROR_DENIED,
                         "the token's claim '" STR_FMT "' names no role: reader, editor or admin",
                         STR_ARG(path));
}

/* Whoever may choose the address in their token must not become the person it belongs to. */
static bool read_email(const TokenWork *work, Str *email_r, Error *err)
{
    Str email = jwt_claim_text(&work->jwt, work->rules->email_claim);
    bool is_proved =
        work->rules->trusts_emails || json_is_true(jwt_claim(&work->jwt, S("email_verified")));
    if (!email.length)
        return fail(err, ERROR_DENIED,
                    "the token is of somebody who is not known here, and names no e-mail address");
    if (!is_proved)
        return fail(err, ERROR_DENIED,
                    "the token's issuer does not say that the e-mail address is its person's "
                    "(email_verified), so it is not known here");
    *email_r = email;
    return email_is_good(email, err);
}

static bool check_supabase(const TokenWork *work, Error *err)
{
    if (json_is_true(jwt_claim(&work->jwt, S("is_anonymous"))))
        return fail(err, ERROR_NO_LOGIN, "the token is refused: its person is anonymous");
    return !work->rules->is_supabase ||
           str_is(jwt_claim_text(&work->jwt, S("role")), "authenticated") ||
           fail(err, ERROR_NO_LOGIN, "the token is refused: its role is not 'authenticated'");
}

/* --- Who that is here --- */

/* In which workspace: the one the token names, else the one of the settings, else the person's
 * first. */
static Str workspace_wished(const TokenWork *work)
{
    Str named = jwt_claim_text(&work->jwt, work->rules->workspace_claim);
    return named.length ? named : work->rules->workspace;
}

static bool find_member(DbTx *tx, TokenWork *work, Error *err)
{
    Str wished = workspace_wished(work);
    MembershipList list;
    if (!membership_list_of_user(tx, &work->account->system, work->arena, work->user.id, &list,
                                 err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (!wished.length || str_equal(list.at[i].workspace, wished)) {
            work->member = list.at[i];
            return true;
        }
    return fail(err, ERROR_DENIED, "this person does not belong to the workspace%s",
                wished.length ? " that the token is for" : " any more");
}

static bool find_known(DbTx *tx, void *argument, Error *err)
{
    TokenWork *work = argument;
    const Scope *system = &work->account->system;
    Str subject = jwt_claim_text(&work->jwt, S("sub"));
    if (!identity_find(tx, system, work->arena, work->rules->issuer, subject, &work->identity, err))
        return false;
    if (!user_find(tx, system, work->arena, work->identity.user, &work->user, err))
        return false;
    if (work->user.is_disabled)
        return fail(err, ERROR_DENIED, "this person may not sign in any more");
    return find_member(tx, work, err);
}

static bool find_workspace(DbTx *tx, TokenWork *work, Error *err)
{
    const Scope *system = &work->account->system;
    Str wished = workspace_wished(work);
    WorkspaceList list;
    if (wished.length)
        return workspace_find(tx, system, work->arena, wished, &work->workspace, err) ||
               (err->code == ERROR_NOT_FOUND &&
                fail(err, ERROR_DENIED, "there is no workspace that the token is for"));
    if (!workspace_list(tx, system, work->arena, &list, err))
        return false;
    if (!list.count)
        return fail(err, ERROR_INTERNAL, "there is no workspace");
    work->workspace = list.at[0];
    return true;
}

static bool make_person(DbTx *tx, TokenWork *work, Str email, Error *err)
{
    Str name = jwt_claim_text(&work->jwt, S("name"));
    Error unusable;
    if (!work->rules->makes_people)
        return fail(
            err, ERROR_DENIED,
            "nobody here has the e-mail address of the token; an administrator adds people");
    if (!find_workspace(tx, work, err))
        return false;
    if (!name_is_good(name, &unusable))
        name = str_slice(email, 0, (size_t)str_find_char(email, '@'));
    work->user = (User){ .email = email, .name = str_trim(name) };
    Role role = work->role ? work->role : work->rules->role;
    Scope scope = { .workspace = work->workspace.id, .role = role };
    if (!user_add(tx, &work->account->system, work->arena, &work->user, err))
        return false;
    scope.user = work->user.id;
    return membership_set(tx, &scope, work->user.id, role, err) &&
           audit_account(tx, &scope, "user.add", work->user.id, S(""), err);
}

static bool audit_link(DbTx *tx, const TokenWork *work, Error *err)
{
    MembershipList list;
    if (!membership_list_of_user(tx, &work->account->system, work->arena, work->user.id, &list,
                                 err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        Scope scope = { .workspace = list.at[i].workspace, .user = work->user.id };
        if (!audit_account(tx, &scope, "user.identity", work->user.id, S(""), err))
            return false;
    }
    return true;
}

static bool link_person(DbTx *tx, void *argument, Error *err)
{
    TokenWork *work = argument;
    const Scope *system = &work->account->system;
    Str email;
    if (!read_email(work, &email, err))
        return false;
    if (!user_find_by_email(tx, system, work->arena, email, &work->user, err) &&
        (err->code != ERROR_NOT_FOUND || !make_person(tx, work, email, err)))
        return false;
    if (work->user.is_disabled)
        return fail(err, ERROR_DENIED, "this person may not sign in any more");
    work->identity = (Identity){ .issuer = work->rules->issuer,
                                 .subject = jwt_claim_text(&work->jwt, S("sub")),
                                 .user = work->user.id,
                                 .created_at_ms = work->now,
                                 .last_seen_at_ms = work->now };
    return identity_add(tx, system, &work->identity, err) && audit_link(tx, work, err);
}

static bool note_seen(DbTx *tx, void *argument, Error *err)
{
    TokenWork *work = argument;
    const Scope *system = &work->account->system;
    return identity_seen(tx, system, &work->identity, work->now, err) &&
           user_logged_in(tx, system, work->user.id, work->now, err);
}

/* Two first requests at once: the second finds what the first has made. */
static bool find_person(TokenWork *work, Error *err)
{
    Db *db = work->account->db;
    const Scope *system = &work->account->system;
    if (store_read(db, system, find_known, work, err))
        return true;
    if (err->code != ERROR_NOT_FOUND)
        return false;
    if (!store_write(db, system, link_person, work, err) && err->code != ERROR_CONFLICT)
        return false;
    return store_read(db, system, find_known, work, err);
}

static bool check_token(TokenWork *work, Error *err)
{
    JwtRules rules = { .issuer = work->rules->issuer,
                       .audience = work->rules->audience,
                       .skew_s = work->rules->skew_s,
                       .now_s = work->now / 1000 };
    return issuer_signed(work->account->issuer, &work->jwt, err) &&
           jwt_claims_hold(&work->jwt, &rules, err) && check_supabase(work, err) &&
           read_role(work, err);
}

static Visitor visitor_of(const TokenWork *work)
{
    Role role = work->role ? MIN(work->role, work->member.role) : work->member.role;
    return (Visitor){
        .scope = { .workspace = work->member.workspace, .user = work->user.id, .role = role },
        .email = work->user.email,
        .name = work->user.name,
        .workspace_name = work->member.workspace_name
    };
}

bool account_of_token(Account *account, Arena *arena, Str token, Visitor *visitor_r, Error *err)
{
    TokenWork work = {
        .account = account, .arena = arena, .rules = &account->options.tokens, .now = now_ms()
    };
    AUTO_JWT Jwt jwt = { 0 };
    if (!jwt_read(arena, token, &jwt, err))
        return false;
    work.jwt = jwt;
    if (!check_token(&work, err) || !find_person(&work, err))
        return false;
    if (work.now - work.identity.last_seen_at_ms > SEEN_EVERY_MS) {
        Error ignored; /* the next use notes it */
        (void)!store_write(account->db, &account->system, note_seen, &work, &ignored);
    }
    *visitor_r = visitor_of(&work);
    return true;
}
