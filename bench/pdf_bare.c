/* pdf_bare.c - what MuPDF alone needs for the text of a PDF, beside our extractor in one process.
 *
 *     pdf-bare FILE... [--rounds N]
 *
 * "bare" opens the file and runs each page into a structured-text page, nothing more. Both read
 * the file in turn; of N rounds (5) the least processor time of each counts. */
#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "extract/extractor.h"

enum { ROUNDS_MAX = 100 };

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void run_page(fz_context *ctx, fz_document *doc, int number)
{
    fz_stext_options options = { .flags = FZ_STEXT_MEDIABOX_CLIP };
    fz_page *page = fz_load_page(ctx, doc, number);
    fz_stext_page *text = fz_new_stext_page(ctx, fz_bound_page(ctx, page));
    fz_device *device = fz_new_stext_device(ctx, text, &options);
    fz_run_page(ctx, page, device, fz_identity, NULL);
    fz_close_device(ctx, device);
    fz_drop_device(ctx, device);
    fz_drop_stext_page(ctx, text);
    fz_drop_page(ctx, page);
}

static double run_bare(Str bytes, int *pages_r)
{
    double start = cpu_ms();
    fz_context *ctx = fz_new_context(NULL, NULL, 16 << 20);
    if (!ctx)
        return 0;
    fz_set_warning_callback(ctx, NULL, NULL);
    fz_try(ctx)
    {
        fz_stream *stream = fz_open_memory(ctx, (const unsigned char *)bytes.at, bytes.length);
        fz_document *doc = (fz_document *)pdf_open_document_with_stream(ctx, stream);
        *pages_r = fz_count_pages(ctx, doc);
        for (int i = 0; i < *pages_r; i++)
            run_page(ctx, doc, i);
        fz_drop_document(ctx, doc);
        fz_drop_stream(ctx, stream);
    }
    fz_catch(ctx) fprintf(stderr, "%s\n", fz_caught_message(ctx));
    fz_drop_context(ctx);
    return cpu_ms() - start;
}

static bool count_block(void *self, const Block *block, Error *err)
{
    (void)err;
    *(size_t *)self += block->text.length;
    return true;
}

static double run_ours(Str bytes, size_t *length_r)
{
    double start = cpu_ms();
    AUTO_ARENA Arena *arena = arena_new(GB(4));
    Error err;
    DocSink sink = { .block = count_block, .self = length_r };
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ExtractSource source = { .bytes = bytes, .name = S("file.pdf") };
    *length_r = 0;
    if (!extract_document(&source, doc, &err))
        fprintf(stderr, "%s\n", err.message);
    doc_writer_free(doc);
    return cpu_ms() - start;
}

static void compare(const char *path, int rounds)
{
    AUTO_MAP FileMap map = { 0 };
    Error err;
    double bare = 0, ours = 0;
    int pages = 1;
    size_t length = 0;
    if (!file_map(path, &map, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return;
    }
    for (int i = 0; i < rounds; i++) {
        double bare_ms = run_bare(map.bytes, &pages), ours_ms = run_ours(map.bytes, &length);
        bare = i == 0 ? bare_ms : MIN(bare, bare_ms);
        ours = i == 0 ? ours_ms : MIN(ours, ours_ms);
    }
    Str name = path_name(str(path));
    printf("%-40.*s %5d pages  bare %8.1f ms  ours %8.1f ms (%.2f a page, %zu KB)  ratio %.2f\n",
           STR_ARG(name), pages, bare, ours, ours / MAX(pages, 1), length >> 10, ours / bare);
}

int main(int count, char **words)
{
    int64_t rounds = 5;
    int files = count;
    if (count > 3 && strcmp(words[count - 2], "--rounds") == 0 &&
        str_to_int(str(words[count - 1]), 1, ROUNDS_MAX, &rounds))
        files = count - 2;
    for (int i = 1; i < files; i++)
        compare(words[i], (int)rounds);
    return 0;
}
