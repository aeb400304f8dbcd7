/* pdf_file.c - MuPDF behind plain functions; every fz_try of text extraction is here. */
#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include "extract/pdf_file.h"

#include "base/clock.h"
#include "base/utf8.h"

/* MuPDF keeps decoded fonts and streams in a store of this size. */
enum { STORE_BYTES_MAX = 16 << 20, PAGE_SPANS_MAX = 200000, ATTACHMENTS_MAX = 1000 };

/* Before each piece of MuPDF's memory. */
typedef struct Piece {
    _Alignas(16) struct Piece *next;
    struct Piece **link; /* what points here */
    size_t size;
} Piece;

/* Counts what MuPDF holds: a crafted file may ask for gigabytes (a font, a stream, a table). All
 * of it is in one list, because MuPDF 1.21 loses objects when it repairs a file. */
typedef struct Memory {
    Piece *pieces;
    size_t used;
    int64_t deadline_ms; /* of the page; 0: none */
    unsigned calls;
    fz_cookie cookie;
} Memory;

struct PdfFile {
    fz_context *ctx;
    pdf_document *doc;
    int page_count;
    bool has_page_tree;
    pdf_obj *attachments; /* name tree as one dictionary, or NULL */
    pdf_obj *pinned;      /* array: files that annotations of the pages read so far hold */
    Memory memory;
};

static void watch_time(Memory *memory)
{
    if (memory->deadline_ms && (++memory->calls & 255) == 0 && monotonic_ms() > memory->deadline_ms)
        memory->cookie.abort = 1;
}

static void *counted_realloc(void *user, void *old, size_t size)
{
    Memory *memory = user;
    Piece *piece = old ? (Piece *)old - 1 : NULL;
    size_t before = piece ? piece->size : 0;
    watch_time(memory);
    if (size > PDF_MEMORY_MAX || memory->used - before + size > PDF_MEMORY_MAX)
        return NULL;
    Piece *grown = realloc(piece, size + sizeof *piece);
    if (!grown)
        return NULL;
    if (!piece) {
        grown->link = &memory->pieces;
        grown->next = memory->pieces;
    }
    *grown->link = grown;
    if (grown->next)
        grown->next->link = &grown->next;
    grown->size = size;
    memory->used += size - before;
    return grown + 1;
}

static void *counted_malloc(void *user, size_t size) { return counted_realloc(user, NULL, size); }

static void counted_free(void *user, void *old)
{
    Memory *memory = user;
    if (!old)
        return;
    Piece *piece = (Piece *)old - 1;
    memory->used -= piece->size;
    *piece->link = piece->next;
    if (piece->next)
        piece->next->link = piece->link;
    free(piece);
}

static void free_rest(Memory *memory)
{
    while (memory->pieces)
        counted_free(memory, memory->pieces + 1);
}

static void drop_message(void *user, const char *message)
{
    (void)user;
    (void)message;
}

static bool fail_caught(fz_context *ctx, Error *err)
{
    if (fz_caught(ctx) == FZ_ERROR_MEMORY)
        return fail(err, ERROR_TOO_LARGE, "reading this PDF needs more than %zu MB of memory",
                    PDF_MEMORY_MAX >> 20);
    return fail(err, ERROR_DAMAGED, "the PDF is broken: %s", fz_caught_message(ctx));
}

/* --- Opening --- */

static bool open_document(PdfFile *file, Str bytes, Error *err)
{
    fz_context *ctx = file->ctx;
    fz_stream *stream = NULL;
    bool ok = false;
    fz_var(stream);
    fz_var(ok);
    fz_try(ctx)
    {
        stream = fz_open_memory(ctx, (const unsigned char *)bytes.at, bytes.length);
        file->doc = pdf_open_document_with_stream(ctx, stream);
        ok = true;
    }
    fz_always(ctx) { fz_drop_stream(ctx, stream); }
    fz_catch(ctx) { return fail_caught(ctx, err); }
    return ok;
}

static bool unlock(PdfFile *file, Str password, Error *err)
{
    fz_context *ctx = file->ctx;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    int needs = 0, opened = 0;
    const char *text = str_c(arena, str_slice(password, 0, KB(4)));
    fz_var(needs);
    fz_var(opened);
    fz_try(ctx)
    {
        needs = pdf_needs_password(ctx, file->doc);
        if (needs)
            opened = pdf_authenticate_password(ctx, file->doc, text);
    }
    fz_catch(ctx) { return fail_caught(ctx, err); }
    if (!needs || opened)
        return true;
    return fail(err, ERROR_ENCRYPTED,
                password.length ? "the password does not open this PDF"
                                : "the PDF is protected; give its password");
}

static bool count_pages(PdfFile *file, Error *err)
{
    fz_context *ctx = file->ctx;
    fz_try(ctx)
    {
        file->page_count = pdf_count_pages(ctx, file->doc);
        pdf_load_page_tree(ctx, file->doc);
        file->has_page_tree = true;
    }
    fz_catch(ctx)
    {
        if (file->page_count <= 0)
            return fail_caught(ctx, err);
    }
    if (file->page_count <= 0)
        return fail(err, ERROR_DAMAGED, "the PDF has no pages");
    return true;
}

bool pdf_file_open(Str bytes, Str password, PdfFile **file_r, Error *err)
{
    PdfFile *file = heap_alloc(sizeof *file);
    fz_alloc_context alloc = { &file->memory, counted_malloc, counted_realloc, counted_free };
    file->ctx = fz_new_context(&alloc, NULL, STORE_BYTES_MAX);
    if (!file->ctx) {
        free(file);
        return fail(err, ERROR_INTERNAL, "MuPDF does not start");
    }
    fz_set_warning_callback(file->ctx, drop_message, NULL);
    fz_set_error_callback(file->ctx, drop_message, NULL);
    if (!open_document(file, bytes, err) || !unlock(file, password, err) ||
        !count_pages(file, err)) {
        pdf_file_close(file);
        return false;
    }
    *file_r = file;
    return true;
}

void pdf_file_close(PdfFile *file)
{
    if (!file)
        return;
    pdf_drop_obj(file->ctx, file->attachments);
    pdf_drop_obj(file->ctx, file->pinned);
    if (file->has_page_tree)
        pdf_drop_page_tree(file->ctx, file->doc);
    pdf_drop_document(file->ctx, file->doc);
    fz_drop_context(file->ctx);
    free_rest(&file->memory);
    free(file);
}

int pdf_file_page_count(const PdfFile *file) { return file->page_count; }
fz_context *pdf_file_context(PdfFile *file) { return file->ctx; }

void *pdf_file_clock(PdfFile *file, int time_ms)
{
    file->memory.cookie = (fz_cookie){ 0 };
    file->memory.deadline_ms = monotonic_ms() + time_ms;
    return &file->memory.cookie;
}

fz_document *pdf_file_document(PdfFile *file) { return (fz_document *)file->doc; }

/* --- Text of a page --- */

typedef struct FontLook {
    const fz_font *font;
    bool is_bold, is_italic, is_mono;
} FontLook;

static FontLook look_at(fz_context *ctx, fz_font *font)
{
    Str name = str(fz_font_name(ctx, font));
    return (FontLook){ .font = font,
                       .is_bold = fz_font_is_bold(ctx, font) ||
                                  str_find_ignore_case(name, S("bold")) >= 0 ||
                                  str_find_ignore_case(name, S("black")) >= 0 ||
                                  str_find_ignore_case(name, S("heavy")) >= 0,
                       .is_italic = fz_font_is_italic(ctx, font),
                       .is_mono = fz_font_is_monospaced(ctx, font) ||
                                  str_find_ignore_case(name, S("courier")) >= 0 };
}

/* Styles that most characters of a line have (majority vote of Boyer and Moore for the size). */
static void read_span(fz_context *ctx, const fz_stext_line *line, Arena *arena, FontLook *look,
                      TextSpan *span)
{
    int votes = 0, bold = 0, italic = 0, mono = 0, count = 0;
    size_t room = 0, length = 0;
    for (const fz_stext_char *c = line->first_char; c; c = c->next)
        room += 4;
    char *text = arena_alloc(arena, room + 1);
    for (const fz_stext_char *c = line->first_char; c; c = c->next) {
        if (c->font != look->font)
            *look = look_at(ctx, c->font);
        length += utf8_encode(c->c < 0x20 ? ' ' : (uint32_t)c->c, text + length);
        if (c->c == ' ')
            continue;
        count++;
        bold += look->is_bold;
        italic += look->is_italic;
        mono += look->is_mono;
        if (votes == 0)
            span->size = c->size;
        votes += span->size == c->size ? 1 : -1;
        span->baseline = c->origin.y;
    }
    span->text = str_trim((Str){ text, length });
    span->is_bold = bold * 2 > count;
    span->is_italic = italic * 2 > count;
    span->is_mono = mono * 2 > count;
}

static void read_spans(fz_context *ctx, const fz_stext_page *text, Arena *arena, PageText *page)
{
    FontLook look = { 0 };
    int number = 0;
    for (const fz_stext_block *block = text->first_block; block; block = block->next, number++) {
        if (block->type != FZ_STEXT_BLOCK_TEXT)
            continue;
        for (const fz_stext_line *line = block->u.t.first_line; line; line = line->next) {
            TextSpan span = { .block = number };
            read_span(ctx, line, arena, &look, &span);
            if (span.text.length == 0)
                continue;
            span.box = (Box){ line->bbox.x0, line->bbox.y0, line->bbox.x1, line->bbox.y1 };
            span.is_turned = line->wmode != 0 || line->dir.x < 0.9F;
            if (page->spans.count >= PAGE_SPANS_MAX)
                return;
            *vec_push(arena, &page->spans) = span;
        }
    }
}

/* A page may be read twice; a file is taken once. */
static void pin_file(PdfFile *file, pdf_annot *annot)
{
    fz_context *ctx = file->ctx;
    pdf_obj *spec = pdf_dict_get(ctx, pdf_annot_obj(ctx, annot), PDF_NAME(FS));
    if (!file->pinned)
        file->pinned = pdf_new_array(ctx, file->doc, 4);
    if (spec && pdf_array_len(ctx, file->pinned) < ATTACHMENTS_MAX &&
        !pdf_array_contains(ctx, file->pinned, spec))
        pdf_array_push(ctx, file->pinned, spec);
}

/* Comments that a viewer shows in a balloon; what is drawn on the page is in its text. */
static void read_notes(PdfFile *file, pdf_page *pdf, Arena *arena, PageText *page)
{
    fz_context *ctx = file->ctx;
    for (pdf_annot *annot = pdf_first_annot(ctx, pdf); annot; annot = pdf_next_annot(ctx, annot)) {
        enum pdf_annot_type type = pdf_annot_type(ctx, annot);
        if (type == PDF_ANNOT_FREE_TEXT || type == PDF_ANNOT_POPUP || type == PDF_ANNOT_LINK)
            continue;
        if (type == PDF_ANNOT_FILE_ATTACHMENT)
            pin_file(file, annot);
        Str contents = str_trim(str(pdf_annot_contents(ctx, annot)));
        if (contents.length == 0 || page->notes.count >= 1000)
            continue;
        fz_rect box = pdf_bound_annot(ctx, annot);
        PageNote note = { .text = str_copy(arena, contents),
                          .box = { box.x0, box.y0, box.x1, box.y1 } };
        if (pdf_annot_has_author(ctx, annot))
            note.author = str_copy(arena, str(pdf_annot_author(ctx, annot)));
        *vec_push(arena, &page->notes) = note;
    }
}

static void run_page(PdfFile *file, fz_page *page, fz_stext_page *text)
{
    fz_context *ctx = file->ctx;
    fz_device *device = NULL;
    fz_stext_options options = { .flags = FZ_STEXT_MEDIABOX_CLIP };
    fz_var(device);
    fz_try(ctx)
    {
        device = fz_new_stext_device(ctx, text, &options);
        fz_run_page(ctx, page, device, fz_identity, &file->memory.cookie);
    }
    fz_always(ctx)
    {
        /* Also after an error: lines that are waiting in the device become text. */
        fz_try(ctx) fz_close_device(ctx, device);
        fz_catch(ctx) {}
        fz_drop_device(ctx, device);
    }
    fz_catch(ctx)
    {
        if (fz_caught(ctx) == FZ_ERROR_MEMORY)
            fz_rethrow(ctx);
    }
}

bool pdf_file_page(PdfFile *file, Arena *arena, int number, int time_ms_max, PageText *page_r,
                   Error *err)
{
    fz_context *ctx = file->ctx;
    pdf_page *page = NULL;
    fz_stext_page *text = NULL;
    PageText read = { 0 };
    fz_var(page);
    fz_var(text);
    pdf_file_clock(file, time_ms_max);
    fz_try(ctx)
    {
        page = pdf_load_page(ctx, file->doc, number - 1);
        fz_rect box = fz_bound_page(ctx, (fz_page *)page);
        read.width = box.x1 - box.x0;
        read.height = box.y1 - box.y0;
        text = fz_new_stext_page(ctx, box);
        run_page(file, (fz_page *)page, text);
        read_spans(ctx, text, arena, &read);
        read_notes(file, page, arena, &read);
    }
    fz_always(ctx)
    {
        fz_drop_stext_page(ctx, text);
        fz_drop_page(ctx, (fz_page *)page);
        file->memory.deadline_ms = 0;
    }
    fz_catch(ctx) { return fail_caught(ctx, err); }
    read.was_cut = file->memory.cookie.abort != 0;
    *page_r = read;
    return true;
}

/* --- About the file --- */

Str pdf_file_meta(PdfFile *file, Arena *arena, const char *key)
{
    char value[4096] = "";
    fz_context *ctx = file->ctx;
    fz_try(ctx) fz_lookup_metadata(ctx, (fz_document *)file->doc, key, value, sizeof value);
    fz_catch(ctx) value[0] = '\0';
    return str_copy(arena, str(value));
}

static void add_outline(PdfFile *file, Arena *arena, const fz_outline *item, int level, size_t max,
                        Outline *outline)
{
    for (; item && outline->count < max && level <= 16; item = item->next) {
        if (item->title) {
            int page =
                item->page.page >= 0
                    ? fz_page_number_from_location(file->ctx, (fz_document *)file->doc, item->page)
                    : -1;
            *vec_push(arena, outline) =
                (OutlineItem){ str_copy(arena, str_trim(str(item->title))), level, page + 1 };
        }
        add_outline(file, arena, item->down, level + 1, max, outline);
    }
}

Outline pdf_file_outline(PdfFile *file, Arena *arena, size_t max)
{
    fz_context *ctx = file->ctx;
    fz_outline *root = NULL;
    Outline outline = { 0 };
    fz_var(root);
    fz_var(outline);
    fz_try(ctx)
    {
        root = fz_load_outline(ctx, (fz_document *)file->doc);
        add_outline(file, arena, root, 1, max, &outline);
    }
    fz_always(ctx) fz_drop_outline(ctx, root);
    fz_catch(ctx) return outline;
    return outline;
}

int pdf_file_attachment_count(PdfFile *file)
{
    fz_context *ctx = file->ctx;
    volatile int count = 0;
    fz_try(ctx)
    {
        if (!file->attachments)
            file->attachments = pdf_load_name_tree(ctx, file->doc, PDF_NAME(EmbeddedFiles));
        count = pdf_dict_len(ctx, file->attachments) + pdf_array_len(ctx, file->pinned);
    }
    fz_catch(ctx) return 0;
    return MIN(count, ATTACHMENTS_MAX);
}

bool pdf_file_attachment(PdfFile *file, Arena *arena, int index, size_t bytes_max, Str *name_r,
                         Str *bytes_r)
{
    fz_context *ctx = file->ctx;
    fz_buffer *buffer = NULL;
    volatile bool ok = false;
    fz_var(buffer);
    fz_try(ctx)
    {
        pdf_embedded_file_params params = { 0 };
        int named = pdf_dict_len(ctx, file->attachments);
        pdf_obj *spec = index < named ? pdf_dict_get_val(ctx, file->attachments, index)
                                      : pdf_array_get(ctx, file->pinned, index - named);
        if (pdf_is_embedded_file(ctx, spec)) {
            pdf_get_embedded_file_params(ctx, spec, &params);
            buffer = pdf_load_embedded_file_contents(ctx, spec);
            unsigned char *at = NULL;
            size_t length = fz_buffer_storage(ctx, buffer, &at);
            ok = length <= bytes_max;
            if (ok) {
                *name_r = str_copy(arena, str(params.filename));
                *bytes_r = str_copy(arena, (Str){ (const char *)at, length });
            }
        }
    }
    fz_always(ctx) fz_drop_buffer(ctx, buffer);
    fz_catch(ctx) return false;
    return ok;
}
