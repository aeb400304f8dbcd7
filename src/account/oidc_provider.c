/* oidc_provider.c - what is asked of a provider: about itself, tokens for a code, claims. */
#include "account/oidc_int.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/url.h"

#define ASK_MS 5000
#define RETRY_MS 10000
#define WORD_MAX 40

Str oidc_redirect(const Oidc *oidc, Arena *arena, const OidcProvider *provider)
{
    return url_join(arena, oidc->options.public_url,
                    str_format(arena, OIDC_PATH STR_FMT "/callback", STR_ARG(provider->name)));
}

static bool ask(Oidc *oidc, Arena *arena, HttpCall *call, HttpAnswer *answer_r, Error *err)
{
    call->connect_ms = call->first_byte_ms = call->total_ms = ASK_MS;
    call->answer_max = OIDC_ANSWER_MAX;
    return issuer_check_address(arena, call->url, &call->pinned_address, err) &&
           http_call(oidc->http, arena, call, answer_r, err);
}

static bool read_object(const HttpAnswer *answer, json_t **object_r, Error *err)
{
    json_t *json;
    if (!json_parse(answer->body, OIDC_ANSWER_MAX, &json, err))
        return fail(err, ERROR_UPSTREAM, "its answer is no JSON");
    if (!json_is_object(json)) {
        json_decref(json);
        return fail(err, ERROR_UPSTREAM, "its answer is no JSON object");
    }
    *object_r = json;
    return true;
}

/* --- About itself --- */

static bool has_text(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one && !strcmp(one, text))
            return true;
    }
    return false;
}

static bool read_endpoint(Arena *arena, const json_t *about, const char *name, bool is_needed,
                          Str *endpoint_r, Error *err)
{
    Str url = json_member_text(about, name);
    Url parts;
    if (!url.length && !is_needed)
        return true;
    if (!url.length || !url_parse(arena, url, &parts, err) ||
        (!str_is(parts.scheme, "https") && !str_is(parts.scheme, "http")))
        return fail(err, ERROR_UPSTREAM, "it does not name its %s", name);
    *endpoint_r = str_copy(arena, url);
    return true;
}

/* Who answers for another issuer could sign in its people (Discovery, 4.3). */
static bool read_about(Oidc *oidc, OidcProvider *provider, const json_t *about, Error *err)
{
    Arena *arena = oidc->arena;
    OidcMetadata *meta = &provider->metadata;
    const json_t *methods = json_object_get(about, "token_endpoint_auth_methods_supported");
    IssuerOptions keys = { .proxy = oidc->options.proxy };
    if (!str_equal(json_member_text(about, "issuer"), provider->issuer))
        return fail(err, ERROR_UPSTREAM,
                    "it calls itself another issuer than the setting does, which is " STR_FMT,
                    STR_ARG(provider->issuer));
    meta->says_issuer =
        json_is_true(json_object_get(about, "authorization_response_iss_parameter_supported"));
    meta->wants_secret_in_form =
        has_text(methods, "client_secret_post") && !has_text(methods, "client_secret_basic");
    return read_endpoint(arena, about, "authorization_endpoint", true,
                         &meta->authorization_endpoint, err) &&
           read_endpoint(arena, about, "token_endpoint", true, &meta->token_endpoint, err) &&
           read_endpoint(arena, about, "userinfo_endpoint", false, &meta->userinfo_endpoint, err) &&
           read_endpoint(arena, about, "end_session_endpoint", false, &meta->end_session_endpoint,
                         err) &&
           read_endpoint(arena, about, "jwks_uri", true, &keys.keys, err) &&
           issuer_open(&keys, &provider->keys, err);
}

static bool ask_about(Oidc *oidc, OidcProvider *provider, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    AUTO_JSON json_t *about = NULL;
    HttpCall call = { .url = url_join(arena, provider->issuer,
                                      S("/.well-known/openid-configuration")) };
    HttpAnswer answer;
    if (!ask(oidc, arena, &call, &answer, err))
        return false;
    if (answer.status != 200)
        return fail(err, ERROR_UPSTREAM, "asked about itself it answers with status %d",
                    answer.status);
    return read_object(&answer, &about, err) && read_about(oidc, provider, about, err);
}

bool oidc_discover(Oidc *oidc, OidcProvider *provider, Error *err)
{
    pthread_mutex_lock(&provider->lock);
    int64_t age = now_ms() - provider->tried_ms;
    bool tries = !provider->is_known && (!provider->tried_ms || age < 0 || age > RETRY_MS);
    if (tries) {
        provider->is_known = ask_about(oidc, provider, &provider->why);
        provider->tried_ms = now_ms();
        if (!provider->is_known)
            log_warn("account", "sign-in by " STR_FMT ": %s", STR_ARG(provider->name),
                     provider->why.message);
    }
    bool is_known = provider->is_known;
    if (!is_known)
        *err = provider->why;
    pthread_mutex_unlock(&provider->lock);
    return is_known || fail(err, ERROR_UPSTREAM,
                            STR_FMT " cannot be asked at present; the server's log says why",
                            STR_ARG(provider->title));
}

/* --- Tokens for a code --- */

/* A provider's word of its own kind, as "invalid_grant": nothing else of it is repeated. */
static Str error_word(Arena *arena, const json_t *answer)
{
    Str word = str_slice(json_member_text(answer, "error"), 0, WORD_MAX);
    for (size_t i = 0; i < word.length; i++)
        if (!HAS_CHAR(word.at[i], "abcdefghijklmnopqrstuvwxyz_"))
            return S("");
    return str_copy(arena, word);
}

static bool refused(const OidcProvider *provider, Arena *arena, const HttpAnswer *answer,
                    Error *err)
{
    AUTO_JSON json_t *why = NULL;
    Error ignored;
    Str word = read_object(answer, &why, &ignored) ? error_word(arena, why) : S("");
    if (answer->status >= 500 || !word.length)
        return fail(err, ERROR_UPSTREAM, STR_FMT " answers with status %d; try again later",
                    STR_ARG(provider->title), answer->status);
    log_warn("account", "sign-in by " STR_FMT ": no tokens: " STR_FMT, STR_ARG(provider->name),
             STR_ARG(word));
    return fail(err, ERROR_DENIED, STR_FMT " does not take the sign-in (" STR_FMT "); begin again",
                STR_ARG(provider->title), STR_ARG(word));
}

/* RFC 6749, section 2.3.1. */
static size_t add_client(const OidcProvider *provider, Buf *form, HttpPair *header)
{
    Arena *arena = form->arena;
    if (!provider->client_secret.length || provider->metadata.wants_secret_in_form) {
        url_form_add(form, "client_id", provider->client_id);
        url_form_add(form, "client_secret", provider->client_secret);
        return 0;
    }
    Str id = url_encode(arena, provider->client_id);
    Str secret = url_encode(arena, provider->client_secret);
    Str both =
        base64_encode(arena, str_format(arena, STR_FMT ":" STR_FMT, STR_ARG(id), STR_ARG(secret)));
    *header = (HttpPair){ S("Authorization"), str_format(arena, "Basic " STR_FMT, STR_ARG(both)) };
    return 1;
}

bool oidc_exchange(Oidc *oidc, const OidcProvider *provider, Arena *arena, Str code, Str verifier,
                   json_t **tokens_r, Error *err)
{
    HttpPair headers[3] = { { S("Content-Type"), S("application/x-www-form-urlencoded") },
                            { S("Accept"), S("application/json") } };
    Buf form = buf_new(arena, KB(64));
    HttpAnswer answer;
    url_form_add(&form, "grant_type", S("authorization_code"));
    url_form_add(&form, "code", code);
    url_form_add(&form, "redirect_uri", oidc_redirect(oidc, arena, provider));
    url_form_add(&form, "code_verifier", verifier);
    size_t more = add_client(provider, &form, &headers[2]);
    HttpCall call = { .url = provider->metadata.token_endpoint,
                      .headers = headers,
                      .header_count = 2 + more,
                      .body = buf_str(&form),
                      .has_body = true };
    if (!ask(oidc, arena, &call, &answer, err)) {
        log_warn("account", "sign-in by " STR_FMT ": %s", STR_ARG(provider->name), err->message);
        return fail(err, ERROR_UPSTREAM, STR_FMT " does not answer; try again later",
                    STR_ARG(provider->title));
    }
    return answer.status == 200 ? read_object(&answer, tokens_r, err)
                                : refused(provider, arena, &answer, err);
}

/* --- Claims --- */

bool oidc_add_userinfo(Oidc *oidc, const OidcProvider *provider, Arena *arena, Str access_token,
                       Jwt *jwt, Error *err)
{
    AUTO_JSON json_t *claims = NULL;
    HttpPair header = { S("Authorization"),
                        str_format(arena, "Bearer " STR_FMT, STR_ARG(access_token)) };
    HttpCall call = { .url = provider->metadata.userinfo_endpoint,
                      .headers = &header,
                      .header_count = 1 };
    HttpAnswer answer;
    if (!call.url.length || !access_token.length)
        return true;
    if (!ask(oidc, arena, &call, &answer, err))
        return false;
    if (answer.status != 200)
        return fail(err, ERROR_UPSTREAM, STR_FMT " does not say who it is (status %d)",
                    STR_ARG(provider->title), answer.status);
    if (!read_object(&answer, &claims, err))
        return false;
    /* Core, 5.3.2: another subject's claims are a mix-up or an attack. */
    return (str_equal(json_member_text(claims, "sub"), json_member_text(jwt->claims, "sub")) &&
            json_object_update_missing(jwt->claims, claims) == 0) ||
           fail(err, ERROR_NO_LOGIN, STR_FMT " speaks of another person than its token does",
                STR_ARG(provider->title));
}
