/* trace_test.c - traces are taken over as W3C Trace Context says, and spans are recorded as their
 * sampler says. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/trace.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

Test(trace, headers_that_are_broken_are_ignored)
{
    static const struct {
        const char *header;
        bool is_good, is_sampled;
    } cases[] = {
        { "00-" TRACE "-" SPAN "-01", true, true },
        { "00-" TRACE "-" SPAN "-00", true, false },
        { "00-" TRACE "-" SPAN "-03", true, true },
        { "cc-" TRACE "-" SPAN "-01-more", true, true },
        { "cc-" TRACE "-" SPAN "-01", true, true },
        { "00-" TRACE "-" SPAN "-01-more", false, false },
        { "cc-" TRACE "-" SPAN "-01more", false, false },
        { "ff-" TRACE "-" SPAN "-01", false, false },
        { "00-00000000000000000000000000000000-" SPAN "-01", false, false },
        { "00-" TRACE "-0000000000000000-01", false, false },
        { "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01", false, false },
        { "00-" TRACE "-" SPAN "-0g", false, false },
        { "0x-" TRACE "-" SPAN "-01", false, false },
        { "00-" TRACE, false, false },
        { "", false, false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        TraceContext context = { 0 };
        bool is_good = trace_read(str(cases[i].header), STR_NONE, &context);
        cr_expect_eq(is_good, cases[i].is_good, "%s", cases[i].header);
        cr_expect_eq(context.is_sampled, cases[i].is_sampled, "%s", cases[i].header);
    }
}

Test(trace, a_context_is_written_as_it_was_read)
{
    static const char header[] = "00-" TRACE "-" SPAN "-01";
    char text[TRACE_TEXT_SIZE];
    TraceContext context, none = { 0 };
    cr_assert(trace_read(str(header), S("a=1,b=2"), &context));
    cr_expect(str_is(trace_text(&context, text), header));
    cr_expect(str_is(trace_id_text(&context, text), TRACE));
    cr_expect(str_is(trace_span_text(&context, text), SPAN));
    cr_expect(str_is(context.state, "a=1,b=2"));
    cr_expect(!trace_text(&none, text).length);
    cr_assert(trace_read(str(header), S("a=1\r\nx: y"), &context));
    cr_expect(!context.state.length, "a state that could forge a header is left out");
}

static TraceContext parent_of(const char *header)
{
    TraceContext context;
    cr_assert(trace_read(str(header), STR_NONE, &context));
    return context;
}

Test(trace, without_a_queue_a_trace_goes_on_as_it_is_and_no_span_is_made)
{
    TraceContext parent = parent_of("00-" TRACE "-" SPAN "-01"), none = { 0 };
    TraceSpan span;
    span_begin(&span, &parent, TRACE_SERVER, S("GET /"));
    cr_expect(!span.is_recorded);
    cr_expect(!memcmp(&span.context, &parent, sizeof parent));
    span_begin(&span, &none, TRACE_SERVER, S("GET /"));
    cr_expect(!span.context.is_set);
}

Test(trace, whoever_began_a_trace_decides_whether_it_is_recorded)
{
    static const struct {
        TraceOptions options;
        const char *parent; /* NULL: none */
        bool is_recorded;
    } cases[] = {
        { { .sampler = TRACE_ALWAYS }, NULL, true },
        { { .sampler = TRACE_NEVER }, NULL, false },
        { { .sampler = TRACE_RATIO, .ratio = 0 }, NULL, false },
        { { .sampler = TRACE_RATIO, .ratio = 1 }, NULL, true },
        { { .sampler = TRACE_ALWAYS }, "00-" TRACE "-" SPAN "-00", false },
        { { .sampler = TRACE_NEVER }, "00-" TRACE "-" SPAN "-01", true },
        { { .sampler = TRACE_NEVER, .ignores_parent = true }, "00-" TRACE "-" SPAN "-01", false },
        { { .sampler = TRACE_ALWAYS, .ignores_parent = true }, "00-" TRACE "-" SPAN "-00", true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        TraceContext parent = { 0 };
        TraceSpan span;
        if (cases[i].parent)
            parent = parent_of(cases[i].parent);
        trace_open(&cases[i].options);
        span_begin(&span, &parent, TRACE_SERVER, S("GET /"));
        cr_expect_eq(span.is_recorded, cases[i].is_recorded, "case %zu", i);
        cr_expect(span.context.is_set, "what is asked of others is told either way: %zu", i);
        cr_expect_eq(span.context.is_sampled, cases[i].is_recorded, "case %zu", i);
        if (parent.is_set)
            cr_expect(!memcmp(span.context.trace, parent.trace, 16), "case %zu", i);
        trace_close();
    }
}

Test(trace, a_share_of_traces_is_chosen_by_their_ids)
{
    TraceOptions options = { .sampler = TRACE_RATIO, .ratio = 0.25 };
    int recorded = 0;
    trace_open(&options);
    for (int i = 0; i < 4000; i++) {
        TraceContext none = { 0 };
        TraceSpan span;
        span_begin(&span, &none, TRACE_SERVER, S("x"));
        cr_assert_eq(trace_wants(&options, span.context.trace), span.is_recorded);
        recorded += span.is_recorded;
    }
    trace_close();
    cr_expect(recorded > 850 && recorded < 1150, "%d of 4000", recorded);
}

Test(trace, spans_of_a_thread_are_below_what_it_works_for)
{
    TraceOptions options = { .sampler = TRACE_ALWAYS };
    TraceContext none = { 0 };
    TraceSpan request, write, call, taken[4];
    trace_open(&options);
    span_begin_here(&call, TRACE_CLIENT, "nobody asks");
    cr_expect(!call.is_recorded);
    span_end(&call);
    span_begin(&request, &none, TRACE_SERVER, S("GET /"));
    trace_set_here(&request.context);
    span_begin_here(&write, TRACE_CLIENT, "db write");
    span_begin_here(&call, TRACE_CLIENT, "POST");
    span_add_text(&call, "server.address", S("example.org"));
    span_add_number(&call, "server.port", 443);
    span_fail(&call, S("timeout"));
    span_end(&call);
    span_end(&write);
    cr_expect(!memcmp(trace_here(), &request.context, sizeof request.context));
    trace_set_here(NULL);
    span_end(&request);
    cr_assert_eq(trace_take(taken, COUNT(taken), 0), 3);
    cr_expect_str_eq(taken[0].name, "POST");
    cr_expect(!memcmp(taken[0].parent, taken[1].context.span, 8));
    cr_expect(!memcmp(taken[1].parent, taken[2].context.span, 8));
    cr_expect(!taken[2].has_parent);
    cr_expect_eq(taken[0].attribute_count, 3);
    cr_expect(!memcmp(taken[0].texts + taken[0].attributes[0].at, "example.org", 11));
    cr_expect(taken[0].end_us >= taken[0].start_us);
    trace_close();
}

Test(trace, what_a_full_queue_cannot_take_is_counted_and_nobody_waits)
{
    TraceOptions options = { .sampler = TRACE_ALWAYS, .queue_max = 4 };
    TraceContext none = { 0 };
    TraceSpan span, taken[8];
    trace_open(&options);
    for (int i = 0; i < 10; i++) {
        span_begin(&span, &none, TRACE_SERVER, S("x"));
        span_end(&span);
    }
    cr_expect_eq(trace_counts().ended, 4);
    cr_expect_eq(trace_counts().dropped, 6);
    cr_expect_eq(trace_take(taken, COUNT(taken), 0), 4);
    trace_close();
}

Test(trace, a_thread_records_a_limited_number_below_one_span)
{
    TraceOptions options = { .sampler = TRACE_ALWAYS };
    TraceContext none = { 0 };
    TraceSpan span, child;
    trace_open(&options);
    span_begin(&span, &none, TRACE_SERVER, S("x"));
    trace_set_here(&span.context);
    for (int i = 0; i < 2 * TRACE_CHILDREN_MAX; i++) {
        span_begin_here(&child, TRACE_CLIENT, "db read");
        span_end(&child);
    }
    cr_expect_eq(trace_counts().ended, TRACE_CHILDREN_MAX);
    trace_set_here(NULL);
    trace_close();
}
