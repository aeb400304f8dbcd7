/* notion_values.c - values for the properties of a row of a database; see notion_text.h. */
#include "connect/notion_text.h"

typedef json_t *ValueMaker(const json_t *value);

static json_t *make_texts(const json_t *value)
{
    return notion_texts_of((Str){ json_string_value(value), json_string_length(value) });
}

static json_t *make_plain(const json_t *value) { return json_deep_copy(value); }

static json_t *make_named(const json_t *value) { return json_pack("{s:O}", "name", value); }

static json_t *make_names(const json_t *value)
{
    json_t *names = json_array();
    size_t i;
    const json_t *name;
    json_array_foreach(value, i, name)(void) json_array_append_new(names, make_named(name));
    return names;
}

static json_t *make_date(const json_t *value) { return json_pack("{s:O}", "start", value); }

static bool is_text(const json_t *value) { return json_is_string(value); }
static bool is_number(const json_t *value) { return json_is_number(value); }
static bool is_flag(const json_t *value) { return json_is_boolean(value); }

static bool is_texts(const json_t *value)
{
    size_t i;
    const json_t *text;
    json_array_foreach(value, i, text)
    {
        if (!json_is_string(text))
            return false;
    }
    return json_is_array(value);
}

/* What may be written; all else is the service's own (formula, rollup, who made it). */
static const struct ValueKind {
    const char *type, *wanted;
    bool (*fits)(const json_t *value);
    ValueMaker *make;
    bool is_list; /* none of it is an empty list, not null */
} kinds[] = {
    { "title", "a text", is_text, make_texts, true },
    { "rich_text", "a text", is_text, make_texts, true },
    { "number", "a number", is_number, make_plain, false },
    { "checkbox", "true or false", is_flag, make_plain, false },
    { "select", "a text", is_text, make_named, false },
    { "status", "a text", is_text, make_named, false },
    { "multi_select", "a list of texts", is_texts, make_names, true },
    { "date", "a date as 2026-01-31", is_text, make_date, false },
    { "url", "a text", is_text, make_plain, false },
    { "email", "a text", is_text, make_plain, false },
    { "phone_number", "a text", is_text, make_plain, false },
};

static const struct ValueKind *kind_of(Str type)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(type, kinds[i].type))
            return &kinds[i];
    return NULL;
}

static bool add_value(const json_t *known, const char *name, const json_t *value, json_t *into,
                      Error *err)
{
    Str shown = str_slice(str(name), 0, 60);
    Str type = json_member_text(json_object_get(known, name), "type");
    const struct ValueKind *kind = kind_of(type);
    if (!type.length)
        return fail_field(err, "properties", "there is no property '" STR_FMT "' there",
                          STR_ARG(shown));
    if (!kind)
        return fail_field(err, "properties",
                          "the property '" STR_FMT "' is of type " STR_FMT
                          ", which cannot be written",
                          STR_ARG(shown), STR_ARG(type));
    bool is_none = json_is_null(value);
    if (!is_none && !kind->fits(value))
        return fail_field(err, "properties", "the property '" STR_FMT "' needs %s", STR_ARG(shown),
                          kind->wanted);
    json_t *made = !is_none ? kind->make(value) : kind->is_list ? json_array() : json_null();
    (void)json_object_set_new(into, name, json_pack("{s:o}", kind->type, made));
    return true;
}

bool notion_values(const json_t *known, json_t *given, json_t *into, Error *err)
{
    const char *name;
    json_t *value;
    if (!json_is_object(given))
        return fail_field(err, "properties", "'properties' is an object of names and values");
    json_object_foreach(given, name, value)
    {
        if (!add_value(known, name, value, into, err))
            return false;
    }
    return true;
}
