/* scim_groups_api.c - groups for a directory elsewhere (SCIM 2.0): the workspace's groups. */
#include "api/scim.h"

static void put_group(JsonWriter *json, const ApiRequest *request, const Group *group,
                      const MembershipList *members)
{
    put_text(json, "id", group->id);
    put_text(json, "displayName", group->name);
    if (members) {
        put_array(json, "members");
        for (size_t i = 0; i < members->count; i++) {
            put_object(json, NULL);
            put_text(json, "value", members->at[i].user);
            put_text(json, "display", members->at[i].name);
            put_end(json);
        }
        put_end(json);
    }
    scim_put_meta(json, request, "Group", group->id, group->created_at_ms);
}

static bool write_group(const ApiRequest *request, HttpResponse *response, const Group *group,
                        const MembershipList *members)
{
    JsonWriter json = scim_begin(response, SCIM_GROUP);
    put_group(&json, request, group, members);
    put_end(&json);
    return true;
}

bool scim_groups_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str attribute, value;
    GroupList list;
    int64_t start, count, total = 0, shown = 0;
    if (!scim_filter(request, &attribute, &value, err) || !scim_page(request, &start, &count, err))
        return false;
    attribute = scim_attribute(attribute, SCIM_GROUP);
    bool is_id = str_equal_ignore_case(attribute, S("id"));
    if (attribute.length && !is_id && !str_equal_ignore_case(attribute, S("displayName")))
        return fail_field(err, "filter", "groups are found by displayName or id");
    if (!account_list_groups(request->api->account, request->arena, &request->visitor, &list, err))
        return false;
    JsonWriter json = scim_begin(response, "urn:ietf:params:scim:api:messages:2.0:ListResponse");
    put_array(&json, "Resources");
    for (size_t i = 0; i < list.count; i++) {
        bool fits = !attribute.length || (is_id ? str_equal(list.at[i].id, value)
                                                : str_equal_ignore_case(list.at[i].name, value));
        if (!fits || ++total < start || shown >= count)
            continue;
        put_object(&json, NULL);
        put_array(&json, "schemas");
        put_text(&json, NULL, S(SCIM_GROUP));
        put_end(&json);
        put_group(&json, request, &list.at[i], NULL);
        put_end(&json);
        shown++;
    }
    scim_list_end(&json, total, start, shown);
    return true;
}

bool scim_groups_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Group group;
    MembershipList members;
    return account_find_group(request->api->account, request->arena, &request->visitor,
                              request->params[0], &group, &members, err) &&
           write_group(request, response, &group, &members);
}

/* --- Changing ---------------------------------------------------------------------------- */

/* Ids of [{"value": id}, ...] or of one such object, behind those that are there. */
static bool add_ids(const ApiRequest *request, const json_t *members, StrList *list, Error *err)
{
    size_t more = json_is_array(members) ? json_array_size(members) : members != NULL;
    if (list->count + more > GROUP_MEMBERS_MAX)
        return fail_field(err, "members", "at most %d", GROUP_MEMBERS_MAX);
    Str *ids = arena_alloc(request->arena, (list->count + more + 1) * sizeof *ids);
    for (size_t i = 0; i < list->count; i++)
        ids[i] = list->at[i];
    for (size_t i = 0; i < more; i++) {
        const json_t *one = json_is_array(members) ? json_array_get(members, i) : members;
        ids[list->count + i] = str_copy(request->arena, json_member_text(one, "value"));
        if (!ids[list->count + i].length)
            return fail_field(err, "members", "each has a value, the id of a person");
    }
    *list = (StrList){ .at = ids, .count = list->count + more };
    return true;
}

static bool save(ApiRequest *request, HttpResponse *response, Str id, const GroupChange *change,
                 Error *err)
{
    Group group;
    MembershipList members;
    if (!account_save_group(request->api->account, request->arena, &request->visitor, id, change,
                            &group, &members, err))
        return false;
    if (!id.length)
        scim_created(request, response, "Group", group.id);
    return write_group(request, response, &group, &members);
}

bool scim_groups_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    GroupChange change = { .name = json_member_text(request->json, "displayName") };
    if (!change.name.length)
        return fail_field(err, "displayName", "is missing");
    return add_ids(request, json_object_get(request->json, "members"), &change.add, err) &&
           save(request, response, STR_NONE, &change, err);
}

/* Whoever is in it now leaves, but those who are added. */
static bool remove_others(ApiRequest *request, GroupChange *change, Error *err)
{
    Group group;
    MembershipList now;
    if (!account_find_group(request->api->account, request->arena, &request->visitor,
                            request->params[0], &group, &now, err))
        return false;
    Str *ids = arena_alloc(request->arena, (now.count + 1) * sizeof *ids);
    size_t count = 0;
    for (size_t i = 0; i < now.count; i++) {
        bool stays = false;
        for (size_t j = 0; j < change->add.count && !stays; j++)
            stays = str_equal(change->add.at[j], now.at[i].user);
        if (!stays)
            ids[count++] = now.at[i].user;
    }
    change->remove = (StrList){ .at = ids, .count = count };
    return true;
}

bool scim_groups_replace(ApiRequest *request, HttpResponse *response, Error *err)
{
    GroupChange change = { .name = json_member_text(request->json, "displayName") };
    return add_ids(request, json_object_get(request->json, "members"), &change.add, err) &&
           remove_others(request, &change, err) &&
           save(request, response, request->params[0], &change, err);
}

/* members[value eq "ID"] */
static bool add_id_of_path(const ApiRequest *request, Str path, StrList *list, Error *err)
{
    Str before = S("members[value eq \""), after = S("\"]");
    bool good = str_starts(path, before) && path.length > before.length + after.length &&
                str_equal(str_from(path, path.length - after.length), after);
    Str shown = str_slice(path, 0, 80);
    if (!good)
        return fail_field(err, "path", "'" STR_FMT "' is not displayName or members",
                          STR_ARG(shown));
    Str id = str_slice(path, before.length, path.length - after.length);
    AUTO_JSON json_t *one = json_object();
    json_object_set_new(one, "value", json_stringn(id.at, id.length));
    return add_ids(request, one, list, err);
}

static bool read_operation(ApiRequest *request, const json_t *operation, GroupChange *change,
                           Error *err)
{
    Str path = scim_attribute(json_member_text(operation, "path"), SCIM_GROUP);
    const json_t *value = json_object_get(operation, "value");
    char action;
    if (!scim_action(operation, &action, err))
        return false;
    if (!path.length && json_object_get(value, "displayName"))
        change->name = json_member_text(value, "displayName");
    if (!path.length)
        value = json_object_get(value, "members");
    if (str_equal_ignore_case(path, S("displayName"))) {
        change->name = json_is_string(value) ? str(json_string_value(value)) : STR_NONE;
        return true;
    }
    if (path.length && !str_equal_ignore_case(path, S("members")))
        return add_id_of_path(request, path, &change->remove, err);
    if (action != '-')
        return add_ids(request, value, &change->add, err) &&
               (action == 'a' || !value || remove_others(request, change, err));
    return value ? add_ids(request, value, &change->remove, err)
                 : remove_others(request, change, err);
}

bool scim_groups_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    GroupChange change = { 0 };
    const json_t *list, *operation;
    size_t i;
    if (!scim_operations(request, &list, err))
        return false;
    json_array_foreach(list, i, operation)
    {
        if (!read_operation(request, operation, &change, err))
            return false;
    }
    return save(request, response, request->params[0], &change, err);
}

bool scim_groups_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return account_remove_group(request->api->account, request->arena, &request->visitor,
                                request->params[0], err) &&
           api_done(response);
}
