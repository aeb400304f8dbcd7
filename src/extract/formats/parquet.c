/* parquet.c - Parquet tables (parquet.apache.org, "File Format"): the schema as rows, and what the
 * footer says. The footer is a structure of Thrift's compact protocol before its length and the
 * mark "PAR1" at the end of the file. */
#include "extract/extractor.h"
#include "extract/metadata.h"

enum { DEPTH_MAX = 32, COLUMNS_MAX = 10000, CODECS_MAX = 8 };

/* Types of the compact protocol. */
enum {
    THRIFT_STOP,
    THRIFT_TRUE,
    THRIFT_FALSE,
    THRIFT_BYTE,
    THRIFT_I16,
    THRIFT_I32,
    THRIFT_I64,
    THRIFT_DOUBLE,
    THRIFT_BINARY,
    THRIFT_LIST,
    THRIFT_SET,
    THRIFT_MAP,
    THRIFT_STRUCT,
};

typedef struct Thrift {
    Str bytes;
    size_t at;
    bool is_broken;
} Thrift;

typedef struct Element {
    Str name;
    int64_t type, repetition, children, converted; /* -1: not said */
} Element;

typedef struct Table {
    Arena *arena;
    VEC(Element) elements;
    Str created_by;
    int64_t rows, version;
    unsigned codecs; /* those in use, by bit */
} Table;

/* --- The compact protocol --- */

static unsigned char take_byte(Thrift *in)
{
    in->is_broken |= in->at >= in->bytes.length;
    return in->is_broken ? 0 : (unsigned char)in->bytes.at[in->at++];
}

static uint64_t take_varint(Thrift *in)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        unsigned char byte = take_byte(in);
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return number;
    }
    in->is_broken = true;
    return 0;
}

static int64_t take_number(Thrift *in)
{
    uint64_t zigzag = take_varint(in);
    return (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
}

static Str take_binary(Thrift *in)
{
    uint64_t length = take_varint(in);
    if (in->is_broken || length > in->bytes.length - in->at) {
        in->is_broken = true;
        return STR_NONE;
    }
    Str value = str_slice(in->bytes, in->at, in->at + (size_t)length);
    in->at += (size_t)length;
    return value;
}

/* The next field's type and number; THRIFT_STOP at the end of the structure. */
static int take_field(Thrift *in, int64_t *number)
{
    unsigned char head = take_byte(in);
    if (in->is_broken || (head & 15) == THRIFT_STOP)
        return THRIFT_STOP;
    *number = head >> 4 ? *number + (head >> 4) : take_number(in);
    return head & 15;
}

static uint64_t take_list(Thrift *in, int *type_r)
{
    unsigned char head = take_byte(in);
    *type_r = head & 15;
    return head >> 4 == 15 ? take_varint(in) : head >> 4;
}

static void skip_value(Thrift *in, int type, int depth, bool is_member)
{
    int64_t number = 0;
    int inner, key;
    uint64_t count;
    in->is_broken |= depth > DEPTH_MAX;
    switch (in->is_broken ? THRIFT_STOP : type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE: /* a field's value is its type; a list has a byte for each */
        if (!is_member)
            return;
        __attribute__((fallthrough));
    case THRIFT_BYTE: take_byte(in); return;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64: take_varint(in); return;
    case THRIFT_DOUBLE:
        for (int i = 0; i < 8; i++)
            take_byte(in);
        return;
    case THRIFT_BINARY: take_binary(in); return;
    case THRIFT_LIST:
    case THRIFT_SET:
        count = take_list(in, &inner);
        for (uint64_t i = 0; i < count && !in->is_broken; i++)
            skip_value(in, inner, depth + 1, true);
        return;
    case THRIFT_MAP:
        count = take_varint(in);
        inner = count ? take_byte(in) : 0;
        key = inner >> 4;
        for (uint64_t i = 0; i < count && !in->is_broken; i++) {
            skip_value(in, key, depth + 1, true);
            skip_value(in, inner & 15, depth + 1, true);
        }
        return;
    case THRIFT_STRUCT:
        while ((inner = take_field(in, &number)) != THRIFT_STOP)
            skip_value(in, inner, depth + 1, false);
        return;
    default: in->is_broken = true;
    }
}

/* --- The footer (parquet.thrift) --- */

static void read_element(Thrift *in, Table *table)
{
    Element element = { .type = -1, .repetition = -1, .converted = -1 };
    int64_t number = 0;
    for (int type; (type = take_field(in, &number)) != THRIFT_STOP;) {
        bool is_number = type == THRIFT_I32;
        if (number == 4 && type == THRIFT_BINARY)
            element.name = take_binary(in);
        else if (is_number && number == 1)
            element.type = take_number(in);
        else if (is_number && number == 3)
            element.repetition = take_number(in);
        else if (is_number && number == 5)
            element.children = take_number(in);
        else if (is_number && number == 6)
            element.converted = take_number(in);
        else
            skip_value(in, type, 0, false);
    }
    if (table->elements.count <= COLUMNS_MAX && !in->is_broken)
        *vec_push(table->arena, &table->elements) = element;
}

static void read_chunk_facts(Thrift *in, Table *table)
{
    int64_t number = 0;
    for (int type; (type = take_field(in, &number)) != THRIFT_STOP;) {
        int64_t codec = -1;
        if (number == 4 && type == THRIFT_I32)
            codec = take_number(in);
        else
            skip_value(in, type, 0, false);
        if (codec >= 0 && codec < CODECS_MAX)
            table->codecs |= 1u << codec;
    }
}

/* A group's columns: each has its facts in field 3. */
static void read_group(Thrift *in, Table *table)
{
    int64_t number = 0, inside;
    int member;
    for (int type; (type = take_field(in, &number)) != THRIFT_STOP;) {
        if (number != 1 || type != THRIFT_LIST) {
            skip_value(in, type, 0, false);
            continue;
        }
        uint64_t count = take_list(in, &member);
        in->is_broken |= member != THRIFT_STRUCT;
        for (uint64_t i = 0; i < count && !in->is_broken; i++) {
            inside = 0;
            for (int field; (field = take_field(in, &inside)) != THRIFT_STOP;)
                if (inside == 3 && field == THRIFT_STRUCT)
                    read_chunk_facts(in, table);
                else
                    skip_value(in, field, 0, false);
        }
    }
}

static void read_structs(Thrift *in, Table *table, void (*read)(Thrift *in, Table *table))
{
    int type;
    uint64_t count = take_list(in, &type);
    in->is_broken |= type != THRIFT_STRUCT;
    for (uint64_t i = 0; i < count && !in->is_broken; i++)
        read(in, table);
}

static void read_footer(Thrift *in, Table *table)
{
    int64_t number = 0;
    for (int type; (type = take_field(in, &number)) != THRIFT_STOP;) {
        if (number == 1 && type == THRIFT_I32)
            table->version = take_number(in);
        else if (number == 2 && type == THRIFT_LIST)
            read_structs(in, table, read_element);
        else if (number == 3 && type == THRIFT_I64)
            table->rows = take_number(in);
        else if (number == 4 && type == THRIFT_LIST)
            read_structs(in, table, read_group);
        else if (number == 6 && type == THRIFT_BINARY)
            table->created_by = take_binary(in);
        else
            skip_value(in, type, 0, false);
    }
}

/* --- What is written --- */

static const char *type_of(const Element *element)
{
    static const char *const types[] = { "boolean", "int32",  "int64", "int96",
                                         "float",   "double", "bytes", "fixed bytes" };
    static const char *const converted[] = { "text",      "map",        "map entry", "list",
                                             "enum",      "decimal",    "date",      "time (ms)",
                                             "time (us)", "time stamp", "time stamp" };
    if (element->converted >= 0 && element->converted < (int64_t)COUNT(converted))
        return converted[element->converted];
    if (element->children > 0)
        return "group";
    return element->type >= 0 && element->type < (int64_t)COUNT(types) ? types[element->type]
                                                                       : "unknown";
}

static int64_t write_schema(DocWriter *doc, const Table *table)
{
    static const char *const repetitions[] = { "required", "optional", "repeated" };
    int64_t columns = 0;
    doc_table_begin(doc);
    doc_cell(doc, S("Column"));
    doc_cell(doc, S("Type"));
    doc_cell(doc, S("Values"));
    doc_row_end(doc);
    doc_header_end(doc);
    for (size_t i = 1; i < table->elements.count; i++) {
        const Element *element = &table->elements.at[i];
        bool is_known =
            element->repetition >= 0 && element->repetition < (int64_t)COUNT(repetitions);
        columns += element->children <= 0;
        doc_cell(doc, element->name);
        doc_cell(doc, str(type_of(element)));
        doc_cell(doc, is_known ? str(repetitions[element->repetition]) : STR_NONE);
        doc_row_end(doc);
    }
    doc_table_end(doc);
    return columns;
}

static void write_codecs(DocWriter *doc, Arena *arena, unsigned codecs)
{
    static const char *const names[CODECS_MAX] = { "none",   "snappy", "gzip", "lzo",
                                                   "brotli", "lz4",    "zstd", "lz4" };
    Buf out = buf_new(arena, KB(1));
    for (int i = 0; i < CODECS_MAX; i++)
        if (codecs & 1u << i)
            buf_addf(&out, "%s%s", out.length ? ", " : "", names[i]);
    doc_meta(doc, "compression", buf_str(&out));
}

static uint32_t little32(Str bytes, size_t at)
{
    uint32_t number = 0;
    for (size_t i = 0; i < 4; i++)
        number |= (uint32_t)(unsigned char)bytes.at[at + i] << (8 * i);
    return number;
}

static bool parquet_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = source->bytes;
    Table table = { .arena = arena };
    if (str_starts(bytes, S("PARE")))
        return fail(err, ERROR_ENCRYPTED, "the Parquet table is encrypted");
    if (bytes.length < 12 || !str_ends(bytes, S("PAR1")))
        return fail(err, ERROR_DAMAGED,
                    "the Parquet table has no end, where its columns are named");
    size_t length = little32(bytes, bytes.length - 8);
    if (length > bytes.length - 12)
        return fail(err, ERROR_DAMAGED, "the Parquet table's footer is longer than the file");
    Thrift in = { .bytes = str_slice(bytes, bytes.length - 8 - length, bytes.length - 8) };
    read_footer(&in, &table);
    if (table.elements.count < 2)
        return fail(err, ERROR_DAMAGED, "the Parquet table names no columns");
    int64_t columns = write_schema(doc, &table);
    doc_meta_whole(doc, "rows", MAX(table.rows, 0));
    doc_meta_whole(doc, "columns", columns);
    doc_meta_whole(doc, "format_version", table.version);
    doc_meta(doc, "software", table.created_by);
    write_codecs(doc, arena, table.codecs);
    doc_warning(doc, S("the values in the table are not shown, only its columns"));
    return true;
}

static int parquet_sniff(Str bytes)
{
    return str_starts(bytes, S("PAR1")) || str_starts(bytes, S("PARE")) ? 95 : 0;
}

const Extractor extractor_parquet = {
    .name = "parquet",
    .title = "Parquet table (columns)",
    .extensions = LIST("parquet", "pq"),
    .media_types = LIST("application/vnd.apache.parquet"),
    .sniff = parquet_sniff,
    .extract = parquet_extract,
};
