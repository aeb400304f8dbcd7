/* pdf_tags.c - tagged PDF (ISO 32000-1, 14.7 and 14.8): which text the file says is a heading, and
 * what its figures show.
 *
 * Content is marked with numbers (BDC with an MCID); the structure tree's parent tree leads from a
 * number to the element it belongs to. MuPDF's text has no room for it, but for a colour nobody
 * needs here: while a page runs, each text is drawn in the colour of its heading level. */
#include "extract/pdf/pdf_file_int.h"

enum { ANCESTORS_MAX = 32, LEVEL_MAX = 6 };

static PageTags *tags_of(fz_context *ctx)
{
    PageDrawing *drawing = fz_user_context(ctx);
    return drawing ? drawing->tags : NULL;
}

/* --- Elements --- */

/* An element's type by the standard's names. */
static const char *role_of(fz_context *ctx, pdf_obj *element, pdf_obj *roles)
{
    pdf_obj *type = pdf_dict_get(ctx, element, PDF_NAME(S));
    for (int i = 0; i < 4; i++) {
        pdf_obj *mapped = pdf_dict_get(ctx, roles, type);
        if (!pdf_is_name(ctx, mapped) || mapped == type)
            break;
        type = mapped;
    }
    return pdf_to_name(ctx, type);
}

static int level_of_role(const char *role)
{
    if (role[0] == 'H' && role[1] >= '1' && role[1] <= '9' && role[2] == '\0')
        return MIN(role[1] - '0', LEVEL_MAX);
    return strcmp(role, "H") == 0 || strcmp(role, "Title") == 0;
}

/* "H" has the level of the sections around it. */
static int level_of_nesting(fz_context *ctx, pdf_obj *element, pdf_obj *roles)
{
    int level = 0;
    for (int i = 0; i < ANCESTORS_MAX && pdf_is_dict(ctx, element); i++) {
        level += strcmp(role_of(ctx, element, roles), "Sect") == 0;
        element = pdf_dict_get(ctx, element, PDF_NAME(P));
    }
    return MAX(1, MIN(level, LEVEL_MAX));
}

static void take_figure(fz_context *ctx, PageTags *tags, pdf_obj *element)
{
    int number = pdf_to_num(ctx, element);
    pdf_obj *words = pdf_dict_get(ctx, element, PDF_NAME(Alt));
    if (number && number == tags->last_figure)
        return;
    tags->last_figure = number;
    Str text = str_trim(str(pdf_is_string(ctx, words) ? pdf_to_text_string(ctx, words) : ""));
    if (text.length && tags->page->notes.count < 1000)
        *vec_push(tags->arena, &tags->page->notes) =
            (PageNote){ .label = "image", .text = str_copy(tags->arena, text) };
}

/* The heading level of marked content; 0: it is no heading. */
static int level_of_mark(fz_context *ctx, PageTags *tags, int mark)
{
    pdf_obj *element = pdf_array_get(ctx, tags->elements, mark);
    for (int i = 0; i < 4 && pdf_is_dict(ctx, element); i++) {
        const char *role = role_of(ctx, element, tags->roles);
        int level = level_of_role(role);
        if (level)
            return role[1] == '\0' ? level_of_nesting(ctx, element, tags->roles) : level;
        if (strcmp(role, "Figure") == 0 || strcmp(role, "Formula") == 0) {
            take_figure(ctx, tags, element);
            return 0;
        }
        element = pdf_dict_get(ctx, element, PDF_NAME(P));
    }
    return 0;
}

/* --- Marks while the page runs --- */

/* Text that waits in the processor is drawn before the level changes: setting the miter limit,
 * which nothing here looks at, makes it. */
static void flush_text(fz_context *ctx, pdf_processor *proc) { proc->op_M(ctx, proc, 10); }

static void push_level(fz_context *ctx, pdf_processor *proc, int level)
{
    PageTags *tags = tags_of(ctx);
    int depth = tags->depth++;
    if (depth + 1 >= TAG_DEPTH_MAX)
        return;
    if (level < 0)
        level = tags->levels[depth];
    if (level != tags->levels[depth])
        flush_text(ctx, proc);
    tags->levels[depth + 1] = (uint8_t)level;
}

static void begin_plain(fz_context *ctx, pdf_processor *proc, const char *tag)
{
    push_level(ctx, proc, -1);
    tags_of(ctx)->begin_plain(ctx, proc, tag);
}

static void begin_marked(fz_context *ctx, pdf_processor *proc, const char *tag, pdf_obj *raw,
                         pdf_obj *cooked)
{
    PageTags *tags = tags_of(ctx);
    pdf_obj *mark = pdf_dict_get(ctx, cooked, PDF_NAME(MCID));
    int level = -1;
    if (pdf_is_int(ctx, mark))
        level = level_of_mark(ctx, tags, pdf_to_int(ctx, mark));
    push_level(ctx, proc, level);
    tags->begin_marked(ctx, proc, tag, raw, cooked);
}

static void end_marked(fz_context *ctx, pdf_processor *proc)
{
    PageTags *tags = tags_of(ctx);
    if (tags->depth > 0) {
        int depth = tags->depth--;
        if (depth < TAG_DEPTH_MAX && tags->levels[depth] != tags->levels[depth - 1])
            flush_text(ctx, proc);
    }
    tags->end(ctx, proc);
}

bool pdf_find_tags(PdfFile *file, pdf_page *page, PageTags *tags)
{
    fz_context *ctx = file->ctx;
    pdf_obj *catalog = pdf_dict_get(ctx, pdf_trailer(ctx, file->doc), PDF_NAME(Root));
    pdf_obj *root = pdf_dict_gets(ctx, catalog, "StructTreeRoot");
    pdf_obj *number = pdf_dict_get(ctx, page->obj, PDF_NAME(StructParents));
    if (!pdf_is_dict(ctx, root) || !pdf_is_int(ctx, number))
        return false;
    tags->roles = pdf_dict_gets(ctx, root, "RoleMap");
    tags->elements =
        pdf_lookup_number(ctx, pdf_dict_gets(ctx, root, "ParentTree"), pdf_to_int(ctx, number));
    return pdf_is_array(ctx, tags->elements);
}

/* As pdf_run_page_contents(), with an eye on the marks. Throws. */
static void run_contents(PdfFile *file, pdf_page *page, fz_device *device, PageTags *tags)
{
    fz_context *ctx = file->ctx;
    fz_default_colorspaces *spaces = NULL;
    pdf_processor *proc = NULL;
    fz_rect box;
    fz_matrix matrix;
    fz_var(spaces);
    fz_var(proc);
    pdf_page_transform(ctx, page, &box, &matrix);
    fz_try(ctx)
    {
        spaces = pdf_load_default_colorspaces(ctx, file->doc, page);
        proc =
            pdf_new_run_processor(ctx, device, matrix, "View", NULL, spaces, &file->memory.cookie);
        tags->begin_plain = proc->op_BMC;
        tags->begin_marked = proc->op_BDC;
        tags->end = proc->op_EMC;
        proc->op_BMC = begin_plain;
        proc->op_BDC = begin_marked;
        proc->op_EMC = end_marked;
        pdf_process_contents(ctx, proc, file->doc, pdf_page_resources(ctx, page),
                             pdf_page_contents(ctx, page), &file->memory.cookie);
        pdf_close_processor(ctx, proc);
    }
    fz_always(ctx)
    {
        pdf_drop_processor(ctx, proc);
        fz_drop_default_colorspaces(ctx, spaces);
    }
    fz_catch(ctx) fz_rethrow(ctx);
}

void pdf_run_tagged(PdfFile *file, pdf_page *page, fz_device *device, PageTags *tags)
{
    fz_context *ctx = file->ctx;
    fz_cookie *cookie = &file->memory.cookie;
    run_contents(file, page, device, tags);
    tags->depth = 0;
    tags->levels[0] = 0;
    fz_run_page_annots(ctx, (fz_page *)page, device, fz_identity, cookie);
    fz_run_page_widgets(ctx, (fz_page *)page, device, fz_identity, cookie);
}

/* --- Levels as colours --- */

static const float *color_of_level(fz_context *ctx, float *color)
{
    const PageTags *tags = tags_of(ctx);
    int level = tags ? tags->levels[MIN(tags->depth, TAG_DEPTH_MAX - 1)] : 0;
    color[0] = color[1] = 0;
    color[2] = ((float)level + 0.5F) / 255;
    return color;
}

static void fill_text(fz_context *ctx, fz_device *device, const fz_text *text, fz_matrix matrix,
                      fz_colorspace *space, const float *color, float alpha, fz_color_params params)
{
    float level[FZ_MAX_COLORS];
    (void)space, (void)color;
    tags_of(ctx)->fill_text(ctx, device, text, matrix, fz_device_rgb(ctx),
                            color_of_level(ctx, level), alpha, params);
}

static void stroke_text(fz_context *ctx, fz_device *device, const fz_text *text,
                        const fz_stroke_state *stroke, fz_matrix matrix, fz_colorspace *space,
                        const float *color, float alpha, fz_color_params params)
{
    float level[FZ_MAX_COLORS];
    (void)space, (void)color;
    tags_of(ctx)->stroke_text(ctx, device, text, stroke, matrix, fz_device_rgb(ctx),
                              color_of_level(ctx, level), alpha, params);
}

void pdf_tag_device(fz_device *device, PageTags *tags)
{
    tags->fill_text = device->fill_text;
    tags->stroke_text = device->stroke_text;
    device->fill_text = fill_text;
    device->stroke_text = stroke_text;
}

int pdf_tagged_level(const fz_stext_char *c) { return MIN(c->color & 0xFF, LEVEL_MAX); }
