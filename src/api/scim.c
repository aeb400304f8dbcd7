/* scim.c - see scim.h; and what the server says of itself. */
#include "api/scim.h"

#include "base/clock.h"

#define COUNT_MAX 200
#define OPERATIONS_MAX 1000
#define LIST "urn:ietf:params:scim:api:messages:2.0:ListResponse"

JsonWriter scim_begin(HttpResponse *response, const char *schema)
{
    response->media_type = SCIM_MEDIA;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "schemas");
    put_text(&json, NULL, str(schema));
    put_end(&json);
    return json;
}

void scim_list_end(JsonWriter *json, int64_t total, int64_t start, int64_t shown)
{
    put_end(json);
    put_int(json, "totalResults", total);
    put_int(json, "startIndex", start);
    put_int(json, "itemsPerPage", shown);
    put_end(json);
}

void scim_put_meta(JsonWriter *json, const ApiRequest *request, const char *type, Str id,
                   int64_t created_at_ms)
{
    put_object(json, "meta");
    put_text(json, "resourceType", str(type));
    if (created_at_ms)
        put_time(json, "created", created_at_ms);
    put_text(json, "location",
             str_format(request->arena, "%s/scim/v2/%ss/" STR_FMT, request->api->public_url, type,
                        STR_ARG(id)));
    put_end(json);
}

/* --- Reading a request ------------------------------------------------------------------- */

bool scim_filter(const ApiRequest *request, Str *attribute_r, Str *value_r, Error *err)
{
    Str text = str_trim(http_query(request->http, "filter"));
    ptrdiff_t space = str_find_char(text, ' ');
    *attribute_r = *value_r = STR_NONE;
    if (!text.length)
        return true;
    Str rest = space < 0 ? STR_NONE : str_trim(str_from(text, (size_t)space));
    Str value = rest.length > 3 ? str_trim(str_from(rest, 3)) : STR_NONE;
    AUTO_JSON json_t *parsed = NULL;
    Error ignored;
    bool good = rest.length > 3 && str_equal_ignore_case(str_slice(rest, 0, 3), S("eq ")) &&
                json_parse(str_format(request->arena, "[" STR_FMT "]", STR_ARG(value)), KB(4),
                           &parsed, &ignored) &&
                json_array_size(parsed) == 1 && json_is_string(json_array_get(parsed, 0));
    if (!good)
        return fail_field(err, "filter", "only filters such as userName eq \"ada@example.org\"");
    *attribute_r = str_slice(text, 0, (size_t)space);
    *value_r = str_copy(request->arena, str(json_string_value(json_array_get(parsed, 0))));
    return true;
}

bool scim_page(const ApiRequest *request, int64_t *start_r, int64_t *count_r, Error *err)
{
    return api_query_int(request, "startIndex", 1, INT32_MAX, 1, start_r, err) &&
           api_query_int(request, "count", 0, COUNT_MAX, COUNT_MAX, count_r, err);
}

bool scim_operations(const ApiRequest *request, const json_t **list_r, Error *err)
{
    *list_r = json_object_get(request->json, "Operations");
    size_t count = json_array_size(*list_r);
    return (count > 0 && count <= OPERATIONS_MAX) ||
           fail_field(err, "Operations", "1 to %d operations are needed", OPERATIONS_MAX);
}

bool scim_flag(const json_t *value, const char *field, int *flag_r, Error *err)
{
    Str text = json_is_string(value) ? str(json_string_value(value)) : STR_NONE;
    bool is_true = json_is_true(value) || str_equal_ignore_case(text, S("true"));
    *flag_r = is_true;
    return is_true || json_is_false(value) || str_equal_ignore_case(text, S("false")) ||
           fail_field(err, field, "is true or false");
}

bool scim_refuse(const char *tag, const Error *err, HttpResponse *response)
{
    if (strcmp(tag, TAG_SCIM) != 0)
        return false;
    response->body.length = 0;
    JsonWriter json = scim_begin(response, "urn:ietf:params:scim:api:messages:2.0:Error");
    char status[8];
    snprintf(status, sizeof status, "%d", response->status);
    put_text(&json, "status", str(status));
    if (err->code == ERROR_CONFLICT)
        put_text(&json, "scimType", S("uniqueness"));
    else if (err->code == ERROR_INVALID)
        put_text(&json, "scimType",
                 !strcmp(err->field, "filter") ? S("invalidFilter") : S("invalidValue"));
    put_text(&json, "detail", str(err->message));
    put_end(&json);
    return true;
}

/* --- What the server says of itself ------------------------------------------------------ */

static void put_support(JsonWriter *json, const char *name, bool supported)
{
    put_object(json, name);
    put_bool(json, "supported", supported);
    if (!strcmp(name, "filter"))
        put_int(json, "maxResults", COUNT_MAX);
    if (!strcmp(name, "bulk")) {
        put_int(json, "maxOperations", 0);
        put_int(json, "maxPayloadSize", 0);
    }
    put_end(json);
}

bool scim_config(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request;
    (void)err;
    JsonWriter json =
        scim_begin(response, "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig");
    put_support(&json, "patch", true);
    put_support(&json, "bulk", false);
    put_support(&json, "filter", true);
    put_support(&json, "changePassword", false);
    put_support(&json, "sort", false);
    put_support(&json, "etag", false);
    put_array(&json, "authenticationSchemes");
    put_object(&json, NULL);
    put_text(&json, "type", S("oauthbearertoken"));
    put_text(&json, "name", S("API key"));
    put_text(&json, "description", S("An API key of the scope scim as bearer token"));
    put_end(&json);
    put_end(&json);
    put_end(&json);
    return true;
}

static JsonWriter begin_list(HttpResponse *response, int64_t count)
{
    JsonWriter json = scim_begin(response, LIST);
    put_int(&json, "totalResults", count);
    put_int(&json, "startIndex", 1);
    put_int(&json, "itemsPerPage", count);
    put_array(&json, "Resources");
    return json;
}

static const struct {
    const char *name, *endpoint, *schema;
} types[] = {
    { "User", "/Users", SCIM_USER },
    { "Group", "/Groups", SCIM_GROUP },
};

bool scim_types(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request;
    (void)err;
    JsonWriter json = begin_list(response, COUNT(types));
    for (size_t i = 0; i < COUNT(types); i++) {
        put_object(&json, NULL);
        put_array(&json, "schemas");
        put_text(&json, NULL, S("urn:ietf:params:scim:schemas:core:2.0:ResourceType"));
        put_end(&json);
        put_text(&json, "id", str(types[i].name));
        put_text(&json, "name", str(types[i].name));
        put_text(&json, "endpoint", str(types[i].endpoint));
        put_text(&json, "schema", str(types[i].schema));
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

static const struct {
    const char *schema, *name, *type;
    bool required, many, is_written;
} attributes[] = {
    { SCIM_USER, "userName", "string", true, false, true },
    { SCIM_USER, "name", "complex", false, false, true },
    { SCIM_USER, "displayName", "string", false, false, true },
    { SCIM_USER, "emails", "complex", false, true, false },
    { SCIM_USER, "active", "boolean", false, false, true },
    { SCIM_USER, "externalId", "string", false, false, true },
    { SCIM_GROUP, "displayName", "string", true, false, true },
    { SCIM_GROUP, "members", "complex", false, true, true },
};

static void put_attributes(JsonWriter *json, const char *schema)
{
    put_array(json, "attributes");
    for (size_t i = 0; i < COUNT(attributes); i++) {
        if (strcmp(attributes[i].schema, schema) != 0)
            continue;
        put_object(json, NULL);
        put_text(json, "name", str(attributes[i].name));
        put_text(json, "type", str(attributes[i].type));
        put_bool(json, "multiValued", attributes[i].many);
        put_bool(json, "required", attributes[i].required);
        put_text(json, "mutability", attributes[i].is_written ? S("readWrite") : S("readOnly"));
        put_end(json);
    }
    put_end(json);
}

bool scim_schemas(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request;
    (void)err;
    JsonWriter json = begin_list(response, COUNT(types));
    for (size_t i = 0; i < COUNT(types); i++) {
        put_object(&json, NULL);
        put_text(&json, "id", str(types[i].schema));
        put_text(&json, "name", str(types[i].name));
        put_attributes(&json, types[i].schema);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}
