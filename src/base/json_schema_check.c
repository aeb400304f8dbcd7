/* json_schema_check.c - whether a schema is one, and whether it is closed. */
#include "base/json_schema_int.h"
#include "base/pattern.h"

static bool check(const json_t *root, const json_t *schema, const Spot *spot, Error *err);

static bool check_each(const json_t *root, const json_t *list, const Spot *spot, Error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        Spot item = inside(spot, NULL, i);
        if (!check(root, json_array_get(list, i), &item, err))
            return false;
    }
    return (json_is_array(list) && json_array_size(list)) ||
           fail_spot(spot, err, "must be a list of schemas");
}

static bool check_named(const json_t *root, const json_t *named, const Spot *spot, Error *err)
{
    const char *name;
    json_t *schema;
    if (!json_is_object(named))
        return fail_spot(spot, err, "must be an object of schemas");
    json_object_foreach((json_t *)(uintptr_t)named, name, schema)
    {
        Spot member = inside(spot, name, 0);
        if (!check(root, schema, &member, err))
            return false;
    }
    return true;
}

static bool check_texts(const json_t *list, bool are_types, const Spot *spot, Error *err)
{
    size_t i;
    const json_t *one;
    if (!json_is_array(list))
        return fail_spot(spot, err, "must be a list of texts");
    json_array_foreach(list, i, one)
    {
        if (!json_is_string(one) || (are_types && !said_type(json_string_value(one))))
            return fail_spot(spot, err, "must be a list of %s", are_types ? "types" : "texts");
    }
    return true;
}

static bool check_types(const json_t *word, const Spot *spot, Error *err)
{
    if (!json_is_string(word))
        return check_texts(word, true, spot, err);
    return said_type(json_string_value(word)) ||
           fail_spot(spot, err, "is no type: \"%.40s\"", json_string_value(word));
}

static bool check_pattern(const json_t *word, const Spot *spot, Error *err)
{
    AUTO_PATTERN Pattern *pattern = NULL;
    Error why = { 0 };
    if (!json_is_string(word))
        return fail_spot(spot, err, "must be a text");
    return pattern_new(text_of(word), &pattern, &why) || fail_spot(spot, err, "%s", why.message);
}

static bool check_word(const json_t *root, const SchemaWord *word, const json_t *value,
                       const Spot *spot, Error *err)
{
    switch (word->is) {
    case IS_ANY: return true;
    case IS_TEXT: return json_is_string(value) || fail_spot(spot, err, "must be a text");
    case IS_PATTERN: return check_pattern(value, spot, err);
    case IS_NUMBER: return json_is_number(value) || fail_spot(spot, err, "must be a number");
    case IS_COUNT:
        return (is_whole(value) && json_number_value(value) >= 0) ||
               fail_spot(spot, err, "must be a whole number");
    case IS_FLAG: return json_is_boolean(value) || fail_spot(spot, err, "must be true or false");
    case IS_LIST: return json_is_array(value) || fail_spot(spot, err, "must be a list");
    case IS_TEXTS: return check_texts(value, false, spot, err);
    case IS_TYPES: return check_types(value, spot, err);
    case IS_SCHEMA: return check(root, value, spot, err);
    case IS_SCHEMAS: return check_each(root, value, spot, err);
    case IS_NAMED: return check_named(root, value, spot, err);
    }
    return false;
}

/* What its kind alone does not say. */
static bool check_sense(const json_t *root, const char *name, const json_t *value, const Spot *spot,
                        Error *err)
{
    if (strcmp(name, "$ref") == 0 && !find_ref(root, text_of(value)))
        return fail_spot(spot, err, "leads nowhere: \"%.60s\"", json_string_value(value));
    if (strcmp(name, "multipleOf") == 0 && json_number_value(value) <= 0)
        return fail_spot(spot, err, "must be more than 0");
    return true;
}

static bool check(const json_t *root, const json_t *schema, const Spot *spot, Error *err)
{
    const char *name;
    json_t *value;
    if (spot->depth > SCHEMA_DEPTH_MAX)
        return fail_spot(spot, err, "is nested more than %d deep", SCHEMA_DEPTH_MAX);
    if (json_is_boolean(schema))
        return true;
    if (!json_is_object(schema))
        return fail_spot(spot, err, "must be a schema: an object, true or false");
    json_object_foreach((json_t *)(uintptr_t)schema, name, value)
    {
        Spot member = inside(spot, name, 0);
        const SchemaWord *word = schema_word(name);
        if (!word)
            return fail_spot(&member, err, "is a word of schemas that is not known here");
        if (!check_word(root, word, value, &member, err) ||
            !check_sense(root, name, value, &member, err))
            return false;
    }
    return true;
}

bool json_schema_check(const json_t *schema, Error *err)
{
    Spot top = { 0 };
    return check(schema, schema, &top, err);
}

/* --- Closed schemas --- */

static bool says_all_members(const json_t *schema)
{
    const json_t *members = json_object_get(schema, "properties");
    return json_is_false(json_object_get(schema, "additionalProperties")) &&
           json_array_size(json_object_get(schema, "required")) == json_object_size(members);
}

static bool is_closed(const json_t *schema, int depth)
{
    static const char *const open_words[] = { "patternProperties", "allOf", "oneOf", "not", "if" };
    const json_t *members = json_object_get(schema, "properties");
    const json_t *type = json_object_get(schema, "type");
    const char *name;
    json_t *member;
    size_t i;
    if (depth > SCHEMA_DEPTH_MAX || json_is_boolean(schema))
        return false;
    for (i = 0; i < COUNT(open_words); i++)
        if (json_object_get(schema, open_words[i]))
            return false;
    if ((members || str_is(text_of(type), "object")) && !says_all_members(schema))
        return false;
    json_object_foreach((json_t *)(uintptr_t)members, name, member)
    {
        if (!is_closed(member, depth + 1))
            return false;
    }
    json_object_foreach((json_t *)(uintptr_t)json_object_get(schema, "$defs"), name, member)
    {
        if (!is_closed(member, depth + 1))
            return false;
    }
    json_array_foreach(json_object_get(schema, "anyOf"), i, member)
    {
        if (!is_closed(member, depth + 1))
            return false;
    }
    const json_t *items = json_object_get(schema, "items");
    return !items || is_closed(items, depth + 1);
}

bool json_schema_is_closed(const json_t *schema) { return is_closed(schema, 0); }
