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
    if (str_equal_ignore_case(attribute, S("id")))
        return str_equal(person->user, value);
    return str_equal_ignore_case(attribute, S("externalId"))
               ? str_equal(person->external_id, value)
               : str_equal_ignore_case(person->email, value);
}

static bool is_found_by(Str attribute)
{
    static const char *const known[] = { "userName", "externalId", "id", "emails", "emails.value" };
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_equal_ignore_case(attribute, str(known[i])))
            return true;
    return false;
}

bool scim_users_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str attribute, value;
    MembershipList list;
    int64_t start, count, total = 0, shown = 0;
    if (!scim_filter(request, &attribute, &value, err) || !scim_page(request, &start, &count, err))
        return false;
    attribute = scim_attribute(attribute, SCIM_USER);
    if (attribute.length && !is_found_by(attribute))
        return fail_field(err, "filter", "people are found by userName, externalId, id or emails");
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

/* What a directory says of a person; `given` and `family` when it says these apart. */
typedef struct Reading {
    ProvisionWish wish;
    Str given, family;
} Reading;

/* One attribute by its name in a resource or in the path of a PATCH. What is not kept here is
 * passed over, as RFC 7644, section 3.3, lets a server do. */
static bool read_attribute(const ApiRequest *request, Str named, const json_t *value,
                           Reading *reading, Error *err)
{
    ProvisionWish *wish = &reading->wish;
    Str name = scim_attribute(named, SCIM_USER);
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
    else if (str_equal_ignore_case(name, S("name.givenName")))
        reading->given = text;
    else if (str_equal_ignore_case(name, S("name.familyName")))
        reading->family = text;
    else if (str_equal_ignore_case(name, S("name")) && !wish->name.length)
        wish->name = name_of(request->arena, value);
    return true;
}

static bool read_resource(const ApiRequest *request, json_t *object, Reading *reading, Error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        if (!read_attribute(request, str(name), value, reading, err))
            return false;
    }
    return true;
}

/* What has to be there stays; what is not kept is not there already. */
static bool remove_attribute(Str named, ProvisionWish *wish, Error *err)
{
    Str name = scim_attribute(named, SCIM_USER);
    if (str_equal_ignore_case(name, S("userName")) || str_equal_ignore_case(name, S("active")))
        return fail_field(err, "value", STR_FMT " is needed and cannot be removed", STR_ARG(name));
    if (str_equal_ignore_case(name, S("externalId"))) {
        wish->external_id = STR_NONE;
        wish->forgets_external_id = true;
    }
    return true;
}

static bool save(const ApiRequest *request, Str id, const Reading *reading, Membership *person_r,
                 Error *err)
{
    ProvisionWish wish = reading->wish;
    if (!wish.name.length && reading->given.length && reading->family.length)
        wish.name = str_format(request->arena, STR_FMT " " STR_FMT, STR_ARG(reading->given),
                               STR_ARG(reading->family));
    return account_provision(request->api->account, request->arena, &request->visitor, id, &wish,
                             person_r, err);
}

bool scim_users_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    Reading reading = { .wish.is_active = -1 };
    Membership person;
    if (!read_resource(request, request->json, &reading, err))
        return false;
    if (!reading.wish.email.length)
        return fail_field(err, "userName", "is missing");
    if (!save(request, STR_NONE, &reading, &person, err))
        return false;
    scim_created(request, response, "User", person.user);
    return write_person(request, response, &person);
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
    Reading reading = { .wish.is_active = -1 };
    Membership person;
    return read_resource(request, request->json, &reading, err) &&
           save(request, request->params[0], &reading, &person, err) &&
           write_person(request, response, &person);
}

static bool read_operation(const ApiRequest *request, const json_t *operation, Reading *reading,
                           Error *err)
{
    Str path = json_member_text(operation, "path");
    json_t *value = json_object_get(operation, "value");
    char action;
    if (!scim_action(operation, &action, err))
        return false;
    if (str_equal_ignore_case(path, S("id")) || str_equal_ignore_case(path, S("meta")))
        return fail_field(err, "id", STR_FMT " is not changed by a client", STR_ARG(path));
    if (action == '-')
        return remove_attribute(path, &reading->wish, err);
    return path.length ? read_attribute(request, path, value, reading, err)
                       : read_resource(request, value, reading, err);
}

bool scim_users_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    Reading reading = { .wish.is_active = -1 };
    Membership person;
    const json_t *list, *operation;
    size_t i;
    if (!scim_operations(request, &list, err))
        return false;
    json_array_foreach(list, i, operation)
    {
        if (!read_operation(request, operation, &reading, err))
            return false;
    }
    return save(request, request->params[0], &reading, &person, err) &&
           write_person(request, response, &person);
}

bool scim_users_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    Membership person;
    return account_find_provisioned(request->api->account, request->arena, &request->visitor,
                                    request->params[0], &person, err) &&
           account_remove_person(request->api->account, &request->visitor, person.user, err) &&
           api_done(response);
}
