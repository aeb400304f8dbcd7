/* parquet_footer.c - what the footer says (parquet.thrift): schema, groups of rows, where each
 * column's pages are. It is a structure of Thrift before its length and the mark "PAR1". */
#include "extract/byte_view.h"
#include "extract/columns/parquet_file.h"
#include "extract/columns/thrift.h"

enum { COLUMNS_MAX = 10000, CHUNKS_MAX = 1 << 20, DEPTH_MAX = 32, NAME_MAX_BYTES = 400 };

/* ConvertedType and the fields of LogicalType that mean something else than their bytes. */
enum {
    CONVERTED_UTF8 = 0,
    CONVERTED_MAP = 1,
    CONVERTED_LIST = 3,
    CONVERTED_ENUM = 4,
    CONVERTED_DECIMAL = 5,
    CONVERTED_DATE = 6,
    CONVERTED_TIME_MS = 7,
    CONVERTED_TIME_US = 8,
    CONVERTED_MOMENT_MS = 9,
    CONVERTED_MOMENT_US = 10,
    CONVERTED_UINT8 = 11,
    CONVERTED_UINT64 = 14,
    CONVERTED_JSON = 19,
    CONVERTED_INTERVAL = 21,
    LOGICAL_STRING = 1,
    LOGICAL_MAP = 2,
    LOGICAL_LIST = 3,
    LOGICAL_ENUM = 4,
    LOGICAL_DECIMAL = 5,
    LOGICAL_DATE = 6,
    LOGICAL_TIME = 7,
    LOGICAL_MOMENT = 8,
    LOGICAL_WHOLE = 10,
    LOGICAL_JSON = 12,
    LOGICAL_UUID = 14,
    LOGICAL_HALF = 15,
};
enum { REPEATED = 2 };

/* --- The schema --- */

/* TimeUnit: a union of empty structures, MILLIS, MICROS, NANOS. */
static int read_unit(Thrift *in)
{
    int64_t number = 0, unit = 0;
    for (int type; (type = thrift_field(in, &number)) != THRIFT_STOP;) {
        unit = number;
        thrift_skip(in, type);
    }
    return unit == 1 ? 3 : unit == 2 ? 6 : 9;
}

static void read_logical_inside(Thrift *in, ParquetElement *element)
{
    int64_t number = 0;
    for (int type; (type = thrift_field(in, &number)) != THRIFT_STOP;) {
        bool is_time = element->logical == LOGICAL_TIME || element->logical == LOGICAL_MOMENT;
        if (is_time && number == 1 && (type == THRIFT_TRUE || type == THRIFT_FALSE))
            element->is_utc = type == THRIFT_TRUE;
        else if (is_time && number == 2 && type == THRIFT_STRUCT)
            element->unit_digits = read_unit(in);
        else if (element->logical == LOGICAL_WHOLE && number == 2)
            element->is_unsigned = type == THRIFT_FALSE;
        else if (element->logical == LOGICAL_DECIMAL && number == 1 && type == THRIFT_I32)
            element->scale = thrift_number(in);
        else
            thrift_skip(in, type);
    }
}

static void read_logical(Thrift *in, ParquetElement *element)
{
    int64_t number = 0;
    for (int type; (type = thrift_field(in, &number)) != THRIFT_STOP;) {
        if (type != THRIFT_STRUCT || number < 1 || number > 100) {
            thrift_skip(in, type);
            continue;
        }
        element->logical = (int)number;
        read_logical_inside(in, element);
    }
}

static void read_element(Thrift *in, ParquetFooter *footer)
{
    ParquetElement element = { .type = -1, .repetition = -1, .converted = -1 };
    int64_t number = 0, *const numbers[] = {
        [1] = &element.type,     [2] = &element.width,     [3] = &element.repetition,
        [5] = &element.children, [6] = &element.converted, [7] = &element.scale,
    };
    for (int type; (type = thrift_field(in, &number)) != THRIFT_STOP;) {
        bool is_known = number > 0 && number < (int64_t)COUNT(numbers);
        if (number == 4 && type == THRIFT_BINARY)
            element.name = thrift_binary(in);
        else if (number == 10 && type == THRIFT_STRUCT)
            read_logical(in, &element);
        else if (type == THRIFT_I32 && is_known && numbers[number])
            *numbers[number] = thrift_number(in);
        else
            thrift_skip(in, type);
    }
    if (footer->elements.count <= COLUMNS_MAX && !in->is_broken)
        *vec_push(footer->arena, &footer->elements) = element;
}

/* --- Groups of rows --- */

static void read_chunk_facts(Thrift *in, ParquetChunk *chunk)
{
    int64_t number = 0, *const numbers[] = {
        [4] = &chunk->codec, [5] = &chunk->values,      [7] = &chunk->length,
        [9] = &chunk->begin, [11] = &chunk->dictionary,
    };
    for (int type; (type = thrift_field(in, &number)) != THRIFT_STOP;) {
        bool is_known = number > 0 && number < (int64_t)COUNT(numbers) && numbers[number];
        if (is_known && (type == THRIFT_I32 || type == THRIFT_I64))
            *numbers[number] = thrift_number(in);
        else
            thrift_skip(in, type);
    }
}

static void read_chunk(Thrift *in, ParquetFooter *footer)
{
    ParquetChunk chunk = { .codec = -1, .begin = -1, .dictionary = -1 };
    int64_t number = 0;
    for (int type; (type = thrift_field(in, &number)) != THRIFT_STOP;) {
        chunk.is_elsewhere |= number == 1 || number == 8;
        if (number == 3 && type == THRIFT_STRUCT)
            read_chunk_facts(in, &chunk);
        else
            thrift_skip(in, type);
    }
    if (chunk.codec >= 0 && chunk.codec < 32)
        footer->codecs |= 1u << chunk.codec;
    if (footer->chunks.count < CHUNKS_MAX)
        *vec_push(footer->arena, &footer->chunks) = chunk;
}

static void read_structs(Thrift *in, ParquetFooter *footer,
                         void (*read)(Thrift *in, ParquetFooter *footer))
{
    int type;
    uint64_t count = thrift_list(in, &type);
    in->is_broken |= type != THRIFT_STRUCT;
    for (uint64_t i = 0; i < count && !in->is_broken; i++)
        read(in, footer);
}

static void read_group(Thrift *in, ParquetFooter *footer)
{
    ParquetGroup group = { .first_chunk = footer->chunks.count };
    int64_t number = 0;
    for (int type; (type = thrift_field(in, &number)) != THRIFT_STOP;) {
        if (number == 1 && type == THRIFT_LIST)
            read_structs(in, footer, read_chunk);
        else if (number == 3 && type == THRIFT_I64)
            group.rows = thrift_number(in);
        else
            thrift_skip(in, type);
    }
    group.chunk_count = footer->chunks.count - group.first_chunk;
    if (!in->is_broken && footer->groups.count < CHUNKS_MAX)
        *vec_push(footer->arena, &footer->groups) = group;
}

/* --- Columns: the leaves --- */

static ColumnKind kind_of(const ParquetElement *element)
{
    int64_t converted = element->converted;
    bool is_decimal = element->logical == LOGICAL_DECIMAL || converted == CONVERTED_DECIMAL;
    bool is_time = element->logical == LOGICAL_TIME || converted == CONVERTED_TIME_MS ||
                   converted == CONVERTED_TIME_US;
    bool is_moment = element->logical == LOGICAL_MOMENT || converted == CONVERTED_MOMENT_MS ||
                     converted == CONVERTED_MOMENT_US;
    bool is_text = element->logical == LOGICAL_STRING || element->logical == LOGICAL_ENUM ||
                   element->logical == LOGICAL_JSON || converted == CONVERTED_UTF8 ||
                   converted == CONVERTED_ENUM || converted == CONVERTED_JSON;
    bool is_unsigned =
        element->is_unsigned || (converted >= CONVERTED_UINT8 && converted <= CONVERTED_UINT64);
    switch (element->type) {
    case PARQUET_BOOLEAN: return COLUMN_BOOLEAN;
    case PARQUET_INT32:
    case PARQUET_INT64:
        return is_decimal                                                        ? COLUMN_DECIMAL
               : element->logical == LOGICAL_DATE || converted == CONVERTED_DATE ? COLUMN_DATE
               : is_time                                                         ? COLUMN_TIME
               : is_moment                                                       ? COLUMN_MOMENT
               : is_unsigned                                                     ? COLUMN_UNSIGNED
                                                                                 : COLUMN_WHOLE;
    case PARQUET_INT96: return COLUMN_NANOSECONDS;
    case PARQUET_FLOAT: return COLUMN_FLOAT;
    case PARQUET_DOUBLE: return COLUMN_DOUBLE;
    default: break;
    }
    if (is_decimal)
        return COLUMN_LONG_DECIMAL;
    if (element->logical == LOGICAL_UUID && element->width == 16)
        return COLUMN_UUID;
    if (converted == CONVERTED_INTERVAL && element->width == 12)
        return COLUMN_DURATION;
    return is_text ? COLUMN_TEXT : COLUMN_BYTES;
}

static ColumnType shown_of(const ParquetElement *element)
{
    ColumnType shown = { .kind = kind_of(element), .scale = element->unit_digits };
    if (element->logical == LOGICAL_HALF && element->width == 2)
        shown.kind = COLUMN_HALF;
    if (shown.kind == COLUMN_DECIMAL || shown.kind == COLUMN_LONG_DECIMAL)
        shown.scale = (int)MAX(-100, MIN(element->scale, 100));
    else if (!shown.scale)
        shown.scale =
            element->converted == CONVERTED_TIME_MS || element->converted == CONVERTED_MOMENT_MS
                ? 3
                : 6;
    /* Without a logical type all moments are UTC (LogicalTypes.md). */
    shown.is_utc = element->logical ? element->is_utc : true;
    return shown;
}

typedef struct Level {
    Str name;
    unsigned repeat_max, define_max;
    bool is_list, is_inside_list; /* the next layers only say that there are items */
} Level;

static void add_column(ParquetFooter *footer, const ParquetElement *element, const Level *level)
{
    *vec_push(footer->arena, &footer->columns) = (ParquetColumn){
        .name = level->name,
        .type = (ParquetType)element->type,
        .width = (size_t)MAX(0, MIN(element->width, (int64_t)MB(1))),
        .repeat_max = level->repeat_max,
        .define_max = level->define_max,
        .is_required = level->define_max == 0,
        .shown = shown_of(element),
    };
}

static Level inside(const ParquetFooter *footer, const Level *parent, const ParquetElement *element)
{
    Level level = *parent;
    bool is_layer = (parent->is_list && element->repetition == REPEATED) ||
                    (parent->is_inside_list && parent->name.length);
    level.is_inside_list = parent->is_list && element->children == 1;
    level.is_list = element->logical == LOGICAL_LIST || element->logical == LOGICAL_MAP ||
                    (element->converted >= CONVERTED_MAP && element->converted <= CONVERTED_LIST);
    level.repeat_max += element->repetition == REPEATED;
    level.define_max += element->repetition == 1 || element->repetition == REPEATED;
    if (!is_layer && level.name.length < NAME_MAX_BYTES)
        level.name = str_format(footer->arena, STR_FMT "%s" STR_FMT, STR_ARG(level.name),
                                level.name.length ? "." : "",
                                STR_ARG(str_slice(element->name, 0, NAME_MAX_BYTES)));
    return level;
}

/* The element at *at and what is below it; *at moves past them. */
static void walk(ParquetFooter *footer, size_t *at, const Level *parent, int depth)
{
    if (depth > DEPTH_MAX)
        *at = footer->elements.count;
    if (*at >= footer->elements.count)
        return;
    const ParquetElement *element = &footer->elements.at[(*at)++];
    Level level = *at == 1 ? *parent : inside(footer, parent, element);
    if (element->children <= 0 && *at > 1)
        add_column(footer, element, &level);
    for (int64_t i = 0; i < element->children && *at < footer->elements.count; i++)
        walk(footer, at, &level, depth + 1);
}

bool parquet_footer_read(ParquetFooter *footer, Str bytes, Error *err)
{
    Level root = { 0 };
    int64_t number = 0;
    size_t first = 0;
    if (bytes.length < 12 || !str_ends(bytes, S("PAR1")))
        return fail(err, ERROR_DAMAGED,
                    "the Parquet table has no end, where its columns are named");
    size_t length = little32(bytes, bytes.length - 8);
    if (length > bytes.length - 12)
        return fail(err, ERROR_DAMAGED, "the Parquet table's footer is longer than the file");
    Thrift in = { .bytes = str_slice(bytes, bytes.length - 8 - length, bytes.length - 8) };
    for (int type; (type = thrift_field(&in, &number)) != THRIFT_STOP;) {
        if (number == 1 && type == THRIFT_I32)
            footer->version = thrift_number(&in);
        else if (number == 2 && type == THRIFT_LIST)
            read_structs(&in, footer, read_element);
        else if (number == 3 && type == THRIFT_I64)
            footer->rows = thrift_number(&in);
        else if (number == 4 && type == THRIFT_LIST)
            read_structs(&in, footer, read_group);
        else if (number == 6 && type == THRIFT_BINARY)
            footer->created_by = thrift_binary(&in);
        else
            thrift_skip(&in, type);
    }
    walk(footer, &first, &root, 0);
    if (footer->columns.count == 0)
        return fail(err, ERROR_DAMAGED, "the Parquet table names no columns");
    return true;
}
