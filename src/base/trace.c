/* trace.c - contexts as texts. See trace.h; W3C Trace Context
 * (recommendation of 2021-11-23, section 3). */
#include "base/trace.h"

/* 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 */
enum { TRACE_AT = 3, TRACE_SIZE = 32, SPAN_AT = 36, SPAN_SIZE = 16, FLAGS_AT = 53, LENGTH = 55 };

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(Str text, uint8_t *out)
{
    for (size_t i = 0; i < text.length; i += 2) {
        int high = digit_of(text.at[i]), low = digit_of(text.at[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i / 2] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i])
            return false;
    return true;
}

/* A later version may say more, behind another dash. */
static bool has_shape(Str text)
{
    return text.length >= LENGTH && !str_starts(text, S("ff")) && text.at[2] == '-' &&
           text.at[SPAN_AT - 1] == '-' && text.at[FLAGS_AT - 1] == '-' &&
           (text.length == LENGTH || (text.at[LENGTH] == '-' && !str_starts(text, S("00"))));
}

/* Printable, and not so long that it would be most of a request. */
static bool is_state(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] < 0x20 || text.at[i] > 0x7e)
            return false;
    return text.length <= TRACE_STATE_MAX;
}

bool trace_read(Str traceparent, Str tracestate, TraceContext *context_r)
{
    TraceContext context = { .is_set = true };
    uint8_t version, flags;
    if (!has_shape(traceparent) || !read_hex(str_slice(traceparent, 0, 2), &version) ||
        !read_hex(str_slice(traceparent, TRACE_AT, TRACE_AT + TRACE_SIZE), context.trace) ||
        !read_hex(str_slice(traceparent, SPAN_AT, SPAN_AT + SPAN_SIZE), context.span) ||
        !read_hex(str_slice(traceparent, FLAGS_AT, LENGTH), &flags) ||
        is_zero(context.trace, sizeof context.trace) || is_zero(context.span, sizeof context.span))
        return false;
    context.is_sampled = flags & 1;
    if (is_state(tracestate))
        context.state = tracestate;
    *context_r = context;
    return true;
}

static Str put_hex(const uint8_t *bytes, size_t count, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    return (Str){ out, 2 * count };
}

Str trace_id_text(const TraceContext *context, char *out)
{
    return context->is_set ? put_hex(context->trace, sizeof context->trace, out) : S("");
}

Str trace_span_text(const TraceContext *context, char *out)
{
    return context->is_set ? put_hex(context->span, sizeof context->span, out) : S("");
}

Str trace_text(const TraceContext *context, char *out)
{
    if (!context->is_set)
        return S("");
    memcpy(out, "00-", TRACE_AT);
    put_hex(context->trace, sizeof context->trace, out + TRACE_AT);
    out[SPAN_AT - 1] = out[FLAGS_AT - 1] = '-';
    put_hex(context->span, sizeof context->span, out + SPAN_AT);
    out[FLAGS_AT] = '0';
    out[FLAGS_AT + 1] = context->is_sampled ? '1' : '0';
    out[LENGTH] = '\0';
    return (Str){ out, LENGTH };
}
