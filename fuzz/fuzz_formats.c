/* fuzz_formats.c - any bytes through every format: the chosen one, then each one that the first
 * byte names. Small limits, so that a run is about parsers and not about size. */
#include "extract/extractor.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static bool take_block(void *self, const Block *block, Error *err)
{
    size_t *total = self;
    (void)err;
    if (block->kind >= BLOCK_KIND_COUNT)
        abort();
    for (size_t i = 0; i < block->cell_count; i++)
        if (block->cells[i].start + block->cells[i].length > block->text.length)
            abort();
    *total += block->text.length;
    return true;
}

static bool take_child(void *self, Str name, Str media_type, Str bytes, Error *err)
{
    (void)self, (void)name, (void)media_type, (void)bytes, (void)err;
    return true;
}

static bool end_child(void *self, const Error *failure, Error *err)
{
    (void)self, (void)failure, (void)err;
    return true;
}

static const DocLimits limits = {
    .text_max = MB(4),
    .block_max = 20000,
    .block_text_max = KB(16),
    .child_max = 50,
    .child_bytes_max = MB(16),
    .depth_max = 3,
    .page_max = 20,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    if (count < 2)
        return 0;
    for (int round = 0; round < 2; round++) {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        size_t total = 0;
        Error err = { 0 };
        DocSink sink = {
            .block = take_block, .child_begin = take_child, .child_end = end_child, .self = &total
        };
        DocWriter *doc = doc_writer_new(arena, &sink, &limits);
        ExtractSource source = { .bytes = { (const char *)bytes + 1, count - 1 } };
        const Extractor *forced = extractors[bytes[0] % extractor_count];
        bool ok = round == 0 || !forced->extract ? extract_document(&source, doc, &err)
                                                 : forced->extract(&source, doc, &err);
        if (!ok && (err.code == ERROR_NONE || err.message[0] == '\0'))
            abort();
        doc_writer_free(doc);
    }
    return 0;
}
