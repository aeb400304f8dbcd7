/* fuzz_url.c - addresses, queries and event streams: any bytes are read or refused. */
#include "net/sse.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_event(void *self, const SseEvent *event, Error *err)
{
    (void)err;
    *(size_t *)self += str_hash(event->data) + str_hash(event->event) + str_hash(event->id);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = { (const char *)data, MIN(size, KB(64)) };
    Url url, again;
    HttpPairs pairs;
    Error err;
    size_t seen = 0;
    /* What was read and written again is read the same way. */
    if (url_parse(arena, bytes, &url, &err) &&
        (!url_parse(arena, url_text(arena, &url), &again, &err) ||
         !str_equal(url.host, again.host) || url.port != again.port))
        abort();
    (void)!url_query(arena, bytes, 100, &pairs, &err);
    SseReader *reader = sse_reader_new(KB(4), on_event, &seen);
    (void)!sse_read(reader, bytes, &err);
    sse_reader_free(reader);
    return 0;
}
