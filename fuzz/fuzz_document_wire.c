/* fuzz_document_wire.c - a hostile worker: any frames in any order are refused or read. */
#include "extract/document_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_block(void *self, const Block *block, Error *err)
{
    (void)err;
    for (size_t i = 0; i < block->cell_count; i++)
        if (block->cells[i].start + block->cells[i].length > block->text.length)
            abort();
    *(size_t *)self += str_hash(block->text) + str_hash(block->label);
    return true;
}

static bool on_child(void *self, Str name, Str media_type, uint64_t bytes, Error *err)
{
    (void)err, (void)bytes;
    *(size_t *)self += str_hash(name) + str_hash(media_type);
    return true;
}

static bool on_text(void *self, Str text, Error *err)
{
    (void)err;
    *(size_t *)self += str_hash(text);
    return true;
}

static bool on_later(void *self, Str worker, int page, Error *err)
{
    *(size_t *)self += (size_t)page;
    return on_text(self, worker, err);
}

static bool on_end(void *self, const Error *failure, Error *err)
{
    (void)err;
    *(size_t *)self += failure ? strlen(failure->message) : 0;
    return true;
}

static bool on_format(void *self, Str format, Str media_type, Error *err)
{
    return on_text(self, format, err) && on_text(self, media_type, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    size_t seen = 0;
    WireSink sink = { on_block, on_child, on_text, on_end, on_text, on_later, on_format, &seen };
    WireReader *reader = document_wire_reader(arena, &sink, NULL);
    Str rest = { (const char *)data, size };
    Error err;
    /* type, length (2 bytes), payload; and so on */
    while (rest.length >= 3) {
        unsigned type = (unsigned char)rest.at[0] % 8;
        uint16_t length;
        memcpy(&length, rest.at + 1, sizeof length);
        Str payload = str_slice(rest, 3, 3 + (size_t)length);
        if (!document_wire_read(reader, type, payload, &err))
            return 0;
        rest = str_from(rest, 3 + payload.length);
    }
    (void)!document_wire_end(reader, &err);
    return 0;
}
