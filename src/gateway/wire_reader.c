/* wire_reader.c - see wire_reader.h. */
#include "gateway/wire_reader.h"

#include "base/json_walk.h"
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
}

void wire_reader_end(WireReader *reader)
{
    sse_reader_free(reader->events);
    reader->events = NULL;
}

/* Only an answer of words can come as a stream that nobody asked for. What begins with a field's
 * name is no JSON, and plain text is nothing that such a call is answered with. */
static bool is_unasked_stream(const WireReader *reader, Str start)
{
    static const Str fields[] = { S_INIT("data:"), S_INIT("event:"), S_INIT("id:"), S_INIT(":") };
    bool has_words = reader->task == TASK_CHAT || reader->task == TASK_COMPLETION;
    for (size_t i = 0; has_words && i < COUNT(fields); i++)
        if (str_starts(start, fields[i]))
            return true;
    return false;
}

static WireKind kind_of(const WireReader *reader, Str start)
{
    WireKind asked = reader->dialect->stream_kind;
    if (!reader->is_stream)
        return asked == WIRE_EVENTS && is_unasked_stream(reader, start) ? asked : WIRE_WHOLE;
    if (asked == WIRE_LINES)
        return start.at[0] == '{' ? WIRE_LINES : WIRE_WHOLE;
    return asked == WIRE_EVENTS && !HAS_CHAR(start.at[0], "{[<") ? WIRE_EVENTS : WIRE_WHOLE;
}

static void tell_other_form(const WireReader *reader)
{
    if (reader->is_stream != (reader->kind != WIRE_WHOLE) && reader->other_form)
        reader->other_form(reader->self);
}

/* The first byte that is no white space tells an object from a stream of events. */
static void choose_kind(WireReader *reader, Str bytes)
{
    Str start = str_trim(bytes);
    bool is_field = HAS_CHAR(start.length ? start.at[0] : ' ', "dei"); /* may be cut in its name */
    if (!start.length || (is_field && !reader->is_stream && start.length < sizeof "event:" - 1))
        return;
    reader->knows_kind = true;
    reader->kind = kind_of(reader, start);
    if (reader->kind == WIRE_EVENTS)
        reader->events = sse_reader_new(FRAME_MAX, on_event, reader);
    tell_other_form(reader);
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

static bool feed_bytes(WireReader *reader, Str bytes, Error *err)
{
    reader->has_content = true;
    reader->content_count++;
    reader->output_bytes += bytes.length;
    return !reader->frame || reader->frame(reader->self, S(""), bytes, err);
}

static bool feed(WireReader *reader, Str bytes, Error *err)
{
    if (reader->is_bytes)
        return feed_bytes(reader, bytes, err);
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

bool wire_reader_feed(WireReader *reader, Str bytes, Error *err)
{
    reader->has_failed = !feed(reader, bytes, err);
    return !reader->has_failed;
}

static bool finish_whole(WireReader *reader, Error *err)
{
    Str body = str_trim(buf_str(&reader->whole));
    bool is_silence = reader->task == TASK_TRANSCRIPTION && reader->whole.length;
    if (!body.length && !is_silence)
        return fail(err, ERROR_UPSTREAM, "the answer was cut off before it began");
    if (str_starts(body, S("<")))
        return fail(err, ERROR_UPSTREAM, "a web page came instead of an answer");
    return reader->dialect->read_whole(reader, body, err);
}

/* Lines where one object was asked for: the first is whole, and not the last. */
static bool is_unasked_lines(const WireReader *reader)
{
    Str rest = str_trim(buf_str(&reader->whole)), first;
    return !reader->is_stream && reader->dialect->stream_kind == WIRE_LINES &&
           str_next(&rest, '\n', &first) && rest.length && json_walk_is_valid(first);
}

static bool read_kept_lines(WireReader *reader, Error *err)
{
    Str body = buf_str(&reader->whole);
    reader->whole = buf_new(reader->arena, reader->whole.limit);
    reader->kind = WIRE_LINES;
    tell_other_form(reader);
    return feed_lines(reader, body, err);
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
    if (reader->is_bytes)
        return reader->has_content ||
               fail(err, ERROR_UPSTREAM, "the answer was cut off before it began");
    bool is_whole = !reader->knows_kind || reader->kind == WIRE_WHOLE;
    if (is_whole && !is_unasked_lines(reader))
        return finish_whole(reader, err);
    if (is_whole && !read_kept_lines(reader, err))
        return false;
    if (!finish_stream(reader, err))
        return false;
    bool is_complete = reader->is_ended || reader->finish != FINISH_UNKNOWN;
    return is_complete || fail(err, ERROR_UPSTREAM, "the answer was cut off");
}

bool wire_reader_has_all(const WireReader *reader)
{
    bool is_ended = reader->is_ended ||
                    (reader->dialect->ends_with_connection && reader->finish != FINISH_UNKNOWN);
    return is_ended && reader->kind != WIRE_WHOLE && !reader->has_failed;
}

bool wire_event(WireReader *reader, const ModelEvent *event, Error *err)
{
    bool is_content =
        event->kind != EVENT_START && event->kind != EVENT_FINISH && event->kind != EVENT_SEGMENT &&
        (event->text.length || event->kind == EVENT_TOOL || event->kind == EVENT_HOSTED_RESULT);
    reader->has_content = reader->has_content || is_content;
    reader->content_count += is_content;
    reader->output_bytes += event->kind == EVENT_SEGMENT ? 0 : event->text.length;
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
