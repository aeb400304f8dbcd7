/* pdf_layout.c - lines, paragraphs, headings and lists of a page. */
#include "extract/pdf/pdf_layout.h"

#include <math.h>

#include "base/ascii.h"
#include "base/utf8.h"

typedef struct Line {
    Str text;
    Box box;
    float baseline, size, left, right; /* left and right: edges of the block it stands in */
    int block, table, heading;
    bool is_bold, is_mono, is_turned, is_filled;
} Line;
typedef VEC(Line) Lines;

typedef struct Paragraph {
    Buf text;
    Box box;
    Line first, last;
    int line_count;
    bool is_bold, is_mono;
} Paragraph;

typedef struct Layout {
    DocWriter *doc;
    Arena *arena;
    const PdfStyle *style;
    const OutlineItem *outline;
    size_t outline_count;
    float pitch; /* usual distance between baselines, in font sizes */
} Layout;

/* --- Style of the document --- */

enum { SIZE_STEPS = 400 }; /* half points up to 200 */

static int size_step(float size) { return (int)MAX(0, MIN(size * 2 + 0.5F, SIZE_STEPS - 1)); }

PdfStyle pdf_style(const PageText *pages, size_t count)
{
    size_t sizes[SIZE_STEPS] = { 0 }, bold = 0, mono = 0, total = 1, most = 0;
    PdfStyle style = { .body_size = 10 };
    for (size_t p = 0; p < count; p++)
        for (size_t i = 0; i < pages[p].spans.count; i++) {
            const TextSpan *span = &pages[p].spans.at[i];
            sizes[size_step(span->size)] += span->text.length;
            bold += span->is_bold ? span->text.length : 0;
            mono += span->is_mono ? span->text.length : 0;
            total += span->text.length;
        }
    for (int i = 0; i < SIZE_STEPS; i++)
        if (sizes[i] > most) {
            most = sizes[i];
            style.body_size = (float)i / 2;
        }
    for (int i = SIZE_STEPS - 1; i > 0 && style.heading_count < HEADING_SIZES_MAX; i--)
        if (sizes[i] && (float)i / 2 > style.body_size * 1.12F)
            style.heading_sizes[style.heading_count++] = (float)i / 2;
    style.is_mostly_bold = bold * 3 > total;
    style.is_mostly_mono = mono * 2 > total;
    return style;
}

static int level_of_size(const PdfStyle *style, float size)
{
    if (size <= style->body_size * 1.12F)
        return 0;
    int level = 1;
    while (level <= style->heading_count && size < style->heading_sizes[level - 1] - 0.4F)
        level++;
    return MIN(level, 6);
}

/* --- Characters --- */

static uint32_t first_char(Str text)
{
    size_t size;
    return text.length ? utf8_decode(text, 0, &size) : 0;
}

static uint32_t last_char(Str text)
{
    size_t size;
    return text.length ? utf8_decode(text, utf8_floor(text, text.length - 1), &size) : 0;
}

static bool is_lower(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF) || (c >= 0x3B1 && c <= 0x3C9) ||
           (c >= 0x430 && c <= 0x45F);
}

static bool is_letter(uint32_t c) { return is_lower(c) || (c >= 'A' && c <= 'Z') || c >= 0xC0; }
static bool ends_sentence(Str text)
{
    uint32_t c = last_char(text);
    return c == '.' || c == '!' || c == '?' || c == ':' || c == ';' || c == 0x3002;
}

/* Scripts that are written without spaces: kana, Han, full-width forms; not Hangul. */
static bool is_spaceless(uint32_t c)
{
    return (c >= 0x3000 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF00 && c <= 0xFFEF) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

static bool is_bullet(uint32_t c)
{
    static const uint32_t bullets[] = { 0x2022, 0x2023, 0x2043, 0x2219, 0x25A0, 0x25A1, 0x25AA,
                                        0x25AB, 0x25B6, 0x25BA, 0x25CB, 0x25CF, 0x25E6, 0x2605,
                                        0x2713, 0x2714, 0x27A2, 0x27A4, 0xB7,   0xF0B7, 0xF0A7,
                                        0xF0D8, 0xF0FC, 0x2013, 0x2014, '-',    '*',    0x2212 };
    for (size_t i = 0; i < COUNT(bullets); i++)
        if (bullets[i] == c)
            return true;
    return false;
}

size_t pdf_list_marker(Str text)
{
    size_t size, at = 0, digits = 0, letters = 0;
    if (text.length < 3)
        return 0;
    if (is_bullet(utf8_decode(text, 0, &size)))
        return size < text.length && text.at[size] == ' ' ? size : 0;
    bool has_bracket = text.at[0] == '(';
    at += has_bracket;
    while (at + digits < text.length && is_digit((unsigned char)text.at[at + digits]))
        digits++;
    if (digits == 0)
        while (at + letters < text.length && HAS_CHAR(text.at[at + letters], "ivx"))
            letters++;
    if (digits == 0 && letters == 0 && at < text.length && is_letter((unsigned char)text.at[at]) &&
        (unsigned char)text.at[at] < 0x80)
        letters = 1;
    if (digits > 3 || letters > 4 || digits + letters == 0)
        return 0;
    at += digits + letters;
    if (at + 1 >= text.length || text.at[at + 1] != ' ')
        return 0;
    /* "A. Smith" is a name more often than an item. */
    bool ok = text.at[at] == ')' || (!has_bracket && digits && text.at[at] == '.');
    return ok ? at + 1 : 0;
}

/* --- Lines --- */

/* Columns that were drawn line by line across the gutter are put one after the other. */
static bool is_interleaved(const TextSpan *a, const TextSpan *b)
{
    return fabsf(a->baseline - b->baseline) < 0.3F * a->size &&
           b->box.x0 - a->box.x1 > 1.2F * a->size && a->text.length >= 15 && b->text.length >= 15;
}

static void split_columns(Arena *arena, PageText *page)
{
    size_t count = page->spans.count, pairs = 0, agree = 0;
    TextSpan *spans = page->spans.at;
    float gutter = 0;
    for (size_t i = 0; i + 1 < count; i++)
        if (is_interleaved(&spans[i], &spans[i + 1])) {
            gutter += (spans[i].box.x1 + spans[i + 1].box.x0) / 2;
            pairs++;
        }
    if (pairs < 6)
        return;
    gutter /= (float)pairs;
    for (size_t i = 0; i + 1 < count; i++)
        if (is_interleaved(&spans[i], &spans[i + 1]))
            agree += spans[i].box.x1 < gutter && spans[i + 1].box.x0 > gutter;
    if (agree * 10 < pairs * 8)
        return;

    TextSpan *ordered = arena_new_array(arena, TextSpan, count);
    TextSpan *right = arena_new_array(arena, TextSpan, count);
    size_t done = 0, waiting = 0;
    for (size_t i = 0; i <= count; i++) {
        bool crosses = i == count || (spans[i].box.x0 < gutter && spans[i].box.x1 > gutter);
        if (crosses) {
            memcpy(ordered + done, right, waiting * sizeof *right);
            done += waiting;
            waiting = 0;
        }
        if (i < count && !crosses && spans[i].box.x0 >= gutter)
            right[waiting++] = spans[i];
        else if (i < count)
            ordered[done++] = spans[i];
    }
    page->spans.at = ordered;
}

static bool is_same_line(const Line *line, const TextSpan *next)
{
    float size = MAX(line->size, 1.0F), gap = next->box.x0 - line->box.x1;
    float overlap = MIN(line->box.y1, next->box.y1) - MAX(line->box.y0, next->box.y0);
    if (line->is_turned || next->is_turned || line->table || next->table)
        return false;
    if (fabsf(line->baseline - next->baseline) > 0.3F * size)
        return overlap > 0.5F * (next->box.y1 - next->box.y0) && gap > -0.3F * size &&
               gap < 0.5F * size; /* raised and lowered characters */
    if (gap < -0.5F * size || gap > 20 * size)
        return false;
    return gap < 2 * size || line->text.length < 20 || next->text.length < 20;
}

static Lines build_lines(Arena *arena, const PageText *page)
{
    Lines lines = { 0 };
    for (size_t i = 0; i < page->spans.count; i++) {
        const TextSpan *span = &page->spans.at[i];
        Line *last = lines.count ? &lines.at[lines.count - 1] : NULL;
        if (span->is_running)
            continue;
        if (last && is_same_line(last, span)) {
            bool spaced = span->box.x0 - last->box.x1 > 0.15F * last->size;
            last->text = str_format(arena, STR_FMT "%s" STR_FMT, STR_ARG(last->text),
                                    spaced ? " " : "", STR_ARG(span->text));
            last->box = box_union(last->box, span->box);
            last->is_bold &= span->is_bold;
            last->is_mono &= span->is_mono;
            if (span->text.length > last->text.length - span->text.length)
                last->size = span->size; /* of the longer part: bullets are often larger */
            continue;
        }
        *vec_push(arena, &lines) = (Line){ .text = span->text,
                                           .box = span->box,
                                           .baseline = span->baseline,
                                           .size = span->size,
                                           .block = span->block,
                                           .table = span->table,
                                           .heading = span->heading,
                                           .is_bold = span->is_bold,
                                           .is_mono = span->is_mono,
                                           .is_turned = span->is_turned,
                                           .is_filled = span->is_filled };
    }
    return lines;
}

static void measure_blocks(Lines *lines)
{
    for (size_t first = 0, end; first < lines->count; first = end) {
        float left = lines->at[first].box.x0, right = lines->at[first].box.x1;
        for (end = first + 1; end < lines->count; end++) {
            const Line *a = &lines->at[end - 1], *b = &lines->at[end];
            bool near = b->baseline > a->baseline && b->baseline - a->baseline < 3 * a->size &&
                        b->box.x0 < a->box.x1 && b->box.x1 > a->box.x0;
            if (b->table || a->table || (!near && b->block != a->block))
                break;
            left = MIN(left, b->box.x0);
            right = MAX(right, b->box.x1);
        }
        for (size_t i = first; i < end; i++) {
            lines->at[i].left = left;
            lines->at[i].right = right;
        }
    }
}

static int by_value(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

static float usual_pitch(Arena *arena, const Lines *lines)
{
    float *pitches = arena_new_array(arena, float, lines->count + 1);
    size_t count = 0;
    for (size_t i = 0; i + 1 < lines->count; i++) {
        const Line *a = &lines->at[i], *b = a + 1;
        float pitch = (b->baseline - a->baseline) / MAX(a->size, 1.0F);
        if (pitch > 0.8F && pitch < 3 && fabsf(a->size - b->size) < 0.5F)
            pitches[count++] = pitch;
    }
    if (count == 0)
        return 1.2F;
    qsort(pitches, count, sizeof *pitches, by_value);
    return pitches[count / 2];
}

/* --- Paragraphs --- */

static bool is_indent_ok(const Paragraph *paragraph, const Line *next)
{
    const Line *last = &paragraph->last;
    float step = next->box.x0 - last->box.x0;
    float centers = fabsf((next->box.x0 + next->box.x1) - (last->box.x0 + last->box.x1)) / 2;
    if (step < 0.8F * last->size || centers < last->size)
        return true;
    /* A hanging indent: after the first line only, and of an item or a full line. */
    return paragraph->line_count == 1 &&
           (pdf_list_marker(paragraph->first.text) > 0 ||
            last->box.x1 > last->right - 0.15F * (last->right - last->left));
}

static bool continues(const Layout *layout, const Paragraph *paragraph, const Line *next)
{
    const Line *last = &paragraph->last;
    float step = next->baseline - last->baseline, size = MAX(last->size, 1.0F);
    float width = last->right - last->left;
    if (next->table || last->table || last->is_turned != next->is_turned ||
        last->heading != next->heading)
        return false;
    if (last->is_turned)
        return last->block == next->block;
    if (fabsf(next->size - last->size) > 0.08F * size || last->is_mono != next->is_mono)
        return false;
    if (step <= 0.3F * size) /* the top of the next column */
        return paragraph->line_count > 1 && !ends_sentence(last->text) &&
               is_lower(first_char(next->text)) && last->is_bold == next->is_bold &&
               next->box.x0 > last->box.x0;
    if (step > 1.25F * layout->pitch * size && step > 1.3F * size)
        return false;
    if (last->is_mono && !layout->style->is_mostly_mono)
        return true;
    if (pdf_list_marker(next->text) || !is_indent_ok(paragraph, next))
        return false;
    bool is_short = last->box.x1 < last->right - 0.3F * width;
    if (paragraph->is_bold && !next->is_bold && (is_short || last->block != next->block))
        return false;
    if (!last->is_bold && next->is_bold && ends_sentence(last->text))
        return false;
    return !(is_short && ends_sentence(last->text) && !is_lower(first_char(next->text)));
}

/* A hyphen at the end of a line goes when the word goes on in lower case. */
static void join_line(const Layout *layout, Paragraph *paragraph, const Line *next)
{
    Buf *text = &paragraph->text;
    Str before = buf_str(text);
    uint32_t end = last_char(before), start = first_char(next->text);
    bool is_code = next->is_mono && !layout->style->is_mostly_mono;
    size_t hyphen = end == '-' ? 1 : end == 0xAD ? 2 : end == 0x2010 ? 3 : 0;
    if (is_code) {
        float indent = (next->box.x0 - paragraph->first.box.x0) / MAX(next->size * 0.6F, 1.0F);
        buf_add_char(text, '\n');
        for (int i = 0; i < (int)(indent + 0.5F) && i < 60; i++)
            buf_add_char(text, ' ');
    } else if (hyphen && is_lower(start) &&
               is_letter(last_char(str_slice(before, 0, before.length - hyphen)))) {
        text->length -= hyphen;
    } else if (!(is_spaceless(end) && is_spaceless(start))) {
        const Line *last = &paragraph->last;
        bool is_short = last->box.x1 < last->right - 0.4F * (last->right - last->left);
        buf_add_char(text, is_short ? '\n' : ' ');
    }
    buf_add(text, next->text);
}

static int outline_level(const Layout *layout, Str text)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    if (layout->outline_count == 0 || text.length > 400)
        return 0;
    Str folded = utf8_fold(arena, text);
    for (size_t i = 0; i < layout->outline_count; i++) {
        Str title = utf8_fold(arena, layout->outline[i].title);
        if (title.length < 3)
            continue;
        /* Titles often leave out the number that the page shows before them, or bring it. */
        if (str_equal(folded, title) ||
            (str_ends(folded, title) && folded.length - title.length < 8) ||
            (str_ends(title, folded) && title.length - folded.length < 8))
            return layout->outline[i].level;
    }
    return 0;
}

static int heading_level(const Layout *layout, const Paragraph *paragraph, Str text)
{
    const PdfStyle *style = layout->style;
    if (paragraph->line_count > 4 || text.length > 300 || paragraph->first.is_turned ||
        paragraph->first.is_filled)
        return 0;
    bool has_letter = false;
    for (size_t i = 0; i < text.length; i++)
        has_letter |= is_letter((unsigned char)text.at[i]);
    if (!has_letter)
        return 0;
    int level = paragraph->first.heading;
    if (level == 0)
        level = outline_level(layout, text);
    bool has_bullet = is_bullet(first_char(text)) && pdf_list_marker(text) > 0;
    if (level == 0 && text.length <= 200 && !has_bullet)
        level = level_of_size(style, paragraph->first.size);
    if (level == 0 && !has_bullet && paragraph->is_bold && !style->is_mostly_bold &&
        text.length <= 120 && paragraph->line_count <= 2 &&
        paragraph->first.size >= style->body_size * 0.95F && !is_lower(first_char(text)) &&
        last_char(text) != '.' && last_char(text) != ',')
        level = style->heading_count + 1;
    return MIN(level, 6);
}

static bool write_paragraph(Layout *layout, Paragraph *paragraph)
{
    Str text = str_trim(buf_str(&paragraph->text));
    Box box = paragraph->box;
    size_t marker;
    if (paragraph->line_count == 0 || text.length == 0)
        return doc_writer_ok(layout->doc);
    doc_place_box(layout->doc, box.x0, box.y0, box.x1, box.y1);
    int level = heading_level(layout, paragraph, text);
    if (level > 0)
        return doc_heading(layout->doc, level, text);
    if (paragraph->is_mono && !layout->style->is_mostly_mono && paragraph->line_count > 1)
        return doc_code(layout->doc, STR_NONE, text);
    if ((marker = pdf_list_marker(text)) > 0) {
        Str label = str_slice(text, 0, marker);
        if (is_bullet(first_char(label)))
            label = S("-");
        return doc_list_item(layout->doc, 1, label, str_from(text, marker + 1));
    }
    return doc_paragraph(layout->doc, text);
}

static void begin_paragraph(const Layout *layout, Paragraph *paragraph, const Line *line)
{
    *paragraph = (Paragraph){ .text = buf_new(layout->arena, MB(16)),
                              .box = line->box,
                              .first = *line,
                              .last = *line,
                              .line_count = 1,
                              .is_bold = line->is_bold,
                              .is_mono = line->is_mono };
    buf_add(&paragraph->text, line->text);
}

static bool write_table(Layout *layout, const PageTable *table)
{
    bool has_header = table->rows.count > 1 && table->rows.at[0].is_bold &&
                      !table->rows.at[table->rows.count - 1].is_bold;
    size_t header_count = table->header_count ? (size_t)table->header_count : has_header;
    doc_table_begin(layout->doc);
    for (size_t r = 0; r < table->rows.count; r++) {
        const TableRow *row = &table->rows.at[r];
        doc_place_box(layout->doc, row->box.x0, row->box.y0, row->box.x1, row->box.y1);
        for (int i = 0; i < table->column_count; i++)
            if (!row->cells[i].is_covered)
                doc_cell_span(layout->doc, row->cells[i].text, MAX(row->cells[i].columns, 1),
                              MAX(row->cells[i].rows, 1));
        doc_row_end(layout->doc);
        if (r + 1 == header_count)
            doc_header_end(layout->doc);
    }
    doc_table_end(layout->doc);
    return doc_writer_ok(layout->doc);
}

static bool write_lines(Layout *layout, const Lines *lines, const PageTables *tables)
{
    Paragraph paragraph = { 0 };
    bool *is_written = arena_new_array(layout->arena, bool, tables->count + 1);
    for (size_t i = 0; i < lines->count && doc_writer_ok(layout->doc); i++) {
        const Line *line = &lines->at[i];
        if (line->table) {
            if (is_written[line->table])
                continue;
            write_paragraph(layout, &paragraph);
            paragraph.line_count = 0;
            is_written[line->table] = true;
            write_table(layout, &tables->at[line->table - 1]);
        } else if (paragraph.line_count && continues(layout, &paragraph, line)) {
            join_line(layout, &paragraph, line);
            paragraph.box = box_union(paragraph.box, line->box);
            paragraph.last = *line;
            paragraph.line_count++;
            paragraph.is_bold &= line->is_bold;
        } else {
            write_paragraph(layout, &paragraph);
            begin_paragraph(layout, &paragraph, line);
        }
    }
    return write_paragraph(layout, &paragraph);
}

bool pdf_write_page(DocWriter *doc, Arena *arena, PageText *page, const PdfStyle *style,
                    const OutlineItem *outline, size_t outline_count)
{
    Layout layout = { .doc = doc,
                      .arena = arena,
                      .style = style,
                      .outline = outline,
                      .outline_count = outline_count };
    PageTables tables = pdf_find_tables(arena, page);
    split_columns(arena, page);
    Lines lines = build_lines(arena, page);
    measure_blocks(&lines);
    layout.pitch = usual_pitch(arena, &lines);
    return write_lines(&layout, &lines, &tables);
}
