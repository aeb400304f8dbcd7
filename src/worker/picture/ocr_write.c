/* ocr_write.c - see ocr_write.h. */
#include "worker/picture/ocr_write.h"

#include "base/utf8.h"
#include "extract/metadata.h"

/* Below both, a page is noise: measured on photographs and patterns. */
#define NOISE_CONFIDENCE 40.0F
#define NOISE_KNOWN 0.3F
/* A line of noise among text, and of single words in photographs. */
#define LINE_NOISE 25.0F
#define SPARSE_LINE_NOISE 60.0F
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

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

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
            line.has_known || (words[i].is_known && length >= 3 && !is_digit(words[i].text.at[0]));
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

static Lines lines_of(Arena *arena, const OcrPage *page, bool is_sparse)
{
    Lines lines = { 0 };
    bool begins_paragraph = true;
    for (size_t i = 0, end; i < page->words.count; i = end) {
        for (end = i + 1; end < page->words.count && !page->words.at[end].begins_line; end++)
            ;
        Line line = line_of(&page->words.at[i], end - i);
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
    float s = out->scale;
    WordBox box = { .start = (uint32_t)out->text.length,
                    .length = (uint32_t)word->text.length,
                    .x0 = word->x0 * s,
                    .y0 = word->y0 * s,
                    .x1 = word->x1 * s,
                    .y1 = word->y1 * s };
    buf_add(&out->text, word->text);
    bool is_first = out->boxes.count == 0;
    out->x0 = is_first ? box.x0 : MIN(out->x0, box.x0);
    out->y0 = is_first ? box.y0 : MIN(out->y0, box.y0);
    out->x1 = is_first ? box.x1 : MAX(out->x1, box.x1);
    out->y1 = is_first ? box.y1 : MAX(out->y1, box.y1);
    *vec_push(out->arena, &out->boxes) = box;
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

bool ocr_write(DocWriter *doc, Arena *arena, const OcrPage *page, bool is_sparse, float scale)
{
    if (!is_sparse && page->confidence < NOISE_CONFIDENCE && page->known < NOISE_KNOWN)
        return false;
    Lines lines = lines_of(arena, page, is_sparse);
    Writer out = { .doc = doc, .arena = arena, .scale = scale, .text = buf_new(arena, MB(4)) };
    if (!lines.count)
        return false;
    doc_meta_number(doc, "ocr_confidence", confidence_of(&lines));
    for (size_t i = 0, end; i < lines.count; i = end) {
        for (end = i + 1; end < lines.count && !lines.at[end].begins_paragraph; end++)
            ;
        write_paragraph(&out, &lines.at[i], end - i);
    }
    return true;
}
