/* json_schema.c - judging a value by a schema. Sections are of JSON Schema Validation 2020-12 where
 * not said otherwise. */
#include <math.h>
#include <stdarg.h>

#include "base/json_format.h"
#include "base/json_schema_int.h"
#include "base/pattern.h"

static void add_path(Buf *out, const Spot *spot)
{
    if (!spot->outer)
        return;
    add_path(out, spot->outer);
    if (!spot->name)
        buf_addf(out, "[%zu]", spot->index);
    else
        buf_addf(out, "%s%s", out->length ? "." : "", spot->name);
}

bool fail_spot(const Spot *spot, Error *err, const char *format, ...)
{
    AUTO_ARENA Arena *arena = arena_new(KB(16));
    Buf path = buf_new(arena, 200);
    char why[200];
    va_list arguments;
    add_path(&path, spot);
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    return fail(err, ERROR_INVALID, "%s %s", path.length ? buf_c(&path) : "the value", why);
}

static bool holds(const json_t *root, const json_t *schema, const json_t *value, const Spot *spot,
                  Error *err);

static bool holds_quietly(const Judge *judge, const json_t *schema, const json_t *value)
{
    Error ignored;
    return holds(judge->root, schema, value, judge->spot, &ignored);
}

/* --- 6.1: any value --- */

bool is_whole(const json_t *value)
{
    double number = json_number_value(value);
    return json_is_integer(value) || (json_is_real(value) && number == floor(number));
}

static const struct {
    const char *name, *said;
} type_names[] = {
    { "string", "a text" },
    { "number", "a number" },
    { "integer", "a whole number" },
    { "boolean", "true or false" },
    { "array", "a list" },
    { "object", "an object" },
    { "null", "null" },
};

static bool is_type(const json_t *value, const char *name)
{
    switch (json_typeof(value)) {
    case JSON_STRING: return strcmp(name, "string") == 0;
    case JSON_INTEGER:
    case JSON_REAL:
        return strcmp(name, "number") == 0 || (strcmp(name, "integer") == 0 && is_whole(value));
    case JSON_TRUE:
    case JSON_FALSE: return strcmp(name, "boolean") == 0;
    case JSON_ARRAY: return strcmp(name, "array") == 0;
    case JSON_OBJECT: return strcmp(name, "object") == 0;
    case JSON_NULL: return strcmp(name, "null") == 0;
    }
    return false;
}

const char *said_type(const char *name)
{
    for (size_t i = 0; i < COUNT(type_names); i++)
        if (strcmp(type_names[i].name, name) == 0)
            return type_names[i].said;
    return NULL;
}

static bool judge_type(const Judge *judge, const json_t *value)
{
    if (json_is_string(judge->word))
        return is_type(value, json_string_value(judge->word)) ||
               fail_spot(judge->spot, judge->err, "must be %s",
                         said_type(json_string_value(judge->word)));
    size_t i;
    const json_t *type;
    json_array_foreach(judge->word, i,
                       type) if (is_type(value, json_string_value(type))) return true;
    return fail_spot(judge->spot, judge->err, "is of a type that is not allowed there");
}

/* Equal as 4.2.2 of the core has it: 1 and 1.0 are. */
static bool are_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return json_number_value(a) == json_number_value(b);
    return json_equal(a, b);
}

static bool judge_enum(const Judge *judge, const json_t *value)
{
    size_t i;
    const json_t *one;
    json_array_foreach(judge->word, i, one) if (are_equal(one, value)) return true;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str list = json_print(arena, judge->word);
    return fail_spot(judge->spot, judge->err, "must be one of " STR_FMT,
                     STR_ARG(str_slice(list, 0, 150)));
}

static bool judge_const(const Judge *judge, const json_t *value)
{
    return are_equal(judge->word, value) ||
           fail_spot(judge->spot, judge->err, "is not the one value that is allowed there");
}

static bool judge_nothing(const Judge *judge, const json_t *value)
{
    (void)judge, (void)value;
    return true;
}

/* --- Schemas in schemas (core, 8.2 and 10.2) --- */

const json_t *find_ref(const json_t *root, Str ref)
{
    Str rest = ref, step;
    char name[128];
    if (!str_next(&rest, '/', &step) || !str_is(step, "#"))
        return NULL;
    while (root && str_next(&rest, '/', &step)) {
        size_t length = 0;
        int64_t index;
        for (size_t i = 0; i < step.length && length + 1 < sizeof name; i++) {
            bool is_escape = step.at[i] == '~' && i + 1 < step.length;
            name[length++] = !is_escape ? step.at[i] : step.at[++i] == '1' ? '/' : '~';
        }
        name[length] = '\0';
        if (json_is_array(root) && str_to_int(step, 0, INT32_MAX, &index))
            root = json_array_get(root, (size_t)index);
        else
            root = json_object_get(root, name);
    }
    return root;
}

static bool judge_ref(const Judge *judge, const json_t *value)
{
    const json_t *schema = find_ref(judge->root, str(json_string_value(judge->word)));
    Spot spot = *judge->spot;
    spot.depth++; /* a reference to itself ends */
    return holds(judge->root, schema, value, &spot, judge->err);
}

static bool judge_all(const Judge *judge, const json_t *value)
{
    size_t i;
    const json_t *schema;
    json_array_foreach(judge->word, i, schema) if (!holds(judge->root, schema, value, judge->spot,
                                                          judge->err)) return false;
    return true;
}

static size_t count_held(const Judge *judge, const json_t *value)
{
    size_t i, count = 0;
    const json_t *schema;
    json_array_foreach(judge->word, i, schema) count += holds_quietly(judge, schema, value);
    return count;
}

static bool judge_any(const Judge *judge, const json_t *value)
{
    return count_held(judge, value) ||
           fail_spot(judge->spot, judge->err, "has none of the shapes that are allowed there");
}

static bool judge_one(const Judge *judge, const json_t *value)
{
    size_t count = count_held(judge, value);
    return count == 1 || fail_spot(judge->spot, judge->err,
                                   "has %s of the shapes of which it must "
                                   "have one",
                                   count ? "several" : "none");
}

static bool judge_not(const Judge *judge, const json_t *value)
{
    return !holds_quietly(judge, judge->word, value) ||
           fail_spot(judge->spot, judge->err, "has a shape that is not allowed there");
}

static bool judge_if(const Judge *judge, const json_t *value)
{
    const char *word = holds_quietly(judge, judge->word, value) ? "then" : "else";
    const json_t *schema = json_object_get(judge->schema, word);
    return !schema || holds(judge->root, schema, value, judge->spot, judge->err);
}

/* --- 6.2: numbers --- */

#define JUDGE_NUMBER(name, condition, said)                                                        \
    static bool judge_##name(const Judge *judge, const json_t *value)                              \
    {                                                                                              \
        double number = json_number_value(value), bound = json_number_value(judge->word);          \
        return !json_is_number(value) || (condition) ||                                            \
               fail_spot(judge->spot, judge->err, said " %g", bound);                              \
    }
JUDGE_NUMBER(minimum, number >= bound, "must be at least")
JUDGE_NUMBER(maximum, number <= bound, "must be at most")
JUDGE_NUMBER(above, number > bound, "must be more than")
JUDGE_NUMBER(below, number < bound, "must be less than")
/* 0.3 is a multiple of 0.1, whatever doubles say. */
JUDGE_NUMBER(multiple, fabs(number / bound - round(number / bound)) < 1e-9, "must be a multiple of")

/* --- 6.3: texts --- */

/* Code points. */
static int64_t length_of(Str text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return count;
}

#define JUDGE_COUNT(name, type, counted, comparison, said)                                         \
    static bool judge_##name(const Judge *judge, const json_t *value)                              \
    {                                                                                              \
        int64_t bound = (int64_t)json_number_value(judge->word);                                   \
        return !json_is_##type(value) || (int64_t)(counted)comparison bound ||                     \
               fail_spot(judge->spot, judge->err, said, bound);                                    \
    }
JUDGE_COUNT(length_min, string, length_of(text_of(value)), >=,
            "must have at least %" PRId64 " characters")
JUDGE_COUNT(length_max, string, length_of(text_of(value)), <=,
            "must have at most %" PRId64 " characters")
JUDGE_COUNT(items_min, array, json_array_size(value), >=, "must have at least %" PRId64 " items")
JUDGE_COUNT(items_max, array, json_array_size(value), <=, "must have at most %" PRId64 " items")
JUDGE_COUNT(members_min, object, json_object_size(value), >=,
            "must have at least %" PRId64 " members")
JUDGE_COUNT(members_max, object, json_object_size(value), <=,
            "must have at most %" PRId64 " members")

/* Anywhere in the text (6.3.3). */
static bool matches(Str text, Str value)
{
    AUTO_PATTERN Pattern *pattern = NULL;
    Error ignored;
    return pattern_new(text, &pattern, &ignored) && pattern_matches(pattern, value);
}

static bool judge_pattern(const Judge *judge, const json_t *value)
{
    const char *pattern = json_string_value(judge->word);
    return !json_is_string(value) || matches(str(pattern), text_of(value)) ||
           fail_spot(judge->spot, judge->err, "does not match %.100s", pattern);
}

static bool judge_format(const Judge *judge, const json_t *value)
{
    const char *format = json_string_value(judge->word);
    return !json_is_string(value) || json_format_holds(format, text_of(value)) ||
           fail_spot(judge->spot, judge->err, "is not a valid %.40s", format);
}

/* --- 6.4: lists --- */

static size_t first_count(const json_t *schema)
{
    return json_array_size(json_object_get(schema, "prefixItems"));
}

static bool judge_items(const Judge *judge, const json_t *value)
{
    for (size_t i = first_count(judge->schema); i < json_array_size(value); i++) {
        Spot spot = inside(judge->spot, NULL, i);
        if (!holds(judge->root, judge->word, json_array_get(value, i), &spot, judge->err))
            return false;
    }
    return true;
}

static bool judge_first_items(const Judge *judge, const json_t *value)
{
    size_t count = MIN(json_array_size(judge->word), json_array_size(value));
    for (size_t i = 0; i < count; i++) {
        Spot spot = inside(judge->spot, NULL, i);
        if (!holds(judge->root, json_array_get(judge->word, i), json_array_get(value, i), &spot,
                   judge->err))
            return false;
    }
    return true;
}

static bool judge_contains(const Judge *judge, const json_t *value)
{
    size_t i;
    const json_t *item;
    if (!json_is_array(value))
        return true;
    json_array_foreach(value, i, item) if (holds_quietly(judge, judge->word, item)) return true;
    return fail_spot(judge->spot, judge->err, "has no item of the shape that one must have");
}

static bool judge_unique(const Judge *judge, const json_t *value)
{
    size_t count = json_is_true(judge->word) ? json_array_size(value) : 0;
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (are_equal(json_array_get(value, i), json_array_get(value, j)))
                return fail_spot(judge->spot, judge->err, "has an item twice: [%zu] and [%zu]", j,
                                 i);
    return true;
}

/* --- 6.5: objects --- */

static bool judge_member(const Judge *judge, const json_t *schema, const char *name,
                         const json_t *value)
{
    Spot spot = inside(judge->spot, name, 0);
    return holds(judge->root, schema, value, &spot, judge->err);
}

static bool judge_members(const Judge *judge, const json_t *value)
{
    const char *name;
    json_t *schema;
    if (!json_is_object(value))
        return true;
    json_object_foreach((json_t *)(uintptr_t)judge->word, name, schema)
    {
        const json_t *member = json_object_get(value, name);
        if (member && !judge_member(judge, schema, name, member))
            return false;
    }
    return true;
}

static bool is_like_known(const json_t *patterns, const char *name)
{
    const char *pattern;
    json_t *schema;
    json_object_foreach((json_t *)(uintptr_t)patterns, pattern, schema)
    {
        if (matches(str(pattern), str(name)))
            return true;
    }
    return false;
}

static bool judge_members_like(const Judge *judge, const json_t *value)
{
    const char *name, *pattern;
    json_t *member, *schema;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        json_object_foreach((json_t *)(uintptr_t)judge->word, pattern, schema)
        {
            if (matches(str(pattern), str(name)) && !judge_member(judge, schema, name, member))
                return false;
        }
    }
    return true;
}

static bool judge_other_members(const Judge *judge, const json_t *value)
{
    const json_t *known = json_object_get(judge->schema, "properties");
    const json_t *patterns = json_object_get(judge->schema, "patternProperties");
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        if (json_object_get(known, name) || is_like_known(patterns, name))
            continue;
        if (json_is_false(judge->word))
            return fail_spot(judge->spot, judge->err, "must not have a member \"%.60s\"", name);
        if (!judge_member(judge, judge->word, name, member))
            return false;
    }
    return true;
}

static bool judge_member_names(const Judge *judge, const json_t *value)
{
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        AUTO_JSON json_t *text = json_string(name);
        if (!judge_member(judge, judge->word, name, text))
            return false;
    }
    return true;
}

static bool has_all(const Judge *judge, const json_t *names, const json_t *value)
{
    size_t i;
    const json_t *name;
    json_array_foreach(
        names, i,
        name) if (!json_object_get(value,
                                   json_string_value(
                                       name))) return fail_spot(judge->spot, judge->err,
                                                                "must have a member \"%.60s\"",
                                                                json_string_value(name));
    return true;
}

static bool judge_required(const Judge *judge, const json_t *value)
{
    return !json_is_object(value) || has_all(judge, judge->word, value);
}

static bool judge_dependent(const Judge *judge, const json_t *value)
{
    const char *name;
    json_t *names;
    json_object_foreach((json_t *)(uintptr_t)judge->word, name, names)
    {
        if (json_object_get(value, name) && !has_all(judge, names, value))
            return false;
    }
    return true;
}

/* --- The words --- */

static const SchemaWord words[] = {
#define WORD(name, is, judge) { name, IS_##is, judge_##judge },
#include "base/json_schema.def"
#undef WORD
};

static bool holds(const json_t *root, const json_t *schema, const json_t *value, const Spot *spot,
                  Error *err)
{
    if (spot->depth > SCHEMA_DEPTH_MAX)
        return fail_spot(spot, err, "is nested more than %d deep", SCHEMA_DEPTH_MAX);
    if (json_is_boolean(schema))
        return json_is_true(schema) || fail_spot(spot, err, "is not allowed there");
    for (size_t i = 0; i < COUNT(words); i++) {
        Judge judge = { root, schema, json_object_get(schema, words[i].name), spot, err };
        if (judge.word && !words[i].judge(&judge, value))
            return false;
    }
    return true;
}

const SchemaWord *schema_word(const char *name)
{
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

bool json_schema_holds(const json_t *schema, const json_t *value, Error *err)
{
    Spot top = { 0 };
    return holds(schema, schema, value, &top, err);
}
