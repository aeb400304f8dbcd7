/* oidc.c - see oidc.h. */
#include "account/oidc.h"

#include <sodium.h>

#include "account/oidc_int.h"
#include "account/vouched.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/seal.h"
#include "net/pkce.h"
#include "net/url.h"
#include "store/key_limits_store.h"
#include "store/server_key.h"
#include "store/sign_in_states_store.h"

#define COOKIE_BYTES_MAX KB(4)
#define RETURN_MAX 500
#define MINUTE_MS INT64_C(60000)

/* What the cookie holds, sealed. */
typedef struct Ticket {
    Str provider, state, nonce, verifier, return_to;
    int64_t expires_at_ms;
} Ticket;

/* --- Opening --- */

bool oidc_open(Account *account, const AccountOidc *options, Oidc **oidc_r, Error *err)
{
    Oidc *oidc = heap_alloc(sizeof *oidc);
    *oidc = (Oidc){ .account = account, .arena = arena_new(MB(4)), .options = *options };
    oidc->http = http_client_new(&(HttpClientOptions){ .proxy = options->proxy });
    if (!oidc_read_file(oidc, err)) {
        oidc_close(oidc);
        return false;
    }
    *oidc_r = oidc;
    return true;
}

void oidc_close(Oidc *oidc)
{
    if (!oidc)
        return;
    for (size_t i = 0; i < oidc->count; i++) {
        OidcProvider *provider = &oidc->at[i];
        Str secret = provider->client_secret;
        if (secret.length)
            sodium_memzero((void *)(uintptr_t)secret.at, secret.length);
        json_decref(provider->roles);
        issuer_close(provider->keys);
        pthread_mutex_destroy(&provider->lock);
    }
    http_client_free(oidc->http);
    arena_free(oidc->arena);
    free(oidc);
}

size_t account_oidc_ways(const Account *account, Arena *arena, OidcWay **ways_r)
{
    const Oidc *oidc = account->oidc;
    size_t count = oidc ? oidc->count : 0;
    *ways_r = arena_new_array(arena, OidcWay, count);
    for (size_t i = 0; i < count; i++)
        (*ways_r)[i] = (OidcWay){ oidc->at[i].name, oidc->at[i].title };
    return count;
}

static bool find_provider(const Account *account, Str name, OidcProvider **provider_r, Error *err)
{
    Oidc *oidc = account->oidc;
    for (size_t i = 0; oidc && i < oidc->count; i++)
        if (str_equal(oidc->at[i].name, name)) {
            *provider_r = &oidc->at[i];
            return true;
        }
    return fail(err, ERROR_NOT_FOUND, "nobody signs in by '" STR_FMT "' here",
                STR_ARG(str_slice(name, 0, 40)));
}

/* --- The cookie --- */

static bool close_ticket(Oidc *oidc, Arena *arena, const Ticket *ticket, Str *cookie_r, Error *err)
{
    Str key, sealed;
    Buf text = buf_new(arena, COOKIE_BYTES_MAX);
    JsonWriter json = put_begin(&text);
    put_text(&json, "provider", ticket->provider);
    put_text(&json, "state", ticket->state);
    put_text(&json, "nonce", ticket->nonce);
    put_text(&json, "verifier", ticket->verifier);
    put_text(&json, "return_to", ticket->return_to);
    put_int(&json, "expires_at", ticket->expires_at_ms);
    put_end(&json);
    if (!server_key(oidc->account->db, arena, S("sign_in"), &key, err) ||
        !seal_close(arena, key, buf_str(&text), &sealed, err))
        return false;
    *cookie_r = base64_encode(arena, sealed);
    return true;
}

static bool open_ticket(Oidc *oidc, Arena *arena, Str cookie, Ticket *ticket_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Str key, sealed, text;
    return cookie.length && cookie.length <= 2 * COOKIE_BYTES_MAX &&
           base64_decode(arena, cookie, &sealed) && sealed.length &&
           server_key(oidc->account->db, arena, S("sign_in"), &key, err) &&
           seal_open(arena, key, sealed, &text, err) &&
           json_parse(text, COOKIE_BYTES_MAX, &json, err) &&
           json_read(json, arena,
                     JSON_FIELDS({ "provider", JSON_STR, &ticket_r->provider },
                                 { "state", JSON_STR, &ticket_r->state },
                                 { "nonce", JSON_STR, &ticket_r->nonce },
                                 { "verifier", JSON_STR, &ticket_r->verifier },
                                 { "return_to", JSON_STR, &ticket_r->return_to },
                                 { "expires_at", JSON_I64, &ticket_r->expires_at_ms }),
                     err);
}

/* --- Beginning --- */

/* A path of the page and nothing else: not another site, and nothing that does something. */
static Str safe_return(Str path)
{
    static const char *const ours[] = { "/v1/", "/api/", "/ai/", "/dav/", "/scim/" };
    bool is_safe =
        path.length && path.length <= RETURN_MAX && path.at[0] == '/' && !str_starts(path, S("//"));
    for (size_t i = 0; i < path.length && is_safe; i++)
        is_safe = (unsigned char)path.at[i] > ' ' && (unsigned char)path.at[i] < 0x7F &&
                  path.at[i] != '\\';
    for (size_t i = 0; i < COUNT(ours) && is_safe; i++)
        is_safe = !str_starts(path, str(ours[i]));
    return is_safe ? path : S("/");
}

bool account_oidc_begin(Account *account, Arena *arena, Str provider, Str return_to,
                        OidcBegun *begun_r, Error *err)
{
    Oidc *oidc = account->oidc;
    OidcProvider *found;
    if (!find_provider(account, provider, &found, err) || !oidc_discover(oidc, found, err))
        return false;
    Ticket ticket = { .provider = provider,
                      .state = pkce_verifier(arena),
                      .nonce = pkce_verifier(arena),
                      .verifier = pkce_verifier(arena),
                      .return_to = safe_return(return_to),
                      .expires_at_ms = now_ms() + OIDC_MINUTES * MINUTE_MS };
    Buf query = buf_new(arena, KB(16));
    url_form_add(&query, "response_type", S("code"));
    url_form_add(&query, "client_id", found->client_id);
    url_form_add(&query, "redirect_uri", oidc_redirect(oidc, arena, found));
    url_form_add(&query, "scope", found->scopes);
    url_form_add(&query, "state", ticket.state);
    url_form_add(&query, "nonce", ticket.nonce);
    url_form_add(&query, "code_challenge", pkce_challenge(arena, ticket.verifier));
    url_form_add(&query, "code_challenge_method", S("S256"));
    begun_r->url = url_with_query(arena, found->metadata.authorization_endpoint, buf_str(&query));
    return close_ticket(oidc, arena, &ticket, &begun_r->cookie, err);
}

/* --- The answer --- */

typedef struct Finish {
    Account *account;
    OidcProvider *provider;
    Arena *arena;
    const OidcAnswer *answer;
    Ticket ticket;
    Role role; /* that the provider gives; ROLE_NONE: none */
    VouchedPerson person;
} Finish;

static bool use_state(DbTx *tx, void *argument, Error *err)
{
    Finish *finish = argument;
    return sign_in_state_use(tx, &finish->account->system,
                             sha256_hex(finish->arena, finish->ticket.state),
                             finish->ticket.expires_at_ms, err);
}

/* One answer to what was begun in this browser, a little while ago. */
static bool check_state(Finish *finish, Error *err)
{
    const OidcAnswer *answer = finish->answer;
    Ticket *ticket = &finish->ticket;
    Account *account = finish->account;
    Error why = { 0 };
    if (!open_ticket(account->oidc, finish->arena, answer->cookie, ticket, &why) ||
        !str_equal(ticket->provider, answer->provider) || ticket->expires_at_ms <= now_ms() ||
        !ticket->state.length || !secret_equal(ticket->state, answer->state))
        return fail(err, ERROR_DENIED,
                    "this sign-in was not begun in this browser, or more than %d minutes ago; "
                    "begin again",
                    OIDC_MINUTES);
    if (store_write(account->db, &account->system, use_state, finish, &why))
        return true;
    return why.code == ERROR_CONFLICT
               ? fail(err, ERROR_DENIED, "this sign-in was used already; begin again")
               : fail(err, why.code, "%s", why.message);
}

/* Who answers: another provider's code must not be taken for this one's (RFC 9207). */
static bool check_answer(const Finish *finish, Error *err)
{
    const OidcAnswer *answer = finish->answer;
    const OidcProvider *provider = finish->provider;
    if (answer->issuer.length || provider->metadata.says_issuer)
        if (!str_equal(answer->issuer, provider->issuer))
            return fail(err, ERROR_DENIED, "the answer is not from " STR_FMT "; begin again",
                        STR_ARG(provider->title));
    if (str_is(answer->error, "access_denied"))
        return fail(err, ERROR_DENIED, "the sign-in was given up, or " STR_FMT " does not allow it",
                    STR_ARG(provider->title));
    if (answer->error.length || !answer->code.length)
        return fail(err, ERROR_DENIED, STR_FMT " could not sign you in; try again later",
                    STR_ARG(provider->title));
    return true;
}

static bool needs_userinfo(const OidcProvider *provider, const Jwt *jwt)
{
    return !jwt_claim_text(jwt, provider->email_claim).length ||
           (provider->role_claim.length && !jwt_claim(jwt, provider->role_claim));
}

static bool may_be_made(const OidcProvider *provider, Str email)
{
    Str domain = str_from(email, (size_t)(str_find_last_char(email, '@') + 1));
    for (size_t i = 0; i < provider->new_people.count; i++)
        if (str_is(provider->new_people.at[i], "*") ||
            str_equal_ignore_case(provider->new_people.at[i], domain))
            return true;
    return false;
}

static bool find_person(Finish *finish, const Jwt *jwt, Error *err)
{
    const OidcProvider *provider = finish->provider;
    Str email = jwt_claim_text(jwt, provider->email_claim);
    Vouched vouched = { .issuer = provider->issuer,
                        .subject = jwt_claim_text(jwt, S("sub")),
                        .email = email,
                        .name = jwt_claim_text(jwt, S("name")),
                        .email_is_proved = provider->trusts_emails ||
                                           json_is_true(jwt_claim(jwt, S("email_verified"))),
                        .may_be_made = may_be_made(provider, email),
                        .role = finish->role ? finish->role : provider->role,
                        .workspace = provider->workspace };
    return vouched_find(finish->account, finish->arena, &vouched, &finish->person, err);
}

/* From a code to a person. */
static bool read_tokens(Finish *finish, Error *err)
{
    AUTO_JSON json_t *tokens = NULL;
    AUTO_JWT Jwt jwt = { 0 };
    Oidc *oidc = finish->account->oidc;
    const OidcProvider *provider = finish->provider;
    Arena *arena = finish->arena;
    if (!oidc_exchange(oidc, provider, arena, finish->answer->code, finish->ticket.verifier,
                       &tokens, err) ||
        !jwt_read(arena, json_member_text(tokens, "id_token"), &jwt, err) ||
        !issuer_signed(provider->keys, &jwt, err))
        return false;
    Str access = json_member_text(tokens, "access_token");
    return oidc_token_holds(provider, arena, &jwt, oidc->options.skew_s, finish->ticket.nonce,
                            access, err) &&
           (!needs_userinfo(provider, &jwt) ||
            oidc_add_userinfo(oidc, provider, arena, access, &jwt, err)) &&
           oidc_role(provider, &jwt, &finish->role, err) && find_person(finish, &jwt, err);
}

/* What the provider says today is the role from today on; owners stay what they are. */
static bool set_role(DbTx *tx, void *argument, Error *err)
{
    Finish *finish = argument;
    const Membership *member = &finish->person.member;
    Scope scope = { .workspace = member->workspace, .user = member->user, .role = member->role };
    return membership_set(tx, &scope, member->user, finish->role, err) &&
           audit_account(tx, &scope, "user.change", member->user, S(""), err) &&
           callers_changed(tx, &scope, err);
}

static bool keep_role(Finish *finish, Error *err)
{
    Account *account = finish->account;
    Role role = finish->person.member.role;
    return finish->role == ROLE_NONE || role == ROLE_OWNER || role == finish->role ||
           store_write(account->db, &account->system, set_role, finish, err);
}

static bool run(Finish *finish, OidcEntry *entry_r, Error *err)
{
    Account *account = finish->account;
    if (!oidc_discover(account->oidc, finish->provider, err) || !check_answer(finish, err) ||
        !read_tokens(finish, err) || !keep_role(finish, err))
        return false;
    vouched_seen(account, &finish->person);
    SignIn who = *finish->answer->who;
    who.provider = finish->ticket.provider;
    who.workspace = finish->person.member.workspace;
    entry_r->return_to = finish->ticket.return_to;
    return account_enter(account, finish->arena, &finish->person.user, &who, SIGN_IN_PROVIDER,
                         &entry_r->token, &entry_r->visitor, err);
}

bool account_oidc_finish(Account *account, Arena *arena, const OidcAnswer *answer,
                         OidcEntry *entry_r, Error *err)
{
    Finish finish = { .account = account, .arena = arena, .answer = answer };
    Str address = answer->who->address;
    if (!find_provider(account, answer->provider, &finish.provider, err) ||
        !throttle_allows(account->throttle, address, err))
        return false;
    if (check_state(&finish, err) && run(&finish, entry_r, err)) {
        throttle_succeeded(account->throttle, address);
        return true;
    }
    if (err->code == ERROR_DENIED || err->code == ERROR_NO_LOGIN)
        throttle_failed(account->throttle, address);
    return false;
}

/* --- Leaving --- */

Str account_oidc_leave(Account *account, Arena *arena, Str provider)
{
    OidcProvider *found;
    Error ignored; /* then they are signed out here alone */
    if (!find_provider(account, provider, &found, &ignored) ||
        !oidc_discover(account->oidc, found, &ignored) ||
        !found->metadata.end_session_endpoint.length)
        return S("");
    Buf query = buf_new(arena, KB(16));
    url_form_add(&query, "client_id", found->client_id);
    url_form_add(&query, "post_logout_redirect_uri",
                 url_join(arena, account->oidc->options.public_url, S("/")));
    return url_with_query(arena, found->metadata.end_session_endpoint, buf_str(&query));
}
