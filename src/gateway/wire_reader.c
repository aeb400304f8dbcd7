/* wire_reader.c - see wire_reader.h. */
#include "gateway/wire_reader.h"

#include "gateway/dialect.h"

#define FRAME_MAX MB(8)

static bool read_frame(WireReader *reader, Str event, Str data, Error *err)
{
    if (reader->is_ended) /* padding of middle boxes, or the end once more */
        return true;
    reader->has_usage_only = false;
    arena_reset(reader->scratch);
    return reader->dialect->read_frame(reader, event, data, err) &&
           (!reader->frame || reader->frame(reader->self, event, data, err));
}

static bool on_event(void *self, const SseEvent *event, Error *err)
{
    return read_frame(self, str_is(event->event, "message") ? S("") : event->event, event->data,
                      err);
}

void wire_reader_begin(WireReader *reader, size_t whole_max)
{
    reader->whole = buf_new(reader->arena, whole_max);
    if (reader->is_stream && reader->dialect->stream_kind == WIRE_EVENTS)
        reader->events = sse_reader_new(FRAME_MAX, on_event, reader);
}

void wire_reader_end(WireReader *reader)
{
    sse_reader_free(reader->events);
    reader->events = NULL;
}

Str wire_reader_whole(const WireReader *reader) { return buf_str(&reader->whole); }

/* The first byte that is no white space tells an object from a stream of events. */
static void choose_kind(WireReader *reader, Str bytes)
{
    Str start = str_trim(bytes);
    if (!start.length)
        return;
    bool is_object = HAS_CHAR(start.at[0], "{[<");
    reader->knows_kind = true;
    reader->kind = WIRE_WHOLE;
    if (reader->is_stream && reader->dialect->stream_kind == WIRE_LINES)
        reader->kind = start.at[0] == '{' ? WIRE_LINES : WIRE_WHOLE;
    else if (reader->events && !is_object)
        reader->kind = WIRE_EVENTS;
}

static bool keep(WireReader *reader, Str bytes, Error *err)
{
    buf_add(&reader->whole, bytes);
    return !reader->whole.overflowed ||
           fail(err, ERROR_TOO_LARGE, "the answer has more than %zu bytes", reader->whole.limit);
}

/* Whole lines are read where they lie; only a piece of one is kept. */
static bool feed_lines(WireReader *reader, Str bytes, Error *err)
{
    Str line;
    while (memchr(bytes.at, '\n', bytes.length)) {
        (void)str_next(&bytes, '\n', &line);
        if (reader->whole.length) {
            if (!keep(reader, line, err))
                return false;
            line = buf_str(&reader->whole);
            reader->whole.length = 0;
        }
        if (str_trim(line).length && !read_frame(reader, S(""), str_trim(line), err))
            return false;
    }
    return keep(reader, bytes, err);
}

bool wire_reader_feed(WireReader *reader, Str bytes, Error *err)
{
    if (!reader->knows_kind) {
        if (!keep(reader, bytes, err))
            return false;
        choose_kind(reader, buf_str(&reader->whole));
        if (!reader->knows_kind || reader->kind == WIRE_WHOLE)
            return true;
        /* A piece of a line is kept in the same buffer, so what was kept so far leaves it. */
        bytes = buf_str(&reader->whole);
        reader->whole = buf_new(reader->arena, reader->whole.limit);
    }
    switch (reader->kind) {
    case WIRE_EVENTS: return sse_read(reader->events, bytes, err);
    case WIRE_LINES: return feed_lines(reader, bytes, err);
    case WIRE_WHOLE: break;
    }
    return keep(reader, bytes, err);
}

static bool finish_whole(WireReader *reader, Error *err)
{
    Str body = str_trim(buf_str(&reader->whole));
    if (!body.length)
        return fail(err, ERROR_UPSTREAM, "the answer was cut off before it began");
    if (body.at[0] == '<')
        return fail(err, ERROR_UPSTREAM, "a web page came instead of an answer");
    return reader->dialect->read_whole(reader, body, err);
}

/* An end without a line end is an end all the same. */
static bool finish_stream(WireReader *reader, Error *err)
{
    if (reader->is_ended)
        return true;
    if (reader->kind == WIRE_EVENTS)
        return sse_read(reader->events, S("\n\n"), err);
    Str rest = str_trim(buf_str(&reader->whole));
    return !rest.length || read_frame(reader, S(""), rest, err);
}

bool wire_reader_finish(WireReader *reader, Error *err)
{
    if (!reader->knows_kind || reader->kind == WIRE_WHOLE)
        return finish_whole(reader, err);
    if (!finish_stream(reader, err))
        return false;
    bool is_whole = reader->is_ended || reader->finish != FINISH_UNKNOWN;
    return is_whole || fail(err, ERROR_UPSTREAM, "the answer was cut off");
}

bool wire_event(WireReader *reader, const ModelEvent *event, Error *err)
{
    bool is_content = event->kind != EVENT_START && event->kind != EVENT_FINISH &&
                      (event->text.length || event->kind == EVENT_TOOL);
    reader->has_content = reader->has_content || is_content;
    reader->content_count += is_content;
    reader->output_bytes += event->text.length;
    if (event->kind == EVENT_FINISH)
        reader->finish = event->finish;
    return !reader->event || reader->event(reader->self, event, err);
}

bool wire_fail(WireReader *reader, int status, Str message, Error *err)
{
    Str said = str_slice(str_trim(message), 0, 240);
    ErrorCode code = status == 429 ? ERROR_LIMITED : status == 400 ? ERROR_INVALID : ERROR_UPSTREAM;
    reader->failed_status = status >= 400 ? status : 500;
    return fail(err, code, "it failed in the middle of the answer: " STR_FMT,
                STR_ARG(said.length ? said : S("it gave no reason")));
}
