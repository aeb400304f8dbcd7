/* dbf.c - tables of dBase III to 7, FoxPro and Clipper, as rows.
 *
 *     header: version, date, record count u32 @4, header size u16 @8, record size u16 @10, code
 *     page @29; fields of 32 bytes from 32 (dBase 7: of 48 from 68) up to a 0x0D
 *     record: ' ' or '*' (deleted), then the fields at their widths
 *
 * Memo fields point into a second file (.dbt, .fpt) that is not here. */
#include <math.h>

#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

enum { FIELDS_MAX = 2048, SAMPLE_BYTES = KB(64) };

typedef struct Field {
    Str name;
    char type;
    size_t at, length;
} Field;

typedef struct Table {
    Str bytes;
    unsigned char version;
    uint32_t record_count;
    size_t header_size, record_size;
    VEC(Field) fields;
    const char *charset;
    bool has_memo;
} Table;

static uint32_t number_at(Str bytes, size_t at, int size)
{
    uint32_t number = 0;
    for (int i = size; i-- > 0;)
        number = number << 8 |
                 (at + (size_t)i < bytes.length ? (unsigned char)bytes.at[at + (size_t)i] : 0);
    return number;
}

/* Language drivers (byte 29), of the dBase and FoxPro manuals. */
static const struct {
    unsigned char driver;
    const char *charset;
} code_pages[] = {
    { 0x01, "cp437" },        { 0x02, "cp850" },
    { 0x03, "windows-1252" }, { 0x04, "macintosh" },
    { 0x08, "cp865" },        { 0x09, "cp437" },
    { 0x0A, "cp850" },        { 0x0B, "cp437" },
    { 0x0D, "cp437" },        { 0x0E, "cp850" },
    { 0x0F, "cp437" },        { 0x10, "cp850" },
    { 0x11, "cp437" },        { 0x12, "cp850" },
    { 0x13, "windows-31j" },  { 0x14, "cp850" },
    { 0x15, "cp437" },        { 0x16, "cp850" },
    { 0x17, "cp865" },        { 0x18, "cp437" },
    { 0x19, "cp437" },        { 0x1A, "cp850" },
    { 0x1B, "cp437" },        { 0x1C, "cp863" },
    { 0x1D, "cp850" },        { 0x1F, "cp852" },
    { 0x22, "cp852" },        { 0x23, "cp852" },
    { 0x24, "cp860" },        { 0x25, "cp850" },
    { 0x26, "cp866" },        { 0x37, "cp850" },
    { 0x40, "cp852" },        { 0x4D, "gbk" },
    { 0x4E, "windows-949" },  { 0x4F, "big5" },
    { 0x50, "windows-874" },  { 0x57, "windows-1252" },
    { 0x58, "windows-1252" }, { 0x59, "windows-1252" },
    { 0x64, "cp852" },        { 0x65, "cp866" },
    { 0x66, "cp865" },        { 0x67, "cp861" },
    { 0x6A, "cp737" },        { 0x6B, "cp857" },
    { 0x6C, "cp863" },        { 0x78, "big5" },
    { 0x79, "windows-949" },  { 0x7A, "gbk" },
    { 0x7B, "windows-31j" },  { 0x7C, "windows-874" },
    { 0x7D, "windows-1255" }, { 0x7E, "windows-1256" },
    { 0x86, "cp737" },        { 0x87, "cp852" },
    { 0x88, "cp857" },        { 0x96, "x-mac-cyrillic" },
    { 0x97, "x-mac-ce" },     { 0x98, "x-mac-greek" },
    { 0xC8, "windows-1250" }, { 0xC9, "windows-1251" },
    { 0xCA, "windows-1254" }, { 0xCB, "windows-1253" },
    { 0xCC, "windows-1257" },
};

static bool is_dbase7(const Table *table) { return (table->version & 7) == 4; }

static bool is_type(char type) { return HAS_CHAR(type, "CNFDLMGPBIYTVQW0@O+X"); }

static bool read_header(Str bytes, Table *table)
{
    static const unsigned char versions[] = {
        0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63,
        0x83, 0x8B, 0x8C, 0x8E, 0xCB, 0xE5, 0xEB, 0xF5, 0xFB
    };
    if (bytes.length < 65 || !memchr(versions, bytes.at[0], sizeof versions))
        return false;
    table->bytes = bytes;
    table->version = (unsigned char)bytes.at[0];
    table->record_count = number_at(bytes, 4, 4);
    table->header_size = number_at(bytes, 8, 2);
    table->record_size = number_at(bytes, 10, 2);
    size_t first = is_dbase7(table) ? 68 : 32;
    char type = first + 32 < bytes.length ? bytes.at[first + (is_dbase7(table) ? 32 : 11)] : '\0';
    return table->header_size > first && table->record_size > 1 && is_type(type) &&
           (unsigned char)bytes.at[2] <= 12 && (unsigned char)bytes.at[3] <= 31 &&
           bytes.at[first] > ' ';
}

static void read_fields(Arena *arena, Table *table)
{
    bool is_wide = is_dbase7(table);
    size_t at = is_wide ? 68 : 32, step = is_wide ? 48 : 32, name_max = is_wide ? 32 : 11;
    size_t offset = 1, end = MIN(table->header_size, table->bytes.length);
    for (; at + step <= end && table->fields.count < FIELDS_MAX; at += step) {
        const unsigned char *head = (const unsigned char *)table->bytes.at + at;
        if (head[0] == '\r' || head[0] == 0)
            break;
        Field field = { .at = offset };
        Str name = str_slice(table->bytes, at, at + name_max);
        field.name = str_trim(str_slice(name, 0, strnlen(name.at, name_max)));
        field.type = (char)head[is_wide ? 32 : 11];
        field.length = head[is_wide ? 33 : 16];
        /* Clipper and FoxPro: texts over 255 characters. */
        if (field.type == 'C' && !is_wide)
            field.length += (size_t)head[17] << 8;
        offset += field.length;
        if (offset > table->record_size)
            break;
        table->has_memo |= HAS_CHAR(field.type, "MGPW");
        if (field.type != '0') /* the bits that say which fields are NULL */
            *vec_push(arena, &table->fields) = field;
    }
}

static Str record_at(const Table *table, size_t number)
{
    size_t at = table->header_size + number * table->record_size;
    return at < table->bytes.length ? str_slice(table->bytes, at, at + table->record_size)
                                    : STR_NONE;
}

/* By the header, else one charset for all texts, guessed from many of them. */
static void choose_charset(Table *table)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    unsigned char driver = (unsigned char)table->bytes.at[29];
    for (size_t i = 0; i < COUNT(code_pages); i++)
        if (code_pages[i].driver == driver) {
            table->charset = code_pages[i].charset;
            return;
        }
    Buf sample = buf_new(arena, SAMPLE_BYTES);
    for (size_t r = 0; r < table->record_count && sample.length < SAMPLE_BYTES / 2; r++) {
        Str record = record_at(table, r);
        if (!record.length)
            break;
        for (size_t i = 0; i < table->fields.count; i++)
            if (table->fields.at[i].type == 'C') {
                const Field *field = &table->fields.at[i];
                buf_add(&sample, str_trim(str_slice(record, field->at, field->at + field->length)));
                buf_add_char(&sample, '\n');
            }
    }
    (void)text_decode(arena, buf_str(&sample), STR_NONE, &table->charset);
}

/* --- Values --- */

/* A day number of the Julian period (Fliegel and Van Flandern) and milliseconds. */
static Str moment(Arena *arena, int64_t julian, int64_t ms)
{
    if (julian < 1721426 || julian > 5373484) /* the years 1 to 9999 */
        return STR_NONE;
    int64_t a = julian + 32044, b = (4 * a + 3) / 146097, c = a - 146097 * b / 4;
    int64_t d = (4 * c + 3) / 1461, e = c - 1461 * d / 4, m = (5 * e + 2) / 153;
    return str_format(arena, "%04d-%02d-%02d %02d:%02d:%02d", (int)(100 * b + d - 4800 + m / 10),
                      (int)(m + 3 - 12 * (m / 10)), (int)(e - (153 * m + 2) / 5 + 1),
                      (int)(ms / 3600000 % 24), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60));
}

static Str date_text(Arena *arena, Str raw)
{
    int64_t number;
    if (raw.length != 8 || !str_to_int(raw, 0, 99999999, &number))
        return raw;
    return str_format(arena, STR_FMT "-" STR_FMT "-" STR_FMT, STR_ARG(str_slice(raw, 0, 4)),
                      STR_ARG(str_slice(raw, 4, 6)), STR_ARG(str_from(raw, 6)));
}

static Str double_text(Arena *arena, Str raw)
{
    double number;
    if (raw.length != 8)
        return STR_NONE;
    memcpy(&number, raw.at, 8);
    return isfinite(number) ? str_format(arena, "%.15g", number) : STR_NONE;
}

static Str value_text(const Table *table, Arena *arena, const Field *field, Str raw)
{
    bool is_fox = table->version == 0x30 || table->version == 0x31 || table->version == 0x32;
    Str text = str_trim(raw);
    switch (field->type) {
    case 'D': return date_text(arena, text);
    case 'L': return str_is(text, "?") ? STR_NONE : text;
    case 'I':
        return raw.length == 4 ? str_format(arena, "%d", (int32_t)number_at(raw, 0, 4)) : text;
    case 'Y': {
        int64_t units = (int64_t)((uint64_t)number_at(raw, 4, 4) << 32 | number_at(raw, 0, 4));
        return str_format(arena, "%.4f", (double)units / 10000);
    }
    case 'T': return moment(arena, number_at(raw, 0, 4), number_at(raw, 4, 4));
    case 'O': return STR_NONE;
    case 'B': return is_fox ? double_text(arena, raw) : STR_NONE;
    case 'M':
    case 'G':
    case 'P':
    case 'W':
    case 'V':
    case 'Q': return STR_NONE;
    default: break;
    }
    ptrdiff_t nul = str_find_char(text, '\0');
    if (nul >= 0)
        text = str_trim(str_slice(text, 0, (size_t)nul));
    return field->type == 'C' ? text_decode(arena, text, str(table->charset), NULL) : text;
}

static void write_row(DocWriter *doc, const Table *table, Str record, size_t number)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Str anchor = str_format(arena, "record %zu", number + 1);
    doc_place(doc, &(Place){ .anchor = anchor });
    for (size_t i = 0; i < table->fields.count; i++) {
        const Field *field = &table->fields.at[i];
        Str raw = str_slice(record, field->at, field->at + field->length);
        doc_cell(doc, value_text(table, arena, field, raw));
    }
    doc_row_end(doc);
}

static bool dbf_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Table table = { 0 };
    size_t number = 0, deleted = 0;
    if (!read_header(source->bytes, &table))
        return fail(err, ERROR_DAMAGED, "the header of the dBase table is broken");
    read_fields(arena, &table);
    if (!table.fields.count)
        return fail(err, ERROR_DAMAGED, "the dBase table has no fields");
    choose_charset(&table);
    doc_meta_whole(doc, "rows", table.record_count);
    doc_table_begin(doc);
    for (size_t i = 0; i < table.fields.count; i++)
        doc_cell(doc, text_decode(arena, table.fields.at[i].name, str(table.charset), NULL));
    doc_row_end(doc);
    doc_header_end(doc);
    for (; number < table.record_count && doc_writer_ok(doc); number++) {
        Str record = record_at(&table, number);
        if (record.length < 2 || record.at[0] == 0x1A)
            break;
        if (record.at[0] == '*')
            deleted++;
        else
            write_row(doc, &table, record, number);
    }
    doc_table_end(doc);
    if (number < table.record_count && doc_writer_ok(doc))
        doc_warning(doc, str_format(arena, "the file ends after %zu of %u records", number,
                                    table.record_count));
    if (table.has_memo)
        doc_warning(doc, S("memo fields are not shown: their text is in another file"));
    if (deleted)
        doc_warning(doc, str_format(arena, "%zu deleted records are not shown", deleted));
    return true;
}

static int dbf_sniff(Str bytes)
{
    Table table = { 0 };
    if (!read_header(bytes, &table) || table.header_size > bytes.length)
        return 0;
    /* The list ends with 0x0D; Visual FoxPro keeps 263 bytes more after it. */
    size_t ends[] = { table.header_size - 1, table.header_size - 2, table.header_size - 264 };
    for (size_t i = 0; i < COUNT(ends); i++)
        if (ends[i] < table.header_size && ends[i] > 32 && bytes.at[ends[i]] == '\r')
            return 70;
    return 0;
}

const Extractor extractor_dbf = {
    .name = "dbf",
    .title = "dBase and FoxPro tables (DBF)",
    .extensions = LIST("dbf"),
    .media_types = LIST("application/vnd.dbf", "application/x-dbf"),
    .sniff = dbf_sniff,
    .extract = dbf_extract,
};
