/* fuzz_formats.c - any bytes through one format, named in FORMAT (one of formats.def); without it
 * through all of them, as files of unknown kind are. Small limits, so that a run is about parsers
 * and not about size. With FORMAT=list the program prints each format with its extensions. */
#include "extract/extractor.h"
#include "extract/preload.h"
#include "fuzz/wire_sink.h"

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static const DocLimits limits = {
    .text_max = MB(4),
    .block_max = 20000,
    .block_text_max = KB(16),
    .child_max = 50,
    .child_bytes_max = MB(16),
    .depth_max = 3,
    .page_max = 20,
};

static const Extractor *format;

static void list_formats(void)
{
    for (size_t i = 0; i < extractor_count; i++) {
        if (extractors[i]->worker)
            continue;
        printf("%s", extractors[i]->name);
        for (const char *const *at = extractors[i]->extensions; at && *at; at++)
            printf(" %s", *at);
        putchar('\n');
    }
}

int LLVMFuzzerInitialize(int *count, char ***words)
{
    const char *name = getenv("FORMAT");
    (void)count, (void)words;
    if (name && strcmp(name, "list") == 0) {
        list_formats();
        exit(EXIT_SUCCESS);
    }
    format = name ? extractor_named(str(name)) : NULL;
    if (name && (!format || !format->extract)) {
        fprintf(stderr, "fuzz_formats: no format '%s' is read here\n", name);
        exit(EXIT_FAILURE);
    }
    extract_preload();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *wire_arena = arena_new(GB(1));
    WirePath path = { 0 };
    Error err = { 0 };
    Str whole = { (const char *)bytes, count };
    if (count == 0 || (format && format->sniff(whole) <= 0))
        return 0;
    DocSink sink = wire_path(wire_arena, &path, &limits);
    DocWriter *doc = doc_writer_new(arena, &sink, &limits);
    ExtractSource source = { .bytes = whole,
                             .password = count % 4 == 0 ? S("password") : STR_NONE };
    bool ok = format ? format->extract(&source, doc, &err) && doc_writer_end(doc, &err)
                     : extract_document(&source, doc, &err);
    if (!ok && (err.code == ERROR_NONE || err.message[0] == '\0'))
        abort();
    doc_writer_free(doc);
    return 0;
}
