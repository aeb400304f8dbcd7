/* scim_users_api.c - people for a directory elsewhere (SCIM 2.0). userName is the mail address. */
#include "account/provision.h"
#include "api/scim.h"

/* --- Writing ----------------------------------------------------------------------------- */

static void put_person(JsonWriter *json, const ApiRequest *request, const Membership *person)
{
    put_text(json, "id", person->user);
    if (person->external_id.length)
        put_text(json, "externalId", person->external_id);
    put_text(json, "userName", person->email);
    put_object(json, "name");
    put_text(json, "formatted", person->name);
    put_end(json);
    put_text(json, "displayName", person->name);
    put_array(json, "emails");
    put_object(json, NULL);
    put_text(json, "value", person->email);
    put_bool(json, "primary", true);
    put_end(json);
    put_end(json);
    put_bool(json, "active", !person->is_disabled);
    scim_put_meta(json, request, "User", person->user, person->created_at_ms);
}

static bool write_person(const ApiRequest *request, HttpResponse *response,
                         const Membership *person)
{
    JsonWriter json = scim_begin(response, SCIM_USER);
    put_person(&json, request, person);
    put_end(&json);
    return true;
}

static bool fits(const Membership *person, Str attribute, Str value)
{
    if (person->is_service)
        return false;
    if (!attribute.length)
        return true;
    return str_equal_ignore_case(attribute, S("externalId"))
               ? str_equal(person->external_id, value)
               : str_equal_ignore_case(person->email, value);
}

bool scim_users_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str attribute, value;
    MembershipList list;
    int64_t start, count, total = 0, shown = 0;
    if (!scim_filter(request, &attribute, &value, err) || !scim_page(request, &start, &count, err))
        return false;
    if (attribute.length && !str_equal_ignore_case(attribute, S("userName")) &&
        !str_equal_ignore_case(attribute, S("externalId")))
        return fail_field(err, "filter", "people are found by userName or externalId");
    if (!account_list_people(request->api->account, request->arena, &request->visitor, &list, err))
        return false;
    JsonWriter json = scim_begin(response, "urn:ietf:params:scim:api:messages:2.0:ListResponse");
    put_array(&json, "Resources");
    for (size_t i = 0; i < list.count; i++) {
        if (!fits(&list.at[i], attribute, value) || ++total < start || shown >= count)
            continue;
        put_object(&json, NULL);
        put_array(&json, "schemas");
        put_text(&json, NULL, S(SCIM_USER));
        put_end(&json);
        put_person(&json, request, &list.at[i]);
        put_end(&json);
        shown++;
    }
    scim_list_end(&json, total, start, shown);
    return true;
}

/* --- Reading ----------------------------------------------------------------------------- */

/* The whole name, or what it is made of. */
static Str name_of(Arena *arena, const json_t *name)
{
    Str whole = json_member_text(name, "formatted"), given = json_member_text(name, "givenName"),
        family = json_member_text(name, "familyName");
    return whole.length
               ? whole
               : str_trim(str_format(arena, STR_FMT " " STR_FMT, STR_ARG(given), STR_ARG(family)));
}

/* One attribute by its name in a resource or in the path of a PATCH. What is not kept here is
 * passed over, as RFC 7644, section 3.3, lets a server do. */
static bool read_attribute(const ApiRequest *request, Str name, const json_t *value,
                           ProvisionWish *wish, Error *err)
{
    Str text = json_is_string(value) ? str(json_string_value(value)) : STR_NONE;
    if (str_equal_ignore_case(name, S("active")))
        return scim_flag(value, "active", &wish->is_active, err);
    if (str_equal_ignore_case(name, S("userName")))
        wish->email = str_trim(text);
    else if (str_equal_ignore_case(name, S("externalId")))
        wish->external_id = text;
    else if (str_equal_ignore_case(name, S("displayName")) ||
             str_equal_ignore_case(name, S("name.formatted")))
        wish->name = text;
    else if (str_equal_ignore_case(name, S("name")) && !wish->name.length)
        wish->name = name_of(request->arena, value);
    return true;
}

static bool read_resource(const ApiRequest *request, json_t *object, ProvisionWish *wish,
                          Error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        if (!read_attribute(request, str(name), value, wish, err))
            return false;
    }
    return true;
}

static bool answer(ApiRequest *request, HttpResponse *response, Str id, const ProvisionWish *wish,
                   Error *err)
{
    Membership person;
    return account_provision(request->api->account, request->arena, &request->visitor, id, wish,
                             &person, err) &&
           write_person(request, response, &person);
}

bool scim_users_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    ProvisionWish wish = { .is_active = -1 };
    if (!read_resource(request, request->json, &wish, err))
        return false;
    if (!wish.email.length)
        return fail_field(err, "userName", "is missing");
    response->status = 201;
    return answer(request, response, STR_NONE, &wish, err);
}

bool scim_users_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Membership person;
    return account_find_provisioned(request->api->account, request->arena, &request->visitor,
                                    request->params[0], &person, err) &&
           write_person(request, response, &person);
}

bool scim_users_replace(ApiRequest *request, HttpResponse *response, Error *err)
{
    ProvisionWish wish = { .is_active = -1 };
    return read_resource(request, request->json, &wish, err) &&
           answer(request, response, request->params[0], &wish, err);
}

bool scim_users_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    ProvisionWish wish = { .is_active = -1 };
    const json_t *list, *operation;
    size_t i;
    if (!scim_operations(request, &list, err))
        return false;
    json_array_foreach(list, i, operation)
    {
        Str action = json_member_text(operation, "op"), path = json_member_text(operation, "path");
        json_t *value = json_object_get(operation, "value");
        if (!str_equal_ignore_case(action, S("replace")) &&
            !str_equal_ignore_case(action, S("add")))
            return fail_field(err, "op", "attributes of people are replaced or added");
        if (path.length ? !read_attribute(request, path, value, &wish, err)
                        : !read_resource(request, value, &wish, err))
            return false;
    }
    return answer(request, response, request->params[0], &wish, err);
}

bool scim_users_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    Membership person;
    return account_find_provisioned(request->api->account, request->arena, &request->visitor,
                                    request->params[0], &person, err) &&
           account_remove_person(request->api->account, &request->visitor, person.user, err) &&
           api_done(response);
}
