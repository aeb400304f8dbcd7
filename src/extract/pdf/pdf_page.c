/* pdf_page.c - what is on a page: its text, ruling lines, pictures and annotations. */
#include "extract/pdf/pdf_file_int.h"

#include <math.h>

#include "base/clock.h"
#include "base/utf8.h"

enum {
    PAGE_SPANS_MAX = 200000,
    LITTLE_TEXT = 400,
    PICTURES_MAX = 2000,
    FORM_DEPTH_MAX = 4,
    FORGET_PAGES = 16,
    FORGET_BYTES = 12 << 20
};

/* --- Text --- */

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

static bool is_odd(int c) { return c == 0xFFFD || (c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000; }

/* Styles that most characters have (majority vote of Boyer and Moore for the size), from `first`
 * up to `end`. */
static TextSpan read_span(fz_context *ctx, const fz_stext_line *line, const fz_stext_char *first,
                          const fz_stext_char *end, Arena *arena, FontLook *look, PageText *page)
{
    int votes = 0, bold = 0, italic = 0, mono = 0, count = 0;
    size_t room = 0, length = 0;
    TextSpan span = { 0 };
    Box box = { line->bbox.x0, line->bbox.y0, line->bbox.x0, line->bbox.y1 };
    bool is_part = first != line->first_char || end;
    for (const fz_stext_char *c = first; c != end; c = c->next)
        room += 4;
    char *text = arena_alloc(arena, room + 1);
    for (const fz_stext_char *c = first; c != end; c = c->next) {
        if (c->font != look->font)
            *look = look_at(ctx, c->font);
        length += utf8_encode(c->c < 0x20 ? ' ' : (uint32_t)c->c, text + length);
        if (c->c == ' ')
            continue;
        box.x0 = count ? MIN(box.x0, c->quad.ll.x) : c->quad.ll.x;
        box.x1 = MAX(box.x1, c->quad.lr.x);
        count++;
        bold += look->is_bold;
        italic += look->is_italic;
        mono += look->is_mono;
        page->odd_count += is_odd(c->c);
        if (votes == 0)
            span.size = c->size;
        votes += span.size == c->size ? 1 : -1;
        span.baseline = c->origin.y;
    }
    page->char_count += (size_t)count;
    span.text = str_trim((Str){ text, length });
    if (!is_part)
        box = (Box){ line->bbox.x0, line->bbox.y0, line->bbox.x1, line->bbox.y1 };
    span.box = box;
    span.is_bold = bold * 2 > count;
    span.is_italic = italic * 2 > count;
    span.is_mono = mono * 2 > count;
    return span;
}

/* The vertical rules that cross a line of text, so that cells set close are kept apart. */
static size_t find_crossing(const PageText *page, fz_rect line, float *x_r, size_t max)
{
    size_t count = 0;
    float middle = (line.y0 + line.y1) / 2;
    for (size_t i = 0; i < page->rules.count && count < max; i++) {
        const Rule *rule = &page->rules.at[i];
        if (rule->is_vertical && rule->box.y0 < middle && rule->box.y1 > middle &&
            rule->box.x0 > line.x0 && rule->box.x0 < line.x1)
            x_r[count++] = rule->box.x0;
    }
    return count;
}

/* Is there a new cell between a character and the next that is no space: a rule, or a gap that is
 * wider than the space between words ever is. */
static bool is_apart(const fz_stext_char *a, const fz_stext_char *b, const float *crossing,
                     size_t count)
{
    float left = a->quad.lr.x, right = b->quad.ll.x;
    if (right - left > 1.2F * a->size)
        return true;
    for (size_t i = 0; i < count; i++)
        if (crossing[i] > left - 0.2F * a->size && crossing[i] < right + 0.2F * a->size &&
            crossing[i] > a->origin.x && crossing[i] < b->quad.lr.x)
            return true;
    return false;
}

enum { CROSSING_MAX = 64, RULES_LOOKED_AT = 3000, RTL_PARTS_MAX = 64 };

static void read_line(fz_context *ctx, const fz_stext_line *line, int block, Arena *arena,
                      FontLook *look, PageText *page)
{
    float crossing[CROSSING_MAX];
    bool is_turned = line->wmode != 0 || line->dir.x < 0.9F;
    const fz_stext_char *first = line->first_char, *last = NULL;
    size_t count = 0;
    if (!is_turned && page->rules.count <= RULES_LOOKED_AT)
        count = find_crossing(page, line->bbox, crossing, CROSSING_MAX);
    for (const fz_stext_char *c = first;; c = c->next) {
        if (c && c->c == ' ')
            continue;
        if (!c || (last && !is_turned && is_apart(last, c, crossing, count))) {
            TextSpan span = read_span(ctx, line, first, c, arena, look, page);
            span.block = block;
            span.is_turned = is_turned;
            if (span.text.length && page->spans.count < PAGE_SPANS_MAX)
                *vec_push(arena, &page->spans) = span;
            first = c;
        }
        if (!c)
            break;
        last = c;
    }
}

static bool has_rtl(const fz_stext_line *line)
{
    for (const fz_stext_char *c = line->first_char; c; c = c->next)
        if (c->c >= 0x590 && pdf_is_rtl(c->c))
            return line->wmode == 0 && line->dir.x > 0.9F;
    return false;
}

static bool is_on_baseline(const fz_stext_line *a, const fz_stext_line *b)
{
    return b && a->wmode == b->wmode && b->dir.x > 0.9F &&
           fabsf(a->first_char->origin.y - b->first_char->origin.y) < 0.3F * a->first_char->size;
}

/* Lines of a block up to `end` that share a baseline. */
static void read_rtl_lines(fz_context *ctx, const fz_stext_line *line, const fz_stext_line *end,
                           int block, Arena *arena, FontLook *look, PageText *page)
{
    RtlPart parts[RTL_PARTS_MAX];
    int count = pdf_read_rtl(line, end, arena, parts, RTL_PARTS_MAX);
    TextSpan span = read_span(ctx, line, line->first_char, NULL, arena, look, page);
    fz_rect box = line->bbox;
    for (const fz_stext_line *next = line; next != end; next = next->next)
        box = fz_union_rect(box, next->bbox);
    span.block = block;
    for (int i = count - 1; i >= 0 && page->spans.count < PAGE_SPANS_MAX; i--) {
        span.text = parts[i].text;
        span.box = (Box){ parts[i].x0, box.y0, parts[i].x1, box.y1 };
        if (span.text.length)
            *vec_push(arena, &page->spans) = span;
    }
}

static void read_block(fz_context *ctx, const fz_stext_block *block, int number, Arena *arena,
                       PageText *page, bool is_tagged)
{
    FontLook look = { 0 };
    size_t first = page->spans.count;
    for (const fz_stext_line *line = block->u.t.first_line, *end; line; line = end) {
        bool is_rtl = !page->is_logical && has_rtl(line);
        for (end = line->next; is_on_baseline(line, end); end = end->next)
            is_rtl |= !page->is_logical && has_rtl(end);
        if (is_rtl)
            read_rtl_lines(ctx, line, end, number, arena, &look, page);
        for (const fz_stext_line *next = line; next != end && !is_rtl; next = next->next)
            read_line(ctx, next, number, arena, &look, page);
        for (; first < page->spans.count; first++)
            if (is_tagged)
                page->spans.at[first].heading = pdf_tagged_level(line->first_char);
    }
}

static void read_spans(fz_context *ctx, const fz_stext_page *text, Arena *arena, PageText *page,
                       bool is_tagged)
{
    int number = 0;
    for (const fz_stext_block *block = text->first_block; block; block = block->next, number++)
        if (block->type == FZ_STEXT_BLOCK_TEXT)
            read_block(ctx, block, number, arena, page, is_tagged);
}

/* Pictures by their size in the file, without decoding one: what a page of little text may show. */
static int64_t count_pixels(fz_context *ctx, pdf_obj *resources, int depth, int *rest)
{
    pdf_obj *objects = pdf_dict_get(ctx, resources, PDF_NAME(XObject));
    int64_t pixels = 0;
    int count = pdf_dict_len(ctx, objects);
    for (int i = 0; i < count && (*rest)-- > 0; i++) {
        pdf_obj *object = pdf_dict_get_val(ctx, objects, i);
        pdf_obj *kind = pdf_dict_get(ctx, object, PDF_NAME(Subtype));
        if (pdf_name_eq(ctx, kind, PDF_NAME(Image))) {
            int64_t width = pdf_dict_get_int(ctx, object, PDF_NAME(Width));
            int64_t height = pdf_dict_get_int(ctx, object, PDF_NAME(Height));
            pixels += MAX(0, MIN(width, 100000)) * MAX(0, MIN(height, 100000));
        } else if (depth > 0 && pdf_name_eq(ctx, kind, PDF_NAME(Form))) {
            pdf_obj *inner = pdf_dict_get(ctx, object, PDF_NAME(Resources));
            pixels += count_pixels(ctx, inner, depth - 1, rest);
        }
    }
    return pixels;
}

static void run_page(PdfFile *file, fz_page *page, fz_stext_page *text, PageDrawing *drawing)
{
    fz_context *ctx = file->ctx;
    fz_device *device = NULL;
    fz_stext_options options = { .flags = FZ_STEXT_MEDIABOX_CLIP };
    fz_var(device);
    fz_try(ctx)
    {
        device = pdf_text_device(ctx, text, &options, drawing);
        fz_set_user_context(ctx, drawing);
        if (drawing->tags) {
            pdf_tag_device(device, drawing->tags);
            pdf_run_tagged(file, (pdf_page *)page, device, drawing->tags);
        } else {
            fz_run_page(ctx, page, device, fz_identity, &file->memory.cookie);
        }
    }
    fz_always(ctx)
    {
        fz_set_user_context(ctx, NULL);
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

/* MuPDF keeps every object that it has parsed; what was not needed to open the file is dropped
 * now and then, and parsed again when a page uses it. */
static void forget_objects(PdfFile *file)
{
    fz_context *ctx = file->ctx;
    if (!file->doc || ++file->pages_read % FORGET_PAGES != 0 || file->memory.used < FORGET_BYTES)
        return;
    fz_try(ctx) pdf_clear_xref_to_mark(ctx, file->doc);
    fz_catch(ctx) {}
}

bool pdf_file_page(PdfFile *file, Arena *arena, int number, int time_ms_max, PageText *page_r,
                   Error *err)
{
    fz_context *ctx = file->ctx;
    fz_page *page = NULL;
    fz_stext_page *text = NULL;
    PageText read = { 0 };
    PageTags tags = { .arena = arena, .page = &read };
    PageDrawing drawing = { .arena = arena, .page = &read };
    fz_var(page);
    fz_var(text);
    pdf_file_clock(file, time_ms_max);
    fz_try(ctx)
    {
        page = fz_load_page(ctx, file->any, number - 1);
        fz_rect box = fz_bound_page(ctx, page);
        read.width = box.x1 - box.x0;
        read.height = box.y1 - box.y0;
        text = fz_new_stext_page(ctx, box);
        pdf_page *pdf = file->doc ? (pdf_page *)page : NULL;
        if (pdf && pdf_find_tags(file, pdf, &tags))
            drawing.tags = &tags;
        run_page(file, page, text, &drawing);
        read.is_logical = !file->doc;
        read_spans(ctx, text, arena, &read, drawing.tags != NULL);
        if (pdf)
            pdf_read_notes(file, pdf, text, arena, &read);
        int rest = PICTURES_MAX;
        if (pdf && read.char_count - read.odd_count < LITTLE_TEXT)
            read.picture_pixels =
                count_pixels(ctx, pdf_page_resources(ctx, pdf), FORM_DEPTH_MAX, &rest);
    }
    fz_always(ctx)
    {
        fz_drop_stext_page(ctx, text);
        fz_drop_page(ctx, page);
        file->memory.deadline_ms = 0;
        forget_objects(file);
    }
    fz_catch(ctx) { return pdf_fail_caught(ctx, err); }
    read.was_cut = file->memory.cookie.abort != 0;
    *page_r = read;
    return true;
}
