/* arrow_schema.c - the columns of an Arrow table and their types (Schema.fbs). See arrow_file.h. */
#include "extract/byte_view.h"
#include "extract/columns/arrow_file.h"

enum { DEPTH_MAX = 32, FIELDS_MAX = 10000, FIXED_MAX = 1 << 20 };

/* Places of the fields of a table in Schema.fbs. */
enum {
    FIELD_NAME,
    FIELD_NULLABLE,
    FIELD_TYPE_KIND,
    FIELD_TYPE,
    FIELD_WORDS,
    FIELD_ITEMS,
    FIELD_META
};
enum { SCHEMA_ENDIANNESS, SCHEMA_FIELDS };
enum { WORDS_ID, WORDS_INDEX_TYPE };

/* The union Type, in its order. */
typedef enum ArrowType {
    TYPE_NULL = 1,
    TYPE_INT,
    TYPE_FLOAT,
    TYPE_BINARY,
    TYPE_TEXT,
    TYPE_BOOL,
    TYPE_DECIMAL,
    TYPE_DATE,
    TYPE_TIME,
    TYPE_TIMESTAMP,
    TYPE_INTERVAL,
    TYPE_LIST,
    TYPE_RECORD,
    TYPE_UNION,
    TYPE_FIXED_BINARY,
    TYPE_FIXED_LIST,
    TYPE_MAP,
    TYPE_DURATION,
    TYPE_LARGE_BINARY,
    TYPE_LARGE_TEXT,
    TYPE_LARGE_LIST,
    TYPE_RUNS,
    TYPE_BINARY_VIEW,
    TYPE_TEXT_VIEW,
    TYPE_LIST_VIEW,
    TYPE_LARGE_LIST_VIEW,
    TYPE_COUNT,
} ArrowType;

static const struct {
    ArrowLayout layout;
    ColumnKind kind;
    bool is_long;
} types[TYPE_COUNT] = {
    [TYPE_NULL] = { ARROW_NONE, COLUMN_TEXT, false },
    [TYPE_INT] = { ARROW_FIXED, COLUMN_WHOLE, false },
    [TYPE_FLOAT] = { ARROW_FIXED, COLUMN_DOUBLE, false },
    [TYPE_BINARY] = { ARROW_BYTES, COLUMN_BYTES, false },
    [TYPE_TEXT] = { ARROW_BYTES, COLUMN_TEXT, false },
    [TYPE_BOOL] = { ARROW_BITS, COLUMN_BOOLEAN, false },
    [TYPE_DECIMAL] = { ARROW_FIXED, COLUMN_LONG_DECIMAL, false },
    [TYPE_DATE] = { ARROW_FIXED, COLUMN_DATE, false },
    [TYPE_TIME] = { ARROW_FIXED, COLUMN_TIME, false },
    [TYPE_TIMESTAMP] = { ARROW_FIXED, COLUMN_MOMENT, false },
    [TYPE_INTERVAL] = { ARROW_FIXED, COLUMN_DURATION, false },
    [TYPE_LIST] = { ARROW_LIST, COLUMN_TEXT, false },
    [TYPE_RECORD] = { ARROW_RECORD, COLUMN_TEXT, false },
    [TYPE_UNION] = { ARROW_UNION, COLUMN_TEXT, false },
    [TYPE_FIXED_BINARY] = { ARROW_FIXED, COLUMN_BYTES, false },
    [TYPE_FIXED_LIST] = { ARROW_FIXED_LIST, COLUMN_TEXT, false },
    [TYPE_MAP] = { ARROW_MAP, COLUMN_TEXT, false },
    [TYPE_DURATION] = { ARROW_FIXED, COLUMN_DURATION, false },
    [TYPE_LARGE_BINARY] = { ARROW_BYTES, COLUMN_BYTES, true },
    [TYPE_LARGE_TEXT] = { ARROW_BYTES, COLUMN_TEXT, true },
    [TYPE_LARGE_LIST] = { ARROW_LIST, COLUMN_TEXT, true },
    [TYPE_RUNS] = { ARROW_RUNS, COLUMN_TEXT, false },
    [TYPE_BINARY_VIEW] = { ARROW_VIEWS, COLUMN_BYTES, false },
    [TYPE_TEXT_VIEW] = { ARROW_VIEWS, COLUMN_TEXT, false },
    [TYPE_LIST_VIEW] = { ARROW_LIST_VIEW, COLUMN_TEXT, false },
    [TYPE_LARGE_LIST_VIEW] = { ARROW_LIST_VIEW, COLUMN_TEXT, true },
};

static size_t bytes_of_bits(int64_t bits) { return bits > 0 && bits <= 256 ? (size_t)bits / 8 : 0; }

/* What counts as a second, thousandth ... of one: TimeUnit. */
static int unit_digits(int64_t unit) { return unit >= 0 && unit <= 3 ? (int)unit * 3 : 0; }

static void read_whole(ArrowField *field, FlatTable type)
{
    field->width = bytes_of_bits(flat_number(type, 0, 4, 0));
    field->shown.kind = flat_number(type, 1, 1, 0) ? COLUMN_WHOLE : COLUMN_UNSIGNED;
}

static void read_float(ArrowField *field, FlatTable type)
{
    int64_t precision = flat_number(type, 0, 2, 0);
    field->width = precision == 0 ? 2 : precision == 1 ? 4 : 8;
    field->shown.kind = precision == 0   ? COLUMN_HALF
                        : precision == 1 ? COLUMN_FLOAT
                                         : COLUMN_DOUBLE;
}

static void read_decimal(ArrowField *field, FlatTable type)
{
    int64_t scale = flat_number(type, 1, 4, 0);
    field->width = bytes_of_bits(flat_number(type, 2, 4, 128));
    field->shown.scale = (int)MAX(-100, MIN(scale, 100));
    field->shown.is_little_ended = true;
}

/* Days, or milliseconds of whole days. */
static void read_date(ArrowField *field, FlatTable type)
{
    bool is_days = flat_number(type, 0, 2, 1) == 0;
    field->width = is_days ? 4 : 8;
    field->per_shown = is_days ? 1 : INT64_C(86400000);
}

static void read_time(ArrowField *field, FlatTable type)
{
    field->shown.scale = unit_digits(flat_number(type, 0, 2, 1));
    field->width = bytes_of_bits(flat_number(type, 1, 4, 32));
}

static void read_timestamp(ArrowField *field, FlatTable type)
{
    field->shown.scale = unit_digits(flat_number(type, 0, 2, 0));
    field->shown.is_utc = flat_text(type, 1).length > 0;
    field->width = 8;
}

static void read_interval(ArrowField *field, FlatTable type)
{
    static const char *const units[] = { "months", "days", "months days" };
    static const size_t widths[] = { 4, 8, 16 };
    int64_t unit = flat_number(type, 0, 2, 0);
    unit = unit >= 0 && unit < (int64_t)COUNT(units) ? unit : 0;
    field->unit = units[unit];
    field->width = widths[unit];
}

static void read_duration(ArrowField *field, FlatTable type)
{
    static const char *const units[] = { "s", "ms", "\xC2\xB5s", "ns" };
    field->unit = units[unit_digits(flat_number(type, 0, 2, 1)) / 3];
    field->width = 8;
}

static void read_type(ArrowField *field, int64_t kind, FlatTable type)
{
    field->layout = kind > 0 && kind < TYPE_COUNT ? types[kind].layout : ARROW_UNKNOWN;
    if (field->layout == ARROW_UNKNOWN)
        return;
    field->shown.kind = types[kind].kind;
    field->is_long = types[kind].is_long;
    field->per_shown = 1;
    switch (kind) {
    case TYPE_INT: read_whole(field, type); break;
    case TYPE_FLOAT: read_float(field, type); break;
    case TYPE_DECIMAL: read_decimal(field, type); break;
    case TYPE_DATE: read_date(field, type); break;
    case TYPE_TIME: read_time(field, type); break;
    case TYPE_TIMESTAMP: read_timestamp(field, type); break;
    case TYPE_INTERVAL: read_interval(field, type); break;
    case TYPE_DURATION: read_duration(field, type); break;
    case TYPE_FIXED_BINARY:
    case TYPE_FIXED_LIST:
        field->width = (size_t)MAX(0, MIN(flat_number(type, 0, 4, 0), FIXED_MAX));
        break;
    case TYPE_UNION:
        field->layout = flat_number(type, 0, 2, 0) == 1 ? ARROW_DENSE_UNION : ARROW_UNION;
        field->union_types = flat_list(type, 1, 4);
        break;
    default: break;
    }
}

/* Types of others are kept as one of Arrow's own, with their name beside it. */
static void read_extension(ArrowField *field, FlatTable from)
{
    FlatList pairs = flat_list(from, FIELD_META, 4);
    for (size_t i = 0; i < MIN(pairs.count, 100); i++) {
        FlatTable pair = flat_list_table(pairs, i);
        if (str_is(flat_text(pair, 0), "ARROW:extension:name") &&
            str_is(flat_text(pair, 1), "arrow.uuid") && field->width == 16)
            field->shown.kind = COLUMN_UUID;
    }
}

static size_t items_needed(ArrowLayout layout)
{
    switch (layout) {
    case ARROW_LIST:
    case ARROW_LIST_VIEW:
    case ARROW_FIXED_LIST:
    case ARROW_MAP: return 1;
    case ARROW_RUNS: return 2;
    default: return 0;
    }
}

static bool read_field(ArrowFile *file, FlatTable from, ArrowField *field, int depth);

static bool read_items(ArrowFile *file, FlatList from, ArrowField *field, int depth)
{
    file->fields += from.count;
    if (depth > DEPTH_MAX || file->fields > FIELDS_MAX)
        return false;
    field->items = arena_new_array(file->arena, ArrowField, from.count);
    field->item_count = from.count;
    for (size_t i = 0; i < from.count; i++)
        if (!read_field(file, flat_list_table(from, i), &field->items[i], depth + 1))
            return false;
    return true;
}

/* A word's number is one of 32 bits when nothing else is said. */
static void read_words(ArrowField *field, FlatTable words)
{
    FlatTable index = flat_inner(words, WORDS_INDEX_TYPE);
    size_t width = bytes_of_bits(flat_number(index, 0, 4, 32));
    field->has_words = true;
    field->dictionary = flat_number(words, WORDS_ID, 8, 0);
    field->word_width = width ? width : 4;
}

static bool read_field(ArrowFile *file, FlatTable from, ArrowField *field, int depth)
{
    field->name = flat_text(from, FIELD_NAME);
    field->is_required = !flat_number(from, FIELD_NULLABLE, 1, 0);
    read_type(field, flat_number(from, FIELD_TYPE_KIND, 1, 0), flat_inner(from, FIELD_TYPE));
    read_extension(field, from);
    if (flat_has(from, FIELD_WORDS))
        read_words(field, flat_inner(from, FIELD_WORDS));
    return field->layout != ARROW_UNKNOWN &&
           read_items(file, flat_list(from, FIELD_ITEMS, 4), field, depth) &&
           field->item_count >= items_needed(field->layout) &&
           (field->layout != ARROW_MAP || field->items[0].item_count >= 2);
}

bool arrow_read_schema(ArrowFile *file, FlatTable schema, Error *err)
{
    if (flat_number(schema, SCHEMA_ENDIANNESS, 2, 0) == 1)
        return fail(err, ERROR_UNSUPPORTED,
                    "the Arrow table has numbers with their big end first, which is not read");
    file->root.layout = ARROW_RECORD;
    if (!read_items(file, flat_list(schema, SCHEMA_FIELDS, 4), &file->root, 0) ||
        file->root.item_count == 0)
        return fail(err, ERROR_DAMAGED, "the columns of the Arrow table cannot be understood");
    return true;
}

const char *arrow_kind_name(const ArrowField *field)
{
    switch (field->layout) {
    case ARROW_NONE: return "nothing";
    case ARROW_LIST:
    case ARROW_LIST_VIEW:
    case ARROW_FIXED_LIST: return "list";
    case ARROW_RECORD: return "record";
    case ARROW_MAP: return "map";
    case ARROW_UNION:
    case ARROW_DENSE_UNION: return "one of several";
    case ARROW_RUNS: return arrow_kind_name(&field->items[1]);
    default: return column_kind_name(field->shown.kind);
    }
}
