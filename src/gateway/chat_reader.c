/* chat_reader.c - see chat_reader.h. */
#include "gateway/chat_reader.h"

#include "gateway/dialect.h"

#define EVENT_MAX MB(4)
#define WHOLE_MAX MB(8)

static bool on_event(void *self, const SseEvent *event, Error *err)
{
    ChatReader *reader = self;
    /* What follows the end is padding of middle boxes, or the end once more. */
    if (reader->is_ended)
        return true;
    return reader->dialect->read_event(reader, event->data, err) &&
           (!reader->event || reader->event(reader->self, event, err));
}

void chat_reader_begin(ChatReader *reader, const Dialect *dialect, Arena *arena)
{
    reader->dialect = dialect;
    reader->arena = arena;
    reader->text = buf_new(arena, GATEWAY_TEXT_MAX);
    reader->whole = buf_new(arena, WHOLE_MAX);
    reader->start = buf_new(arena, GATEWAY_TEXT_MAX);
    reader->events = sse_reader_new(EVENT_MAX, on_event, reader);
}

void chat_reader_end(ChatReader *reader)
{
    sse_reader_free(reader->events);
    reader->events = NULL;
}

static bool tell(ChatReader *reader, Str text, Error *err)
{
    if (!text.length)
        return true;
    buf_add(&reader->text, text);
    if (reader->text.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the answer has more than %zu bytes", GATEWAY_TEXT_MAX);
    if (reader->delta && !reader->delta(reader->self, text))
        return fail(err, ERROR_CANCELLED, "stopped by its reader");
    return true;
}

/* Reasoning models of some services write <think>...</think> in front of their answer. */
static bool skip_thought(ChatReader *reader, Str text, Str *rest_r, Error *err)
{
    static const Str open = S_INIT("<think>"), close = S_INIT("</think>");
    buf_add(&reader->start, text);
    if (reader->start.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the answer has more than %zu bytes", GATEWAY_TEXT_MAX);
    Str start = buf_str(&reader->start);
    *rest_r = STR_NONE;
    if (reader->thought == THOUGHT_UNKNOWN) {
        Str seen = str_trim(start);
        if (str_starts(seen, open))
            reader->thought = THOUGHT_OPEN;
        else if (!str_starts(open, seen)) {
            reader->thought = THOUGHT_NONE;
            *rest_r = start;
        }
    }
    ptrdiff_t end = reader->thought == THOUGHT_OPEN ? str_find(start, close) : -1;
    if (end >= 0) {
        reader->thought = THOUGHT_NONE;
        *rest_r = str_from(start, (size_t)end + close.length);
        while (rest_r->length && HAS_CHAR(rest_r->at[0], " \r\n\t"))
            *rest_r = str_from(*rest_r, 1);
    } else if (reader->thought == THOUGHT_OPEN && start.length > close.length) {
        /* Only the beginning of the end is worth keeping. */
        memmove(reader->start.at, start.at + start.length - close.length, close.length);
        reader->start.length = close.length;
    }
    return true;
}

bool chat_reader_text(ChatReader *reader, Str text, Error *err)
{
    reader->text_bytes += text.length;
    if (reader->is_tap || !text.length)
        return true;
    if (reader->thought != THOUGHT_NONE && !skip_thought(reader, text, &text, err))
        return false;
    return tell(reader, text, err);
}

/* The first byte that is no white space tells a JSON object from a stream of events. */
static void choose_form(ChatReader *reader, Str bytes)
{
    Str start = str_trim(bytes);
    if (start.length)
        reader->form = HAS_CHAR(start.at[0], "{[<") ? CHAT_WHOLE : CHAT_EVENTS;
}

bool chat_reader_feed(ChatReader *reader, Str bytes, Error *err)
{
    if (reader->form == CHAT_EVENTS)
        return sse_read(reader->events, bytes, err);
    buf_add(&reader->whole, bytes);
    if (reader->whole.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the answer has more than %zu bytes", WHOLE_MAX);
    if (reader->form == CHAT_UNKNOWN)
        choose_form(reader, bytes);
    return reader->form != CHAT_EVENTS || sse_read(reader->events, buf_str(&reader->whole), err);
}

bool chat_reader_finish(ChatReader *reader, Error *err)
{
    if (reader->form == CHAT_WHOLE) {
        if (str_starts(str_trim(buf_str(&reader->whole)), S("<")))
            return fail(err, ERROR_UPSTREAM, "a web page came instead of an answer");
        if (!reader->dialect->read_answer(reader, buf_str(&reader->whole), err))
            return false;
    } else if (reader->form == CHAT_EVENTS && !reader->is_ended && !reader->finish.length) {
        /* An end without a line end is an end all the same: feed it. */
        if (!sse_read(reader->events, S("\n\n"), err))
            return false;
    }
    if (!reader->is_ended && !reader->finish.length)
        return fail(err, ERROR_UPSTREAM, "the answer was cut off");
    /* "<" or "<thi" was all there is. */
    return reader->thought != THOUGHT_UNKNOWN || tell(reader, buf_str(&reader->start), err);
}
