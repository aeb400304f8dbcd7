/* connection_grants_api.c - tokens that services grant connections by OAuth 2; see connect/oauth.h.
 */
#include "api/api.h"
#include "connect/oauth.h"
#include "net/url.h"

bool connections_authorize(ApiRequest *request, HttpResponse *response, Error *err)
{
    OauthWish wish = { 0 };
    Str url;
    if (!api_fields(
            request, err,
            { "authorize_url", JSON_STR, &wish.authorize_url, .required = true,
              .length_max = 2000 },
            { "token_url", JSON_STR, &wish.token_url, .required = true, .length_max = 2000 },
            { "client_id", JSON_STR, &wish.client_id, .required = true, .length_max = 500 },
            { "client_secret", JSON_STR, &wish.client_secret, .length_max = 2000 },
            { "scope", JSON_STR, &wish.scope, .length_max = 2000 },
            { "secret_in_header", JSON_FLAG, &wish.secret_in_header }) ||
        !oauth_begin(request->api->connect, request->scope, request->arena, request->params[0],
                     &wish, &url, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "url", url);
    put_text(&json, "redirect_uri",
             url_join(request->arena, str(request->api->public_url), S(OAUTH_CALLBACK)));
    put_end(&json);
    return true;
}

bool connections_authorized(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str state = STR_NONE, code = STR_NONE;
    return api_fields(request, err, { "state", JSON_STR, &state, .required = true },
                      { "code", JSON_STR, &code, .required = true }) &&
           oauth_finish(request->api->connect, request->scope, request->arena, state, code, err) &&
           api_done(response);
}

static void say(HttpResponse *response, Str html)
{
    response->media_type = S("text/html; charset=utf-8");
    buf_add(&response->body, S("<!doctype html><meta charset=\"utf-8\"><title>Lectern</title>"));
    buf_add(&response->body, html);
}

/* A browser that comes from another site shows no cookie that is SameSite=Strict: it is asked to
 * come once more, from here, and the session says who it is. */
static void come_again(ApiRequest *request, HttpResponse *response, Str state, Str code)
{
    Str escaped_state = url_encode(request->arena, state);
    Str escaped_code = url_encode(request->arena, code);
    say(response, str_format(request->arena,
                             "<meta http-equiv=\"refresh\" content=\"0; url=" OAUTH_CALLBACK
                             "?again=1&amp;state=" STR_FMT "&amp;code=" STR_FMT "\">",
                             STR_ARG(escaped_state), STR_ARG(escaped_code)));
}

bool connections_callback(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str state = http_query(request->http, "state"), code = http_query(request->http, "code");
    Str refusal = http_query(request->http, "error");
    if (refusal.length)
        return fail(err, ERROR_DENIED, "the service says: " STR_FMT,
                    STR_ARG(str_slice(refusal, 0, 200)));
    if (!state.length || !code.length)
        return fail(err, ERROR_INVALID, "'state' and 'code' are missing");
    if (request->scope->role == ROLE_NONE && !http_query(request->http, "again").length) {
        come_again(request, response, state, code);
        return true;
    }
    if (request->scope->role == ROLE_NONE)
        return fail(err, ERROR_NO_LOGIN, "sign in, then authorise the connection again");
    if (!oauth_finish(request->api->connect, request->scope, request->arena, state, code, err))
        return false;
    say(response, S("<p>The connection is authorised. This page can be closed.</p>"));
    return true;
}
