/* session_api.c - who is asking: first account, sign-in, sign-out. */
#include "api/auth_api.h"
#include "api/health.h"
#include "api/passkeys_json.h"
#include "base/hash.h"

static bool put_workspaces(const ApiRequest *request, JsonWriter *json, Error *err)
{
    MembershipList list;
    if (!account_workspaces(request->api->account, request->arena, &request->visitor, &list, err))
        return false;
    put_array(json, "workspaces");
    for (size_t i = 0; i < list.count; i++) {
        put_object(json, NULL);
        put_text(json, "id", list.at[i].workspace);
        put_text(json, "name", list.at[i].workspace_name);
        put_text(json, "role", str(role_name(list.at[i].role)));
        put_end(json);
    }
    put_end(json);
    return true;
}

static void put_visitor(JsonWriter *json, const Visitor *visitor)
{
    if (!visitor->scope.role) {
        put_null(json, "user");
        put_null(json, "workspace");
        return;
    }
    put_object(json, "user");
    put_text_or_null(json, "id", visitor->scope.user);
    put_text_or_null(json, "email", visitor->email);
    put_text_or_null(json, "name", visitor->name);
    put_text(json, "role", str(role_name(visitor->scope.role)));
    put_end(json);
    put_object(json, "workspace");
    put_text(json, "id", visitor->scope.workspace);
    put_text(json, "name", visitor->workspace_name);
    put_time(json, "removal_due_at", visitor->removal_due_ms);
    put_end(json);
}

static bool write_session(const ApiRequest *request, HttpResponse *response, Error *err)
{
    const Api *api = request->api;
    bool needs_setup = false;
    if (!account_needs_setup(api->account, &needs_setup, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "setup_needed", needs_setup);
    put_bool(&json, "setup_token_needed", needs_setup && api->setup_token);
    put_visitor(&json, &request->visitor);
    if (!put_workspaces(request, &json, err))
        return false;
    put_text_or_null(&json, "csrf", request->visitor.csrf);
    put_bool(&json, "second_factor_missing", request->visitor.must_enrol);
    auth_put_ways(request, &json);
    put_text_or_null(&json, "passkeys", account_passkey_host(api->account, request->arena));
    put_object(&json, "server");
    put_text(&json, "name", api->app_name);
    health_put_server(api, request->arena, request->scope, &json);
    put_end(&json);
    put_end(&json);
    return true;
}

bool session_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    return write_session(request, response, err);
}

static SignIn sign_in_of(const ApiRequest *request)
{
    return (SignIn){ .user_agent = http_header_in(request->http, "User-Agent"),
                     .address = request->http->peer };
}

/* Without a token whoever comes first is the owner, and that must be somebody on this machine: a
 * page elsewhere can give its own name the address 127.0.0.1 and reach us as "its" server (DNS
 * rebinding), but then the browser says that name. */
static bool is_named_as_ours(const ApiRequest *request, Error *err)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]", "lectern" };
    Str host = http_header_in(request->http, "Host"), url = str(request->api->public_url);
    ptrdiff_t colon = str_find_last_char(host, ':'), bracket = str_find_last_char(host, ']');
    if (colon > bracket)
        host = str_slice(host, 0, (size_t)colon);
    if (request->api->setup_token || str_starts(host, S("127.")))
        return true;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(host, str(names[i])))
            return true;
    return (host.length && str_find_ignore_case(url, host) >= 0) ||
           fail(err, ERROR_DENIED,
                "the first account is made at the server's own address, such as "
                "http://127.0.0.1:8000, or at the setting public_url");
}

static bool write_entered(const ApiRequest *request, HttpResponse *response, Str token, Error *err)
{
    if (!write_session(request, response, err))
        return false;
    api_session_cookie(request, response, token);
    return true;
}

bool session_setup(ApiRequest *request, HttpResponse *response, Error *err)
{
    SignIn who = sign_in_of(request);
    Str setup_token = STR_NONE, token;
    if (!api_fields(request, err, { "email", JSON_STR, &who.email, .required = true },
                    { "name", JSON_STR, &who.name, .required = true },
                    { "password", JSON_STR, &who.password, .required = true },
                    { "workspace", JSON_STR, &who.workspace, .length_max = 200 },
                    { "token", JSON_STR, &setup_token }))
        return false;
    if (!is_named_as_ours(request, err))
        return false;
    if (request->api->setup_token && !secret_equal(setup_token, str(request->api->setup_token)))
        return fail_field(err, "token", "the set-up token is wrong; it stands in the server's log");
    if (!account_setup(request->api->account, request->arena, &who, &token, &request->visitor, err))
        return false;
    response->status = 201;
    return write_entered(request, response, token, err);
}

/* The page asks for the code next; there is no cookie yet. */
static bool write_waiting(const ApiRequest *request, HttpResponse *response, Str token)
{
    JsonWriter json = put_begin(&response->body);
    put_null(&json, "user");
    put_object(&json, "second_factor");
    put_text(&json, "token", token);
    put_time(&json, "expires_at", request->visitor.code_until_ms);
    put_bool(&json, "app", request->visitor.has_app);
    put_bool(&json, "passkey", request->visitor.has_passkey);
    put_end(&json);
    put_end(&json);
    return true;
}

bool session_start(ApiRequest *request, HttpResponse *response, Error *err)
{
    SignIn who = sign_in_of(request);
    Str token;
    if (!api_fields(request, err, { "email", JSON_STR, &who.email, .required = true },
                    { "password", JSON_STR, &who.password, .required = true }) ||
        !account_sign_in(request->api->account, request->arena, &who, &token, &request->visitor,
                         err))
        return false;
    return request->visitor.code_until_ms ? write_waiting(request, response, token)
                                          : write_entered(request, response, token, err);
}

bool session_code(ApiRequest *request, HttpResponse *response, Error *err)
{
    SignIn who = sign_in_of(request);
    Str waiting, code, token;
    return api_fields(request, err, { "token", JSON_STR, &waiting, .required = true },
                      { "code", JSON_STR, &code, .required = true }) &&
           account_enter_code(request->api->account, request->arena, &who, waiting, code, &token,
                              &request->visitor, err) &&
           write_entered(request, response, token, err);
}

bool session_passkey_offer(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str waiting = STR_NONE;
    PasskeyOffer offer;
    if (!api_fields(request, err, { "token", JSON_STR, &waiting }) ||
        !account_offer_passkey(request->api->account, request->arena, waiting, &offer, err))
        return false;
    put_passkey_request(response, &offer, waiting.length > 0);
    return true;
}

bool session_passkey(ApiRequest *request, HttpResponse *response, Error *err)
{
    SignIn who = sign_in_of(request);
    Str waiting = STR_NONE, token;
    json_t *credential = NULL;
    PasskeyAnswer answer = { 0 };
    return api_fields(request, err, { "token", JSON_STR, &waiting },
                      { "credential", JSON_ANY, &credential, .required = true }) &&
           read_passkey_answer(request, credential, &answer, err) &&
           account_enter_passkey(request->api->account, request->arena, &who, waiting, &answer,
                                 &token, &request->visitor, err) &&
           write_entered(request, response, token, err);
}

/* The cookie stays; its token for writing is another, so that a page of the workspace before writes
 * nothing here. */
bool session_workspace(ApiRequest *request, HttpResponse *response, Error *err)
{
    Visitor visitor = request->visitor;
    Str workspace;
    return api_fields(request, err,
                      { "workspace", JSON_STR, &workspace, .required = true, .length_max = 64 }) &&
           account_change_workspace(request->api->account, request->arena, &visitor, workspace,
                                    &request->visitor, err) &&
           write_session(request, response, err);
}

bool session_password(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str old_password, new_password;
    return api_fields(request, err, { "old", JSON_STR, &old_password, .required = true },
                      { "new", JSON_STR, &new_password, .required = true }) &&
           account_change_password(request->api->account, &request->visitor, old_password,
                                   new_password, err) &&
           api_done(response);
}
