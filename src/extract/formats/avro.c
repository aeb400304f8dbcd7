/* avro.c - Avro data files (avro.apache.org, "Object Container Files"): a schema as JSON, then
 * blocks of records. Fields are columns; what is inside a field is written as one text. */
#include "base/json.h"
#include "base/map.h"
#include "extract/byte_view.h"
#include "extract/columns/column_codec.h"
#include "extract/columns/column_text.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

enum {
    SCHEMA_MAX = 4 << 20,
    NODES_MAX = 100000,
    DEPTH_MAX = 32,
    BLOCK_MAX = 64 << 20,
    STEPS_MAX = 50000000, /* values of all rows: some take no bytes */
    SYNC_BYTES = 16,
};

typedef enum AvroKind {
    AVRO_NULL,
    AVRO_BOOLEAN,
    AVRO_INT,
    AVRO_LONG,
    AVRO_FLOAT,
    AVRO_DOUBLE,
    AVRO_BYTES,
    AVRO_STRING,
    AVRO_SIMPLE_COUNT,
    AVRO_RECORD = AVRO_SIMPLE_COUNT,
    AVRO_ENUM,
    AVRO_ARRAY,
    AVRO_MAP,
    AVRO_FIXED,
    AVRO_UNION,
    AVRO_KIND_COUNT,
} AvroKind;

static const char *const kind_names[] = {
    "null",   "boolean", "int",  "long",  "float", "double", "bytes",
    "string", "record",  "enum", "array", "map",   "fixed",  "union",
};

typedef struct AvroType AvroType;
struct AvroType {
    AvroKind kind;
    ColumnType shown;
    size_t size;             /* of AVRO_FIXED */
    VEC(AvroType *) members; /* of a record, union, array or map */
    VEC(Str) names;          /* of a record's fields or an enum's symbols */
};

typedef struct Schema {
    Arena *arena;
    Map named; /* by full name and by short name */
    size_t nodes;
} Schema;

/* --- The schema --- */

static AvroType *read_type(Schema *schema, const json_t *json, int depth);

static Str json_str(const json_t *json)
{
    return json_is_string(json) ? (Str){ json_string_value(json), json_string_length(json) }
                                : STR_NONE;
}

static AvroType *new_type(Schema *schema, AvroKind kind)
{
    static const ColumnKind shown[AVRO_KIND_COUNT] = {
        [AVRO_BOOLEAN] = COLUMN_BOOLEAN, [AVRO_INT] = COLUMN_WHOLE,     [AVRO_LONG] = COLUMN_WHOLE,
        [AVRO_FLOAT] = COLUMN_FLOAT,     [AVRO_DOUBLE] = COLUMN_DOUBLE, [AVRO_BYTES] = COLUMN_BYTES,
        [AVRO_STRING] = COLUMN_TEXT,     [AVRO_FIXED] = COLUMN_BYTES,   [AVRO_ENUM] = COLUMN_TEXT,
    };
    AvroType *type = arena_new_one(schema->arena, AvroType);
    type->kind = kind;
    type->shown.kind = shown[kind];
    schema->nodes++;
    return type;
}

static AvroType *named_type(Schema *schema, Str name)
{
    for (int i = 0; i < AVRO_SIMPLE_COUNT; i++)
        if (str_is(name, kind_names[i]))
            return new_type(schema, (AvroKind)i);
    MapEntry *entry = map_find(&schema->named, name);
    return entry ? entry->pointer : NULL;
}

static void remember(Schema *schema, const json_t *json, AvroType *type)
{
    Str name = json_str(json_object_get(json, "name"));
    Str space = json_str(json_object_get(json, "namespace"));
    bool added;
    if (!name.length)
        return;
    map_add(&schema->named, name, &added)->pointer = type;
    if (space.length)
        map_add(&schema->named,
                str_format(schema->arena, STR_FMT "." STR_FMT, STR_ARG(space), STR_ARG(name)),
                &added)
            ->pointer = type;
    ptrdiff_t dot = str_find_last_char(name, '.');
    if (dot >= 0)
        map_add(&schema->named, str_from(name, (size_t)dot + 1), &added)->pointer = type;
}

static void read_logical(AvroType *type, const json_t *json)
{
    static const struct {
        const char *name;
        ColumnKind kind;
        int scale;
        bool is_utc;
    } kinds[] = {
        { "date", COLUMN_DATE, 0, false },
        { "time-millis", COLUMN_TIME, 3, false },
        { "time-micros", COLUMN_TIME, 6, false },
        { "timestamp-millis", COLUMN_MOMENT, 3, true },
        { "timestamp-micros", COLUMN_MOMENT, 6, true },
        { "timestamp-nanos", COLUMN_MOMENT, 9, true },
        { "local-timestamp-millis", COLUMN_MOMENT, 3, false },
        { "local-timestamp-micros", COLUMN_MOMENT, 6, false },
        { "local-timestamp-nanos", COLUMN_MOMENT, 9, false },
    };
    Str name = json_str(json_object_get(json, "logicalType"));
    bool is_bytes = type->kind == AVRO_BYTES || type->kind == AVRO_FIXED;
    if (is_bytes && str_is(name, "decimal")) {
        json_int_t scale = json_integer_value(json_object_get(json, "scale"));
        type->shown =
            (ColumnType){ .kind = COLUMN_LONG_DECIMAL, .scale = (int)MAX(-100, MIN(scale, 100)) };
    } else if (type->kind == AVRO_FIXED && str_is(name, "uuid") && type->size == 16) {
        type->shown.kind = COLUMN_UUID;
    } else if (type->kind == AVRO_FIXED && str_is(name, "duration") && type->size == 12) {
        type->shown.kind = COLUMN_DURATION;
    }
    for (size_t i = 0; i < COUNT(kinds) && (type->kind == AVRO_INT || type->kind == AVRO_LONG); i++)
        if (str_is(name, kinds[i].name))
            type->shown = (ColumnType){ .kind = kinds[i].kind,
                                        .scale = kinds[i].scale,
                                        .is_utc = kinds[i].is_utc };
}

static bool add_member(Schema *schema, AvroType *type, const json_t *json, int depth)
{
    AvroType *member = read_type(schema, json, depth + 1);
    if (member)
        *vec_push(schema->arena, &type->members) = member;
    return member != NULL;
}

static bool read_fields(Schema *schema, AvroType *type, const json_t *fields, int depth)
{
    size_t index;
    json_t *field;
    json_array_foreach(fields, index, field)
    {
        if (!add_member(schema, type, json_object_get(field, "type"), depth))
            return false;
        *vec_push(schema->arena, &type->names) = json_str(json_object_get(field, "name"));
    }
    return json_is_array(fields);
}

static AvroType *read_union(Schema *schema, const json_t *json, int depth)
{
    AvroType *type = new_type(schema, AVRO_UNION);
    size_t index;
    json_t *member;
    json_array_foreach(json, index,
                       member) if (!add_member(schema, type, member, depth)) return NULL;
    return type;
}

/* {"type": "record", ...}; {"type": {...}} only wraps. */
static AvroType *read_object(Schema *schema, const json_t *json, int depth)
{
    const json_t *inner = json_object_get(json, "type");
    Str name = json_str(inner);
    AvroType *type = NULL;
    size_t index;
    json_t *symbol;
    for (int i = AVRO_RECORD; i <= AVRO_FIXED; i++)
        if (str_is(name, kind_names[i]))
            type = new_type(schema, (AvroKind)i);
    if (!type) {
        type = read_type(schema, inner, depth + 1);
        if (type && type->kind < AVRO_SIMPLE_COUNT)
            read_logical(type, json);
        return type;
    }
    remember(schema, json, type);
    switch (type->kind) {
    case AVRO_RECORD:
        return read_fields(schema, type, json_object_get(json, "fields"), depth) ? type : NULL;
    case AVRO_ARRAY:
        return add_member(schema, type, json_object_get(json, "items"), depth) ? type : NULL;
    case AVRO_MAP:
        return add_member(schema, type, json_object_get(json, "values"), depth) ? type : NULL;
    case AVRO_ENUM:
        json_array_foreach(json_object_get(json, "symbols"), index, symbol) *
            vec_push(schema->arena, &type->names) = json_str(symbol);
        return type;
    default:
        type->size = (size_t)MAX(0, json_integer_value(json_object_get(json, "size")));
        read_logical(type, json);
        return type;
    }
}

/* NULL: not a schema. */
static AvroType *read_type(Schema *schema, const json_t *json, int depth)
{
    if (depth > DEPTH_MAX || schema->nodes > NODES_MAX)
        return NULL;
    if (json_is_string(json))
        return named_type(schema, json_str(json));
    if (json_is_array(json))
        return read_union(schema, json, depth);
    return json_is_object(json) ? read_object(schema, json, depth) : NULL;
}

/* --- Values --- */

typedef struct Input {
    Str bytes;
    size_t at;
    bool is_broken;
    int64_t steps;
} Input;

static int64_t take_long(Input *in)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 64 && in->at < in->bytes.length; shift += 7) {
        unsigned byte = byte_at(in->bytes, in->at++);
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return (int64_t)(number >> 1 ^ (0 - (number & 1)));
    }
    in->is_broken = true;
    return 0;
}

static Str take_bytes(Input *in, int64_t length)
{
    if (in->is_broken || length < 0 || (uint64_t)length > in->bytes.length - in->at) {
        in->is_broken = true;
        return STR_NONE;
    }
    Str bytes = str_slice(in->bytes, in->at, in->at + (size_t)length);
    in->at += (size_t)length;
    return bytes;
}

static void write_value(Input *in, const AvroType *type, Buf *out, int depth);

/* The items of an array or map, in blocks; a negative count is followed by the bytes it takes. */
static void write_items(Input *in, const AvroType *type, Buf *out, int depth)
{
    bool is_first = true;
    while (!in->is_broken) {
        int64_t count = take_long(in);
        if (count == 0)
            return;
        if (count < 0) {
            take_long(in);
            count = count == INT64_MIN ? INT64_MAX : -count;
        }
        for (int64_t i = 0; i < count && !in->is_broken; i++) {
            buf_add(out, is_first ? STR_NONE : S(", "));
            is_first = false;
            if (type->kind == AVRO_MAP) {
                column_text(out, &(ColumnType){ .kind = COLUMN_TEXT }, 0,
                            take_bytes(in, take_long(in)));
                buf_add(out, S(": "));
            }
            write_value(in, type->members.at[0], out, depth + 1);
        }
    }
}

static void write_record(Input *in, const AvroType *type, Buf *out, int depth)
{
    buf_add(out, depth ? S("{") : STR_NONE);
    for (size_t i = 0; i < type->members.count && !in->is_broken; i++) {
        buf_addf(out, "%s" STR_FMT ": ", i ? ", " : "", STR_ARG(type->names.at[i]));
        write_value(in, type->members.at[i], out, depth + 1);
    }
    buf_add(out, depth ? S("}") : STR_NONE);
}

static void write_number(Input *in, const AvroType *type, Buf *out)
{
    uint64_t bits;
    switch (type->kind) {
    case AVRO_BOOLEAN: bits = byte_at(take_bytes(in, 1), 0); break;
    case AVRO_FLOAT: bits = little32(take_bytes(in, 4), 0); break;
    case AVRO_DOUBLE: bits = little64(take_bytes(in, 8), 0); break;
    default: bits = (uint64_t)take_long(in); break;
    }
    if (!in->is_broken)
        column_text(out, &type->shown, bits, STR_NONE);
}

static void write_value(Input *in, const AvroType *type, Buf *out, int depth)
{
    int64_t index;
    in->is_broken |= depth > DEPTH_MAX || ++in->steps > STEPS_MAX;
    if (in->is_broken)
        return;
    switch (type->kind) {
    case AVRO_NULL: break;
    case AVRO_RECORD: write_record(in, type, out, depth); break;
    case AVRO_ARRAY:
    case AVRO_MAP: write_items(in, type, out, depth); break;
    case AVRO_ENUM:
    case AVRO_UNION:
        index = take_long(in);
        if (index < 0 ||
            (uint64_t)index >= (type->kind == AVRO_ENUM ? type->names.count : type->members.count))
            in->is_broken = true;
        else if (type->kind == AVRO_ENUM)
            buf_add(out, type->names.at[index]);
        else
            write_value(in, type->members.at[index], out, depth + 1);
        break;
    case AVRO_FIXED:
        column_text(out, &type->shown, 0, take_bytes(in, (int64_t)MIN(type->size, INT64_MAX)));
        break;
    case AVRO_BYTES:
    case AVRO_STRING: column_text(out, &type->shown, 0, take_bytes(in, take_long(in))); break;
    default: write_number(in, type, out);
    }
}

/* --- The file --- */

typedef struct File {
    DocWriter *doc;
    Arena *arena, *row_arena;
    Input in;
    Str schema, codec, sync;
    const AvroType *root;
    int64_t rows, shown, rows_max;
    size_t text;
} File;

static void read_head(File *file)
{
    Input *in = &file->in;
    while (!in->is_broken) {
        int64_t count = take_long(in);
        if (count == 0)
            break;
        if (count < 0) {
            take_long(in);
            count = count == INT64_MIN ? INT64_MAX : -count;
        }
        for (int64_t i = 0; i < count && !in->is_broken; i++) {
            Str key = take_bytes(in, take_long(in)), value = take_bytes(in, take_long(in));
            if (str_is(key, "avro.schema"))
                file->schema = value;
            else if (str_is(key, "avro.codec"))
                file->codec = value;
        }
    }
    file->sync = take_bytes(in, SYNC_BYTES);
}

static ColumnCodec codec_of(Str name)
{
    return !name.length || str_is(name, "null") ? CODEC_PLAIN
           : str_is(name, "deflate")            ? CODEC_DEFLATE
           : str_is(name, "snappy")             ? CODEC_SNAPPY
           : str_is(name, "zstandard")          ? CODEC_ZSTD
                                                : CODEC_UNKNOWN;
}

static void write_header(const File *file)
{
    const AvroType *root = file->root;
    for (size_t i = 0; i < root->names.count; i++)
        doc_cell(file->doc, root->names.at[i]);
    if (root->kind != AVRO_RECORD)
        doc_cell(file->doc, S("Value"));
    doc_row_end(file->doc);
    doc_header_end(file->doc);
}

/* False: the record is broken, and nothing of it is shown. */
static bool write_row(File *file, Input *in)
{
    const AvroType *root = file->root;
    bool is_record = root->kind == AVRO_RECORD;
    size_t count = is_record ? root->members.count : 1;
    arena_reset(file->row_arena);
    Str *cells = arena_new_array(file->row_arena, Str, count);
    for (size_t i = 0; i < count; i++) {
        Buf cell = buf_new(file->row_arena, COLUMN_CELL_TEXT_MAX * 2);
        write_value(in, is_record ? root->members.at[i] : root, &cell, 0);
        cells[i] = buf_str(&cell);
    }
    for (size_t i = 0; i < count && !in->is_broken; i++) {
        doc_cell(file->doc, cells[i]);
        file->text += cells[i].length;
    }
    if (!in->is_broken)
        doc_row_end(file->doc);
    return !in->is_broken;
}

static bool write_block(File *file, int64_t count, Str packed, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    ColumnCodec codec = codec_of(file->codec);
    Buf out = buf_new(arena, BLOCK_MAX);
    if (codec == CODEC_SNAPPY)
        packed.length -= MIN(packed.length, 4); /* a checksum */
    if (codec == CODEC_UNKNOWN)
        return fail(err, ERROR_UNSUPPORTED,
                    "the records are packed by \"" STR_FMT "\", which is not read",
                    STR_ARG(str_slice(file->codec, 0, 40)));
    if (codec != CODEC_PLAIN && !column_unpack(codec, packed, &out))
        return fail(err, ERROR_DAMAGED, "a block of records cannot be unpacked");
    Input in = { .bytes = codec == CODEC_PLAIN ? packed : buf_str(&out), .steps = file->in.steps };
    for (int64_t i = 0; i < count && file->shown < file->rows_max; i++, file->shown++)
        if (!doc_writer_ok(file->doc) || file->text > COLUMN_TABLE_TEXT_MAX ||
            !write_row(file, &in))
            break;
    file->in.steps = in.steps;
    return !in.is_broken || fail(err, ERROR_DAMAGED, "a record is broken");
}

/* Blocks beyond the rows that are shown are only counted. */
static bool write_blocks(File *file, Error *err)
{
    Input *in = &file->in;
    while (in->at < in->bytes.length && doc_writer_ok(file->doc)) {
        int64_t count = take_long(in);
        Str packed = take_bytes(in, take_long(in)), sync = take_bytes(in, SYNC_BYTES);
        if (in->is_broken || count < 0 || !str_equal(sync, file->sync))
            return fail(err, ERROR_DAMAGED, "a block of records is broken");
        file->rows = file->rows > INT64_MAX - count ? INT64_MAX : file->rows + count;
        if (file->shown < file->rows_max && !write_block(file, count, packed, err))
            return false;
    }
    return true;
}

static void write_facts(const File *file)
{
    DocWriter *doc = file->doc;
    doc_meta_whole(doc, "rows", file->rows);
    doc_meta_whole(doc, "columns", (int64_t)MAX(file->root->members.count, 1));
    doc_meta(doc, "compression", file->codec);
    if (file->rows > file->shown)
        doc_warning(doc, str_format(file->arena,
                                    "only the first %" PRId64 " of %" PRId64 " rows are shown",
                                    file->shown, file->rows));
}

static bool avro_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *row_arena = arena_new(GB(1));
    AUTO_JSON json_t *json = NULL;
    Error why = { 0 };
    File file = { .doc = doc,
                  .arena = arena,
                  .row_arena = row_arena,
                  .in = { .bytes = source->bytes, .at = 4 } };
    read_head(&file);
    if (file.in.is_broken || !json_parse(file.schema, SCHEMA_MAX, &json, err))
        return fail(err, ERROR_DAMAGED, "the Avro file does not say what its records are");
    Schema schema = { .arena = arena, .named = map_new(arena) };
    file.root = read_type(&schema, json, 0);
    if (!file.root)
        return fail(err, ERROR_DAMAGED, "the schema of the Avro file cannot be understood");
    file.rows_max =
        MIN(COLUMN_ROWS_MAX, COLUMN_CELLS_MAX / (int64_t)MAX(file.root->members.count, 1));
    doc_table_begin(doc);
    write_header(&file);
    bool ok = write_blocks(&file, &why);
    doc_table_end(doc);
    if (!ok && file.shown == 0)
        return fail(err, why.code, "%s", why.message);
    if (!ok)
        doc_warning(doc, str(why.message));
    write_facts(&file);
    return true;
}

static int avro_sniff(Str bytes) { return str_starts(bytes, S("Obj\x01")) ? 90 : 0; }

const Extractor extractor_avro = {
    .name = "avro",
    .title = "Avro records",
    .extensions = LIST("avro"),
    .media_types = LIST("application/avro", "avro/binary"),
    .sniff = avro_sniff,
    .extract = avro_extract,
};
