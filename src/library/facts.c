/* facts.c - see facts.h. */
#include "library/facts.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "extract/metadata.h"

enum { KEY_MAX = 100, FACTS_MAX = 200 };

/* --- Values --- */

static bool read_number(Str text, double *number_r)
{
    char copy[64], *end;
    text = str_trim(text);
    if (!text.length || text.length >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    *number_r = strtod(copy, &end);
    return *end == '\0' && isfinite(*number_r);
}

static bool is_digits(Str text, size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++)
        if (i >= text.length || text.at[i] < '0' || text.at[i] > '9')
            return false;
    return true;
}

static bool read_moment(const char *text, double *ms_r)
{
    int64_t ms;
    Error ignored;
    if (!time_parse(str(text), &ms, &ignored))
        return false;
    *ms_r = (double)ms;
    return true;
}

static int read_digits(Str text, size_t from, size_t count)
{
    int number = 0;
    for (size_t i = from; i < from + count; i++)
        number = number * 10 + text.at[i] - '0';
    return number;
}

/* The first day after a year or month. */
static void next_period(int year, int month, char out[40])
{
    bool is_year = month == 0;
    month++;
    if (is_year || month > 12) {
        year++;
        month = 1;
    }
    snprintf(out, 40, "%04d-%02d-01", MIN(year, 9999), month);
}

bool fact_date(Str text, double *from_r, double *to_r)
{
    const double day_ms = 86400000;
    char first[40], last[40];
    text = str_trim(text);
    bool has_month = text.length >= 7 && text.at[4] == '-' && is_digits(text, 5, 2);
    if (!is_digits(text, 0, 4) || text.length >= sizeof first - 2)
        return false;
    if (text.length == 4 || (text.length == 7 && has_month)) {
        int year = read_digits(text, 0, 4), month = has_month ? read_digits(text, 5, 2) : 0;
        snprintf(first, sizeof first, "%04d-%02d-01", year, MAX(month, 1));
        next_period(year, month, last);
        return read_moment(first, from_r) && read_moment(last, to_r);
    }
    bool is_day = text.length == 10;
    snprintf(first, sizeof first, STR_FMT, STR_ARG(text));
    if (!read_moment(first, from_r)) {
        snprintf(first, sizeof first, STR_FMT "Z", STR_ARG(text));
        if (!read_moment(first, from_r))
            return false;
    }
    *to_r = *from_r + (is_day ? day_ms : 1000);
    return true;
}

/* --- Conditions --- */

typedef enum Operator { OP_IS, OP_AT_LEAST, OP_AT_MOST, OP_MORE, OP_LESS } Operator;

static bool split(Str text, Str *key_r, Operator *operator_r, Str *value_r)
{
    static const struct {
        const char *text;
        Operator operator;
    } operators[] = { { ">=", OP_AT_LEAST },
                      { "<=", OP_AT_MOST },
                      { "=", OP_IS },
                      { ">", OP_MORE },
                      { "<", OP_LESS } };
    size_t at = 0;
    while (at < text.length && !HAS_CHAR(text.at[at], "<>="))
        at++;
    *key_r = str_trim(str_slice(text, 0, at));
    for (size_t i = 0; i < COUNT(operators); i++)
        if (str_starts(str_from(text, at), str(operators[i].text))) {
            *operator_r = operators[i].operator;
            *value_r = str_trim(str_from(text, at + strlen(operators[i].text)));
            return key_r->length && key_r->length <= KEY_MAX && value_r->length;
        }
    return false;
}

/* from <= x < to is the value itself. */
static void set_bounds(FactCondition *condition, Operator operator, double from, double to)
{
    condition->is_number = true;
    condition->from = -HUGE_VAL, condition->to = HUGE_VAL;
    if (operator== OP_IS || operator== OP_AT_LEAST)
        condition->from = from;
    if (operator== OP_IS || operator== OP_AT_MOST)
        condition->to = to;
    if (operator== OP_MORE)
        condition->from = to;
    if (operator== OP_LESS)
        condition->to = from;
    condition->from = MAX(condition->from, -1e300);
    condition->to = MIN(condition->to, 1e300);
}

bool fact_condition_read(Arena *arena, Str text, FactCondition *condition_r, Error *err)
{
    Str key, value;
    Operator operator;
    double from, to;
    if (!split(text, &key, &operator, & value))
        return fail_field(err, "metadata",
                          "'" STR_FMT "' is no condition: it is written as author=smith, "
                          "pages>=10 or taken<2019-05",
                          STR_ARG(str_slice(text, 0, 100)));
    const MetadataName *name = metadata_named(key);
    *condition_r = (FactCondition){ .key = name ? str(name->key) : str_lower(arena, key) };
    if (!name || name->type == METADATA_TEXT) {
        if (operator!= OP_IS)
            return fail_field(err, "metadata",
                              "'" STR_FMT "' is a text: it can only be compared "
                              "with =",
                              STR_ARG(key));
        condition_r->has = value;
        return true;
    }
    if (name->type == METADATA_DATE) {
        if (!fact_date(value, &from, &to))
            return fail_field(err, "metadata",
                              "'" STR_FMT "' is no date: write 2019, 2019-05 or "
                              "2019-05-30",
                              STR_ARG(str_slice(value, 0, 100)));
    } else {
        if (!read_number(value, &from))
            return fail_field(err, "metadata",
                              "'" STR_FMT "' is no number: write %s=10, %s>=10 or %s<20",
                              STR_ARG(str_slice(value, 0, 100)), name->key, name->key, name->key);
        to = nextafter(from, HUGE_VAL);
    }
    set_bounds(condition_r, operator, from, to);
    return true;
}

bool fact_conditions_read(Arena *arena, StrList texts, const FactCondition **list_r, Error *err)
{
    FactCondition *list = arena_new_array(arena, FactCondition, texts.count);
    if (texts.count > FACT_CONDITIONS_MAX)
        return fail_field(err, "metadata", "at most %d conditions, not %zu", FACT_CONDITIONS_MAX,
                          texts.count);
    for (size_t i = 0; i < texts.count; i++)
        if (!fact_condition_read(arena, texts.at[i], &list[i], err))
            return false;
    *list_r = list;
    return true;
}

static FactName fact_name(const MetadataName *name)
{
    return (FactName){ name->key, name->title, metadata_type_name(name->type),
                       name->type == METADATA_TEXT };
}

bool fact_named(Str key, FactName *name_r)
{
    const MetadataName *name = metadata_named(key);
    if (name)
        *name_r = fact_name(name);
    return name != NULL;
}

bool fact_name_at(size_t at, FactName *name_r)
{
    for (size_t i = 0; i <= at; i++)
        if (!metadata_names[i].key)
            return false;
    *name_r = fact_name(&metadata_names[at]);
    return true;
}

StrList fact_conditions_split(Arena *arena, Str text)
{
    VEC(Str) list = { 0 };
    while (text.length) {
        ptrdiff_t end = str_find_char(text, ';');
        size_t length = end < 0 ? text.length : (size_t)end;
        Str part = str_trim(str_slice(text, 0, length));
        if (part.length)
            *vec_push(arena, &list) = part;
        text = str_from(text, MIN(length + 1, text.length));
    }
    return (StrList){ list.at, list.count };
}

/* --- Facts --- */

static void add_fact(Arena *arena, FactList *list, Str key, Str text)
{
    double to;
    const MetadataName *name = metadata_named(key);
    DocumentFact fact = { .key = name ? str(name->key) : str_lower(arena, key), .text = text };
    if (name && name->type == METADATA_DATE)
        fact.has_number = fact_date(text, &fact.number, &to);
    else if (name && name->type != METADATA_TEXT)
        fact.has_number = read_number(text, &fact.number);
    if (list->count < FACTS_MAX && key.length && key.length <= KEY_MAX)
        *vec_push(arena, list) = fact;
}

FactList facts_of(Arena *arena, const DocNode *node, const Quality *quality)
{
    FactList list = { 0 };
    add_fact(arena, &list, S("extraction_quality"), str(quality_name(quality->grade)));
    for (size_t i = 0; i < node->blocks.count; i++)
        if (node->blocks.at[i].kind == BLOCK_META)
            add_fact(arena, &list, node->blocks.at[i].label, node->blocks.at[i].text);
    return list;
}

/* --- For people --- */

static void put_name(JsonWriter *json, Str key, const MetadataName *name)
{
    put_text(json, "key", key);
    put_text(json, "title", name ? str(name->title) : key);
    put_text(json, "group", name ? str(metadata_group(name)) : S("Other"));
    put_text(json, "type", str(metadata_type_name(name ? name->type : METADATA_TEXT)));
}

void facts_put_names(JsonWriter *json)
{
    for (const MetadataName *name = metadata_names; name->key; name++) {
        put_object(json, NULL);
        put_name(json, str(name->key), name);
        put_end(json);
    }
}

static void put_fact(JsonWriter *json, Str key, const MetadataName *name, Str value)
{
    put_object(json, NULL);
    put_name(json, key, name);
    put_text(json, "value", value);
    put_end(json);
}

/* Names are found in any case, but written under their own alone. */
static bool is_shared_name(const char *key)
{
    const MetadataName *name = metadata_named(str(key));
    return name && strcmp(name->key, key) == 0;
}

void facts_put(JsonWriter *json, Str metadata)
{
    AUTO_JSON json_t *object = NULL;
    Error ignored;
    const char *key;
    json_t *value;
    put_array(json, "facts");
    if (metadata.length && json_parse(metadata, MB(1), &object, &ignored)) {
        for (const MetadataName *name = metadata_names; name->key; name++)
            if ((value = json_object_get(object, name->key)) && json_is_string(value))
                put_fact(json, str(name->key), name, str(json_string_value(value)));
        json_object_foreach(object, key, value) if (json_is_string(value) && !is_shared_name(key))
            put_fact(json, str(key), NULL, str(json_string_value(value)));
    }
    put_end(json);
}
