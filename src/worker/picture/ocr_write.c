/* ocr_write.c - see ocr_write.h. */
#include "worker/picture/ocr_write.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "extract/metadata.h"
#include "worker/picture/ocr_table.h"

/* Below both, a page is noise: measured on photographs and patterns. */
#define NOISE_CONFIDENCE 40.0F
#define NOISE_KNOWN 0.3F
/* A line of noise among text, and of single words in photographs. */
#define LINE_NOISE 25.0F
#define SPARSE_LINE_NOISE 75.0F
#define SPARSE_LINE_SURE 85.0F

typedef struct Line {
    const OcrWord *words;
    size_t count;
    float left, right, top, bottom;
    float confidence;
    size_t letters;
    bool has_known; /* a longer word of the dictionary, no number */
    bool begins_paragraph;
} Line;

typedef VEC(Line) Lines;

static Line line_of(const OcrWord *words, size_t count)
{
    Line line = { .words = words,
                  .count = count,
                  .left = words->left,
                  .right = words->right,
                  .top = words->top,
                  .bottom = words->bottom,
                  .begins_paragraph = words->begins_paragraph };
    for (size_t i = 0; i < count; i++) {
        size_t length = utf8_count(words[i].text);
        line.left = MIN(line.left, words[i].left);
        line.right = MAX(line.right, words[i].right);
        line.top = MIN(line.top, words[i].top);
        line.bottom = MAX(line.bottom, words[i].bottom);
        line.confidence += words[i].confidence * (float)length;
        line.letters += length;
        line.has_known =
            line.has_known || (words[i].is_known && length >= 4 && !is_digit(words[i].text.at[0]));
    }
    line.confidence /= (float)MAX(line.letters, (size_t)1);
    return line;
}

/* Leaves, bricks and waves are read as words too: in a photograph a line has to be likely. */
static bool is_noise(const Line *line, bool is_sparse)
{
    if (!is_sparse)
        return line->confidence < LINE_NOISE;
    return line->confidence < SPARSE_LINE_NOISE || line->letters < 3 ||
           (!line->has_known && line->confidence < SPARSE_LINE_SURE);
}

/* The words that stand in no table, by lines; a table ends the paragraph it interrupts. */
static Lines lines_of(Arena *arena, const OcrPage *page, const OcrTables *tables, bool is_sparse)
{
    Lines lines = { 0 };
    bool begins_paragraph = true;
    const OcrWord *words = page->words.at;
    for (size_t i = 0, end; i < page->words.count; i = end) {
        end = i + 1;
        if (tables->table_of[i]) {
            begins_paragraph = true;
            continue;
        }
        while (end < page->words.count && !words[end].begins_line && !tables->table_of[end])
            end++;
        Line line = line_of(&words[i], end - i);
        begins_paragraph = begins_paragraph || line.begins_paragraph;
        if (is_noise(&line, is_sparse))
            continue;
        line.begins_paragraph = begins_paragraph;
        begins_paragraph = false;
        *vec_push(arena, &lines) = line;
    }
    return lines;
}

/* Of what is kept, in whole points. */
static double confidence_of(const Lines *lines)
{
    double sum = 0, letters = 0;
    for (size_t i = 0; i < lines->count; i++) {
        sum += (double)lines->at[i].confidence * (double)lines->at[i].letters;
        letters += (double)lines->at[i].letters;
    }
    return (double)(int)(sum / MAX(letters, 1) + 0.5);
}

/* --- One paragraph --- */

/* Text that fills its lines flows; the lines of addresses, lists and tables stay lines. */
static bool flows(const Line *lines, size_t count)
{
    float left = lines->left, right = lines->right;
    size_t full = 0;
    if (count < 2)
        return true;
    for (size_t i = 0; i < count; i++) {
        left = MIN(left, lines[i].left);
        right = MAX(right, lines[i].right);
    }
    for (size_t i = 0; i + 1 < count; i++)
        full += lines[i].right - left > 0.8F * (right - left);
    return full * 5 >= (count - 1) * 4;
}

static uint32_t last_character(Str text)
{
    size_t size, at = utf8_floor(text, text.length ? text.length - 1 : 0);
    return text.length ? utf8_decode(text, at, &size) : 0;
}

static bool is_without_spaces(uint32_t c)
{
    return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0xFF00 && c <= 0xFF60) || (c >= 0x20000 && c <= 0x3FFFF);
}

static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

/* "inves-" at a line's end and "tigate" after it: one word. */
static bool is_hyphenated(Str before, Str after)
{
    return before.length >= 3 && before.at[before.length - 1] == '-' &&
           is_lower(before.at[before.length - 2]) && after.length && is_lower(after.at[0]);
}

typedef struct Writer {
    DocWriter *doc;
    Arena *arena;
    float scale;
    Buf text;
    VEC(WordBox) boxes;
    float x0, y0, x1, y1; /* around the block */
} Writer;

static void add_box(Writer *out, const OcrWord *word, uint32_t start)
{
    float s = out->scale;
    bool is_first = out->boxes.count == 0;
    WordBox box = { start,        (uint32_t)word->text.length,
                    word->x0 * s, word->y0 * s,
                    word->x1 * s, word->y1 * s };
    out->x0 = is_first ? box.x0 : MIN(out->x0, box.x0);
    out->y0 = is_first ? box.y0 : MIN(out->y0, box.y0);
    out->x1 = is_first ? box.x1 : MAX(out->x1, box.x1);
    out->y1 = is_first ? box.y1 : MAX(out->y1, box.y1);
    *vec_push(out->arena, &out->boxes) = box;
}

static void add_word(Writer *out, const OcrWord *word, bool begins_line, bool is_flowing)
{
    Str before = buf_str(&out->text);
    size_t size;
    if (begins_line && !is_flowing && before.length) {
        buf_add_char(&out->text, '\n');
    } else if (begins_line && is_hyphenated(before, word->text)) {
        out->text.length--;
        if (out->boxes.count)
            out->boxes.at[out->boxes.count - 1].length--;
    } else if (before.length && !(is_without_spaces(last_character(before)) &&
                                  is_without_spaces(utf8_decode(word->text, 0, &size)))) {
        buf_add_char(&out->text, ' ');
    }
    add_box(out, word, (uint32_t)out->text.length);
    buf_add(&out->text, word->text);
}

static void write_paragraph(Writer *out, const Line *lines, size_t count)
{
    bool is_flowing = flows(lines, count);
    out->text.length = 0;
    out->boxes.count = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lines[i].count; k++)
            add_word(out, &lines[i].words[k], k == 0, is_flowing);
    doc_place_box(out->doc, out->x0, out->y0, out->x1, out->y1);
    doc_words(out->doc, out->boxes.at, out->boxes.count);
    doc_paragraph(out->doc, buf_str(&out->text));
}

/* --- Tables --- */

/* The row's text will be its cells joined by " | ": `at` is where this cell begins in it. */
static void write_cell(Writer *out, const OcrPage *page, const size_t *words, size_t count,
                       size_t at)
{
    out->text.length = 0;
    for (size_t i = 0; i < count; i++) {
        const OcrWord *word = &page->words.at[words[i]];
        size_t size;
        if (i && !(is_without_spaces(last_character(buf_str(&out->text))) &&
                   is_without_spaces(utf8_decode(word->text, 0, &size))))
            buf_add_char(&out->text, ' ');
        add_box(out, word, (uint32_t)(at + out->text.length));
        buf_add(&out->text, word->text);
    }
    doc_cell(out->doc, buf_str(&out->text));
}

static void write_table(Writer *out, const OcrPage *page, const OcrTable *table)
{
    doc_table_begin(out->doc);
    for (size_t i = 0; i < table->rows.count; i++) {
        const OcrRow *row = &table->rows.at[i];
        size_t next = 0, at = 0;
        out->boxes.count = 0;
        for (int column = 0; column < table->column_count; column++) {
            const OcrCell *cell = next < row->cells.count ? &row->cells.at[next] : NULL;
            bool is_filled = cell && cell->column == column;
            next += is_filled;
            write_cell(out, page, is_filled ? &table->words.at[cell->first] : NULL,
                       is_filled ? cell->count : 0, at);
            at += out->text.length + 3;
        }
        doc_place_box(out->doc, out->x0, out->y0, out->x1, out->y1);
        doc_words(out->doc, out->boxes.at, out->boxes.count);
        doc_row_end(out->doc);
    }
    doc_table_end(out->doc);
}

/* Those whose place in the reading order is before this word, not written yet. */
static void write_tables(Writer *out, const OcrPage *page, const OcrTables *tables, bool *written,
                         size_t before)
{
    for (;;) {
        size_t next = tables->tables.count;
        for (size_t i = 0; i < tables->tables.count; i++)
            if (!written[i] && tables->tables.at[i].first_word < before &&
                (next == tables->tables.count ||
                 tables->tables.at[i].first_word < tables->tables.at[next].first_word))
                next = i;
        if (next == tables->tables.count)
            return;
        written[next] = true;
        write_table(out, page, &tables->tables.at[next]);
    }
}

bool ocr_write(DocWriter *doc, Arena *arena, const OcrPage *page, bool is_sparse, float scale)
{
    if (!is_sparse && page->confidence < NOISE_CONFIDENCE && page->known < NOISE_KNOWN)
        return false;
    OcrTables tables = { .table_of = arena_new_array(arena, int, page->words.count + 1) };
    if (!is_sparse)
        tables = ocr_find_tables(arena, page);
    Lines lines = lines_of(arena, page, &tables, is_sparse);
    Writer out = { .doc = doc, .arena = arena, .scale = scale, .text = buf_new(arena, MB(4)) };
    if (!lines.count && !tables.tables.count)
        return false;
    doc_meta_number(doc, "ocr_confidence",
                    tables.tables.count ? (double)(int)(page->confidence + 0.5F)
                                        : confidence_of(&lines));
    bool *written = arena_new_array(arena, bool, tables.tables.count + 1);
    for (size_t i = 0, end; i < lines.count; i = end) {
        for (end = i + 1; end < lines.count && !lines.at[end].begins_paragraph; end++)
            ;
        write_tables(&out, page, &tables, written, (size_t)(lines.at[i].words - page->words.at));
        write_paragraph(&out, &lines.at[i], end - i);
    }
    write_tables(&out, page, &tables, written, SIZE_MAX);
    return true;
}
