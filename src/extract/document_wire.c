/* document_wire.c - see document_wire.h.
 *
 * A frame's payload is numbers of this machine's byte order and texts with a length before them;
 * both ends are the same program. */
#include "extract/document_wire.h"

#include <math.h>

#include "base/utf8.h"

typedef enum WireType {
    WIRE_FORMAT,
    WIRE_BLOCK,
    WIRE_CHILD,
    WIRE_BYTES, /* of the child that began; as many frames as it takes */
    WIRE_CHILD_END,
    WIRE_WARNING,
    WIRE_LATER,
} WireType;

#define PIECE_MAX KB(512)
#define NAME_MAX_BYTES KB(4) /* of every text but a block's own */
#define CELL_MAX 16384
#define WORD_MAX 16384      /* of one block */
#define LEVEL_MAX 64        /* of members in members */
#define LEVEL_SAID_MAX 1000 /* of a block */
#define PAYLOAD_MAX MB(1)
#define COORDINATE_MAX 1e6F
#define TIME_MAX_MS ((int64_t)1 << 42) /* 139 years */

/* --- Writing --- */

struct WireWriter {
    WireSend *send;
    void *self;
    bool sends_bytes;
    Str unsent[LEVEL_MAX]; /* bytes of the open members that were not sent */
    int depth;
    Buf out;
};

static void put_bytes(WireWriter *wire, const void *bytes, size_t count)
{
    buf_add_bytes(&wire->out, bytes, count);
}

static void put_i32(WireWriter *wire, int32_t number) { put_bytes(wire, &number, 4); }

static void put_i64(WireWriter *wire, int64_t number) { put_bytes(wire, &number, 8); }

static void put_str(WireWriter *wire, Str text)
{
    put_i32(wire, (int32_t)text.length);
    buf_add(&wire->out, text);
}

/* A name, cut and cleaned where it would be refused: reasons may hold bytes of the file. */
static void put_name(WireWriter *wire, Str text)
{
    AUTO_ARENA Arena *arena = NULL;
    text = str_slice(text, 0, utf8_floor(text, MIN(text.length, NAME_MAX_BYTES)));
    if (!utf8_is_valid(text) || str_find_char(text, '\0') >= 0) {
        arena = arena_new(KB(64));
        text = utf8_clean(arena, text);
        text = str_slice(text, 0, utf8_floor(text, MIN(text.length, NAME_MAX_BYTES)));
    }
    put_str(wire, text);
}

static bool flush(WireWriter *wire, WireType type, Error *err)
{
    bool fits = !wire->out.overflowed;
    Str payload = buf_str(&wire->out);
    wire->out.length = 0;
    wire->out.overflowed = false;
    if (!fits)
        return fail(err, ERROR_TOO_LARGE, "one block of the document is too large");
    return wire->send(wire->self, type, payload, err);
}

/* A damaged file may say any number; what would be refused here is brought within bounds. */
static float coordinate(float number)
{
    return isnan(number) ? 0 : MAX(-COORDINATE_MAX, MIN(number, COORDINATE_MAX));
}

static void put_place_of(WireWriter *wire, const Place *place)
{
    const float box[] = { coordinate(place->x0), coordinate(place->y0), coordinate(place->x1),
                          coordinate(place->y1) };
    put_i32(wire, MAX(place->page, 0));
    put_i32(wire, place->is_slide);
    put_bytes(wire, box, sizeof box);
    put_i32(wire, MAX(place->line_first, 0));
    put_i32(wire, MAX(place->line_last, MAX(place->line_first, 0)));
    put_i64(wire, MAX(0, MIN(place->start_ms, TIME_MAX_MS)));
    put_i64(wire, MAX(0, MIN(place->end_ms, TIME_MAX_MS)));
    put_name(wire, place->sheet);
    put_name(wire, place->cells);
    put_name(wire, place->part);
    put_name(wire, place->anchor);
}

static bool write_block(void *self, const Block *block, Error *err)
{
    WireWriter *wire = self;
    size_t cell_count = MIN(block->cell_count, (size_t)CELL_MAX);
    put_i32(wire, (int32_t)block->kind);
    put_i32(wire, MAX(0, MIN(block->level, LEVEL_SAID_MAX)));
    put_i32(wire, block->is_header_row);
    put_i32(wire, (int32_t)block->table);
    put_str(wire, block->text);
    put_name(wire, block->label);
    put_place_of(wire, &block->place);
    put_i32(wire, (int32_t)cell_count);
    for (size_t i = 0; i < cell_count; i++) {
        put_i32(wire, (int32_t)block->cells[i].start);
        put_i32(wire, (int32_t)block->cells[i].length);
        put_i32(wire, block->cells[i].column_span);
        put_i32(wire, block->cells[i].row_span);
    }
    size_t word_count = MIN(block->word_count, (size_t)WORD_MAX);
    put_i32(wire, (int32_t)word_count);
    for (size_t i = 0; i < word_count; i++) {
        WordBox word = block->words[i];
        word.x0 = coordinate(word.x0);
        word.y0 = coordinate(word.y0);
        word.x1 = coordinate(word.x1);
        word.y1 = coordinate(word.y1);
        put_bytes(wire, &word, sizeof word);
    }
    return flush(wire, WIRE_BLOCK, err);
}

static bool send_bytes(WireWriter *wire, Str bytes, Error *err)
{
    while (bytes.length) {
        Str piece = str_slice(bytes, 0, PIECE_MAX);
        if (!wire->send(wire->self, WIRE_BYTES, piece, err))
            return false;
        bytes = str_from(bytes, piece.length);
    }
    return true;
}

static bool write_child_begin(void *self, Str name, Str media_type, Str bytes, Error *err)
{
    WireWriter *wire = self;
    uint64_t size = bytes.length;
    if (wire->depth >= LEVEL_MAX)
        return fail(err, ERROR_TOO_LARGE, "members are nested more than %d levels deep", LEVEL_MAX);
    wire->unsent[wire->depth++] = wire->sends_bytes ? STR_NONE : bytes;
    put_name(wire, name);
    put_name(wire, media_type);
    put_bytes(wire, &size, sizeof size);
    put_i32(wire, wire->sends_bytes);
    return flush(wire, WIRE_CHILD, err) && (!wire->sends_bytes || send_bytes(wire, bytes, err));
}

static bool write_later(void *self, const char *worker, int page, Error *err)
{
    WireWriter *wire = self;
    if (wire->depth) {
        Str *unsent = &wire->unsent[wire->depth - 1];
        if (!send_bytes(wire, *unsent, err))
            return false;
        *unsent = STR_NONE;
    }
    put_name(wire, str(worker));
    put_i32(wire, page);
    return flush(wire, WIRE_LATER, err);
}

static bool write_child_end(void *self, const Error *failure, Error *err)
{
    WireWriter *wire = self;
    wire->depth -= wire->depth > 0;
    put_name(wire, failure ? str(error_name(failure->code)) : S(""));
    put_name(wire, failure ? str(failure->message) : S(""));
    return flush(wire, WIRE_CHILD_END, err);
}

static bool write_warning(void *self, Str text, Error *err)
{
    put_name(self, text);
    return flush(self, WIRE_WARNING, err);
}

static bool write_format(void *self, Str format, Str media_type, Error *err)
{
    WireWriter *wire = self;
    put_name(wire, format);
    put_name(wire, media_type);
    return flush(wire, WIRE_FORMAT, err);
}

/* Progress goes another way, beside the document. */
static bool write_progress(void *self, const char *stage, int64_t done, int64_t total, Error *err)
{
    (void)self, (void)stage, (void)done, (void)total, (void)err;
    return true;
}

WireWriter *document_wire_writer(Arena *arena, bool sends_bytes, WireSend *send, void *self,
                                 DocSink *sink_r)
{
    WireWriter *wire = arena_new_one(arena, WireWriter);
    *wire = (WireWriter){
        .send = send, .self = self, .sends_bytes = sends_bytes, .out = buf_new(arena, PAYLOAD_MAX)
    };
    *sink_r = (DocSink){ .block = write_block,
                         .child_begin = write_child_begin,
                         .child_end = write_child_end,
                         .progress = write_progress,
                         .warning = write_warning,
                         .format = write_format,
                         .later = write_later,
                         .self = wire };
    return wire;
}

/* --- Reading: nothing is believed --- */

struct WireReader {
    const WireSink *sink;
    DocLimits limits;
    Arena *scratch;
    uint64_t text, blocks, children, child_bytes, warnings, laters;
    uint64_t bytes_due;         /* of the member whose bytes come now */
    uint64_t unsent[LEVEL_MAX]; /* of the open members */
    int depth;
    bool has_format[LEVEL_MAX + 1]; /* of the document and the open members */
};

/* One frame being read; `failed` sticks, so that reads need no check of their own. */
typedef struct Frame {
    Str rest;
    bool failed;
} Frame;

static void take(Frame *frame, void *out, size_t count)
{
    memset(out, 0, count);
    if (frame->rest.length < count)
        frame->failed = true;
    if (frame->failed)
        return;
    memcpy(out, frame->rest.at, count);
    frame->rest = str_from(frame->rest, count);
}

static int32_t take_i32(Frame *frame, int32_t min, int32_t max)
{
    int32_t number;
    take(frame, &number, sizeof number);
    if (number < min || number > max)
        frame->failed = true;
    return number;
}

static int64_t take_i64(Frame *frame, int64_t min, int64_t max)
{
    int64_t number;
    take(frame, &number, sizeof number);
    if (number < min || number > max)
        frame->failed = true;
    return number;
}

static Str take_str(Frame *frame, size_t max)
{
    int32_t length = take_i32(frame, 0, (int32_t)max);
    if (frame->failed || (size_t)length > frame->rest.length) {
        frame->failed = true;
        return S("");
    }
    Str text = str_slice(frame->rest, 0, (size_t)length);
    frame->rest = str_from(frame->rest, text.length);
    if (!utf8_is_valid(text) || str_find_char(text, '\0') >= 0)
        frame->failed = true;
    return text;
}

static float take_coordinate(Frame *frame)
{
    float number;
    take(frame, &number, sizeof number);
    if (!isfinite(number) || fabsf(number) > COORDINATE_MAX)
        frame->failed = true;
    return number;
}

static Place take_place(Frame *frame, const DocLimits *limits)
{
    Place place = { 0 };
    place.page = take_i32(frame, 0, limits->page_max);
    place.is_slide = take_i32(frame, 0, 1);
    place.x0 = take_coordinate(frame);
    place.y0 = take_coordinate(frame);
    place.x1 = take_coordinate(frame);
    place.y1 = take_coordinate(frame);
    place.line_first = take_i32(frame, 0, INT32_MAX);
    place.line_last = take_i32(frame, place.line_first, INT32_MAX);
    place.start_ms = take_i64(frame, 0, TIME_MAX_MS);
    place.end_ms = take_i64(frame, 0, TIME_MAX_MS);
    place.sheet = take_str(frame, NAME_MAX_BYTES);
    place.cells = take_str(frame, NAME_MAX_BYTES);
    place.part = take_str(frame, NAME_MAX_BYTES);
    place.anchor = take_str(frame, NAME_MAX_BYTES);
    return place;
}

/* Cells follow each other inside the text and never cut a character. */
static void take_cells(Frame *frame, Arena *arena, Block *block)
{
    int32_t count = take_i32(frame, 0, block->kind == BLOCK_ROW ? CELL_MAX : 0);
    if (frame->failed || (size_t)count * 16 > frame->rest.length) {
        frame->failed = true;
        return;
    }
    Cell *cells = arena_new_array(arena, Cell, (size_t)count);
    int32_t end = 0, text_end = (int32_t)block->text.length;
    for (int32_t i = 0; i < count && !frame->failed; i++) {
        int32_t start = take_i32(frame, end, text_end);
        int32_t length = take_i32(frame, 0, text_end - start);
        int32_t columns = take_i32(frame, 0, UINT16_MAX), rows = take_i32(frame, 0, UINT16_MAX);
        if (frame->failed)
            return;
        end = start + length;
        if (utf8_floor(block->text, (size_t)start) != (size_t)start ||
            utf8_floor(block->text, (size_t)end) != (size_t)end)
            frame->failed = true;
        cells[i] = (Cell){ (uint32_t)start, (uint32_t)length, (uint16_t)columns, (uint16_t)rows };
    }
    block->cells = cells;
    block->cell_count = (size_t)count;
}

/* Words follow each other inside the text and never cut a character. */
static void take_words(Frame *frame, Arena *arena, Block *block)
{
    int32_t count = take_i32(frame, 0, WORD_MAX);
    if (frame->failed || (size_t)count * sizeof(WordBox) > frame->rest.length) {
        frame->failed = true;
        return;
    }
    WordBox *words = arena_new_array(arena, WordBox, (size_t)count);
    take(frame, words, (size_t)count * sizeof *words);
    uint64_t end = 0;
    for (int32_t i = 0; i < count && !frame->failed; i++) {
        const float edges[] = { words[i].x0, words[i].y0, words[i].x1, words[i].y1 };
        uint64_t start = words[i].start;
        frame->failed = start < end;
        end = start + words[i].length;
        if (end > block->text.length || utf8_floor(block->text, start) != start ||
            utf8_floor(block->text, end) != end)
            frame->failed = true;
        for (size_t k = 0; k < COUNT(edges); k++)
            if (!isfinite(edges[k]) || fabsf(edges[k]) > COORDINATE_MAX)
                frame->failed = true;
    }
    if (frame->failed || !count)
        return;
    block->words = words;
    block->word_count = (size_t)count;
}

static bool wrong(Error *err, const char *what)
{
    return fail(err, ERROR_DAMAGED, "the reader sent %s that cannot be right", what);
}

static bool read_block(WireReader *reader, Frame *frame, Error *err)
{
    const DocLimits *limits = &reader->limits;
    Block block = { 0 };
    block.kind = (BlockKind)take_i32(frame, 0, BLOCK_KIND_COUNT - 1);
    block.level = take_i32(frame, 0, LEVEL_SAID_MAX);
    block.is_header_row = take_i32(frame, 0, 1);
    block.table = (uint32_t)take_i32(frame, 0, block.kind == BLOCK_ROW ? INT32_MAX : 0);
    /* A splitting writer may keep a few characters more than the limit together. */
    block.text = take_str(frame, limits->block_text_max + KB(4));
    block.label = take_str(frame, NAME_MAX_BYTES);
    block.place = take_place(frame, limits);
    take_cells(frame, reader->scratch, &block);
    take_words(frame, reader->scratch, &block);
    if (frame->failed || frame->rest.length)
        return wrong(err, "a block");
    reader->text += block.text.length;
    reader->blocks++;
    if (reader->text > limits->text_max || reader->blocks > limits->block_max)
        return fail(err, ERROR_TOO_LARGE, "the document has more text than the limit");
    return reader->sink->block(reader->sink->self, &block, err);
}

static bool read_child(WireReader *reader, Frame *frame, Error *err)
{
    const DocLimits *limits = &reader->limits;
    uint64_t size;
    Str name = take_str(frame, NAME_MAX_BYTES);
    Str media_type = take_str(frame, NAME_MAX_BYTES);
    take(frame, &size, sizeof size);
    bool is_sent = take_i32(frame, 0, 1);
    if (frame->failed || frame->rest.length ||
        reader->depth >= MIN(limits->depth_max + 1, LEVEL_MAX))
        return wrong(err, "a member");
    if (++reader->children > limits->child_max || size > limits->child_bytes_max ||
        reader->child_bytes + size > limits->child_bytes_max)
        return fail(err, ERROR_TOO_LARGE, "the members are more, or larger, than the limit");
    reader->child_bytes += size;
    reader->bytes_due = is_sent ? size : 0;
    reader->unsent[reader->depth++] = is_sent ? 0 : size;
    reader->has_format[reader->depth] = false;
    return reader->sink->child_begin(reader->sink->self, name, media_type, size, err);
}

static bool read_bytes(WireReader *reader, Str bytes, Error *err)
{
    if (!reader->bytes_due && reader->depth) {
        reader->bytes_due = reader->unsent[reader->depth - 1];
        reader->unsent[reader->depth - 1] = 0;
    }
    if (!bytes.length || bytes.length > reader->bytes_due)
        return wrong(err, "bytes of a member");
    reader->bytes_due -= bytes.length;
    return reader->sink->child_bytes(reader->sink->self, bytes, err);
}

static bool read_child_end(WireReader *reader, Frame *frame, Error *err)
{
    Error failure;
    Str code = take_str(frame, 40), message = take_str(frame, NAME_MAX_BYTES);
    if (frame->failed || frame->rest.length || !reader->depth)
        return wrong(err, "the end of a member");
    reader->depth--;
    bool has_failed = code.length > 0;
    if (has_failed) {
        ErrorCode known = error_code(str_c(reader->scratch, code));
        fail(&failure, known == ERROR_NONE ? ERROR_INTERNAL : known, STR_FMT, STR_ARG(message));
        /* The sentence may have been cut inside a character. */
        failure.message[utf8_valid_length(str(failure.message))] = '\0';
    }
    return reader->sink->child_end(reader->sink->self, has_failed ? &failure : NULL, err);
}

static bool read_warning(WireReader *reader, Frame *frame, Error *err)
{
    Str text = take_str(frame, NAME_MAX_BYTES);
    if (frame->failed || frame->rest.length)
        return wrong(err, "a warning");
    /* As many as members, and some: beyond that nobody reads them. */
    if (++reader->warnings > reader->limits.child_max + 1000)
        return true;
    return reader->sink->warning(reader->sink->self, text, err);
}

static bool read_later(WireReader *reader, Frame *frame, Error *err)
{
    Str worker = take_str(frame, 40);
    int32_t page = take_i32(frame, 0, reader->limits.page_max);
    /* Each page and member once, with room for documents that have both. */
    uint64_t max = (uint64_t)reader->limits.page_max + reader->limits.child_max + 1;
    if (frame->failed || frame->rest.length || !worker.length || ++reader->laters > max)
        return wrong(err, "work for another reader");
    return reader->sink->later(reader->sink->self, worker, page, err);
}

static bool read_format(WireReader *reader, Frame *frame, Error *err)
{
    Str format = take_str(frame, 64), media_type = take_str(frame, 200);
    if (frame->failed || frame->rest.length || reader->has_format[reader->depth])
        return wrong(err, "a format");
    reader->has_format[reader->depth] = true;
    return reader->sink->format(reader->sink->self, format, media_type, err);
}

WireReader *document_wire_reader(Arena *arena, const WireSink *sink, const DocLimits *limits)
{
    WireReader *reader = arena_new_one(arena, WireReader);
    reader->sink = sink;
    reader->limits = limits ? *limits : doc_limits_default;
    return reader;
}

bool document_wire_read(WireReader *reader, unsigned type, Str payload, Error *err)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(2));
    Frame frame = { .rest = payload };
    reader->scratch = scratch;
    if (reader->bytes_due && type != WIRE_BYTES)
        return wrong(err, "something inside a member's bytes");
    switch (type) {
    case WIRE_FORMAT: return read_format(reader, &frame, err);
    case WIRE_BLOCK: return read_block(reader, &frame, err);
    case WIRE_CHILD: return read_child(reader, &frame, err);
    case WIRE_BYTES: return read_bytes(reader, payload, err);
    case WIRE_CHILD_END: return read_child_end(reader, &frame, err);
    case WIRE_WARNING: return read_warning(reader, &frame, err);
    case WIRE_LATER: return read_later(reader, &frame, err);
    default: return wrong(err, "a message");
    }
}

bool document_wire_end(const WireReader *reader, Error *err)
{
    if (reader->bytes_due || reader->depth)
        return wrong(err, "a document without its end");
    return true;
}
