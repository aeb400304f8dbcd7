/* pdf_notes.c - annotations of a page: comments, marked text, links, form fields, attached files.
 */
#include "extract/pdf/pdf_file_int.h"

#include "base/utf8.h"

enum { NOTES_MAX = 2000, MARKED_QUADS_MAX = 400, MARKED_TEXT_MAX = 2000 };

static PageNote *add_note(Arena *arena, PageText *page, const char *label, Str text, fz_rect box)
{
    if (page->notes.count >= NOTES_MAX || text.length == 0)
        return NULL;
    PageNote *note = vec_push(arena, &page->notes);
    *note = (PageNote){ label, text, { box.x0, box.y0, box.x1, box.y1 } };
    return note;
}

/* A page may be read twice; a file is taken once. */
static void pin_file(PdfFile *file, pdf_annot *annot)
{
    fz_context *ctx = file->ctx;
    pdf_obj *spec = pdf_dict_get(ctx, pdf_annot_obj(ctx, annot), PDF_NAME(FS));
    if (!file->pinned)
        file->pinned = pdf_new_array(ctx, file->doc, 4);
    if (spec && pdf_array_len(ctx, file->pinned) < PDF_ATTACHMENTS_MAX &&
        !pdf_array_contains(ctx, file->pinned, spec))
        pdf_array_push(ctx, file->pinned, spec);
}

/* The words that a field or a note draws on the page are not of its own text. */
static void mark_filled(PageText *page, fz_rect box)
{
    for (size_t i = 0; i < page->spans.count; i++) {
        TextSpan *span = &page->spans.at[i];
        float x = (span->box.x0 + span->box.x1) / 2, y = (span->box.y0 + span->box.y1) / 2;
        span->is_filled |= x > box.x0 && x < box.x1 && y > box.y0 && y < box.y1;
    }
}

/* --- Comments and marked text --- */

static void add_marked(const fz_stext_page *text, fz_rect box, Buf *out)
{
    for (const fz_stext_block *block = text->first_block; block; block = block->next) {
        if (block->type != FZ_STEXT_BLOCK_TEXT || block->bbox.y0 > box.y1 ||
            block->bbox.y1 < box.y0)
            continue;
        for (const fz_stext_line *line = block->u.t.first_line; line; line = line->next)
            for (const fz_stext_char *c = line->first_char; c; c = c->next) {
                fz_rect glyph = fz_rect_from_quad(c->quad);
                float x = (glyph.x0 + glyph.x1) / 2, y = (glyph.y0 + glyph.y1) / 2;
                if (x > box.x0 && x < box.x1 && y > box.y0 && y < box.y1)
                    buf_add_utf8(out, c->c < 0x20 ? ' ' : (uint32_t)c->c);
            }
    }
}

/* The words under a highlight, line by line. */
static Str marked_text(fz_context *ctx, pdf_annot *annot, const fz_stext_page *text, Arena *arena)
{
    int count = pdf_annot_quad_point_count(ctx, annot);
    Buf out = buf_new(arena, MB(1));
    for (int i = 0; i < count && i < MARKED_QUADS_MAX && out.length < MARKED_TEXT_MAX; i++) {
        if (out.length)
            buf_add_char(&out, ' ');
        add_marked(text, fz_rect_from_quad(pdf_annot_quad_point(ctx, annot, i)), &out);
    }
    return str_trim(buf_str(&out));
}

static bool is_mark(enum pdf_annot_type type)
{
    return type == PDF_ANNOT_HIGHLIGHT || type == PDF_ANNOT_UNDERLINE ||
           type == PDF_ANNOT_SQUIGGLY || type == PDF_ANNOT_STRIKE_OUT;
}

/* What a viewer shows in a balloon; what is drawn on the page is in its text. */
static void read_comment(fz_context *ctx, pdf_annot *annot, enum pdf_annot_type type,
                         const fz_stext_page *text, Arena *arena, PageText *page)
{
    Str contents = str_trim(str(pdf_annot_contents(ctx, annot))), marked = STR_NONE;
    Buf out = buf_new(arena, MB(1));
    if (is_mark(type))
        marked = marked_text(ctx, annot, text, arena);
    if (contents.length && pdf_annot_has_author(ctx, annot)) {
        Str author = str_trim(str(pdf_annot_author(ctx, annot)));
        if (author.length)
            buf_addf(&out, STR_FMT ": ", STR_ARG(author));
    }
    if (contents.length)
        buf_add(&out, str_slice(contents, 0, KB(64)));
    if (contents.length && marked.length)
        buf_addf(&out, "\non \"" STR_FMT "\"", STR_ARG(marked));
    else
        buf_add(&out, marked);
    add_note(arena, page, contents.length ? "comment" : "highlight", buf_str(&out),
             pdf_bound_annot(ctx, annot));
}

/* --- Form fields --- */

static Str field_value(fz_context *ctx, pdf_annot *widget, Arena *arena)
{
    pdf_obj *field = pdf_annot_obj(ctx, widget);
    pdf_obj *value = pdf_dict_get_inheritable(ctx, field, PDF_NAME(V));
    Buf out = buf_new(arena, MB(1));
    if (pdf_is_array(ctx, value)) { /* of a list: what was chosen */
        for (int i = 0; i < pdf_array_len(ctx, value) && i < 100; i++)
            buf_addf(&out, "%s%s", i ? ", " : "", pdf_array_get_text_string(ctx, value, i));
        return buf_str(&out);
    }
    if (pdf_is_name(ctx, value))
        return str_copy(arena, str(pdf_to_name(ctx, value)));
    if (pdf_is_string(ctx, value))
        return str_trim(str_copy(arena, str(pdf_to_text_string(ctx, value))));
    return STR_NONE;
}

/* The words that the reader sees for it, else its name in the file. */
static Str field_name(fz_context *ctx, pdf_annot *widget, Arena *arena)
{
    pdf_obj *label = pdf_dict_get_inheritable(ctx, pdf_annot_obj(ctx, widget), PDF_NAME(TU));
    if (pdf_is_string(ctx, label))
        return str_trim(str_copy(arena, str(pdf_to_text_string(ctx, label))));
    char *name = pdf_field_name(ctx, pdf_annot_obj(ctx, widget));
    Str copy = str_copy(arena, str(name ? name : ""));
    fz_free(ctx, name);
    return str_trim(copy);
}

static void read_fields(fz_context *ctx, pdf_page *pdf, Arena *arena, PageText *page)
{
    Str last = STR_NONE;
    int count = 0;
    for (pdf_annot *widget = pdf_first_widget(ctx, pdf); widget && count < NOTES_MAX;
         widget = pdf_next_widget(ctx, widget), count++) {
        enum pdf_widget_type type = pdf_widget_type(ctx, widget);
        int flags = pdf_annot_field_flags(ctx, widget);
        bool is_secret = type == PDF_WIDGET_TYPE_TEXT && (flags & PDF_TX_FIELD_IS_PASSWORD);
        mark_filled(page, pdf_bound_widget(ctx, widget));
        if (type == PDF_WIDGET_TYPE_BUTTON || type == PDF_WIDGET_TYPE_SIGNATURE || is_secret)
            continue;
        Str value = field_value(ctx, widget, arena);
        if (value.length == 0 || str_is(value, "Off"))
            continue;
        Str name = field_name(ctx, widget, arena);
        Str text = str_format(arena, STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(value));
        if (!str_equal(text, last)) /* a group of radio buttons has one value */
            add_note(arena, page, "field", text, pdf_bound_widget(ctx, widget));
        last = text;
    }
}

/* --- Links --- */

static bool is_on_page(const PageText *page, Str text)
{
    for (size_t i = 0; i < page->spans.count; i++)
        if (str_find(page->spans.at[i].text, text) >= 0)
            return true;
    return false;
}

static void read_links(fz_context *ctx, pdf_page *pdf, Arena *arena, PageText *page)
{
    fz_link *links = NULL;
    fz_var(links);
    fz_try(ctx)
    {
        links = fz_load_links(ctx, (fz_page *)pdf);
        for (fz_link *link = links; link; link = link->next) {
            Str target = str_trim(str(link->uri));
            Str plain = str_starts(target, S("mailto:")) ? str_from(target, 7) : target;
            bool is_new = page->notes.count == 0 ||
                          !str_equal(page->notes.at[page->notes.count - 1].text, target);
            if (is_new && target.length < KB(4) && fz_is_external_link(ctx, link->uri) &&
                !str_starts(target, S("javascript:")) && !is_on_page(page, plain))
                add_note(arena, page, "link", str_copy(arena, target), link->rect);
        }
    }
    fz_always(ctx) fz_drop_link(ctx, links);
    fz_catch(ctx) {}
}

void pdf_read_notes(PdfFile *file, pdf_page *pdf, const fz_stext_page *text, Arena *arena,
                    PageText *page)
{
    fz_context *ctx = file->ctx;
    int count = 0;
    for (pdf_annot *annot = pdf_first_annot(ctx, pdf); annot && count < NOTES_MAX;
         annot = pdf_next_annot(ctx, annot), count++) {
        enum pdf_annot_type type = pdf_annot_type(ctx, annot);
        if (type == PDF_ANNOT_FREE_TEXT)
            mark_filled(page, pdf_bound_annot(ctx, annot));
        if (type == PDF_ANNOT_FILE_ATTACHMENT)
            pin_file(file, annot);
        if (type != PDF_ANNOT_FREE_TEXT && type != PDF_ANNOT_POPUP && type != PDF_ANNOT_LINK)
            read_comment(ctx, annot, type, text, arena, page);
    }
    read_fields(ctx, pdf, arena, page);
    read_links(ctx, pdf, arena, page);
}
