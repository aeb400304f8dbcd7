/* import_people.c - people, groups, who sees what, and settings of a workspace, by the routes that
 * people use. */
#include "base/hash.h"
#include "cli/importing.h"
#include "cli/output.h"

static bool is_service(const json_t *row)
{
    return json_is_true(json_object_get(row, "is_service"));
}

/* --- People --- */

/* Nobody is told the password: whoever it is asks for a new one by mail, or an administrator sets
 * it. Somebody who has an account keeps theirs. */
static Str new_person(Arena *arena, const json_t *row)
{
    Buf out = buf_new(arena, KB(64));
    uint8_t secret[24];
    JsonWriter json = put_begin(&out);
    random_bytes(secret, sizeof secret);
    put_text(&json, "name", json_member_text(row, "name"));
    put_text(&json, "role", json_member_text(row, "role"));
    if (is_service(row)) {
        put_text(&json, "kind", S("service"));
    } else {
        put_text(&json, "email", json_member_text(row, "email"));
        put_text(&json, "password", str_hex(arena, secret, sizeof secret));
    }
    put_end(&json);
    return buf_str(&out);
}

static bool make_person(Importing *in, const json_t *row, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    AUTO_JSON json_t *answer = NULL;
    Error why = { 0 };
    if (!client_call(in->client, "POST", "/v1/users", new_person(arena, row), &answer, &why))
        return importing_refused(in, "memberships", &why, err);
    importing_know(in, json_member_text(row, "id"), json_member_text(answer, "id"));
    importing_count(in, "memberships", 1, 0);
    return true;
}

/* People by mail address, service accounts by name. */
static Str find_person(const json_t *people, const json_t *row)
{
    const char *by = is_service(row) ? "name" : "email";
    size_t i;
    const json_t *one;
    json_array_foreach(
        people, i, one) if (str_is(json_member_text(one, "kind"), "service") == is_service(row) &&
                            str_equal(json_member_text(one, by),
                                      json_member_text(row, by))) return json_member_text(one,
                                                                                          "id");
    return STR_NONE;
}

static bool take_person(Importing *in, const json_t *row, Error *err)
{
    Str id = find_person(json_object_get(in->people, "items"), row);
    if (id.length) {
        importing_know(in, json_member_text(row, "id"), id);
        importing_count(in, "memberships", 0, 1);
        return true;
    }
    if (in->makes_people && !json_is_true(json_object_get(row, "is_disabled")))
        return make_person(in, row, err);
    importing_leave(in, "memberships",
                    in->makes_people
                        ? S("the account is disabled")
                        : S("they do not belong to this workspace (--people adds them)"));
    return true;
}

bool import_people(Importing *in, Error *err)
{
    return client_call(in->client, "GET", "/v1/users", S(""), &in->people, err) &&
           importing_each(in, "memberships", "people.jsonl", take_person, err);
}

/* --- Groups --- */

/* Of the name; it may be there. */
static bool take_group(Importing *in, const json_t *row, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    AUTO_JSON json_t *made = NULL, *there = NULL;
    Error why = { 0 };
    Str name = json_member_text(row, "name");
    Buf body = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&body);
    put_text(&json, "name", name);
    put_end(&json);
    if (client_call(in->client, "POST", "/v1/groups", buf_str(&body), &made, &why)) {
        importing_know(in, json_member_text(row, "id"), json_member_text(made, "id"));
        importing_count(in, "workspace_groups", 1, 0);
        return true;
    }
    if (why.code == ERROR_CONFLICT &&
        client_call(in->client, "GET", output_id_path(arena, "/v1/groups", name, ""), S(""), &there,
                    &why)) {
        importing_know(in, json_member_text(row, "id"), json_member_text(there, "id"));
        importing_count(in, "workspace_groups", 0, 1);
        return true;
    }
    return importing_refused(in, "workspace_groups", &why, err);
}

/* The id here, or as it was when the export comes back to where it was made. */
static Str id_here(const Importing *in, Str old_id)
{
    Str id = importing_id(in, old_id);
    return id.length ? id : old_id;
}

static bool take_group_member(Importing *in, const json_t *row, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    AUTO_JSON json_t *answer = NULL;
    Error why = { 0 };
    Buf body = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&body);
    put_array(&json, "add");
    put_text(&json, NULL, id_here(in, json_member_text(row, "user_id")));
    put_end(&json);
    put_end(&json);
    Str group = id_here(in, json_member_text(row, "group_id"));
    if (!client_call(in->client, "PATCH", output_id_path(arena, "/v1/groups", group, ""),
                     buf_str(&body), &answer, &why))
        return importing_refused(in, "group_members", &why, err);
    importing_count(in, "group_members", 1, 0);
    return true;
}

bool import_groups(Importing *in, Error *err)
{
    return importing_each(in, "workspace_groups", "tables/workspace_groups.jsonl", take_group,
                          err) &&
           importing_each(in, "group_members", "tables/group_members.jsonl", take_group_member,
                          err);
}

/* --- Who sees what --- */

static bool take_guard(Importing *in, const json_t *row, Error *err)
{
    (void)err;
    json_object_set_new(in->guards, json_string_value(json_object_get(row, "id")), json_array());
    return true;
}

/* Keys are in no export. */
static bool take_grant(Importing *in, const json_t *row, Error *err)
{
    (void)err;
    json_t *grants = json_object_get(in->guards, json_member_text(row, "guard").at);
    Str subject = id_here(in, json_member_text(row, "subject"));
    Str kind = json_member_text(row, "kind"), level = json_member_text(row, "level");
    if (!grants || str_is(kind, "key"))
        importing_leave(in, "grants", S("it was for a key, or for nothing that is restricted"));
    else
        json_array_append_new(grants, json_pack("{s:s%, s:s%, s:s%}", "kind", kind.at, kind.length,
                                                "id", subject.at, subject.length, "level", level.at,
                                                level.length));
    return true;
}

bool import_guards(Importing *in, Error *err)
{
    in->guards = json_object();
    return importing_each(in, "guards", "tables/guards.jsonl", take_guard, err) &&
           importing_each(in, "grants", "tables/grants.jsonl", take_grant, err);
}

static Str access_body(Arena *arena, const json_t *grants, bool with_grants)
{
    Buf out = buf_new(arena, MB(4));
    JsonWriter json = put_begin(&out);
    put_raw(&json, "grants", with_grants ? json_print(arena, grants) : S("[]"));
    put_end(&json);
    return buf_str(&out);
}

/* Whom the export names and who is not here gets nothing; what is restricted stays so. */
static bool restrict_it(Importing *in, Arena *arena, const char *path, const json_t *grants,
                        Error *err)
{
    AUTO_JSON json_t *all = NULL, *one = NULL, *each = json_array();
    Error why = { 0 };
    size_t i;
    json_t *grant;
    if (client_call(in->client, "PUT", path, access_body(arena, grants, true), &all, &why)) {
        importing_count(in, "guards", 1, 0);
        importing_count(in, "grants", (int64_t)json_array_size(grants), 0);
        return true;
    }
    if (!client_call(in->client, "PUT", path, access_body(arena, NULL, false), &one, err))
        return false;
    importing_count(in, "guards", 1, 0);
    json_array_foreach(grants, i, grant)
    {
        AUTO_JSON json_t *answer = NULL;
        json_array_append(each, grant);
        if (client_call(in->client, "PUT", path, access_body(arena, each, true), &answer, &why)) {
            importing_count(in, "grants", 1, 0);
            continue;
        }
        json_array_remove(each, json_array_size(each) - 1);
        if (!importing_refused(in, "grants", &why, err))
            return false;
    }
    return true;
}

bool import_access(Importing *in, const char *folder, Str old_id, Str new_id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_JSON json_t *now = NULL;
    const json_t *grants = json_object_get(in->guards, str_c(arena, old_id));
    if (!grants)
        return true;
    char *path = output_id_path(arena, folder, new_id, "/access");
    if (!client_call(in->client, "GET", path, S(""), &now, err))
        return false;
    if (json_is_true(json_object_get(now, "own"))) {
        importing_count(in, "guards", 0, 1);
        return true;
    }
    return restrict_it(in, arena, path, grants, err);
}

/* --- Settings --- */

/* {"RULE": limit, "RULE.hold": s, "RULE.repeat": s} as PUT /v1/alerts/rules takes it. */
static json_t *alert_rules(json_t *kept)
{
    json_t *rules = json_object();
    const char *name;
    json_t *value;
    json_object_foreach(kept, name, value)
    {
        AUTO_ARENA Arena *arena = arena_new(KB(64));
        if (strchr(name, '.'))
            continue;
        json_t *rule = json_object(), *part;
        json_object_set(rule, "limit", value);
        if ((part = json_object_get(kept, str_format(arena, "%s.hold", name).at)))
            json_object_set(rule, "hold_seconds", part);
        if ((part = json_object_get(kept, str_format(arena, "%s.repeat", name).at)))
            json_object_set(rule, "repeat_seconds", part);
        json_object_set_new(rules, name, rule);
    }
    return rules;
}

static bool take_setting(Importing *in, const json_t *row, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    AUTO_JSON json_t *value = NULL, *rules = NULL, *answer = NULL;
    Error why = { 0 };
    Str name = json_member_text(row, "name");
    bool is_alerts = str_is(name, "alerts");
    if (!is_alerts && !str_is(name, "gateway-policy"))
        return true;
    if (!json_parse(json_member_text(row, "value"), MB(1), &value, &why) ||
        !json_is_object(value)) {
        importing_leave(in, "settings", S("a value is no JSON object"));
        return true;
    }
    rules = is_alerts ? alert_rules(value) : NULL;
    if (!client_call(in->client, "PUT", is_alerts ? "/v1/alerts/rules" : "/v1/gateway/policy",
                     json_print(arena, is_alerts ? rules : value), &answer, &why))
        return importing_refused(in, "settings", &why, err);
    importing_count(in, "settings", 1, 0);
    return true;
}

bool import_settings(Importing *in, Error *err)
{
    return importing_each(in, "settings", "tables/settings.jsonl", take_setting, err);
}
