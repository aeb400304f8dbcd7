/* thoughts.c - see thoughts.h. */
#include "gateway/thoughts.h"

void thoughts_begin(ThoughtFilter *filter, Arena *arena, size_t text_max)
{
    *filter = (ThoughtFilter){ .start = buf_new(arena, text_max) };
}

bool thoughts_skip(ThoughtFilter *filter, Str text, Str *rest_r, Error *err)
{
    static const Str open = S_INIT("<think>"), close = S_INIT("</think>");
    *rest_r = text;
    if (filter->state == THOUGHT_NONE)
        return true;
    buf_add(&filter->start, text);
    if (filter->start.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the answer has more than %zu bytes",
                    filter->start.limit);
    Str start = buf_str(&filter->start);
    *rest_r = STR_NONE;
    if (filter->state == THOUGHT_UNKNOWN) {
        Str seen = str_trim(start);
        if (str_starts(seen, open))
            filter->state = THOUGHT_OPEN;
        else if (!str_starts(open, seen)) {
            filter->state = THOUGHT_NONE;
            *rest_r = start;
        }
    }
    ptrdiff_t end = filter->state == THOUGHT_OPEN ? str_find(start, close) : -1;
    if (end >= 0) {
        filter->state = THOUGHT_NONE;
        *rest_r = str_from(start, (size_t)end + close.length);
        while (rest_r->length && HAS_CHAR(rest_r->at[0], " \r\n\t"))
            *rest_r = str_from(*rest_r, 1);
    } else if (filter->state == THOUGHT_OPEN && start.length > close.length) {
        /* Only the beginning of the end is worth keeping. */
        memmove(filter->start.at, start.at + start.length - close.length, close.length);
        filter->start.length = close.length;
    }
    return true;
}

Str thoughts_rest(const ThoughtFilter *filter)
{
    return filter->state == THOUGHT_UNKNOWN ? buf_str(&filter->start) : S("");
}
