/* pdf_file.c - MuPDF behind plain functions: memory, opening, facts about the file. */
#include "extract/pdf/pdf_file_int.h"

#include "base/clock.h"
#include "base/utf8.h"

/* MuPDF keeps decoded fonts and streams in a store of this size. */
enum { STORE_BYTES_MAX = 8 << 20, FACTS_MAX = 200 };

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

bool pdf_fail_caught(fz_context *ctx, Error *err)
{
    if (fz_caught(ctx) == FZ_ERROR_MEMORY)
        return fail(err, ERROR_TOO_LARGE, "reading this file needs more than %zu MB of memory",
                    PDF_MEMORY_MAX >> 20);
    return fail(err, ERROR_DAMAGED, "the file is broken: %s", fz_caught_message(ctx));
}

/* --- Opening --- */

/* Of libmupdf, but in none of its headers; registering all handlers would link every format. */
extern fz_document_handler xps_document_handler;

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
        if (str_starts(bytes, S("PK\3\4"))) {
            fz_register_document_handler(ctx, &xps_document_handler);
            file->any = fz_open_document_with_stream(ctx, ".xps", stream);
        } else {
            file->doc = pdf_open_document_with_stream(ctx, stream);
            file->any = (fz_document *)file->doc;
        }
        ok = true;
    }
    fz_always(ctx) { fz_drop_stream(ctx, stream); }
    fz_catch(ctx) { return pdf_fail_caught(ctx, err); }
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
        needs = file->doc && pdf_needs_password(ctx, file->doc);
        if (needs)
            opened = pdf_authenticate_password(ctx, file->doc, text);
    }
    fz_catch(ctx) { return pdf_fail_caught(ctx, err); }
    if (!needs || opened)
        return true;
    return fail(err, ERROR_ENCRYPTED,
                password.length ? "the password does not open this PDF"
                                : "the PDF is protected; give its password");
}

/* A tree that cannot be walked may claim any number of pages; each is an object of the file. */
static void bound_pages(PdfFile *file)
{
    fz_context *ctx = file->ctx;
    fz_try(ctx) file->page_count = MIN(file->page_count, pdf_xref_len(ctx, file->doc));
    fz_catch(ctx) file->page_count = 1;
}

static bool count_pages(PdfFile *file, Error *err)
{
    fz_context *ctx = file->ctx;
    fz_try(ctx)
    {
        file->page_count = fz_count_pages(ctx, file->any);
        if (file->doc) {
            pdf_load_page_tree(ctx, file->doc);
            file->has_page_tree = true;
            pdf_mark_xref(ctx, file->doc);
        }
    }
    fz_catch(ctx)
    {
        if (file->page_count <= 0)
            return pdf_fail_caught(ctx, err);
        if (file->doc)
            bound_pages(file);
    }
    if (file->page_count <= 0)
        return fail(err, ERROR_DAMAGED, "the file has no pages");
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
    fz_drop_document(file->ctx, file->any);
    fz_drop_context(file->ctx);
    free_rest(&file->memory);
    free(file);
}

bool pdf_file_is_pdf(const PdfFile *file) { return file->doc != NULL; }
int pdf_file_page_count(const PdfFile *file) { return file->page_count; }
fz_context *pdf_file_context(PdfFile *file) { return file->ctx; }

void *pdf_file_clock(PdfFile *file, int time_ms)
{
    file->memory.cookie = (fz_cookie){ 0 };
    file->memory.deadline_ms = monotonic_ms() + time_ms;
    return &file->memory.cookie;
}

fz_document *pdf_file_document(PdfFile *file) { return file->any; }

/* --- About the file --- */

Str pdf_file_meta(PdfFile *file, Arena *arena, const char *key)
{
    char value[4096] = "";
    fz_context *ctx = file->ctx;
    fz_try(ctx) fz_lookup_metadata(ctx, file->any, key, value, sizeof value);
    fz_catch(ctx) value[0] = '\0';
    return str_copy(arena, str(value));
}

/* ISO 32000-1, table 317: of those the caller knows what they mean. */
static bool is_standard_fact(Str name)
{
    static const char *const names[] = { "Title",        "Author",  "Subject",
                                         "Keywords",     "Creator", "Producer",
                                         "CreationDate", "ModDate", "Trapped" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

bool pdf_file_own_fact(PdfFile *file, Arena *arena, int *index, Str *name_r, Str *value_r)
{
    fz_context *ctx = file->ctx;
    volatile bool found = false;
    if (!file->doc)
        return false;
    fz_try(ctx)
    {
        pdf_obj *info = pdf_dict_get(ctx, pdf_trailer(ctx, file->doc), PDF_NAME(Info));
        int count = MIN(pdf_dict_len(ctx, info), FACTS_MAX);
        while (!found && *index < count) {
            pdf_obj *value = pdf_dict_get_val(ctx, info, *index);
            Str name = str(pdf_to_name(ctx, pdf_dict_get_key(ctx, info, (*index)++)));
            found = name.length < 256 && pdf_is_string(ctx, value) && !is_standard_fact(name);
            if (found) {
                *name_r = str_copy(arena, name);
                *value_r =
                    str_copy(arena, str_slice(str(pdf_to_text_string(ctx, value)), 0, KB(4)));
            }
        }
    }
    fz_catch(ctx) return false;
    return found;
}

Str pdf_file_version(PdfFile *file, Arena *arena)
{
    volatile int version = 0;
    if (!file->doc)
        return STR_NONE;
    fz_try(file->ctx) version = pdf_version(file->ctx, file->doc);
    fz_catch(file->ctx) return STR_NONE;
    return version ? str_format(arena, "%d.%d", version / 10, version % 10) : STR_NONE;
}

Str pdf_file_forbidden(PdfFile *file, Arena *arena)
{
    static const struct {
        fz_permission permission;
        const char *name;
    } permissions[] = {
        { FZ_PERMISSION_PRINT, "printing" },
        { FZ_PERMISSION_COPY, "copying" },
        { FZ_PERMISSION_EDIT, "editing" },
        { FZ_PERMISSION_ANNOTATE, "comments" },
    };
    fz_context *ctx = file->ctx;
    Buf *out = arena_new_one(arena, Buf);
    *out = buf_new(arena, 256);
    if (!file->doc)
        return STR_NONE;
    fz_try(ctx)
    {
        for (size_t i = 0; i < COUNT(permissions); i++)
            if (!pdf_has_permission(ctx, file->doc, permissions[i].permission))
                buf_addf(out, "%s%s", out->length ? ", " : "", permissions[i].name);
    }
    fz_catch(ctx) return STR_NONE;
    return buf_str(out);
}

/* The bytes of a stream, empty when it is none or larger. */
static Str read_stream(fz_context *ctx, pdf_obj *stream, Arena *arena, size_t bytes_max)
{
    Str *bytes = arena_new_one(arena, Str);
    fz_buffer *buffer = NULL;
    fz_var(buffer);
    fz_try(ctx)
    {
        if (pdf_is_stream(ctx, stream)) {
            unsigned char *at = NULL;
            buffer = pdf_load_stream(ctx, stream);
            size_t length = fz_buffer_storage(ctx, buffer, &at);
            if (length <= bytes_max)
                *bytes = str_copy(arena, (Str){ (const char *)at, length });
        }
    }
    fz_always(ctx) fz_drop_buffer(ctx, buffer);
    fz_catch(ctx) return STR_NONE;
    return *bytes;
}

static pdf_obj *from_catalog(fz_context *ctx, pdf_document *doc, const char *path)
{
    pdf_obj *volatile found = NULL;
    if (!doc)
        return NULL;
    fz_try(ctx) found = pdf_dict_getp(ctx, pdf_trailer(ctx, doc), path);
    fz_catch(ctx) return NULL;
    return found;
}

Str pdf_file_xmp(PdfFile *file, Arena *arena, size_t bytes_max)
{
    pdf_obj *stream = from_catalog(file->ctx, file->doc, "Root/Metadata");
    return read_stream(file->ctx, stream, arena, bytes_max);
}

Str pdf_file_language(PdfFile *file, Arena *arena)
{
    pdf_obj *language = from_catalog(file->ctx, file->doc, "Root/Lang");
    Str *text = arena_new_one(arena, Str);
    fz_try(file->ctx) *text = str_copy(arena, str(pdf_to_text_string(file->ctx, language)));
    fz_catch(file->ctx) return STR_NONE;
    return str_trim(*text);
}

/* XFA is one stream or pairs of names and streams (ISO 32000-1, 12.7.8). */
bool pdf_file_xfa(PdfFile *file, Arena *arena, size_t bytes_max, Str *data_r)
{
    fz_context *ctx = file->ctx;
    pdf_obj *xfa = from_catalog(ctx, file->doc, "Root/AcroForm/XFA");
    volatile bool found = false;
    Str data = STR_NONE;
    if (!xfa)
        return false;
    fz_try(ctx)
    {
        int count = MIN(pdf_array_len(ctx, xfa), 100);
        found = pdf_is_stream(ctx, xfa) || count > 0;
        for (int i = 0; i + 1 < count; i += 2)
            if (strcmp(pdf_to_text_string(ctx, pdf_array_get(ctx, xfa, i)), "datasets") == 0)
                xfa = pdf_array_get(ctx, xfa, i + 1);
    }
    fz_catch(ctx) return false;
    if (found)
        data = read_stream(ctx, xfa, arena, bytes_max);
    *data_r = data;
    return found;
}

static void add_outline(PdfFile *file, Arena *arena, const fz_outline *item, int level, size_t max,
                        Outline *outline)
{
    for (; item && outline->count < max && level <= 16; item = item->next) {
        if (item->title) {
            int page = item->page.page >= 0
                           ? fz_page_number_from_location(file->ctx, file->any, item->page)
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
        root = fz_load_outline(ctx, file->any);
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
    if (!file->doc)
        return 0;
    fz_try(ctx)
    {
        if (!file->attachments)
            file->attachments = pdf_load_name_tree(ctx, file->doc, PDF_NAME(EmbeddedFiles));
        count = pdf_dict_len(ctx, file->attachments) + pdf_array_len(ctx, file->pinned);
    }
    fz_catch(ctx) return 0;
    return MIN(count, PDF_ATTACHMENTS_MAX);
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
