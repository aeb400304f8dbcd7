/* json.c - see json.h. */
#include "base/json.h"

#include <assert.h>
#include <math.h>

#include "base/clock.h"
#include "base/utf8.h"

/* --- Writing --- */

static void add_escaped_char(Buf *out, unsigned char c)
{
    switch (c) {
    case '"': buf_add(out, S("\\\"")); break;
    case '\\': buf_add(out, S("\\\\")); break;
    case '\n': buf_add(out, S("\\n")); break;
    case '\r': buf_add(out, S("\\r")); break;
    case '\t': buf_add(out, S("\\t")); break;
    default: buf_addf(out, "\\u%04x", c);
    }
}

static void add_escaped(Buf *out, Str text)
{
    size_t plain = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        buf_add(out, str_slice(text, plain, i));
        add_escaped_char(out, c);
        plain = i + 1;
    }
    buf_add(out, str_from(text, plain));
}

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define HIGH_BITS (EACH_BYTE * 0x80)

/* Of the eight bytes, whether each is ASCII from the space to '~' but the quote and the backslash:
 * a byte less than n shows as a borrow into its high bit. */
static bool are_plain(uint64_t eight)
{
    uint64_t quotes = eight ^ EACH_BYTE * '"', slashes = eight ^ EACH_BYTE * '\\';
    uint64_t ends = eight ^ EACH_BYTE * 0x7f;
    uint64_t below = (eight - EACH_BYTE * ' ') | (quotes - EACH_BYTE) | (slashes - EACH_BYTE) |
                     (ends - EACH_BYTE) | eight;
    return !(below & HIGH_BITS);
}

/* Most texts stand in quotes as they are. False: this one may not. */
static bool is_plain(Str text)
{
    uint64_t eight = EACH_BYTE * ' ';
    size_t i = 0;
    for (; i + sizeof eight <= text.length; i += sizeof eight) {
        memcpy(&eight, text.at + i, sizeof eight);
        if (!are_plain(eight))
            return false;
    }
    eight = EACH_BYTE * ' ';
    if (i < text.length)
        memcpy(&eight, text.at + i, text.length - i);
    return are_plain(eight);
}

/* Texts up to here are put together before they are added: most are short. */
#define SHORT 200

static void add_quoted(Buf *out, Str text)
{
    char quoted[SHORT + 2];
    if (text.length > SHORT) {
        buf_add_char(out, '"');
        buf_add(out, text);
        buf_add_char(out, '"');
        return;
    }
    quoted[0] = '"';
    memcpy(quoted + 1, text.length ? text.at : "", text.length);
    quoted[text.length + 1] = '"';
    buf_add(out, (Str){ quoted, text.length + 2 });
}

void json_quote(Buf *out, Str text)
{
    if (is_plain(text)) {
        add_quoted(out, text);
        return;
    }
    buf_add_char(out, '"');
    while (text.length) {
        size_t valid = utf8_valid_length(text);
        add_escaped(out, str_slice(text, 0, valid));
        if (valid < text.length) {
            buf_add(out, S("\xef\xbf\xbd"));
            valid++;
        }
        text = str_from(text, valid);
    }
    buf_add_char(out, '"');
}

static void add_name(JsonWriter *json, const char *name)
{
    Str key = name ? str(name) : STR_NONE;
    char text[SHORT + 4], *at = text;
    if (!json->first)
        *at++ = ',';
    json->first = false;
    bool is_short = name && key.length <= SHORT && is_plain(key);
    if (is_short) {
        *at++ = '"';
        memcpy(at, key.at, key.length);
        at += key.length;
        *at++ = '"';
        *at++ = ':';
    }
    buf_add(json->out, (Str){ text, (size_t)(at - text) });
    if (!name || is_short)
        return;
    json_quote(json->out, key);
    buf_add_char(json->out, ':');
}

static void open_level(JsonWriter *json, char opening, char closing)
{
    assert(json->depth < JSON_DEPTH_MAX);
    buf_add_char(json->out, opening);
    json->closing[json->depth++] = closing;
    json->first = true;
}

JsonWriter put_begin(Buf *out)
{
    JsonWriter json = { .out = out };
    open_level(&json, '{', '}');
    return json;
}

JsonWriter put_begin_array(Buf *out)
{
    JsonWriter json = { .out = out };
    open_level(&json, '[', ']');
    return json;
}

void put_object(JsonWriter *json, const char *name)
{
    add_name(json, name);
    open_level(json, '{', '}');
}

void put_array(JsonWriter *json, const char *name)
{
    add_name(json, name);
    open_level(json, '[', ']');
}

void put_text(JsonWriter *json, const char *name, Str value)
{
    add_name(json, name);
    json_quote(json->out, value);
}

void put_text_or_null(JsonWriter *json, const char *name, Str value)
{
    if (value.length)
        put_text(json, name, value);
    else
        put_null(json, name);
}

void put_int(JsonWriter *json, const char *name, int64_t value)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--at = '-';
    add_name(json, name);
    buf_add(json->out, (Str){ at, (size_t)(digits + sizeof digits - at) });
}

void put_number(JsonWriter *json, const char *name, double value)
{
    add_name(json, name);
    if (isfinite(value))
        buf_addf(json->out, "%.9g", value);
    else
        buf_add(json->out, S("null"));
}

void put_bool(JsonWriter *json, const char *name, bool value)
{
    add_name(json, name);
    buf_add(json->out, value ? S("true") : S("false"));
}

void put_null(JsonWriter *json, const char *name)
{
    add_name(json, name);
    buf_add(json->out, S("null"));
}

void put_raw(JsonWriter *json, const char *name, Str value)
{
    add_name(json, name);
    buf_add(json->out, value);
}

void put_time(JsonWriter *json, const char *name, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    if (time_ms)
        put_text(json, name, time_format(time_ms, text));
    else
        put_null(json, name);
}

void put_end(JsonWriter *json)
{
    assert(json->depth > 0);
    buf_add_char(json->out, json->closing[--json->depth]);
    json->first = false;
}

void put_texts(JsonWriter *json, const char *name, StrList texts)
{
    put_array(json, name);
    for (size_t i = 0; i < texts.count; i++)
        put_text(json, NULL, texts.at[i]);
    put_end(json);
}

void put_pieces(JsonWriter *json, const char *name, Str text, char separator)
{
    Str piece;
    put_array(json, name);
    while (str_next(&text, separator, &piece))
        if (str_trim(piece).length)
            put_text(json, NULL, str_trim(piece));
    put_end(json);
}

/* --- Reading --- */

void json_auto(json_t **json) { json_decref(*json); }

bool json_parse(Str text, size_t bytes_max, json_t **json_r, Error *err)
{
    json_error_t where;
    if (text.length > bytes_max)
        return fail(err, ERROR_TOO_LARGE, "the JSON has %zu bytes; %zu are allowed", text.length,
                    bytes_max);
    json_t *json = json_loadb(text.at ? text.at : "", text.length,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &where);
    if (!json)
        return fail(err, ERROR_INVALID, "not valid JSON at line %d, column %d: %s", where.line,
                    where.column, where.text);
    *json_r = json;
    return true;
}

Str json_print(Arena *arena, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    Str copy = str_copy(arena, str(text ? text : "null"));
    free(text);
    return copy;
}

static const char *const type_names[] = { "a text",        "a whole number",  "a number",
                                          "true or false", "a list of texts", "a value" };

static bool read_text(const json_t *value, Arena *arena, const JsonField *field, Str *text_r,
                      Error *err)
{
    size_t length_max = field->length_max && field->type == JSON_STR ? field->length_max : KB(64);
    Str text = { json_string_value(value), json_string_length(value) };
    if (text.length > length_max)
        return fail_field(err, field->name, "'%s' has %zu bytes; at most %zu are allowed",
                          field->name, text.length, length_max);
    if (str_find_char(text, '\0') >= 0)
        return fail_field(err, field->name, "'%s' holds a NUL character", field->name);
    *text_r = str_copy(arena, text);
    return true;
}

static bool read_int(const json_t *value, const JsonField *field, Error *err)
{
    int64_t number = json_integer_value(value);
    if ((field->min || field->max) && (number < field->min || number > field->max))
        return fail_field(err, field->name, "'%s' must be from %" PRId64 " to %" PRId64,
                          field->name, field->min, field->max);
    *(int64_t *)field->out = number;
    return true;
}

static bool read_list(const json_t *value, Arena *arena, const JsonField *field, Error *err)
{
    size_t count = json_array_size(value), count_max = field->length_max ? field->length_max : 1000;
    if (count > count_max)
        return fail_field(err, field->name, "'%s' has %zu items; at most %zu are allowed",
                          field->name, count, count_max);
    Str *items = arena_new_array(arena, Str, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_string(item))
            return fail_field(err, field->name, "'%s' must be a list of texts", field->name);
        if (!read_text(item, arena, field, &items[i], err))
            return false;
    }
    *(StrList *)field->out = (StrList){ items, count };
    return true;
}

static bool has_type(const json_t *value, JsonType type)
{
    switch (type) {
    case JSON_STR: return json_is_string(value);
    case JSON_I64: return json_is_integer(value);
    case JSON_F64: return json_is_number(value);
    case JSON_FLAG: return json_is_boolean(value);
    case JSON_STRS: return json_is_array(value);
    case JSON_ANY: return true;
    }
    return false;
}

static bool read_field(json_t *value, Arena *arena, const JsonField *field, Error *err)
{
    if (!has_type(value, field->type))
        return fail_field(err, field->name, "'%s' must be %s", field->name,
                          type_names[field->type]);
    switch (field->type) {
    case JSON_STR: return read_text(value, arena, field, field->out, err);
    case JSON_I64: return read_int(value, field, err);
    case JSON_F64: *(double *)field->out = json_number_value(value); return true;
    case JSON_FLAG: *(bool *)field->out = json_is_true(value); return true;
    case JSON_STRS: return read_list(value, arena, field, err);
    case JSON_ANY: *(json_t **)field->out = value; return true;
    }
    return true;
}

#define NAME_MAX_LIKE 40

static const JsonField *field_named(const JsonField *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

/* How many letters must be added, dropped or changed (Levenshtein 1966); long names are unlike. */
static size_t edits_between(const char *a, const char *b)
{
    size_t row[NAME_MAX_LIKE + 1];
    size_t rows = strlen(a), columns = strlen(b);
    if (rows > NAME_MAX_LIKE || columns > NAME_MAX_LIKE)
        return SIZE_MAX;
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t changed = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = MIN(changed, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[columns];
}

static bool fail_unknown(const JsonField *fields, size_t count, const char *name, Error *err)
{
    const char *like = NULL;
    size_t least = 3; /* from three edits on it is another word */
    for (size_t i = 0; i < count; i++) {
        size_t edits = edits_between(name, fields[i].name);
        if (edits < least && edits < strlen(name)) {
            least = edits;
            like = fields[i].name;
        }
    }
    return like ? fail_field(err, name, "there is no field '%s' here; did you mean '%s'?", name,
                             like)
                : fail_field(err, name, "there is no field '%s' here", name);
}

bool json_read(const json_t *object, Arena *arena, const JsonField *fields, size_t count,
               Error *err)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object))
        return fail(err, ERROR_INVALID, "a JSON object is expected");
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const JsonField *field = field_named(fields, count, name);
        if (!field)
            return fail_unknown(fields, count, name, err);
        if (!json_is_null(value) && !read_field(value, arena, field, err))
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (fields[i].required) {
            value = json_object_get(object, fields[i].name);
            if (!value || json_is_null(value))
                return fail_field(err, fields[i].name, "'%s' is missing", fields[i].name);
        }
    return true;
}

Str json_member_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? (Str){ json_string_value(value), json_string_length(value) }
                                 : STR_NONE;
}
