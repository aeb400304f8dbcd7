/* fuzz_worker.c - any bytes through one part of a class of worker, named in FORMAT: the class's own
 * code, before and behind its libraries. Linked once for each class, with fuzz/worker/<class>.c.
 * With FORMAT=list the program prints the parts with the extensions of files to begin from.
 * Nothing is recognised here: Tesseract and PocketSphinx would take seconds for each input. */
#include "fuzz/worker/worker_part.h"

#include "fuzz/wire_sink.h"

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static const WorkerPart *part;

static void check(bool ok, const Error *err)
{
    if (!ok && (err->code == ERROR_NONE || err->message[0] == '\0'))
        abort();
}

void part_whole(const ExtractSource *source, DocWriter *doc, Arena *arena)
{
    Error err = { 0 };
    (void)arena;
    check(worker_class.extract(source, doc, &err), &err);
}

void part_pages(const ExtractSource *source, DocWriter *doc, Arena *arena)
{
    static const int pages[] = { 1, 2, 7 };
    Error err = { 0 };
    (void)arena;
    check(worker_class.pages(source, pages, COUNT(pages), doc, &err), &err);
}

int LLVMFuzzerInitialize(int *count, char ***words)
{
    const char *name = getenv("FORMAT");
    (void)count, (void)words;
    for (part = worker_parts; part->name; part++)
        if (name && strcmp(name, "list") == 0)
            printf("%s %s\n", part->name, part->seeds);
        else if (name && strcmp(name, part->name) == 0)
            break;
    if (!part->name) {
        if (!name || strcmp(name, "list") != 0)
            fprintf(stderr, "fuzz_worker: FORMAT names no part of %s\n", worker_class.name);
        exit(name && strcmp(name, "list") == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    if (worker_class.preload)
        worker_class.preload();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *wire_arena = arena_new(GB(1));
    WirePath path = { 0 };
    DocSink sink = wire_path(wire_arena, &path, &worker_limits);
    DocWriter *doc = doc_writer_new(arena, &sink, &worker_limits);
    ExtractSource source = { .bytes = { (const char *)bytes, count },
                             .languages = S(LANGUAGES_NONE) };
    if (count)
        part->run(&source, doc, arena);
    doc_writer_free(doc);
    return 0;
}
