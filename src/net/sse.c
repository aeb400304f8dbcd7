/* sse.c - see sse.h. */
#include "net/sse.h"

static void add_line(Buf *out, const char *name, Str value)
{
    buf_add(out, str(name));
    for (size_t i = 0; i < value.length; i++)
        if (!HAS_CHAR(value.at[i], "\r\n"))
            buf_add_char(out, value.at[i]);
    buf_add_char(out, '\n');
}

void sse_write(Buf *out, Str id, Str event, Str data)
{
    if (id.length)
        add_line(out, "id: ", id);
    if (event.length)
        add_line(out, "event: ", event);
    Str line;
    if (!data.length)
        buf_add(out, S("data:\n"));
    while (data.length && str_next(&data, '\n', &line)) {
        buf_add(out, S("data: "));
        buf_add(out, str_ends(line, S("\r")) ? str_slice(line, 0, line.length - 1) : line);
        buf_add_char(out, '\n');
    }
    buf_add_char(out, '\n');
}

/* --- Reading --- */

typedef struct Text {
    char *at;
    size_t length, capacity;
} Text;

struct SseReader {
    SseReceive *receive;
    void *self;
    size_t event_max;
    Text line; /* a torn one */
    Text data, event, id;
    Str direct; /* the data while it is one line of the bytes at hand: most events are, and are
                 * handed on without a copy */
    bool has_data, after_cr, is_started;
};

SseReader *sse_reader_new(size_t event_max, SseReceive *receive, void *self)
{
    SseReader *reader = heap_alloc(sizeof *reader);
    *reader = (SseReader){ .receive = receive, .self = self, .event_max = event_max };
    return reader;
}

void sse_reader_free(SseReader *reader)
{
    if (!reader)
        return;
    free(reader->line.at);
    free(reader->data.at);
    free(reader->event.at);
    free(reader->id.at);
    free(reader);
}

static void text_add(Text *text, Str bytes)
{
    if (text->length + bytes.length > text->capacity) {
        text->capacity = MAX(text->capacity * 2, text->length + bytes.length + 256);
        text->at = heap_grow(text->at, text->capacity);
    }
    if (bytes.length)
        memcpy(text->at + text->length, bytes.at, bytes.length);
    text->length += bytes.length;
}

static void text_set(Text *text, Str bytes)
{
    text->length = 0;
    text_add(text, bytes);
}

static Str text_str(const Text *text) { return (Str){ text->at, text->length }; }

/* The bytes at hand go: what was only pointed to is kept. */
static void keep_data(SseReader *reader)
{
    if (reader->direct.at)
        text_set(&reader->data, reader->direct);
    reader->direct = STR_NONE;
}

static bool end_event(SseReader *reader, Error *err)
{
    bool goes_on = true;
    if (reader->has_data) {
        SseEvent event = {
            .event = reader->event.length ? text_str(&reader->event) : S("message"),
            .data = reader->direct.at ? reader->direct : text_str(&reader->data),
            .id = text_str(&reader->id),
        };
        goes_on = reader->receive(reader->self, &event, err);
    }
    reader->data.length = reader->event.length = 0;
    reader->direct = STR_NONE;
    reader->has_data = false;
    return goes_on;
}

static bool add_data(SseReader *reader, Str value, Error *err)
{
    size_t before = reader->direct.at ? reader->direct.length : reader->data.length;
    if (before + value.length > reader->event_max)
        return fail(err, ERROR_TOO_LARGE, "an event has more than %zu bytes", reader->event_max);
    if (!reader->has_data) {
        reader->direct = value;
    } else {
        keep_data(reader);
        text_add(&reader->data, S("\n"));
        text_add(&reader->data, value);
    }
    reader->has_data = true;
    return true;
}

static bool end_line(SseReader *reader, Str line, Error *err)
{
    if (!reader->is_started && str_starts(line, S("\xEF\xBB\xBF")))
        line = str_from(line, 3);
    reader->is_started = true;
    if (!line.length)
        return end_event(reader, err);
    ptrdiff_t colon = str_find_char(line, ':');
    Str name = colon < 0 ? line : str_slice(line, 0, (size_t)colon);
    Str value = colon < 0 ? S("") : str_from(line, (size_t)colon + 1);
    if (str_starts(value, S(" ")))
        value = str_from(value, 1);
    if (str_is(name, "data"))
        return add_data(reader, value, err);
    if (str_is(name, "event"))
        text_set(&reader->event, value);
    else if (str_is(name, "id"))
        text_set(&reader->id, value);
    return true;
}

/* A line that came in pieces is put together first. */
static bool end_torn_line(SseReader *reader, Str rest, Error *err)
{
    text_add(&reader->line, rest);
    bool good = end_line(reader, text_str(&reader->line), err);
    keep_data(reader);
    reader->line.length = 0;
    return good;
}

static size_t line_length(Str bytes)
{
    const char *end = memchr(bytes.at, '\n', bytes.length);
    size_t length = end ? (size_t)(end - bytes.at) : bytes.length;
    end = memchr(bytes.at, '\r', length);
    return end ? (size_t)(end - bytes.at) : length;
}

bool sse_read(SseReader *reader, Str bytes, Error *err)
{
    bool good = true;
    while (good && bytes.length) {
        size_t end = line_length(bytes);
        Str line = str_slice(bytes, 0, end);
        if (reader->line.length + end > reader->event_max + 64)
            return fail(err, ERROR_TOO_LARGE, "an event has more than %zu bytes",
                        reader->event_max);
        reader->after_cr = reader->after_cr && end == 0;
        if (end == bytes.length) {
            text_add(&reader->line, line);
            break;
        }
        /* CR LF is one line end, also when it is torn apart. */
        bool is_second_half = reader->after_cr && bytes.at[end] == '\n';
        reader->after_cr = bytes.at[end] == '\r';
        bytes = str_from(bytes, end + 1);
        if (!is_second_half)
            good = reader->line.length ? end_torn_line(reader, line, err)
                                       : end_line(reader, line, err);
    }
    keep_data(reader);
    return good;
}
