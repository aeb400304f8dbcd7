/* fuzz_http_reader.c - requests, and answers of other services: the same bytes mean the same in
 * whatever pieces they come, and nothing is handed on that was not sent. */
#include "base/base.h"
#include "net/http_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Told {
    bool has_head;
    int status;
    size_t header_count, body_size;
    uint64_t sum;
} Told;

static bool note_head(void *self, const HttpHead *head, Error *err)
{
    Told *told = self;
    (void)err;
    if (told->has_head)
        abort(); /* one message has one head */
    told->has_head = true;
    told->status = head->status;
    told->header_count = head->headers.count;
    for (size_t i = 0; i < head->headers.count; i++)
        if (memchr(head->headers.at[i].value.at, '\r', head->headers.at[i].value.length))
            abort();
    return true;
}

static bool note_body(void *self, Str bytes, Error *err)
{
    Told *told = self;
    (void)err;
    if (!told->has_head)
        abort();
    for (size_t i = 0; i < bytes.length; i++)
        told->sum = told->sum * 31 + (unsigned char)bytes.at[i];
    told->body_size += bytes.length;
    return true;
}

/* Pieces of `step` bytes; 0: all at once. What became of it, and how many bytes were used. */
static Told read_all(Str bytes, size_t step, bool is_head, bool is_request, int *end_r,
                     size_t *used_r)
{
    Told told = { 0 };
    HttpReader reader = { note_head, note_body, &told, .has_no_body = is_head,
                          .is_request = is_request };
    Error err = { 0 };
    bool good = true;
    size_t at = 0;
    http_reader_begin(&reader);
    while (good && at < bytes.length && !http_reader_is_done(&reader)) {
        size_t used = 0, count = step ? MIN(step, bytes.length - at) : bytes.length - at;
        good = http_reader_feed(&reader, str_slice(bytes, at, at + count), &used, &err);
        if (good && used != count && !is_request && !http_reader_is_done(&reader))
            abort();
        at += used;
    }
    good = good && http_reader_closed(&reader, &err);
    if (!good && err.code != ERROR_UPSTREAM && (!is_request || err.code != ERROR_INVALID))
        abort();
    *end_r = good ? 1 + http_reader_keeps_alive(&reader) : 0;
    *used_r = good ? at : 0;
    http_reader_end(&reader);
    return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    bool is_request = data[0] & 2, is_head = data[0] & 1 && !is_request;
    int end, other_end;
    size_t used, other_used;
    Str bytes = { (const char *)data + 2, size - 2 };
    Told whole = read_all(bytes, 0, is_head, is_request, &end, &used);
    Told split = read_all(bytes, (size_t)data[1] + 1, is_head, is_request, &other_end, &other_used);
    if (end != other_end || used != other_used ||
        (end && memcmp(&whole, &split, sizeof whole) != 0))
        abort();
    return 0;
}
