/* hwp3.c - documents of Hangul 3 ("Hwp Document File Formats 3.0 / HWPML", Hancom): after two fixed
 * blocks, a deflated run of fonts, styles and paragraphs, each with the boxes it holds.
 *
 *     signature 30, document 128, summary 9 x 112, info block, then the body
 *
 * Nothing in the body says how long it is, so a paragraph that cannot be read ends the text. */
#include "extract/byte_view.h"
#include "extract/charset/korean.h"
#include "extract/inflate.h"
#include "extract/word/hwp_body.h"

#define BODY_MAX MB(256)

enum {
    SIGNATURE = 30,
    DOCUMENT = 128,
    SUMMARY_FIELD = 112,
    SUMMARY = 9 * SUMMARY_FIELD,
    ENCRYPTED_AT = SIGNATURE + 96,
    PACKED_AT = SIGNATURE + 124,
    INFO_SIZE_AT = SIGNATURE + 126,
    FONT_KINDS = 7,
    FONT_NAME = 40,
    CHARACTER_SHAPE = 31,
    PARAGRAPH_SHAPE = 187,
    STYLE = 20 + CHARACTER_SHAPE + PARAGRAPH_SHAPE,
    LINE = 14,
    CELL = 27,
    NESTING_MAX = 16,
    CELLS_MAX = 16384,
    KS_ROW = 94,
    KS_HANJA = 41,
    HANJA_COUNT = 4888,
};

typedef struct BoxCell {
    int x, y, width, height, column, row, column_span, row_span;
    VEC(Str) lines;
} BoxCell;

typedef struct Reader {
    Str bytes; /* of the body */
    size_t at;
    bool is_broken;
    int nesting;
    HwpBody body;
    Arena *arena;
    VEC(int) headings; /* levels by style, 0: none */
    BoxCell *cell;     /* that is being read: a table is written when all its cells are known */
    HwpParagraph next; /* of the text that comes */
} Reader;

/* --- Bytes --- */

static Str take(Reader *in, size_t size)
{
    if (size > in->bytes.length - in->at) {
        in->is_broken = true;
        in->at = in->bytes.length;
        return STR_NONE;
    }
    in->at += size;
    return str_slice(in->bytes, in->at - size, in->at);
}

static unsigned take16(Reader *in) { return little16(take(in, 2), 0); }

/* --- Characters --- */

/* A row and a cell of KS X 1001, both from 0, in johab; its Chinese characters begin in row 41. */
static void add_ks(Buf *johab, unsigned row, unsigned cell)
{
    unsigned first = row < KS_HANJA ? 0xD9 + row / 2 : 0xE0 + (row - KS_HANJA) / 2;
    cell += (row < KS_HANJA ? row : row - KS_HANJA) % 2 * KS_ROW;
    buf_add_char(johab, (char)first);
    buf_add_char(johab, (char)(cell < 0x4E ? cell + 0x31 : cell + 0x43));
}

/* Below 128 is ASCII, from 8000 on johab; between them are tables of Hangul's own. */
static void add_character(Buf *johab, unsigned code)
{
    static const uint16_t maker[] = { 0xD065, 0x8B69, 0x89C1, 0xC4F1, 0xCF41, 0xC8E1 };
    unsigned sign = code & 0xFF;
    if (code < 0x80) {
        buf_add_char(johab, (char)code);
    } else if (code >= 0x8000) {
        buf_add_char(johab, (char)(code >> 8));
        buf_add_char(johab, (char)code);
    } else if (code >= 0x4000 && code < 0x4000 + HANJA_COUNT) {
        add_ks(johab, KS_HANJA + (code - 0x4000) / KS_ROW, (code - 0x4000) % KS_ROW);
    } else if (code >= 0x37C0 && code < 0x37C0 + COUNT(maker)) { /* its maker's name */
        buf_add_char(johab, (char)(maker[code - 0x37C0] >> 8));
        buf_add_char(johab, (char)maker[code - 0x37C0]);
    } else if (code >= 0x3400 && code < 0x37C0 && sign % 0x60 != 0) {
        unsigned row = (code - 0x3400) / 0x60, cell = (code - 0x3400) % 0x60;
        if (cell >= 1 && cell <= KS_ROW)
            add_ks(johab, row == 9 ? row + 2 : row, cell - 1);
    } else if (code > 0x1F00 && code < 0x1FC0 && sign % 0x60 != 0) { /* kana */
        add_ks(johab, 9 + sign / 0x60, sign % 0x60 - 1);
    } else if (code >= 0x2F00 && code < 0x2F70) {
        add_ks(johab, 0, 3); /* one of its bullets */
    } else if (code >= 0x81 && code <= 0x84) {
        buf_add_char(johab, code < 0x83 ? '"' : '\'');
    } else {
        buf_add_char(johab, ' '); /* lines of boxes and such */
    }
}

/* A field of characters that ends with a zero. */
static Str field_text(Arena *arena, Str field)
{
    Buf johab = buf_new(arena, KB(64));
    for (size_t i = 0; i + 2 <= field.length && little16(field, i); i += 2)
        add_character(&johab, little16(field, i));
    return johab_decode(arena, buf_str(&johab));
}

/* --- Boxes: what a paragraph holds --- */

static void read_paragraphs(Reader *in);

static void say(Reader *in, Str text)
{
    if (!in->cell)
        hwp_paragraph(&in->body, text, in->next);
    else if (str_trim(text).length)
        *vec_push(in->arena, &in->cell->lines) = text;
}

static void read_inside(Reader *in, HwpHolder holder)
{
    BoxCell *outer = in->cell;
    HwpParagraph next = in->next;
    bool is_note = holder != HWP_BOX && !outer;
    if (is_note)
        hwp_begin(&in->body, holder);
    read_paragraphs(in);
    if (is_note)
        hwp_end(&in->body);
    in->cell = outer;
    in->next = next;
}

static int by_place(const void *a, const void *b)
{
    const BoxCell *left = a, *right = b;
    return left->y != right->y ? (left->y > right->y) - (left->y < right->y)
                               : (left->x > right->x) - (left->x < right->x);
}

static int by_number(const void *a, const void *b)
{
    const int *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static int index_in(const int *edges, size_t count, int edge)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (edges[middle] < edge)
            low = middle + 1;
        else
            high = middle;
    }
    return (int)low;
}

/* The edges of cells along one side, each once. */
static size_t edges_of(const BoxCell *cells, size_t count, bool is_column, int *edges)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        edges[2 * i] = is_column ? cells[i].x : cells[i].y;
        edges[2 * i + 1] = edges[2 * i] + (is_column ? cells[i].width : cells[i].height);
    }
    qsort(edges, 2 * count, sizeof *edges, by_number);
    for (size_t i = 0; i < 2 * count; i++)
        if (!kept || edges[i] != edges[kept - 1])
            edges[kept++] = edges[i];
    return kept;
}

/* Cells say where they are, not which row and column they are in. */
static void find_grid(Reader *in, BoxCell *cells, size_t count)
{
    int *edges = arena_alloc(in->arena, 2 * count * sizeof *edges);
    size_t columns = edges_of(cells, count, true, edges);
    for (size_t i = 0; i < count; i++) {
        cells[i].column = index_in(edges, columns, cells[i].x);
        cells[i].column_span =
            index_in(edges, columns, cells[i].x + cells[i].width) - cells[i].column;
    }
    size_t rows = edges_of(cells, count, false, edges);
    for (size_t i = 0; i < count; i++) {
        cells[i].row = index_in(edges, rows, cells[i].y);
        cells[i].row_span = index_in(edges, rows, cells[i].y + cells[i].height) - cells[i].row;
    }
    qsort(cells, count, sizeof *cells, by_place);
}

static void write_table(Reader *in, BoxCell *cells, size_t count)
{
    find_grid(in, cells, count);
    hwp_begin(&in->body, HWP_TABLE);
    for (size_t i = 0; i < count; i++) {
        hwp_cell(&in->body, cells[i].row, cells[i].column_span, cells[i].row_span);
        for (size_t k = 0; k < cells[i].lines.count; k++)
            hwp_paragraph(&in->body, cells[i].lines.at[k], (HwpParagraph){ 0 });
    }
    hwp_end(&in->body);
}

/* A table, text box, equation or button: 10. */
static void read_box(Reader *in)
{
    Str head = take(in, 6 + 78);
    unsigned type = take16(in), count = take16(in);
    BoxCell *outer = in->cell, *cells;
    take(in, 2);
    if (count == 0 || count > CELLS_MAX || count * CELL > in->bytes.length - in->at)
        in->is_broken = true;
    if (in->is_broken || !head.length)
        return;
    bool is_table = type == 0 && !outer;
    cells = arena_alloc(in->arena, count * sizeof *cells);
    memset(cells, 0, count * sizeof *cells);
    for (unsigned i = 0; i < count; i++) {
        Str cell = take(in, CELL);
        cells[i].x = (int16_t)little16(cell, 4);
        cells[i].y = (int16_t)little16(cell, 6);
        cells[i].width = little16(cell, 8);
        cells[i].height = little16(cell, 10);
    }
    for (unsigned i = 0; i < count && !in->is_broken; i++) {
        in->cell = is_table ? &cells[i] : outer;
        read_inside(in, HWP_BOX);
    }
    in->cell = outer;
    if (is_table)
        write_table(in, cells, count);
    read_inside(in, HWP_BOX); /* the caption */
}

/* 11: its name, a drawing's data, a caption. */
static void read_picture(Reader *in)
{
    take(in, 6);
    take(in, little32(take(in, 348), 0));
    in->body.pictures += in->body.pictures < 1000000;
    read_inside(in, HWP_BOX);
}

static void read_footnote(Reader *in)
{
    Str head = take(in, 20);
    read_inside(in, little16(head, 16) ? HWP_ENDNOTE : HWP_FOOTNOTE);
}

/* 28: the number before a heading, by its levels. */
static void read_outline(Reader *in, Buf *text)
{
    Str head = take(in, 62);
    int level = MIN(byte_at(head, 3), 6);
    in->next.heading = level + 1;
    for (int i = 0; i <= level; i++)
        buf_addf(text, "%u.", little16(head, 4 + 2 * (size_t)i));
    buf_add_char(text, ' ');
}

/* 8: a format, then year, month, day of the week, day, hour, minute. */
static void read_date(Reader *in, Buf *text)
{
    Str date = str_from(take(in, 94), 80);
    unsigned year = little16(date, 0), month = little16(date, 2), day = little16(date, 6);
    if (year && month >= 1 && month <= 12 && day >= 1 && day <= 31)
        buf_addf(text, "%04u-%02u-%02u", year, month, day);
}

/* What stands in the text instead of a character: how many characters it counts for. */
static unsigned read_special(Reader *in, unsigned code, Buf *text)
{
    static const uint8_t counts[32] = { 1, 4, 4, 4, 4, 4, 4,  42, 48, 4, 4,   4, 4,  1, 4, 4,
                                        4, 4, 4, 4, 4, 4, 12, 5,  3,  3, 123, 4, 32, 4, 2, 2 };
    switch (code) {
    case 8: read_date(in, text); break;
    case 9:
        take(in, 6);
        buf_add_char(text, '\t');
        break;
    case 10: read_box(in); break;
    case 11: read_picture(in); break;
    case 14: take(in, 6 + 84); break;
    case 15: take(in, 14), read_inside(in, HWP_COMMENT); break;
    case 16: take(in, 16), read_inside(in, HWP_HEADER); break;
    case 17: read_footnote(in); break;
    case 18: { /* a number that is counted: of pictures and tables it is part of the text */
        Str number = take(in, 6);
        if (little16(number, 0) >= 3)
            buf_addf(text, "%u", little16(number, 2));
        break;
    }
    case 24:
        take(in, 4);
        buf_add_char(text, '-');
        break;
    case 28: read_outline(in, text); break;
    case 30:
    case 31:
        take(in, 2);
        buf_add_char(text, ' ');
        break;
    case 7:
    case 19:
    case 20:
    case 21:
    case 22:
    case 23:
    case 25:
    case 26: take(in, 2 * (size_t)counts[code] - 2); break;
    default: take(in, little32(take(in, 6), 0)); break; /* a block that says how long it is */
    }
    return counts[code];
}

/* --- Paragraphs --- */

static void read_text(Reader *in, unsigned count)
{
    Buf johab = buf_new(in->arena, MB(1));
    for (unsigned i = 0; i < count && !in->is_broken;) {
        unsigned code = take16(in);
        if (code == 13)
            break;
        if (code >= 32) {
            add_character(&johab, code);
            i++;
        } else {
            i += read_special(in, code, &johab);
        }
    }
    say(in, johab_decode(in->arena, buf_str(&johab)));
}

/* False after the last of a list, which has no characters. */
static bool read_paragraph(Reader *in)
{
    Str head = take(in, 12 + CHARACTER_SHAPE);
    bool has_shape = !byte_at(head, 0), has_characters = byte_at(head, 5);
    unsigned count = little16(head, 1), lines = little16(head, 3), style = byte_at(head, 11);
    if (count && has_shape)
        take(in, PARAGRAPH_SHAPE);
    take(in, (size_t)lines * LINE);
    for (unsigned i = 0; has_characters && i < count && !in->is_broken; i++)
        if (!byte_at(take(in, 1), 0))
            take(in, CHARACTER_SHAPE);
    in->next = (HwpParagraph){ .heading = style < in->headings.count ? in->headings.at[style] : 0 };
    if (count && !in->is_broken)
        read_text(in, count);
    return count && !in->is_broken && doc_writer_ok(in->body.doc);
}

static void read_paragraphs(Reader *in)
{
    if (++in->nesting > NESTING_MAX)
        in->is_broken = true;
    while (!in->is_broken && read_paragraph(in))
        ;
    in->nesting--;
}

/* --- The file --- */

static void read_styles(Reader *in)
{
    for (int i = 0; i < FONT_KINDS; i++)
        take(in, (size_t)take16(in) * FONT_NAME);
    unsigned count = take16(in);
    for (unsigned i = 0; i < count && !in->is_broken; i++) {
        AUTO_ARENA Arena *scratch = arena_new(KB(256));
        Str name = str_slice(take(in, STYLE), 0, 20);
        ptrdiff_t end = str_find_char(name, 0);
        name = johab_decode(scratch, end < 0 ? name : str_slice(name, 0, (size_t)end));
        *vec_push(in->arena, &in->headings) = hwp_heading(name);
    }
}

static void write_summary(Arena *arena, Str summary, DocWriter *doc)
{
    static const char *const keys[] = { "title",    "subject",     "author", NULL, "keywords",
                                        "keywords", "description", NULL,     NULL };
    for (size_t i = 0; i < COUNT(keys); i++)
        if (keys[i])
            doc_meta(
                doc, keys[i],
                field_text(arena, str_slice(summary, i * SUMMARY_FIELD, (i + 1) * SUMMARY_FIELD)));
}

static bool hwp3_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    Str bytes = source->bytes;
    size_t begin = SIGNATURE + DOCUMENT + SUMMARY + (size_t)little16(bytes, INFO_SIZE_AT);
    if (little16(bytes, ENCRYPTED_AT))
        return fail(err, ERROR_ENCRYPTED,
                    "the document is protected by a password, in a way that only Hangul opens");
    if (bytes.length <= begin)
        return fail(err, ERROR_DAMAGED, "the Hangul file ends before its text");
    Reader in = { .bytes = str_from(bytes, begin), .arena = arena, .body = hwp_body(doc, arena) };
    if (byte_at(bytes, PACKED_AT)) {
        Buf body = buf_new(arena, BODY_MAX);
        inflate_into(&body, in.bytes, INFLATE_RAW);
        in.bytes = buf_str(&body);
    }
    write_summary(arena, str_slice(bytes, SIGNATURE + DOCUMENT, SIGNATURE + DOCUMENT + SUMMARY),
                  doc);
    read_styles(&in);
    read_paragraphs(&in);
    if (in.is_broken)
        doc_warning(doc, S("the file is damaged: its text is read up to there"));
    hwp_finish(&in.body);
    return true;
}

static int hwp3_sniff(Str bytes)
{
    return str_starts(bytes, S("HWP Document File V3.00")) ? 95 : 0;
}

const Extractor extractor_hwp3 = {
    .name = "hwp3",
    .title = "Hangul document (version 3)",
    .extensions = LIST("hwp"),
    .media_types = LIST("application/x-hwp-v3", "application/x-hwp"),
    .sniff = hwp3_sniff,
    .extract = hwp3_extract,
};
