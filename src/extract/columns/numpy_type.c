/* numpy_type.c - see numpy_type.h. */
#include "extract/columns/numpy_type.h"

#include <math.h>

#include "base/utf8.h"
#include "extract/byte_view.h"
#include "extract/formats/json_pull.h"

enum { HEAD_MAX = 1 << 20, DEPTH_MAX = 16, FIELDS_MAX = 10000, SIZE_MAX_BYTES = 1 << 28 };

/* --- Types --- */

static const NumpyType *read_type(JsonReader *in, Arena *arena, int depth);

/* "<M8[25s]": so many of a unit. */
static bool read_unit(NumpyType *type, Str text)
{
    type->step = 1;
    if (!text.length)
        return true; /* not any: only "not a time" can be stored */
    if (text.length < 3 || text.at[0] != '[' || text.at[text.length - 1] != ']')
        return false;
    Str inner = str_slice(text, 1, text.length - 1);
    size_t digits = 0;
    while (digits < inner.length && inner.at[digits] >= '0' && inner.at[digits] <= '9')
        digits++;
    type->unit = str_from(inner, digits);
    return !digits || str_to_int(str_slice(inner, 0, digits), 1, INT32_MAX, &type->step);
}

/* The sizes that a kind can have. */
static bool is_size_right(const NumpyType *type)
{
    size_t size = type->size;
    switch (type->kind) {
    case 'b': return size == 1;
    case 'i':
    case 'u': return size == 1 || size == 2 || size == 4 || size == 8;
    case 'f': return size == 2 || size == 4 || size == 8 || size == 12 || size == 16;
    case 'c': return size == 8 || size == 16 || size == 24 || size == 32;
    case 'M':
    case 'm': return size == 8;
    case 'U': return size % 4 == 0;
    default: return type->kind == 'S' || type->kind == 'V' || type->kind == 'O';
    }
}

/* "<f8", "|S3", "<U14": byte order, kind, size. */
static const NumpyType *read_name(Arena *arena, Str name)
{
    NumpyType *type = arena_new_one(arena, NumpyType);
    Str rest = name.length && HAS_CHAR(name.at[0], "<>|=") ? str_from(name, 1) : name;
    if (!rest.length)
        return NULL;
    type->name = name;
    type->is_big = name.at[0] == '>';
    type->kind = rest.at[0] == 'a' ? 'S' : rest.at[0];
    rest = str_from(rest, 1);
    size_t digits = 0;
    int64_t size = type->kind == 'O' ? 8 : 0;
    while (digits < rest.length && rest.at[digits] >= '0' && rest.at[digits] <= '9')
        digits++;
    if (digits && !str_to_int(str_slice(rest, 0, digits), 0, SIZE_MAX_BYTES / 4, &size))
        return NULL;
    type->size = (size_t)size * (type->kind == 'U' ? 4 : 1);
    bool is_good = is_size_right(type) && read_unit(type, str_from(rest, digits));
    return is_good ? type : NULL;
}

/* "(2, 3)", written as a list, or a number alone; false when the count of values cannot be. */
static bool read_shape(JsonReader *in, Arena *arena, int64_t *shape, int *dimensions_r,
                       int64_t *count_r)
{
    int64_t count = 1, length;
    int dimensions = 0;
    bool is_list = json_peek(in) == TOKEN_ARRAY;
    if (is_list)
        json_take(in, NULL, NULL);
    while (is_list ? json_next_item(in) : dimensions == 0) {
        Str number = json_take_text(in, arena);
        if (str_ends(number, S("L"))) /* of Python 2 */
            number.length--;
        if (dimensions >= NUMPY_DIMENSIONS_MAX || !str_to_int(number, 0, INT64_MAX, &length) ||
            __builtin_mul_overflow(count, length, &count))
            return false;
        shape[dimensions++] = length;
    }
    *dimensions_r = dimensions;
    *count_r = count;
    return true;
}

/* ['name', '<f4', [2]], where a name may have a title: ['title', 'name']. */
static bool read_field(JsonReader *in, Arena *arena, NumpyType *record, int depth)
{
    NumpyField field = { .at = record->size, .count = 1 };
    int64_t shape[NUMPY_DIMENSIONS_MAX], bytes;
    int dimensions;
    if (json_take(in, NULL, NULL) != TOKEN_ARRAY || !json_next_item(in))
        return false;
    if (json_peek(in) == TOKEN_ARRAY)
        for (json_take(in, NULL, NULL); json_next_item(in);)
            field.name = json_take_text(in, arena);
    else
        field.name = json_take_text(in, arena);
    if (!json_next_item(in) || !(field.type = read_type(in, arena, depth + 1)))
        return false;
    if (json_next_item(in) &&
        (!read_shape(in, arena, shape, &dimensions, &field.count) || json_next_item(in)))
        return false;
    if (__builtin_mul_overflow(field.count, (int64_t)field.type->size, &bytes) ||
        bytes > SIZE_MAX_BYTES - (int64_t)record->size || record->fields.count >= FIELDS_MAX)
        return false;
    record->size += (size_t)bytes;
    *vec_push(arena, &record->fields) = field;
    return true;
}

/* NULL: not a type. */
static const NumpyType *read_type(JsonReader *in, Arena *arena, int depth)
{
    if (depth > DEPTH_MAX)
        return NULL;
    if (json_peek(in) == TOKEN_STRING)
        return read_name(arena, json_take_text(in, arena));
    NumpyType *record = arena_new_one(arena, NumpyType);
    record->kind = 'V';
    record->name = S("record");
    if (json_take(in, NULL, NULL) != TOKEN_ARRAY)
        return NULL;
    while (json_next_item(in))
        if (!read_field(in, arena, record, depth))
            return NULL;
    return record->fields.count ? record : NULL;
}

/* --- The head --- */

/* A value of Python's as JSON5 writes it: outside of texts, tuples become lists. */
static Str as_json(Arena *arena, Str python)
{
    Buf json = buf_new(arena, HEAD_MAX);
    char quote = '\0';
    bool is_escaped = false;
    for (size_t i = 0; i < python.length; i++) {
        char c = python.at[i];
        if (quote)
            quote = c == quote && !is_escaped ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == '(' || c == ')')
            c = c == '(' ? '[' : ']';
        is_escaped = c == '\\' && !is_escaped;
        buf_add_char(&json, c);
    }
    return buf_str(&json);
}

static bool find_text(Str bytes, Str *head_r, Str *values_r)
{
    bool is_long = byte_at(bytes, 6) >= 2;
    size_t at = is_long ? 12 : 10, length = is_long ? little32(bytes, 8) : little16(bytes, 8);
    if (bytes.length < at || length > HEAD_MAX || length > bytes.length - at)
        return false;
    *head_r = str_slice(bytes, at, at + length);
    *values_r = str_from(bytes, at + length);
    return true;
}

bool numpy_read_head(Arena *arena, Str bytes, NumpyHead *head_r, Error *err)
{
    NumpyHead head = { 0 };
    Str text, key;
    bool is_good = find_text(bytes, &text, &head.values), has_shape = false;
    JsonReader in = { .text = is_good ? as_json(arena, text) : STR_NONE, .line = 1 };
    is_good = is_good && json_take(&in, NULL, NULL) == TOKEN_OBJECT;
    while (is_good && json_next_member(&in, arena, &key)) {
        if (str_is(key, "descr"))
            is_good = (head.type = read_type(&in, arena, 0)) != NULL;
        else if (str_is(key, "fortran_order"))
            head.is_fortran = str_is(json_take_text(&in, arena), "True");
        else if (str_is(key, "shape"))
            is_good = has_shape = read_shape(&in, arena, head.shape, &head.dimensions, &head.count);
        else
            is_good = json_skip(&in);
    }
    if (!is_good || !head.type || !has_shape)
        return fail(err, ERROR_DAMAGED, "the NumPy file does not say what its values are");
    *head_r = head;
    return true;
}

/* --- Values --- */

/* The value's bytes as a number, the sign drawn out. */
static uint64_t bits_of(const NumpyType *type, Str value)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < value.length && i < 8; i++)
        bits = bits << 8 | byte_at(value, type->is_big ? i : value.length - 1 - i);
    bool is_signed = type->kind == 'i' && value.length && value.length < 8;
    unsigned unused = 64 - 8 * (unsigned)MIN(value.length, 8);
    return is_signed ? (uint64_t)((int64_t)(bits << unused) >> unused) : bits;
}

bool numpy_number(const NumpyType *type, Str value, double *number_r)
{
    uint64_t bits = bits_of(type, value);
    uint32_t low = (uint32_t)bits;
    float single;
    bool is_float = type->kind == 'f' && (type->size == 4 || type->size == 8);
    if (type->kind == 'i')
        *number_r = (double)(int64_t)bits;
    else if (type->kind == 'u')
        *number_r = (double)bits;
    else if (is_float && type->size == 8)
        memcpy(number_r, &bits, sizeof *number_r);
    else if (is_float) {
        memcpy(&single, &low, sizeof single);
        *number_r = (double)single;
    }
    return is_float || type->kind == 'i' || type->kind == 'u';
}

static ColumnKind float_kind(size_t size)
{
    return size == 2   ? COLUMN_HALF
           : size == 4 ? COLUMN_FLOAT
           : size == 8 ? COLUMN_DOUBLE
                       : COLUMN_BYTES;
}

static void add_complex(Buf *out, const NumpyType *type, Str value)
{
    NumpyType half = { .kind = 'f', .size = type->size / 2, .is_big = type->is_big };
    Str imaginary = str_from(value, half.size);
    numpy_text(out, &half, str_slice(value, 0, half.size));
    size_t sign = out->length;
    numpy_text(out, &half, imaginary);
    bool is_signed = out->length > sign && out->at[sign] == '-';
    if (!is_signed) { /* once more, behind its sign */
        out->length = sign;
        buf_add_char(out, '+');
        numpy_text(out, &half, imaginary);
    }
    buf_add_char(out, 'j');
}

/* Texts end at zeros that fill their room. */
static void add_text(Buf *out, const NumpyType *type, Str value)
{
    value = str_slice(value, 0, 4 * (COLUMN_CELL_TEXT_MAX + 1)); /* more is cut below */
    Buf text = buf_new(out->arena, value.length + 4);
    for (size_t i = 0; i + 4 <= value.length; i += 4) {
        char bytes[4];
        uint32_t c = type->is_big ? big32(value, i) : little32(value, i);
        if (!c)
            break;
        bool is_character = c < 0x110000 && (c < 0xD800 || c > 0xDFFF);
        buf_add_bytes(&text, bytes, utf8_encode(is_character ? c : UTF8_REPLACEMENT, bytes));
    }
    column_text(out, &(ColumnType){ .kind = COLUMN_TEXT }, 0, buf_str(&text));
}

static void add_bytes(Buf *out, Str value)
{
    while (value.length && value.at[value.length - 1] == '\0')
        value.length--;
    column_text(out, &(ColumnType){ .kind = COLUMN_BYTES }, 0, value);
}

/* datetime64: so many units since 1970. Months and years are counted, not measured. */
static void add_date(Buf *out, const NumpyType *type, int64_t number)
{
    static const struct {
        const char *unit;
        ColumnKind kind;
        int scale;
        int64_t factor; /* of seconds, or days of a week */
    } units[] = {
        { "W", COLUMN_DATE, 0, 7 },      { "D", COLUMN_DATE, 0, 1 },
        { "h", COLUMN_MOMENT, 0, 3600 }, { "m", COLUMN_MOMENT, 0, 60 },
        { "s", COLUMN_MOMENT, 0, 1 },    { "ms", COLUMN_MOMENT, 3, 1 },
        { "us", COLUMN_MOMENT, 6, 1 },   { "\xC2\xB5s", COLUMN_MOMENT, 6, 1 },
        { "ns", COLUMN_MOMENT, 9, 1 },
    };
    int64_t year = number >= 0 ? number / 12 : (number + 1) / 12 - 1;
    if (str_is(type->unit, "Y") && number < INT64_MAX - 1970)
        buf_addf(out, "%" PRId64, 1970 + number);
    else if (str_is(type->unit, "M"))
        buf_addf(out, "%04" PRId64 "-%02d", 1970 + year, (int)(number - year * 12) + 1);
    for (size_t i = 0; i < COUNT(units); i++)
        if (str_is(type->unit, units[i].unit) &&
            !__builtin_mul_overflow(number, units[i].factor, &number)) {
            column_text(out, &(ColumnType){ .kind = units[i].kind, .scale = units[i].scale },
                        (uint64_t)number, STR_NONE);
            break;
        }
}

static void add_time(Buf *out, const NumpyType *type, Str value)
{
    int64_t number = (int64_t)bits_of(type, value);
    if (number == INT64_MIN || __builtin_mul_overflow(number, type->step, &number))
        return; /* "not a time" */
    if (type->kind == 'M')
        add_date(out, type, number);
    else
        buf_addf(out, "%" PRId64 " " STR_FMT, number, STR_ARG(type->unit));
}

void numpy_text(Buf *out, const NumpyType *type, Str value)
{
    ColumnType shown = { .kind = type->kind == 'b'   ? COLUMN_BOOLEAN
                                 : type->kind == 'i' ? COLUMN_WHOLE
                                 : type->kind == 'u' ? COLUMN_UNSIGNED
                                                     : float_kind(type->size) };
    switch (type->kind) {
    case 'c': add_complex(out, type, value); break;
    case 'M':
    case 'm': add_time(out, type, value); break;
    case 'U': add_text(out, type, value); break;
    case 'S': add_bytes(out, value); break;
    case 'V':
    case 'O': column_text(out, &(ColumnType){ .kind = COLUMN_BYTES }, 0, value); break;
    default: column_text(out, &shown, bits_of(type, value), value);
    }
}
