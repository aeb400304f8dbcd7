/* tokens.c - people whom somebody else vouches for: from a token's claims to a Visitor. */
#include "account/vouched.h"
#include "base/clock.h"

typedef struct TokenWork {
    Account *account;
    const AccountTokens *rules;
    Jwt jwt;
    Role role; /* what the token says; ROLE_NONE: nothing */
} TokenWork;

/* --- What the token says --- */

static bool add_role(const json_t *value, Role *role)
{
    Role named = json_is_string(value) ? role_named(str(json_string_value(value))) : ROLE_NONE;
    *role = role_higher(*role, named);
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
    return found ||
           fail(err, ERROR_DENIED,
                "the token's claim '" STR_FMT "' names no role: auditor, reader, editor or "
                "admin",
                STR_ARG(path));
}

static bool check_supabase(const TokenWork *work, Error *err)
{
    if (json_is_true(jwt_claim(&work->jwt, S("is_anonymous"))))
        return fail(err, ERROR_NO_LOGIN, "the token is refused: its person is anonymous");
    return !work->rules->is_supabase ||
           str_is(jwt_claim_text(&work->jwt, S("role")), "authenticated") ||
           fail(err, ERROR_NO_LOGIN, "the token is refused: its role is not 'authenticated'");
}

/* In which workspace: the one the token names, else the one of the settings, else the person's
 * first. */
static Str workspace_wished(const TokenWork *work)
{
    Str named = jwt_claim_text(&work->jwt, work->rules->workspace_claim);
    return named.length ? named : work->rules->workspace;
}

static Vouched vouched_by(const TokenWork *work)
{
    const AccountTokens *rules = work->rules;
    const Jwt *jwt = &work->jwt;
    return (Vouched){ .issuer = rules->issuer,
                      .subject = jwt_claim_text(jwt, S("sub")),
                      .email = jwt_claim_text(jwt, rules->email_claim),
                      .name = jwt_claim_text(jwt, S("name")),
                      .email_is_proved =
                          rules->trusts_emails || json_is_true(jwt_claim(jwt, S("email_verified"))),
                      .may_be_made = rules->makes_people,
                      .role = work->role ? work->role : rules->role,
                      .workspace = workspace_wished(work) };
}

static bool check_token(TokenWork *work, Error *err)
{
    JwtRules rules = { .issuer = work->rules->issuer,
                       .audience = work->rules->audience,
                       .skew_s = work->rules->skew_s,
                       .now_s = now_ms() / 1000 };
    return issuer_signed(work->account->issuer, &work->jwt, err) &&
           jwt_claims_hold(&work->jwt, &rules, err) && check_supabase(work, err) &&
           read_role(work, err);
}

bool account_of_token(Account *account, Arena *arena, Str token, Visitor *visitor_r, Error *err)
{
    TokenWork work = { .account = account, .rules = &account->options.tokens };
    VouchedPerson person;
    AUTO_JWT Jwt jwt = { 0 };
    if (!jwt_read(arena, token, &jwt, err))
        return false;
    work.jwt = jwt;
    if (!check_token(&work, err))
        return false;
    Vouched vouched = vouched_by(&work);
    if (!vouched_find(account, arena, &vouched, &person, err))
        return false;
    vouched_seen(account, &person);
    const Membership *member = &person.member;
    Role role = work.role ? role_lower(work.role, member->role) : member->role;
    if (role == ROLE_NONE)
        return fail(err, ERROR_DENIED, "the token is for the role '%s', and yours here is '%s'",
                    role_name(work.role), role_name(member->role));
    *visitor_r = (Visitor){
        .scope = { .workspace = member->workspace, .user = person.user.id, .role = role },
        .email = person.user.email,
        .name = person.user.name,
        .workspace_name = member->workspace_name
    };
    return true;
}
