/* oauth.c - see oauth.h. */
#include "connect/oauth.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "connect/connect_http.h"
#include "connect/connect_int.h"
#include "net/pkce.h"
#include "net/url_safety.h"
#include "store/audit_store.h"
#include "store/connection_grants_store.h"

#define SOON_MS 60000
#define REFRESH_MS 30000
#define LOOK_MS 100
#define ANSWER_MAX KB(256)

typedef struct Granting {
    const Scope *scope;
    Arena *arena;
    Connection connection;
    ConnectionGrant grant;
    const OauthWish *wish; /* of one that begins */
    bool is_there, is_won;
} Granting;

static Str redirect_of(Arena *arena, const ConnectOptions *options)
{
    return url_join(arena, options->public_url, S(OAUTH_CALLBACK));
}

/* --- Beginning --- */

static bool check_wish(Connect *connect, const Scope *scope, Arena *arena, const OauthWish *wish,
                       Error *err)
{
    UrlSafety safety = { .allows_private = scope->role == ROLE_OWNER };
    Str address;
    if (!connect->options.public_url.length)
        return fail(
            err, ERROR_CONFLICT,
            "the service could not lead anybody back here: the setting public_url is empty");
    if (!wish->client_id.length)
        return fail_field(err, "client_id", "'client_id' is missing");
    if (!url_check(arena, wish->authorize_url, &safety, &address, err))
        return fail_in(err, "authorize_url");
    return url_check(arena, wish->token_url, &safety, &address, err) || fail_in(err, "token_url");
}

static Str settings_of(Arena *arena, const OauthWish *wish, Str place)
{
    Buf out = buf_new(arena, KB(32));
    JsonWriter json = put_begin(&out);
    put_text(&json, "token_url", wish->token_url);
    put_text(&json, "client_id", wish->client_id);
    put_bool(&json, "secret_in_header", wish->secret_in_header);
    put_text(&json, "place", place);
    put_end(&json);
    return buf_str(&out);
}

/* The grant is for the server that the connection leads to now. */
static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    AUTO_JSON json_t *settings = NULL;
    Granting *work = argument;
    const ConnectorKind *kind;
    AuditEntry entry = { .action = S("connection.authorize"),
                         .subject_kind = S("connection"),
                         .subject = work->grant.connection };
    if (!connection_find(tx, work->scope, work->arena, work->grant.connection, &work->connection,
                         err) ||
        !connector_named(work->connection.kind, &kind, err) ||
        !json_parse(work->connection.settings, CONNECT_SETTINGS_MAX, &settings, err))
        return false;
    if (!kind->takes_grants)
        return fail(err, ERROR_UNSUPPORTED, "a connection of kind %s has no use for OAuth",
                    kind->name);
    work->grant.settings =
        settings_of(work->arena, work->wish, connect_place(work->arena, kind, settings));
    return connection_grant_begin(tx, work->scope, &work->grant, err) &&
           audit_add(tx, work->scope, &entry, err);
}

static Str address_of(Arena *arena, const ConnectOptions *options, const OauthWish *wish, Str state,
                      Str verifier)
{
    Buf query = buf_new(arena, KB(32));
    url_form_add(&query, "response_type", S("code"));
    url_form_add(&query, "client_id", wish->client_id);
    url_form_add(&query, "redirect_uri", redirect_of(arena, options));
    url_form_add(&query, "scope", wish->scope);
    url_form_add(&query, "state", state);
    url_form_add(&query, "code_challenge", pkce_challenge(arena, verifier));
    url_form_add(&query, "code_challenge_method", S("S256"));
    return url_with_query(arena, wish->authorize_url, buf_str(&query));
}

bool oauth_begin(Connect *connect, const Scope *scope, Arena *arena, Str connection,
                 const OauthWish *wish, Str *url_r, Error *err)
{
    Str verifier = pkce_verifier(arena), random = pkce_verifier(arena);
    Str state = str_format(arena, STR_FMT "." STR_FMT, STR_ARG(connection), STR_ARG(random));
    AUTO_JSON json_t *secrets = json_pack(
        "{s:s%, s:s%}", "verifier", verifier.at, verifier.length, "client_secret",
        wish->client_secret.length ? wish->client_secret.at : "", wish->client_secret.length);
    Granting work = { .scope = scope, .arena = arena, .wish = wish };
    work.grant =
        (ConnectionGrant){ .connection = connection,
                           .state_digest = sha256_hex(arena, state),
                           .state_until_ms = now_ms() + OAUTH_STATE_MINUTES * 60 * INT64_C(1000) };
    if (!scope_needs(scope, ROLE_ADMIN, err) || !check_wish(connect, scope, arena, wish, err) ||
        !connect_seal(connect, arena, secrets, &work.grant.sealed, err) ||
        !store_write(connect->options.db, scope, begin_work, &work, err))
        return false;
    *url_r = address_of(arena, &connect->options, wish, state, verifier);
    return true;
}

/* --- Asking the service for tokens --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    Granting *work = argument;
    Error why = { 0 };
    work->is_there = connection_grant_find(tx, work->scope, work->arena, work->grant.connection,
                                           &work->grant, &why);
    return work->is_there || why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
}

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    Granting *work = argument;
    return connection_grant_save(tx, work->scope, &work->grant, err);
}

static size_t add_client(Arena *arena, Buf *form, const json_t *settings, const json_t *secrets,
                         HttpPair *header)
{
    Str id = json_member_text(settings, "client_id");
    Str secret = json_member_text(secrets, "client_secret");
    bool is_header = json_is_true(json_object_get(settings, "secret_in_header"));
    url_form_add(form, "client_id", id);
    if (!is_header) {
        url_form_add(form, "client_secret", secret);
        return 0;
    }
    Str both = str_format(arena, STR_FMT ":" STR_FMT, STR_ARG(id), STR_ARG(secret));
    Str encoded = base64_encode(arena, both);
    *header =
        (HttpPair){ S("Authorization"), str_format(arena, "Basic " STR_FMT, STR_ARG(encoded)) };
    return 1;
}

static bool ask_tokens(ConnectRun *run, Str form, const json_t *settings, const HttpPair *client,
                       size_t client_count, json_t **answer_r, Error *err)
{
    HttpPair headers[3] = { { S("Content-Type"), S("application/x-www-form-urlencoded") },
                            { S("Accept"), S("application/json") } };
    if (client_count)
        headers[2] = *client;
    ConnectAsk ask = { .url = json_member_text(settings, "token_url"),
                       .headers = headers,
                       .header_count = 2 + client_count,
                       .body = form,
                       .answer_max = ANSWER_MAX,
                       .stays = true };
    ConnectAnswer answer;
    if (!connect_ask(run, &ask, &answer, err))
        return false;
    return json_parse(answer.body, ANSWER_MAX, answer_r, err) || fail_in(err, "the tokens");
}

/* A refresh token that is not given anew stays. */
static bool keep_tokens(ConnectRun *run, Granting *work, json_t *secrets, const json_t *answer,
                        Error *err)
{
    const json_t *seconds = json_object_get(answer, "expires_in");
    json_t *access = json_object_get(answer, "access_token");
    json_t *refresh = json_object_get(answer, "refresh_token");
    if (!json_string_length(access))
        return fail(err, ERROR_UPSTREAM, "the service answers without a token");
    (void)json_object_set(secrets, "access_token", access);
    if (json_string_length(refresh))
        (void)json_object_set(secrets, "refresh_token", refresh);
    (void)json_object_del(secrets, "verifier");
    work->grant.error = STR_NONE;
    work->grant.expires_at_ms =
        json_is_number(seconds) ? now_ms() + (int64_t)(json_number_value(seconds) * 1000) : 0;
    return connect_seal(run->connect, run->arena, secrets, &work->grant.sealed, err) &&
           store_write(run->options->db, run->scope, save_work, work, err);
}

/* Tokens for what the form asks, kept. */
static bool exchange(ConnectRun *run, Granting *work, json_t *secrets, Buf *form, Error *err)
{
    AUTO_JSON json_t *settings = NULL, *answer = NULL;
    HttpPair client;
    if (!json_parse(work->grant.settings, KB(32), &settings, err))
        return false;
    size_t count = add_client(run->arena, form, settings, secrets, &client);
    return ask_tokens(run, buf_str(form), settings, &client, count, &answer, err) &&
           keep_tokens(run, work, secrets, answer, err);
}

/* --- The end of the way --- */

static bool find_both(DbTx *tx, void *argument, Error *err)
{
    Granting *work = argument;
    return find_work(tx, work, err) &&
           connection_find(tx, work->scope, work->arena, work->grant.connection, &work->connection,
                           err);
}

static bool is_awaited(const Granting *work, Str state)
{
    return work->is_there && work->grant.state_until_ms > now_ms() &&
           secret_equal(work->grant.state_digest, sha256_hex(work->arena, state));
}

bool oauth_finish(Connect *connect, const Scope *scope, Arena *arena, Str state, Str code,
                  Error *err)
{
    AUTO_JSON json_t *secrets = NULL;
    const ConnectorKind *kind;
    Granting work = { .scope = scope, .arena = arena };
    work.grant.connection =
        str_slice(state, 0, (size_t)MAX(str_find_char(state, '.'), (ptrdiff_t)0));
    if (!scope_needs(scope, ROLE_ADMIN, err))
        return false;
    if (!store_read(connect->options.db, scope, find_both, &work, err) || !is_awaited(&work, state))
        return fail(err, ERROR_DENIED,
                    "nobody waits for this answer any more; begin to authorise again");
    if (!connector_named(work.connection.kind, &kind, err) ||
        !connect_open(connect, arena, work.grant.sealed, &secrets, err))
        return false;
    Buf form = buf_new(arena, KB(64));
    AUTO_CONNECT_RUN ConnectRun run;
    connect_run_begin(&run, connect, scope, kind, &work.connection, NULL);
    url_form_add(&form, "grant_type", S("authorization_code"));
    url_form_add(&form, "code", code);
    url_form_add(&form, "redirect_uri", redirect_of(arena, &connect->options));
    url_form_add(&form, "code_verifier", json_member_text(secrets, "verifier"));
    return exchange(&run, &work, secrets, &form, err);
}

/* --- Using it --- */

static bool claim_work(DbTx *tx, void *argument, Error *err)
{
    Granting *work = argument;
    int64_t now = now_ms();
    return connection_grant_claim(tx, work->scope, &work->grant, now, now + REFRESH_MS,
                                  &work->is_won, err);
}

/* What the service no longer takes has to be granted anew: said once, not tried again and again. */
static bool refuse(ConnectRun *run, Granting *work, const Error *why, Error *err)
{
    Error ignored;
    if (error_is_temporary(why->code))
        return fail(err, why->code, "%s", why->message);
    work->grant.error = str(why->message);
    bool is_kept = store_write(run->options->db, run->scope, save_work, work, &ignored);
    (void)is_kept;
    return fail(err, ERROR_DENIED, "the service takes our grant no more, authorise again: %s",
                why->message);
}

static bool refresh(ConnectRun *run, Granting *work, json_t *secrets, Error *err)
{
    Buf form = buf_new(run->arena, KB(64));
    Error why = { 0 };
    Str token = json_member_text(secrets, "refresh_token");
    if (!token.length)
        return fail(err, ERROR_DENIED, "the service's grant has ended: authorise again");
    url_form_add(&form, "grant_type", S("refresh_token"));
    url_form_add(&form, "refresh_token", token);
    return exchange(run, work, secrets, &form, &why) || refuse(run, work, &why, err);
}

/* A token goes to no other server than the one it was granted for. */
static bool check_place(const ConnectRun *run, const Granting *work, Error *err)
{
    AUTO_JSON json_t *settings = NULL;
    if (!json_parse(work->grant.settings, KB(32), &settings, err))
        return false;
    return str_equal(json_member_text(settings, "place"),
                     connect_place(run->arena, run->kind, run->settings)) ||
           fail(err, ERROR_DENIED,
                "the service's grant is for another server than the one the settings name now: "
                "authorise again");
}

/* One of all who need it refreshes; the others wait for what it gets. */
static bool token_once(ConnectRun *run, Granting *work, Str *token_r, Error *err)
{
    AUTO_JSON json_t *secrets = NULL;
    if (!store_read(run->options->db, run->scope, find_work, work, err))
        return false;
    if (!work->is_there || work->grant.state_digest.length)
        return true; /* not granted */
    if (!check_place(run, work, err))
        return false;
    if (work->grant.error.length)
        return fail(err, ERROR_DENIED, "authorise again: " STR_FMT, STR_ARG(work->grant.error));
    if (!connect_open(run->connect, run->arena, work->grant.sealed, &secrets, err))
        return false;
    bool is_good = !work->grant.expires_at_ms || work->grant.expires_at_ms > now_ms() + SOON_MS;
    if (!is_good && (!store_write(run->options->db, run->scope, claim_work, work, err) ||
                     (work->is_won && !refresh(run, work, secrets, err))))
        return false;
    if (is_good || work->is_won)
        *token_r = str_copy(run->kept, json_member_text(secrets, "access_token"));
    return true;
}

bool oauth_token(ConnectRun *run, Str *token_r, Error *err)
{
    Granting work = { .scope = run->scope, .arena = run->arena };
    work.grant.connection = run->connection.id;
    *token_r = STR_NONE;
    if (!run->kind->takes_grants || !run->connection.id.length)
        return true;
    for (int64_t end = monotonic_ms() + 2 * REFRESH_MS; monotonic_ms() < end; sleep_ms(LOOK_MS)) {
        Str connection = work.grant.connection;
        if (!token_once(run, &work, token_r, err))
            return false;
        if (token_r->length || !work.is_there || work.grant.state_digest.length)
            return true;
        work.grant.connection = connection;
    }
    return fail(err, ERROR_BUSY, "the connection's token is being refreshed elsewhere");
}
