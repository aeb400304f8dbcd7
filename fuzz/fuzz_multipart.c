/* fuzz_multipart.c - any upload body, in pieces of any size, is read or refused. */
#include "net/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Seen {
    bool is_open;
    size_t count;
} Seen;

static bool on_begin(void *self, const MultipartHead *head, Error *err)
{
    Seen *seen = self;
    (void)err;
    if (seen->is_open || !head->field.length)
        abort();
    seen->is_open = true;
    return true;
}

static bool on_bytes(void *self, Str bytes, Error *err)
{
    Seen *seen = self;
    (void)err;
    if (!seen->is_open)
        abort();
    seen->count += str_hash(bytes);
    return true;
}

static bool on_end(void *self, Error *err)
{
    Seen *seen = self;
    (void)err;
    seen->is_open = false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Seen seen = { 0 };
    MultipartSink sink = { on_begin, on_bytes, on_end, &seen };
    MultipartReader *reader;
    Error err = { 0 };
    if (!size || !multipart_new(S("multipart/form-data; boundary=B"), &sink, &reader, &err))
        return 0;
    size_t piece = data[0] % 64 + 1;
    bool good = true;
    for (Str rest = { (const char *)data + 1, size - 1 }; good && rest.length;
         rest = str_from(rest, piece))
        good = multipart_read(reader, str_slice(rest, 0, piece), &err);
    if (good && multipart_end(reader, &err) && seen.is_open)
        abort();
    multipart_free(reader);
    return 0;
}
