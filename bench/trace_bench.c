/* trace_bench.c - what a span costs: off, on but not sampled, and on.
 *
 * A request here is what one does for its trace: begin, one look at the database below it, three
 * attributes, end. A thread takes what comes, as the exporter does. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/trace.h"

#define REQUESTS 200000

static atomic_bool is_over;

static void *take(void *argument)
{
    TraceSpan *spans = heap_alloc(512 * sizeof *spans);
    (void)argument;
    while (!is_over)
        (void)trace_take(spans, 512, 100);
    free(spans);
    return NULL;
}

static void one_request(const TraceContext *parent)
{
    TraceSpan span, child;
    span_begin(&span, parent, TRACE_SERVER, S("GET /v1/documents/:id"));
    trace_set_here(&span.context);
    span_begin_here(&child, TRACE_CLIENT, "db read");
    span_add_text(&child, "db.system.name", S("sqlite"));
    span_end(&child);
    trace_set_here(NULL);
    span_add_text(&span, "http.request.method", S("GET"));
    span_add_text(&span, "http.route", S("/v1/documents/:id"));
    span_add_number(&span, "http.response.status_code", 200);
    span_end(&span);
}

static void measure(const char *name, const char *header)
{
    TraceContext parent = { 0 };
    int64_t start = monotonic_us();
    for (int i = 0; i < REQUESTS; i++) {
        if (*header)
            (void)trace_read(str(header), S(""), &parent);
        one_request(&parent);
    }
    printf("%-28s %6.3f us a request\n", name, (double)(monotonic_us() - start) / REQUESTS);
}

int main(void)
{
    static const char sampled[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    static const char quiet[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    TraceOptions options = { .sampler = TRACE_ALWAYS };
    pthread_t thread;
    measure("off", "");
    measure("off, a client's goes on", sampled);
    trace_open(&options);
    pthread_create(&thread, NULL, take, NULL);
    measure("on, not sampled", quiet);
    measure("on", sampled);
    printf("dropped: %" PRId64 " of %d\n", trace_counts().dropped, 2 * REQUESTS);
    is_over = true;
    trace_wake();
    pthread_join(thread, NULL);
    trace_close();
    return 0;
}
