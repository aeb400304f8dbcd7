/* people_api.c - people and API keys of a workspace. */
#include "account/key_scopes.h"
#include "api/api.h"
#include "base/clock.h"

static bool read_role(Arena *arena, Str name, Role missing, Role *role_r, Error *err)
{
    Role role = name.length ? role_named(name) : missing;
    Str words = role_words(arena, ROLE_OWNER);
    if (name.length && role == ROLE_NONE)
        return fail_field(err, "role", "'" STR_FMT "' is no role: " STR_FMT,
                          STR_ARG(str_slice(name, 0, 40)), STR_ARG(words));
    *role_r = role;
    return true;
}

/* --- People --- */

/* Who has neither chosen a password nor come in by another service, nor is sent by a directory. */
static bool is_invited(const Membership *person)
{
    return !person->is_service && !person->has_password && !person->last_login_at_ms &&
           !person->external_id.length;
}

bool users_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    MembershipList list;
    if (!account_list_people(request->api->account, request->arena, &request->visitor, &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        const Membership *person = &list.at[i];
        put_object(&json, NULL);
        put_text(&json, "id", person->user);
        put_text(&json, "kind", person->is_service ? S("service") : S("person"));
        put_text_or_null(&json, "email", person->is_service ? STR_NONE : person->email);
        put_text(&json, "name", person->name);
        put_text(&json, "role", str(role_name(person->role)));
        bool is_waiting = is_invited(person);
        put_text(&json, "status",
                 person->is_disabled ? S("disabled")
                 : is_waiting        ? S("invited")
                                     : S("active"));
        put_time(&json, "invited_at", is_waiting ? person->created_at_ms : 0);
        put_bool(&json, "disabled", person->is_disabled);
        put_time(&json, "created_at", person->created_at_ms);
        put_time(&json, "last_login_at", person->last_login_at_ms);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)list.count, S(""));
    return true;
}

static bool read_kind(Str kind, bool *is_service_r, Error *err)
{
    *is_service_r = str_is(kind, "service");
    return !kind.length || *is_service_r || str_is(kind, "person") ||
           fail_field(err, "kind", "'" STR_FMT "' is no kind: person or service", STR_ARG(kind));
}

static void answer_person(HttpResponse *response, const User *user, bool is_service, Role role)
{
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "id", user->id);
    put_text(&json, "kind", is_service ? S("service") : S("person"));
    put_text_or_null(&json, "email", is_service ? STR_NONE : user->email);
    put_text(&json, "name", user->name);
    put_text(&json, "role", str(role_name(role)));
    put_end(&json);
}

bool users_invite(ApiRequest *request, HttpResponse *response, Error *err)
{
    SignIn who = { 0 };
    Str role_text = STR_NONE;
    Role role;
    User user;
    if (!api_fields(
            request, err, { "email", JSON_STR, &who.email, .required = true, .length_max = 254 },
            { "name", JSON_STR, &who.name, .length_max = 200 }, { "role", JSON_STR, &role_text }) ||
        !read_role(request->arena, role_text, ROLE_READER, &role, err) ||
        !account_invite_person(request->api->account, request->arena, &request->visitor, &who, role,
                               &user, err))
        return false;
    answer_person(response, &user, false, role);
    return true;
}

bool users_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    Account *account = request->api->account;
    const Visitor *visitor = &request->visitor;
    SignIn who = { 0 };
    Str role_text = STR_NONE, kind = STR_NONE;
    Role role;
    User user;
    bool is_service;
    if (!api_fields(request, err, { "kind", JSON_STR, &kind, .length_max = 20 },
                    { "email", JSON_STR, &who.email }, { "name", JSON_STR, &who.name },
                    { "password", JSON_STR, &who.password }, { "role", JSON_STR, &role_text }) ||
        !read_role(request->arena, role_text, ROLE_READER, &role, err) ||
        !read_kind(kind, &is_service, err))
        return false;
    if (!is_service && !who.email.length)
        return fail_field(err, "email", "is missing");
    if (is_service
            ? !account_add_service(account, request->arena, visitor, who.name, role, &user, err)
            : !account_add_person(account, request->arena, visitor, &who, role, &user, err))
        return false;
    answer_person(response, &user, is_service, role);
    return true;
}

bool users_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    PersonChange change = { .is_disabled = -1 };
    Str role_text = STR_NONE;
    bool disabled = false;
    if (!api_fields(request, err, { "role", JSON_STR, &role_text },
                    { "name", JSON_STR, &change.name, .length_max = 200 },
                    { "password", JSON_STR, &change.password },
                    { "disabled", JSON_FLAG, &disabled }) ||
        !read_role(request->arena, role_text, ROLE_NONE, &change.role, err))
        return false;
    if (json_object_get(request->json, "disabled"))
        change.is_disabled = disabled;
    return account_change_person(request->api->account, request->arena, &request->visitor,
                                 request->params[0], &change, err) &&
           api_done(response);
}

bool users_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return account_remove_person(request->api->account, &request->visitor, request->params[0],
                                 err) &&
           api_done(response);
}

/* --- Keys --- */

static void put_key(JsonWriter *json, const ApiKey *key)
{
    put_text(json, "id", key->id);
    put_text(json, "name", key->name);
    put_text(json, "prefix", key->prefix);
    put_text_or_null(json, "user", key->user);
    put_text(json, "role", str(role_name(key->role)));
    put_pieces(json, "scopes", key->scopes, ' ');
    put_pieces(json, "collections", key->collections, ' ');
    put_time(json, "created_at", key->created_at_ms);
    put_time(json, "last_used_at", key->last_used_at_ms);
    put_text_or_null(json, "last_address", key->last_address);
    put_time(json, "expires_at", key->expires_at_ms);
}

bool keys_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApiKeyList list;
    int64_t shown = 0;
    if (!account_list_keys(request->api->account, request->arena, &request->visitor, &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        if (list.at[i].revoked_at_ms)
            continue;
        put_object(&json, NULL);
        put_key(&json, &list.at[i]);
        put_end(&json);
        shown++;
    }
    api_list_end(&json, shown, S(""));
    return true;
}

static bool read_end(Str expires, int64_t *expires_at_ms_r, Error *err)
{
    Error why;
    if (!expires.length)
        return true;
    if (!time_parse(expires, expires_at_ms_r, &why))
        return fail_field(err, "expires_at", "%s", why.message);
    return *expires_at_ms_r > now_ms() || fail_field(err, "expires_at", "the time is over already");
}

/* An empty list that somebody sends means nothing, and would give everything. */
static bool check_named(const ApiRequest *request, const char *list, const char *none, Error *err)
{
    const json_t *given = json_object_get(request->json, list);
    return !json_is_array(given) || json_array_size(given) ||
           fail_field(err, list, "'%s' is empty: name at least one, or leave it out for %s", list,
                      none);
}

bool keys_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    KeyWish wish = { 0 };
    Str role_text = STR_NONE, expires = STR_NONE, secret;
    StrList scopes = { 0 };
    ApiKey key;
    if (!api_fields(request, err,
                    { "name", JSON_STR, &wish.name, .required = true, .length_max = 200 },
                    { "role", JSON_STR, &role_text }, { "scopes", JSON_STRS, &scopes },
                    { "user", JSON_STR, &wish.service, .length_max = 200 },
                    { "collections", JSON_STRS, &wish.collections },
                    { "expires_at", JSON_STR, &expires }) ||
        !check_named(request, "scopes", "a key that may do whatever its role allows", err) ||
        !check_named(request, "collections", "a key that is limited to none", err) ||
        !read_role(request->arena, role_text, request->scope->role, &wish.role, err) ||
        !key_scopes_wished(scopes, &wish.scopes, err) ||
        !read_end(expires, &wish.expires_at_ms, err) ||
        !account_add_key(request->api->account, request->arena, &request->visitor, &wish, &key,
                         &secret, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_key(&json, &key);
    put_text(&json, "key", secret);
    put_end(&json);
    return true;
}

bool keys_revoke(ApiRequest *request, HttpResponse *response, Error *err)
{
    return account_revoke_key(request->api->account, &request->visitor, request->params[0], err) &&
           api_done(response);
}
