/* groups_api.c - named groups of a workspace's people. */
#include "api/api.h"

#define CHANGED_MAX 1000 /* people of one call */

static void put_group(JsonWriter *json, const Group *group)
{
    put_text(json, "id", group->id);
    put_text(json, "name", group->name);
    put_int(json, "members", group->member_count);
    put_time(json, "created_at", group->created_at_ms);
}

static bool answer_one(HttpResponse *response, const Group *group, const MembershipList *members)
{
    JsonWriter json = put_begin(&response->body);
    put_group(&json, group);
    put_array(&json, "people");
    for (size_t i = 0; i < members->count; i++) {
        const Membership *person = &members->at[i];
        put_object(&json, NULL);
        put_text(&json, "id", person->user);
        put_text(&json, "email", person->email);
        put_text(&json, "name", person->name);
        put_bool(&json, "disabled", person->is_disabled);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

bool groups_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    GroupList list;
    if (!account_list_groups(request->api->account, request->arena, &request->visitor, &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        put_object(&json, NULL);
        put_group(&json, &list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)list.count, S(""));
    return true;
}

bool groups_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    MembershipList members;
    Group group;
    return account_find_group(request->api->account, request->arena, &request->visitor,
                              request->params[0], &group, &members, err) &&
           answer_one(response, &group, &members);
}

static bool save(ApiRequest *request, HttpResponse *response, Str id, Error *err)
{
    GroupChange change = { 0 };
    MembershipList members;
    Group group;
    return api_fields(request, err,
                      { "name", JSON_STR, &change.name, .required = !id.length, .length_max = 200 },
                      { "add", JSON_STRS, &change.add, .length_max = CHANGED_MAX },
                      { "remove", JSON_STRS, &change.remove, .length_max = CHANGED_MAX }) &&
           account_save_group(request->api->account, request->arena, &request->visitor, id, &change,
                              &group, &members, err) &&
           answer_one(response, &group, &members);
}

bool groups_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    response->status = 201;
    return save(request, response, S(""), err);
}

bool groups_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    return save(request, response, request->params[0], err);
}

bool groups_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return account_remove_group(request->api->account, request->arena, &request->visitor,
                                request->params[0], err) &&
           api_done(response);
}
