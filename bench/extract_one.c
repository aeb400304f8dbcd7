/* extract_one.c - extract one file in this process, without the sandbox; for scoring and profiling.
 *
 *     extract-one FILE [--password P] [--format markdown|json|text|html|stream]
 *     extract-one FILE --page N [--quote TEXT] > picture.png
 *     extract-one --times < list-of-files
 *
 * The last prints the seconds and characters of each file as a line of JSON.
 *
 * "stream" prints each block's text as it comes and keeps nothing, as a worker does. */
#include <time.h>

#include "base/file.h"
#include "extract/extractor.h"
#include "extract/picture/page_picture.h"
#include "extract/preload.h"

static bool print_block(void *self, const Block *block, Error *err)
{
    (void)self;
    (void)err;
    fwrite(block->text.at, 1, block->text.length, stdout);
    return putchar('\n') != EOF;
}

static bool print_child(void *self, Str name, Str media_type, Str bytes, Error *err)
{
    (void)self, (void)media_type, (void)bytes, (void)err;
    printf("=== " STR_FMT "\n", STR_ARG(name));
    return true;
}

static bool end_child(void *self, const Error *failure, Error *err)
{
    (void)self, (void)err;
    if (failure)
        printf("(not read: %s)\n", failure->message);
    return true;
}

static int format_named(const char *name)
{
    static const char *const names[] = { "markdown", "text", "json", "html", "stream" };
    for (int i = 0; i < (int)COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return DOC_MARKDOWN;
}

static bool run(const ExtractSource *source, int format, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(4));
    DocSink sink = { .block = print_block, .child_begin = print_child, .child_end = end_child };
    DocNode *node = NULL;
    if (format <= DOC_HTML)
        node = doc_tree_new(arena, source->name, false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    bool ok = extract_document(source, doc, err);
    doc_writer_free(doc);
    if (!ok)
        return false;
    if (node) {
        Buf out = buf_new(arena, GB(1));
        doc_print(node, (DocFormat)format, &out);
        fwrite(out.at, 1, out.length, stdout);
        for (size_t i = 0; i < node->warnings.count; i++)
            fprintf(stderr, "warning: " STR_FMT "\n", STR_ARG(node->warnings.at[i]));
    }
    return true;
}

static bool draw(const ExtractSource *source, int page, Str quote, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    PagePicture picture;
    PagePictureRequest request = { .bytes = source->bytes,
                                   .password = source->password,
                                   .page = page,
                                   .width = 1000,
                                   .quote = quote };
    if (!page_picture(arena, &request, &picture, err))
        return false;
    fprintf(stderr, "%d x %d, %zu boxes\n", picture.width, picture.height, picture.boxes.count);
    fwrite(picture.png.at, 1, picture.png.length, stdout);
    return true;
}

/* --- Many files, one after another --- */

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The characters of its Markdown; -1: it cannot be read. */
static long read_to_markdown(char *path)
{
    AUTO_ARENA Arena *arena = arena_new(GB(4));
    AUTO_MAP FileMap map = { 0 };
    DocSink sink = { .block = print_block };
    Error err;
    if (!file_map(path, &map, &err))
        return -1;
    ExtractSource source = { .bytes = map.bytes, .name = path_name(str(path)) };
    DocNode *node = doc_tree_new(arena, source.name, false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    bool good = extract_document(&source, doc, &err);
    doc_writer_free(doc);
    Buf out = buf_new(arena, GB(1));
    if (good)
        doc_print(node, DOC_MARKDOWN, &out);
    return good ? (long)out.length : -1;
}

static int time_all(void)
{
    char path[4096];
    extract_preload();
    puts("{}");
    fflush(stdout);
    while (fgets(path, sizeof path, stdin)) {
        double wall = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        path[strcspn(path, "\n")] = '\0';
        long size = read_to_markdown(path);
        printf("{\"wall\": %.6f, \"cpu\": %.6f, \"size\": %ld}\n",
               seconds_of(CLOCK_MONOTONIC) - wall, seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu,
               size);
        fflush(stdout);
    }
    return 0;
}

int main(int count, char **words)
{
    int format = DOC_MARKDOWN, page = 0;
    int64_t number;
    Str quote = STR_NONE;
    ExtractSource source = { 0 };
    AUTO_MAP FileMap map = { 0 };
    Error err = { 0 };
    if (count < 2)
        return 2;
    if (strcmp(words[1], "--times") == 0)
        return time_all();
    for (int i = 2; i + 1 < count; i += 2) {
        if (strcmp(words[i], "--password") == 0)
            source.password = str(words[i + 1]);
        else if (strcmp(words[i], "--format") == 0)
            format = format_named(words[i + 1]);
        else if (strcmp(words[i], "--quote") == 0)
            quote = str(words[i + 1]);
        else if (strcmp(words[i], "--page") == 0 &&
                 str_to_int(str(words[i + 1]), 1, 1000000, &number))
            page = (int)number;
    }
    source.name = path_name(str(words[1]));
    if (!file_map(words[1], &map, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 2;
    }
    source.bytes = map.bytes;
    if (page > 0 ? draw(&source, page, quote, &err) : run(&source, format, &err))
        return 0;
    fprintf(stderr, "%s\n", err.message);
    return error_exit_status(err.code);
}
