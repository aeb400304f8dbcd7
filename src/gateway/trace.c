/* trace.c - W3C Trace Context (recommendation of 2021-11-23, section 3.2) of a call. */
#include "gateway/telemetry.h"

/* 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 */
enum { TRACE_AT = 3, TRACE_SIZE = 32, SPAN_AT = 36, SPAN_SIZE = 16, FLAGS_AT = 53, LENGTH = 55 };

static bool is_hex(Str text)
{
    bool is_zero = true;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        is_zero = is_zero && c == '0';
    }
    return !is_zero;
}

/* A later version may say more, behind another dash. */
static bool is_valid(Str text)
{
    return text.length >= LENGTH && !str_starts(text, S("ff")) && text.at[2] == '-' &&
           text.at[SPAN_AT - 1] == '-' && text.at[FLAGS_AT - 1] == '-' &&
           (text.length == LENGTH || (text.at[LENGTH] == '-' && !str_starts(text, S("00")))) &&
           is_hex(str_slice(text, TRACE_AT, TRACE_AT + TRACE_SIZE)) &&
           is_hex(str_slice(text, SPAN_AT, SPAN_AT + SPAN_SIZE));
}

/* The digits of an id, a UUID: its trace when nobody has begun one, and the random end its span. */
static Str digits_of(Arena *arena, Str id)
{
    Buf digits = buf_new(arena, TRACE_SIZE);
    for (size_t i = 0; i < id.length; i++)
        if (id.at[i] != '-')
            buf_add_char(&digits, id.at[i]);
    return buf_str(&digits);
}

Str trace_begin(Arena *arena, Str incoming, bool is_traced, CallRecord *record)
{
    bool goes_on = is_valid(incoming);
    if (!is_traced)
        return goes_on ? incoming : S("");
    Str digits = digits_of(arena, record->id), flags = S("01");
    if (digits.length != TRACE_SIZE)
        return goes_on ? incoming : S("");
    record->trace = digits;
    record->span = str_from(digits, TRACE_SIZE - SPAN_SIZE);
    if (goes_on) {
        record->trace = str_slice(incoming, TRACE_AT, TRACE_AT + TRACE_SIZE);
        record->parent = str_slice(incoming, SPAN_AT, SPAN_AT + SPAN_SIZE);
        flags = str_slice(incoming, FLAGS_AT, LENGTH);
    }
    Str outgoing = str_format(arena, "00-" STR_FMT "-" STR_FMT "-" STR_FMT, STR_ARG(record->trace),
                              STR_ARG(record->span), STR_ARG(flags));
    if (str_is(flags, "00")) /* whoever began the trace does not want it recorded */
        record->trace = record->span = record->parent = S("");
    return outgoing;
}
