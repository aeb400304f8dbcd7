/* orc_values.c - values of ORC columns as text. See orc_file.h. */
#include "extract/byte_view.h"
#include "extract/columns/orc_file.h"

enum { DECIMAL_BYTES = 16 };
#define EPOCH_2015 INT64_C(1420070400) /* seconds: times count from here */

static const ColumnType shown[ORC_KIND_COUNT] = {
    [ORC_BOOLEAN] = { .kind = COLUMN_BOOLEAN },
    [ORC_BYTE] = { .kind = COLUMN_WHOLE },
    [ORC_SHORT] = { .kind = COLUMN_WHOLE },
    [ORC_INT] = { .kind = COLUMN_WHOLE },
    [ORC_LONG] = { .kind = COLUMN_WHOLE },
    [ORC_FLOAT] = { .kind = COLUMN_FLOAT },
    [ORC_DOUBLE] = { .kind = COLUMN_DOUBLE },
    [ORC_STRING] = { .kind = COLUMN_TEXT },
    [ORC_BINARY] = { .kind = COLUMN_BYTES },
    [ORC_TIMESTAMP] = { .kind = COLUMN_MOMENT },
    [ORC_LIST] = { .kind = COLUMN_TEXT },
    [ORC_MAP] = { .kind = COLUMN_TEXT },
    [ORC_STRUCT] = { .kind = COLUMN_TEXT },
    [ORC_UNION] = { .kind = COLUMN_TEXT },
    [ORC_DECIMAL] = { .kind = COLUMN_LONG_DECIMAL },
    [ORC_DATE] = { .kind = COLUMN_DATE },
    [ORC_VARCHAR] = { .kind = COLUMN_TEXT },
    [ORC_CHAR] = { .kind = COLUMN_TEXT },
    [ORC_INSTANT] = { .kind = COLUMN_MOMENT, .is_utc = true },
};

const char *orc_kind_name(const OrcType *type)
{
    switch (type->kind) {
    case ORC_LIST: return "list";
    case ORC_MAP: return "map";
    case ORC_STRUCT: return "record";
    case ORC_UNION: return "one of several";
    default: return column_kind_name(shown[type->kind].kind);
    }
}

static int64_t next_of(OrcRows *rows, OrcRuns *runs)
{
    rows->is_broken |= !runs;
    int64_t value = runs ? orc_runs_next(runs) : 0;
    rows->is_broken |= runs && runs->is_broken;
    return value;
}

static Str take_bytes(OrcRows *rows, OrcColumn *column, int64_t length)
{
    size_t room = column->bytes.length - MIN(column->at, column->bytes.length);
    rows->is_broken |= length < 0 || (uint64_t)length > room;
    if (rows->is_broken)
        return STR_NONE;
    Str bytes = bytes_part(column->bytes, column->at, (size_t)length);
    column->at += (size_t)length;
    return bytes;
}

static Str next_text(OrcRows *rows, OrcColumn *column)
{
    if (!column->is_dictionary)
        return take_bytes(rows, column, column->length ? next_of(rows, column->length) : 0);
    int64_t word = next_of(rows, column->whole);
    rows->is_broken |= word < 0 || (uint64_t)word >= column->word_count;
    if (rows->is_broken)
        return STR_NONE;
    size_t start = word ? column->word_ends[word - 1] : 0;
    return bytes_part(column->words, start, column->word_ends[word] - start);
}

/* Any number of bits, seven a byte; the scale stands apart. */
static void add_decimal(OrcRows *rows, OrcColumn *column, Buf *out)
{
    unsigned __int128 number = 0;
    char bytes[DECIMAL_BYTES];
    unsigned byte = 0x80;
    for (int shift = 0; byte & 0x80 && !rows->is_broken; shift += 7) {
        byte = byte_at(take_bytes(rows, column, 1), 0);
        if (shift < 128)
            number |= (unsigned __int128)(byte & 0x7F) << shift;
    }
    number = number >> 1 ^ (0 - (number & 1)); /* zigzag */
    for (int i = DECIMAL_BYTES - 1; i >= 0; i--, number >>= 8)
        bytes[i] = (char)number;
    int64_t scale = next_of(rows, column->second);
    ColumnType type = shown[ORC_DECIMAL];
    type.scale = (int)MAX(-100, MIN(scale, 100));
    if (!rows->is_broken)
        column_text(out, &type, 0, (Str){ bytes, sizeof bytes });
}

/* Seconds, and billionths of one without the zeros at their end: how many is in the low bits. */
static void add_moment(OrcRows *rows, OrcColumn *column, Buf *out)
{
    int64_t seconds = next_of(rows, column->whole), parts = next_of(rows, column->second);
    int64_t nanoseconds = (parts >> 3) % 1000000000; /* some writers have them below zero */
    for (int zeros = parts & 7 ? (int)(parts & 7) + 1 : 0; zeros > 0; zeros--)
        nanoseconds = nanoseconds * 10 % 1000000000;
    ColumnType type = shown[column->type->kind];
    if (seconds > INT64_MAX - EPOCH_2015)
        seconds = 0;
    seconds += EPOCH_2015;
    seconds -= seconds < 0 && nanoseconds > 999999; /* as its writers round */
    bool fits = seconds > -9000000000 && seconds < 9000000000;
    type.scale = fits ? 9 : 0;
    if (!rows->is_broken)
        column_text(out, &type, (uint64_t)(fits ? seconds * 1000000000 + nanoseconds : seconds),
                    STR_NONE);
}

/* Behind what is shown of a cell, values are read and forgotten. */
static void add(Buf *out, Str text)
{
    if (out->length < COLUMN_CELL_TEXT_MAX)
        buf_add(out, text);
}

static void add_items(OrcRows *rows, OrcColumn *column, Buf *out, int depth)
{
    int64_t count = next_of(rows, column->length);
    bool is_map = column->type->kind == ORC_MAP;
    add(out, !depth ? STR_NONE : is_map ? S("{") : S("["));
    for (int64_t i = 0; i < count && !rows->is_broken; i++) {
        add(out, i ? S(", ") : STR_NONE);
        orc_text(rows, &column->items[0], out, depth + 1);
        if (is_map) {
            add(out, S(": "));
            orc_text(rows, &column->items[1], out, depth + 1);
        }
    }
    add(out, !depth ? STR_NONE : is_map ? S("}") : S("]"));
}

static void add_record(OrcRows *rows, OrcColumn *column, Buf *out, int depth)
{
    const OrcType *type = column->type;
    add(out, depth ? S("{") : STR_NONE);
    for (size_t i = 0; i < type->items.count && !rows->is_broken; i++) {
        add(out, i ? S(", ") : STR_NONE);
        add(out, type->names.at[i]);
        add(out, S(": "));
        orc_text(rows, &column->items[i], out, depth + 1);
    }
    add(out, depth ? S("}") : STR_NONE);
}

static void add_simple(OrcRows *rows, OrcColumn *column, Buf *out)
{
    const ColumnType *type = &shown[column->type->kind];
    Str bytes = STR_NONE;
    int64_t number = 0;
    switch (column->type->kind) {
    case ORC_BOOLEAN:
        number = column->whole && orc_runs_next_boolean(column->whole);
        rows->is_broken |= !column->whole || column->whole->is_broken;
        break;
    case ORC_BYTE: number = (int8_t)next_of(rows, column->whole); break;
    case ORC_FLOAT: number = little32(take_bytes(rows, column, 4), 0); break;
    case ORC_DOUBLE: number = (int64_t)little64(take_bytes(rows, column, 8), 0); break;
    case ORC_STRING:
    case ORC_BINARY:
    case ORC_VARCHAR:
    case ORC_CHAR: bytes = next_text(rows, column); break;
    default: number = next_of(rows, column->whole); break;
    }
    if (!rows->is_broken && out->length < COLUMN_CELL_TEXT_MAX)
        column_text(out, type, (uint64_t)number, bytes);
}

void orc_text(OrcRows *rows, OrcColumn *column, Buf *out, int depth)
{
    rows->is_broken |= --*rows->steps_left < 0;
    if (rows->is_broken || (column->present && !orc_runs_next_boolean(column->present)))
        return;
    int64_t which;
    switch (column->type->kind) {
    case ORC_LIST:
    case ORC_MAP: add_items(rows, column, out, depth); break;
    case ORC_STRUCT: add_record(rows, column, out, depth); break;
    case ORC_UNION:
        which = next_of(rows, column->whole);
        if (which >= 0 && (uint64_t)which < column->type->items.count)
            orc_text(rows, &column->items[which], out, depth + 1);
        break;
    case ORC_DECIMAL: add_decimal(rows, column, out); break;
    case ORC_TIMESTAMP:
    case ORC_INSTANT: add_moment(rows, column, out); break;
    default: add_simple(rows, column, out);
    }
}
