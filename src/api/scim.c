/* scim.c - see scim.h; and what the server says of itself. */
#include "api/scim.h"

#include "base/clock.h"

#define COUNT_MAX 200
#define OPERATIONS_MAX 1000
#define LIST "urn:ietf:params:scim:api:messages:2.0:ListResponse"
#define OF_TYPES "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
#define OF_SCHEMAS "urn:ietf:params:scim:schemas:core:2.0:Schema"

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

static Str location(const ApiRequest *request, const char *type, Str id)
{
    return str_format(request->arena, "%s/scim/v2/%ss/" STR_FMT, request->api->public_url, type,
                      STR_ARG(id));
}

void scim_put_meta(JsonWriter *json, const ApiRequest *request, const char *type, Str id,
                   int64_t created_at_ms)
{
    put_object(json, "meta");
    put_text(json, "resourceType", str(type));
    if (created_at_ms)
        put_time(json, "created", created_at_ms);
    put_text(json, "location", location(request, type, id));
    put_end(json);
}

void scim_created(const ApiRequest *request, HttpResponse *response, const char *type, Str id)
{
    response->status = 201;
    http_header(response, "Location", location(request, type, id));
}

/* --- Reading a request ------------------------------------------------------------------- */

Str scim_attribute(Str name, const char *schema)
{
    Str prefix = str(schema);
    bool has = name.length > prefix.length + 1 && name.at[prefix.length] == ':' &&
               str_equal_ignore_case(str_slice(name, 0, prefix.length), prefix);
    return has ? str_from(name, prefix.length + 1) : name;
}

/* ATTRIBUTE eq "VALUE" */
static bool read_equation(Arena *arena, Str text, Str *attribute_r, Str *value_r)
{
    ptrdiff_t space = str_find_char(text, ' ');
    Str rest = space < 0 ? STR_NONE : str_trim(str_from(text, (size_t)space));
    Str value = rest.length > 3 ? str_trim(str_from(rest, 3)) : STR_NONE;
    AUTO_JSON json_t *parsed = NULL;
    Error ignored;
    bool good =
        rest.length > 3 && str_equal_ignore_case(str_slice(rest, 0, 3), S("eq ")) &&
        json_parse(str_format(arena, "[" STR_FMT "]", STR_ARG(value)), KB(4), &parsed, &ignored) &&
        json_array_size(parsed) == 1 && json_is_string(json_array_get(parsed, 0));
    if (!good)
        return false;
    *attribute_r = str_slice(text, 0, (size_t)space);
    *value_r = str_copy(arena, str(json_string_value(json_array_get(parsed, 0))));
    return true;
}

/* The attribute in front of the brackets of a value path, as emails[value eq "..."] (RFC 7644,
 * section 3.5.2); *inside_r is what stands in them. Empty: it is none. */
static Str before_brackets(Str text, Str *inside_r)
{
    ptrdiff_t open = str_find_char(text, '['), space = str_find_char(text, ' ');
    if (open <= 0 || (space >= 0 && space < open) || text.at[text.length - 1] != ']')
        return STR_NONE;
    *inside_r = str_trim(str_slice(text, (size_t)open + 1, text.length - 1));
    return str_slice(text, 0, (size_t)open);
}

bool scim_filter(const ApiRequest *request, Str *attribute_r, Str *value_r, Error *err)
{
    Str text = str_trim(http_query(request->http, "filter")), equation = text;
    *attribute_r = *value_r = STR_NONE;
    if (!text.length)
        return true;
    Str outer = before_brackets(text, &equation);
    if (!read_equation(request->arena, equation, attribute_r, value_r))
        return fail_field(err, "filter",
                          "only filters such as userName eq \"ada@example.org\" and "
                          "emails[value eq \"ada@example.org\"]");
    if (outer.length)
        *attribute_r =
            str_format(request->arena, STR_FMT "." STR_FMT, STR_ARG(outer), STR_ARG(*attribute_r));
    return true;
}

bool scim_page(const ApiRequest *request, int64_t *start_r, int64_t *count_r, Error *err)
{
    int64_t start, count;
    if (!api_query_int(request, "startIndex", INT32_MIN, INT32_MAX, 1, &start, err) ||
        !api_query_int(request, "count", INT32_MIN, INT32_MAX, COUNT_MAX, &count, err))
        return false;
    *start_r = MAX(start, 1);
    *count_r = MIN(MAX(count, 0), COUNT_MAX);
    return true;
}

bool scim_operations(const ApiRequest *request, const json_t **list_r, Error *err)
{
    *list_r = json_object_get(request->json, "Operations");
    size_t count = json_array_size(*list_r);
    return (count > 0 && count <= OPERATIONS_MAX) ||
           fail_field(err, "Operations", "1 to %d operations are needed", OPERATIONS_MAX);
}

bool scim_action(const json_t *operation, char *action_r, Error *err)
{
    static const char *const actions[] = { "add", "replace", "remove" };
    static const char letters[] = { 'a', 'r', '-' };
    Str named = json_member_text(operation, "op");
    *action_r = 0;
    for (size_t i = 0; i < COUNT(actions); i++)
        if (str_equal_ignore_case(named, str(actions[i])))
            *action_r = letters[i];
    if (!*action_r)
        return fail_field(err, "op", "is add, remove or replace");
    return *action_r != '-' || json_member_text(operation, "path").length ||
           fail_field(err, "target", "a removal needs the path of what is to be removed");
}

bool scim_flag(const json_t *value, const char *field, int *flag_r, Error *err)
{
    Str text = json_is_string(value) ? str(json_string_value(value)) : STR_NONE;
    bool is_true = json_is_true(value) || str_equal_ignore_case(text, S("true"));
    *flag_r = is_true;
    return is_true || json_is_false(value) || str_equal_ignore_case(text, S("false")) ||
           fail_field(err, field, "is true or false");
}

/* What RFC 7644, section 3.12, calls it that a field is wrong; JSON that cannot be read has none.
 */
static const struct {
    const char *field, *type;
} wrong[] = {
    { "", "invalidSyntax" },       { "op", "invalidSyntax" }, { "Operations", "invalidSyntax" },
    { "filter", "invalidFilter" }, { "path", "invalidPath" }, { "target", "noTarget" },
    { "id", "mutability" },
};

static Str type_of_wrong(const char *field)
{
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (!strcmp(wrong[i].field, field))
            return str(wrong[i].type);
    return S("invalidValue");
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
        put_text(&json, "scimType", type_of_wrong(err->field));
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

static void put_type(JsonWriter *json, size_t i)
{
    put_text(json, "id", str(types[i].name));
    put_text(json, "name", str(types[i].name));
    put_text(json, "endpoint", str(types[i].endpoint));
    put_text(json, "schema", str(types[i].schema));
}

bool scim_types(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request;
    (void)err;
    JsonWriter json = begin_list(response, COUNT(types));
    for (size_t i = 0; i < COUNT(types); i++) {
        put_object(&json, NULL);
        put_array(&json, "schemas");
        put_text(&json, NULL, S(OF_TYPES));
        put_end(&json);
        put_type(&json, i);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

bool scim_type(ApiRequest *request, HttpResponse *response, Error *err)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_is(request->params[0], types[i].name)) {
            JsonWriter json = scim_begin(response, OF_TYPES);
            put_type(&json, i);
            put_end(&json);
            return true;
        }
    return fail(err, ERROR_NOT_FOUND, "there is no such type; there are User and Group");
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

static void put_schema(JsonWriter *json, size_t i)
{
    put_text(json, "id", str(types[i].schema));
    put_text(json, "name", str(types[i].name));
    put_attributes(json, types[i].schema);
}

bool scim_schemas(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request;
    (void)err;
    JsonWriter json = begin_list(response, COUNT(types));
    for (size_t i = 0; i < COUNT(types); i++) {
        put_object(&json, NULL);
        put_schema(&json, i);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

bool scim_schema(ApiRequest *request, HttpResponse *response, Error *err)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_is(request->params[0], types[i].schema)) {
            JsonWriter json = scim_begin(response, OF_SCHEMAS);
            put_schema(&json, i);
            put_end(&json);
            return true;
        }
    return fail(err, ERROR_NOT_FOUND, "there is no such schema: " SCIM_USER " and " SCIM_GROUP);
}
