/* orc_footer.c - the end of an ORC file, and the streams of a stripe (orc_proto.proto). See
 * orc_file.h. */
#include "extract/byte_view.h"
#include "extract/columns/orc_file.h"

enum { TYPES_MAX = 10000, STRIPES_MAX = 1000000, DEPTH_MAX = 32, STREAMS_MAX = 100000 };
/* COLUMN_STEPS: what beginning a column costs, in values. */
enum { COLUMN_STEPS = 500, UNPACKED_MAX = 1 << 30, STRIPE_MAX = 256 << 20, FOOTER_MAX = 64 << 20 };
#define STEPS_MAX 50000000

/* --- Protocol buffers (protobuf.dev, "Encoding") --- */

typedef struct Message {
    Str bytes;
    size_t at;
} Message;

typedef struct Field {
    unsigned number;
    uint64_t value;
    Str bytes;
} Field;

static bool next_field(Message *in, Field *field_r)
{
    enum { VARINT, FIXED_64, BYTES, FIXED_32 = 5 };
    if (in->at >= in->bytes.length)
        return false;
    uint64_t key = orc_varint(in->bytes, &in->at);
    *field_r = (Field){ .number = (unsigned)(key >> 3) };
    switch (key & 7) {
    case VARINT: field_r->value = orc_varint(in->bytes, &in->at); return true;
    case FIXED_64: in->at += 8; return true;
    case FIXED_32: in->at += 4; return true;
    case BYTES:
        field_r->value = orc_varint(in->bytes, &in->at);
        if (in->at > in->bytes.length || field_r->value > in->bytes.length - in->at)
            return false;
        field_r->bytes = bytes_part(in->bytes, in->at, (size_t)field_r->value);
        in->at += (size_t)field_r->value;
        return true;
    default: return false;
    }
}

/* --- Packed streams: chunks, each with its length and whether it was left as it is --- */

static bool unpack(OrcFile *file, Arena *arena, Str packed, Str *bytes_r)
{
    if (file->codec == CODEC_PLAIN) {
        *bytes_r = packed;
        return true;
    }
    Buf out = buf_new(arena, MIN(file->unpack_left, file->stripe_left));
    while (packed.length >= 3) {
        uint32_t head = little24(packed, 0);
        Str chunk = bytes_part(packed, 3, head >> 1);
        if (!column_unpack(head & 1 ? CODEC_PLAIN : file->codec, chunk, &out))
            return false;
        packed = str_from(packed, 3 + chunk.length);
    }
    file->unpack_left -= out.length;
    file->stripe_left -= out.length;
    *bytes_r = buf_str(&out);
    return !out.overflowed;
}

/* --- Footer --- */

static bool read_type(OrcFile *file, Str bytes)
{
    enum { KIND = 1, ITEMS, NAMES };
    Message in = { .bytes = bytes };
    OrcType type = { 0 };
    uint32_t number = (uint32_t)file->types.count;
    for (Field field; next_field(&in, &field);) {
        if (field.number == KIND)
            type.kind = (OrcKind)MIN(field.value, ORC_KIND_COUNT);
        else if (field.number == NAMES)
            *vec_push(file->arena, &type.names) = field.bytes;
        else if (field.number == ITEMS && field.bytes.length == 0)
            *vec_push(file->arena, &type.items) = (uint32_t)MIN(field.value, UINT32_MAX);
        for (size_t at = 0; field.number == ITEMS && at < field.bytes.length;) {
            uint64_t item = orc_varint(field.bytes, &at);
            *vec_push(file->arena, &type.items) = (uint32_t)MIN(item, UINT32_MAX);
        }
    }
    for (size_t i = 0; i < type.items.count; i++)
        if (type.items.at[i] <= number)
            return false; /* they would hold themselves */
    *vec_push(file->arena, &file->types) = type;
    return type.kind < ORC_KIND_COUNT && file->types.count < TYPES_MAX;
}

static void read_stripe(OrcFile *file, Str bytes)
{
    Message in = { .bytes = bytes };
    OrcStripe stripe = { 0 };
    uint64_t *const parts[] = {
        NULL,        &stripe.at, &stripe.index_length, &stripe.data_length, &stripe.footer_length,
        &stripe.rows
    };
    for (Field field; next_field(&in, &field);)
        if (field.number > 0 && field.number < COUNT(parts))
            *parts[field.number] = field.value;
    if (file->stripes.count < STRIPES_MAX)
        *vec_push(file->arena, &file->stripes) = stripe;
}

static bool has_items(const OrcFile *file, const OrcType *type)
{
    for (size_t i = 0; i < type->items.count; i++)
        if (type->items.at[i] >= file->types.count)
            return false;
    size_t needed = type->kind == ORC_LIST ? 1 : type->kind == ORC_MAP ? 2 : 0;
    return type->items.count >= needed &&
           (type->kind != ORC_STRUCT || type->names.count >= type->items.count);
}

static bool read_footer(OrcFile *file, Str bytes)
{
    enum { STRIPES = 3, TYPES = 4, ROWS = 6, SOFTWARE = 12 };
    Message in = { .bytes = bytes };
    bool ok = true;
    for (Field field; next_field(&in, &field);) {
        if (field.number == STRIPES)
            read_stripe(file, field.bytes);
        else if (field.number == TYPES)
            ok = ok && read_type(file, field.bytes);
        else if (field.number == ROWS)
            file->rows = field.value;
        else if (field.number == SOFTWARE)
            file->software = field.bytes;
    }
    for (size_t i = 0; i < file->types.count && ok; i++)
        ok = has_items(file, &file->types.at[i]);
    return ok && file->types.count && file->types.at[0].kind == ORC_STRUCT &&
           file->types.at[0].items.count;
}

static bool fail_cut(Error *err)
{
    return fail(err, ERROR_DAMAGED, "the end of the ORC table is cut off or broken");
}

bool orc_begin(OrcFile *file, Str bytes, Error *err)
{
    static const ColumnCodec codecs[] = { CODEC_PLAIN,   CODEC_DEFLATE, CODEC_SNAPPY,
                                          CODEC_UNKNOWN, CODEC_LZ4,     CODEC_ZSTD };
    enum { FOOTER_LENGTH = 1, COMPRESSION = 2 };
    size_t length = bytes.length ? byte_at(bytes, bytes.length - 1) : 0;
    if (str_find(str_from(bytes, bytes.length - MIN(bytes.length, 16)), S("ORC")) < 0)
        return fail_cut(err);
    Str rest = str_slice(bytes, 0, bytes.length - MIN(bytes.length, length + 1)), footer;
    Message script = { .bytes = bytes_part(bytes, rest.length, length) };
    uint64_t footer_length = 0, codec = 0;
    for (Field field; next_field(&script, &field);)
        if (field.number == FOOTER_LENGTH)
            footer_length = field.value;
        else if (field.number == COMPRESSION)
            codec = field.value;
    *file = (OrcFile){ .arena = file->arena,
                       .bytes = bytes,
                       .unpack_left = UNPACKED_MAX,
                       .stripe_left = STRIPE_MAX,
                       .steps_left = STEPS_MAX };
    file->codec = codec < COUNT(codecs) ? codecs[codec] : CODEC_UNKNOWN;
    if (file->codec == CODEC_UNKNOWN)
        return fail(err, ERROR_UNSUPPORTED,
                    "the ORC table is packed in way %" PRIu64 ", which is not read", codec);
    if (footer_length == 0 || footer_length > MIN(rest.length, FOOTER_MAX) ||
        !unpack(file, file->arena, str_from(rest, rest.length - (size_t)footer_length), &footer) ||
        !read_footer(file, footer))
        return fail_cut(err);
    return true;
}

/* --- Stripes --- */

typedef enum StreamKind {
    STREAM_PRESENT,
    STREAM_DATA,
    STREAM_LENGTH,
    STREAM_DICTIONARY,
    STREAM_SECOND = 5,
    STREAM_KIND_COUNT,
} StreamKind;

/* What the footer of a stripe says of each column. */
typedef struct Parts {
    Arena *arena;
    Str (*streams)[STREAM_KIND_COUNT]; /* by the number of the type; packed */
    struct {
        unsigned kind;
        size_t words;
    } * encodings;
} Parts;

static void read_stream(const OrcFile *file, Parts *parts, Str bytes, uint64_t *at)
{
    enum { KIND = 1, COLUMN, LENGTH };
    Message in = { .bytes = bytes };
    uint64_t values[LENGTH + 1] = { 0 };
    for (Field field; next_field(&in, &field);)
        if (field.number <= LENGTH)
            values[field.number] = field.value;
    uint64_t room = *at < file->bytes.length ? file->bytes.length - *at : 0;
    if (values[COLUMN] < file->types.count && values[KIND] < STREAM_KIND_COUNT)
        parts->streams[values[COLUMN]][values[KIND]] =
            bytes_part(file->bytes, (size_t)*at, (size_t)MIN(values[LENGTH], room));
    *at += MIN(values[LENGTH], room);
}

static void read_encoding(Parts *parts, Str bytes, size_t column)
{
    enum { KIND = 1, WORDS };
    Message in = { .bytes = bytes };
    for (Field field; next_field(&in, &field);)
        if (field.number == KIND)
            parts->encodings[column].kind = (unsigned)MIN(field.value, 3);
        else if (field.number == WORDS)
            parts->encodings[column].words = (size_t)MIN(field.value, STRIPE_MAX);
}

static void read_stripe_footer(const OrcFile *file, Parts *parts, uint64_t at, Str footer)
{
    enum { STREAMS = 1, ENCODINGS };
    Message in = { .bytes = footer };
    size_t column = 0, streams = 0;
    for (Field field; next_field(&in, &field);)
        if (field.number == STREAMS && streams++ < STREAMS_MAX)
            read_stream(file, parts, field.bytes, &at);
        else if (field.number == ENCODINGS && column < file->types.count)
            read_encoding(parts, field.bytes, column++);
}

/* NULL: there is no such stream. */
static OrcRuns *runs_of(OrcFile *file, Parts *parts, Str packed, OrcRunKind kind, bool is_signed,
                        bool *is_broken)
{
    Str bytes;
    if (packed.length == 0)
        return NULL;
    *is_broken |= !unpack(file, parts->arena, packed, &bytes);
    if (*is_broken)
        return NULL;
    OrcRuns *runs = arena_new_one(parts->arena, OrcRuns);
    orc_runs_begin(runs, bytes, kind, is_signed);
    return runs;
}

static void read_words(OrcColumn *column, Parts *parts, size_t count, bool *is_broken)
{
    *is_broken |= count > column->words.length + 1; /* all are different, one may be empty */
    if (*is_broken || !column->length)
        return;
    size_t *ends = arena_new_array(parts->arena, size_t, count), end = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t length = orc_runs_next(column->length);
        end += (size_t)MAX(0, MIN(length, STRIPE_MAX));
        ends[i] = end;
    }
    column->word_ends = ends;
    column->word_count = count;
}

static bool is_text(OrcKind kind)
{
    return kind == ORC_STRING || kind == ORC_BINARY || kind == ORC_VARCHAR || kind == ORC_CHAR;
}

static void begin_values(OrcFile *file, Parts *parts, OrcColumn *column, size_t number,
                         bool *is_broken)
{
    Str *streams = parts->streams[number];
    OrcKind kind = column->type->kind;
    OrcRunKind whole = parts->encodings[number].kind >= 2 ? ORC_WHOLE_2 : ORC_WHOLE_1;
    bool is_bytes = kind == ORC_BOOLEAN || kind == ORC_BYTE || kind == ORC_UNION;
    bool is_raw = kind == ORC_FLOAT || kind == ORC_DOUBLE || kind == ORC_DECIMAL ||
                  (is_text(kind) && !column->is_dictionary);
    if (is_raw)
        *is_broken |= !unpack(file, parts->arena, streams[STREAM_DATA], &column->bytes);
    else
        column->whole = runs_of(file, parts, streams[STREAM_DATA], is_bytes ? ORC_BYTES : whole,
                                !is_text(kind), is_broken);
    column->length = runs_of(file, parts, streams[STREAM_LENGTH], whole, false, is_broken);
    column->second =
        runs_of(file, parts, streams[STREAM_SECOND], whole, kind == ORC_DECIMAL, is_broken);
    if (column->is_dictionary) {
        *is_broken |= !unpack(file, parts->arena, streams[STREAM_DICTIONARY], &column->words);
        read_words(column, parts, parts->encodings[number].words, is_broken);
    }
}

static void begin_column(OrcFile *file, Parts *parts, OrcColumn *column, size_t number, int depth,
                         bool *is_broken)
{
    const OrcType *type = &file->types.at[number];
    column->type = type;
    column->is_dictionary = is_text(type->kind) && parts->encodings[number].kind & 1;
    column->present =
        runs_of(file, parts, parts->streams[number][STREAM_PRESENT], ORC_BYTES, false, is_broken);
    file->steps_left -= COLUMN_STEPS;
    *is_broken |= depth > DEPTH_MAX || file->steps_left < 0;
    if (!*is_broken)
        begin_values(file, parts, column, number, is_broken);
    column->items = arena_new_array(parts->arena, OrcColumn, type->items.count);
    for (size_t i = 0; i < type->items.count && !*is_broken; i++)
        begin_column(file, parts, &column->items[i], type->items.at[i], depth + 1, is_broken);
}

bool orc_stripe_begin(OrcFile *file, const OrcStripe *stripe, Arena *arena, OrcRows *rows_r,
                      Error *err)
{
    Parts parts = { .arena = arena };
    Str footer = STR_NONE;
    file->stripe_left = STRIPE_MAX;
    uint64_t size = file->bytes.length, body = stripe->index_length + stripe->data_length;
    bool is_broken = stripe->index_length > size || stripe->data_length > size ||
                     stripe->footer_length > size || stripe->at > size ||
                     stripe->at + body + stripe->footer_length > size;
    is_broken = is_broken || !unpack(file, arena,
                                     bytes_part(file->bytes, (size_t)(stripe->at + body),
                                                (size_t)stripe->footer_length),
                                     &footer);
    parts.streams = arena_alloc(arena, arena_array_size(sizeof *parts.streams, file->types.count));
    parts.encodings =
        arena_alloc(arena, arena_array_size(sizeof *parts.encodings, file->types.count));
    *rows_r = (OrcRows){ .steps_left = &file->steps_left };
    if (!is_broken) {
        read_stripe_footer(file, &parts, stripe->at, footer);
        begin_column(file, &parts, &rows_r->root, 0, 0, &is_broken);
    }
    return !is_broken || fail(err, ERROR_DAMAGED, "a stripe of the ORC table is broken");
}
