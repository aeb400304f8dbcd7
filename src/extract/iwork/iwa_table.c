/* iwa_table.c - tables of iWork documents since 2013: tiles of rows whose cells are binary records;
 * texts are in lists beside them. */
#include <math.h>

#include "extract/iwork/iwa_text.h"
#include "extract/ole/ole_file.h"

enum {
    COLUMNS_MAX = 1000,
    ROWS_MAX = 1000000,
    TILE_ROWS = 256,
    LIST_MAX = 2000000,
    VERSION_NEW = 5,
    TYPE_SEGMENT = 6011,
};

typedef enum CellType {
    CELL_NUMBER = 2,
    CELL_TEXT = 3,
    CELL_DATE = 5,
    CELL_BOOLEAN = 6,
    CELL_DURATION = 7,
    CELL_ERROR = 8,
    CELL_RICH = 9,
    CELL_CURRENCY = 10,
} CellType;

typedef struct CellValue {
    bool has_number, has_seconds, has_text, has_rich;
    int type;
    double number, seconds;
    uint32_t text, rich;
} CellValue;

/* An entry of a list by its key. */
typedef struct Entry {
    uint32_t key;
    Str bytes;
} Entry;
typedef VEC(Entry) Entries;

typedef struct Table {
    IwaBody *body;
    Arena *arena;
    Entries texts, rich;
    int columns, header_rows, last_row;
} Table;

static int by_key(const void *a, const void *b)
{
    uint32_t x = ((const Entry *)a)->key, y = ((const Entry *)b)->key;
    return x < y ? -1 : x > y;
}

static void add_entries(Table *table, Str list, uint32_t number, Entries *entries)
{
    IwaField field;
    while (iwa_next(&list, &field) && entries->count < LIST_MAX)
        if (field.number == number && field.is_bytes)
            *vec_push(table->arena, entries) =
                (Entry){ .key = (uint32_t)iwa_number(field.bytes, 1, 0), .bytes = field.bytes };
}

/* A long list is cut into segments. */
static void read_list(Table *table, const IwaObject *list, Entries *entries)
{
    if (!list)
        return;
    add_entries(table, list->bytes, 3, entries);
    Str rest = list->bytes;
    IwaField field;
    while (iwa_next(&rest, &field))
        if (field.number == 4 && field.is_bytes) {
            const IwaObject *segment = iwa_target(table->body->file, field.bytes);
            if (segment && segment->type == TYPE_SEGMENT)
                add_entries(table, segment->bytes, 3, entries);
        }
    if (entries->count)
        qsort(entries->at, entries->count, sizeof(Entry), by_key);
}

static Str find_entry(const Entries *entries, uint32_t key)
{
    Entry wanted = { .key = key };
    const Entry *entry = entries->count
                             ? bsearch(&wanted, entries->at, entries->count, sizeof wanted, by_key)
                             : NULL;
    return entry ? entry->bytes : STR_NONE;
}

/* --- Cells --- */

static double double_at(Str bytes, size_t at)
{
    uint64_t bits = le64_at(bytes, at);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754-2008 decimal128 with a binary significand. */
static double decimal_value(Str bytes)
{
    const unsigned char *b = (const unsigned char *)bytes.at;
    int exponent = ((b[15] & 0x7F) << 7 | b[14] >> 1) - 0x1820;
    long double value = b[14] & 1;
    for (int i = 13; i >= 0; i--)
        value = value * 256 + b[i];
    value = exponent < 0 ? value / powl(10, -exponent) : value * powl(10, exponent);
    return (double)(b[15] & 0x80 ? -value : value);
}

static CellValue read_new_cell(Str record)
{
    CellValue cell = { .type = (unsigned char)record.at[1] };
    uint32_t flags = le32_at(record, 8);
    size_t at = 12;
    for (uint32_t bit = 1; bit <= 0x10 && at < record.length; bit <<= 1) {
        if (!(flags & bit))
            continue;
        if (bit == 1 && at + 16 <= record.length) {
            cell.number = decimal_value(str_slice(record, at, at + 16));
            cell.has_number = true;
        } else if (bit == 2) {
            cell.number = double_at(record, at);
            cell.has_number = true;
        } else if (bit == 4) {
            cell.seconds = double_at(record, at);
            cell.has_seconds = true;
        } else if (bit == 8) {
            cell.text = le32_at(record, at);
            cell.has_text = true;
        } else {
            cell.rich = le32_at(record, at);
            cell.has_rich = true;
        }
        at += bit == 1 ? 16 : bit < 8 ? 8 : 4;
    }
    return cell;
}

static size_t count_bits(uint32_t bits) { return (size_t)__builtin_popcount(bits); }

/* Records of files until 2019 (versions 1 to 4): style and format numbers come first. */
static CellValue read_old_cell(Str record)
{
    int version = (unsigned char)record.at[0];
    CellValue cell = { .type = (unsigned char)record.at[version >= 4 ? 1 : 2] };
    uint32_t flags = le32_at(record, 4);
    size_t at = (version > 1 ? 12u : 8u) + count_bits(flags & (version > 1 ? 0x0D8E : 0x018E)) * 4;
    if (flags & 0x0200) {
        cell.rich = le32_at(record, at);
        cell.has_rich = true;
        at += 4;
    }
    at += count_bits(flags & (version > 1 ? 0x3000 : 0x1000)) * 4;
    if (flags & 0x10) {
        cell.text = le32_at(record, at);
        cell.has_text = true;
        at += 4;
    }
    if (flags & 0x20) {
        cell.number = double_at(record, at);
        cell.has_number = true;
        at += 8;
    }
    if (flags & 0x40) {
        cell.seconds = double_at(record, at);
        cell.has_seconds = true;
    }
    return cell;
}

static void add_rich(const Table *table, uint32_t key, Buf *out)
{
    const IwaFile *file = table->body->file;
    Str entry = find_entry(&table->rich, key);
    const IwaObject *payload = iwa_reference(file, entry, 9);
    IwaObject *storage = payload ? iwa_reference(file, payload->bytes, 1) : NULL;
    if (iwa_is_storage(storage)) {
        storage->is_written = true;
        buf_add(out, iwa_storage_text(storage));
    }
}

static void add_duration(double seconds, Buf *out)
{
    if (!(fabs(seconds) < 1e12))
        return;
    int64_t whole = (int64_t)fabs(seconds);
    buf_addf(out, "%s%" PRId64 ":%02d:%02d", seconds < 0 ? "-" : "", whole / 3600,
             (int)(whole / 60 % 60), (int)(whole % 60));
}

static Str cell_text(const Table *table, Str record)
{
    Buf out = buf_new(table->body->scratch, MB(4));
    bool is_new = record.at[0] >= VERSION_NEW;
    CellValue cell = is_new ? read_new_cell(record) : read_old_cell(record);
    switch (cell.type) {
    case CELL_NUMBER:
    case CELL_CURRENCY:
        if (cell.has_number)
            buf_addf(&out, "%.15g", cell.number);
        break;
    case CELL_TEXT:
        if (cell.has_text)
            buf_add(&out, iwa_bytes(find_entry(&table->texts, cell.text), 3));
        break;
    case CELL_DATE: iwork_add_date(&out, cell.has_seconds ? cell.seconds : cell.number); break;
    case CELL_BOOLEAN: buf_add(&out, cell.number > 0 ? S("TRUE") : S("FALSE")); break;
    case CELL_DURATION: add_duration(cell.number, &out); break;
    case CELL_ERROR: buf_add(&out, S("#ERROR")); break;
    case CELL_RICH:
        if (cell.has_rich)
            add_rich(table, cell.rich, &out);
        else if (cell.has_text)
            buf_add(&out, iwa_bytes(find_entry(&table->texts, cell.text), 3));
        break;
    default: break;
    }
    return buf_str(&out);
}

/* --- Rows --- */

static void write_row(Table *table, Str info, int row)
{
    bool is_new = iwa_bytes(info, 6).length > 0;
    Str cells = iwa_bytes(info, is_new ? 6 : 3), offsets = iwa_bytes(info, is_new ? 7 : 4);
    size_t unit = is_new && iwa_number(info, 8, 0) ? 4 : 1;
    if (table->last_row < table->header_rows && row >= table->header_rows)
        doc_header_end(table->body->doc);
    table->last_row = row;
    iwork_place_row(table->body->doc, table->body->sheet, table->columns, row);
    arena_reset(table->body->scratch);
    for (int i = 0; i < table->columns; i++) {
        size_t offset = le16_at(offsets, 2 * (size_t)i);
        bool is_there = 2 * (size_t)i + 2 <= offsets.length && offset != 0xFFFF &&
                        offset * unit + 12 <= cells.length &&
                        arena_room(table->body->scratch) > MB(8);
        doc_cell(table->body->doc,
                 is_there ? cell_text(table, str_from(cells, offset * unit)) : STR_NONE);
    }
    doc_row_end(table->body->doc);
}

static void write_tile(Table *table, Str tile, uint64_t first_row)
{
    IwaField field;
    while (iwa_next(&tile, &field) && doc_writer_ok(table->body->doc)) {
        if (field.number != 5 || !field.is_bytes)
            continue;
        uint64_t row = first_row + iwa_number(field.bytes, 1, 0);
        if (row < ROWS_MAX)
            write_row(table, field.bytes, (int)row);
    }
}

void iwa_write_table(IwaBody *body, const IwaObject *model)
{
    if (!model)
        return;
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    const IwaFile *file = body->file;
    Str store = iwa_bytes(model->bytes, 4), tiles = iwa_bytes(store, 3);
    Table table = { .body = body,
                    .arena = arena,
                    .columns = (int)MIN(iwa_number(model->bytes, 7, 0), COLUMNS_MAX),
                    .header_rows = (int)MIN(iwa_number(model->bytes, 9, 0), 1000) };
    uint64_t tile_rows = iwa_number(tiles, 2, TILE_ROWS);
    read_list(&table, iwa_reference(file, store, 4), &table.texts);
    read_list(&table, iwa_reference(file, store, 17), &table.rich);
    if (body->sheet.length)
        doc_paragraph(body->doc, iwa_bytes(model->bytes, 8));
    doc_table_begin(body->doc);
    IwaField field;
    while (iwa_next(&tiles, &field) && doc_writer_ok(body->doc)) {
        const IwaObject *tile =
            field.number == 1 && field.is_bytes ? iwa_reference(file, field.bytes, 2) : NULL;
        uint64_t number = tile ? iwa_number(field.bytes, 1, 0) : 0;
        if (tile && number < ROWS_MAX && tile_rows < ROWS_MAX)
            write_tile(&table, tile->bytes, number * tile_rows);
    }
    doc_table_end(body->doc);
}
