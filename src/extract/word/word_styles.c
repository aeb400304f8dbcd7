/* word_styles.c - see word_styles.h; section numbers are of [MS-DOC]. */
#include "extract/word/word_styles.h"

#include "extract/charset/encoding.h"

enum { PAGE = 512, RUNS_MAX = 4 << 20, STYLES_MAX = 4096, BASED_ON_MAX = 20, FONTS_MAX = 4096 };
enum { OUTLINE_BODY = 9, NO_STYLE = 0xFFF };
/* 2.9.271: the numbers of built-in styles. */
enum { STYLE_HEADING_1 = 1, STYLE_HEADING_9 = 9, STYLE_TITLE = 62 };

typedef struct Run {
    uint32_t at, end;
    uint16_t style; /* of a paragraph */
    Str list;
} Run;
typedef VEC(Run) Runs;

typedef struct Style {
    int built_in, base;
    int outline, list, list_level; /* -1: not said */
    int hidden;                    /* likewise */
    bool is_character;
} Style;

typedef struct Font {
    int charset;
    Str name;
} Font;

struct WordStyles {
    const WordFile *file;
    VEC(Style) styles;
    VEC(Font) fonts;
    Runs characters, paragraphs;
    size_t character, paragraph; /* where the last look-up ended */
    size_t character_end;
};

/* --- Formatted disk pages, 2.9.33 and 2.9.174 --- */

static void add_run(const WordFile *file, Runs *runs, Run run)
{
    if (run.at < run.end && runs->count < RUNS_MAX)
        *vec_push(file->arena, runs) = run;
}

static void read_character_page(const WordFile *file, Str page, Runs *runs)
{
    size_t count = (unsigned char)page.at[PAGE - 1];
    for (size_t i = 0; i < count && (count + 1) * 4 + count < PAGE; i++) {
        size_t at = (size_t)(unsigned char)page.at[(count + 1) * 4 + i] * 2;
        Run run = { .at = le32_at(page, i * 4), .end = le32_at(page, i * 4 + 4) };
        if (at > 0)
            run.list = str_slice(page, at + 1, at + 1 + (unsigned char)page.at[at]);
        add_run(file, runs, run);
    }
}

static void read_paragraph_page(const WordFile *file, Str page, Runs *runs)
{
    size_t count = (unsigned char)page.at[PAGE - 1], width = file->is_old ? 7 : 13;
    for (size_t i = 0; i < count && (count + 1) * 4 + count * width < PAGE; i++) {
        size_t at = (size_t)(unsigned char)page.at[(count + 1) * 4 + i * width] * 2;
        Run run = { .at = le32_at(page, i * 4), .end = le32_at(page, i * 4 + 4) };
        if (at > 0) {
            size_t words = (unsigned char)page.at[at++], size = words * 2;
            if (words == 0 && at < PAGE)
                size = (size_t)(unsigned char)page.at[at++] * 2;
            else if (!file->is_old)
                size--;
            Str list = str_slice(page, at, at + size);
            run.style = le16_at(list, 0);
            run.list = str_from(list, 2);
        }
        add_run(file, runs, run);
    }
}

static int compare_runs(const void *a, const void *b)
{
    const Run *left = a, *right = b;
    return left->at < right->at ? -1 : left->at > right->at;
}

static void read_pages(const WordFile *file, WordTable table, Runs *runs)
{
    /* Word 6 numbers its pages with two bytes. */
    WordPlc plc = word_plc(word_table(file, table), file->is_old ? 2 : 4);
    bool is_sorted = true;
    for (size_t i = 0; i < plc.count && runs->count < RUNS_MAX; i++) {
        Str data = word_plc_data(&plc, i);
        size_t number = file->is_old ? le16_at(data, 0) : le32_at(data, 0) & 0x3FFFFF;
        Str page = str_slice(file->main, number * PAGE, number * PAGE + PAGE);
        if (page.length < PAGE)
            continue;
        if (table == WORD_CHARACTER_PAGES)
            read_character_page(file, page, runs);
        else
            read_paragraph_page(file, page, runs);
    }
    for (size_t i = 1; i < runs->count && is_sorted; i++)
        is_sorted = runs->at[i - 1].at <= runs->at[i].at;
    if (!is_sorted)
        qsort(runs->at, runs->count, sizeof *runs->at, compare_runs);
}

/* The index of the run with a place; where the search begins is kept in *from. */
static const Run *run_at(const Runs *runs, size_t *from, size_t at)
{
    size_t i = *from;
    if (i < runs->count && runs->at[i].at <= at && i + 1 < runs->count && runs->at[i].end <= at &&
        runs->at[i + 1].at <= at && at < runs->at[i + 1].end)
        i++;
    if (i >= runs->count || at < runs->at[i].at || at >= runs->at[i].end) {
        size_t low = 0, high = runs->count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (runs->at[middle].end <= at)
                low = middle + 1;
            else
                high = middle;
        }
        i = low;
    }
    *from = i;
    return i < runs->count && runs->at[i].at <= at && at < runs->at[i].end ? &runs->at[i] : NULL;
}

/* --- Properties of characters --- */

/* 2.9.327 ToggleOperand: 0x80 is as the style, 0x81 the opposite. */
static bool toggled(unsigned char operand, bool by_style)
{
    return operand < 2 ? operand == 1 : (operand == 0x80) == by_style;
}

static const Style *style_at(const WordStyles *styles, size_t number)
{
    return number < styles->styles.count ? &styles->styles.at[number] : NULL;
}

static void apply_symbol(const WordFile *file, Str operand, WordCharacter *out)
{
    out->symbol_font = le16_at(operand, 0);
    out->symbol = file->is_old ? (unsigned char)(operand.length > 2 ? operand.at[2] : 0)
                               : le16_at(operand, 2);
}

static void apply_character(WordStyles *styles, Str list, WordCharacter *out)
{
    WordSprm sprm;
    bool by_style = out->is_hidden;
    while (word_next_sprm(styles->file, &list, &sprm)) {
        unsigned char byte = sprm.operand.length ? (unsigned char)sprm.operand.at[0] : 0;
        switch (sprm.code) {
        case 0x0800: out->is_deleted = byte != 0; break;
        case 0x083C: out->is_hidden = toggled(byte, by_style); break;
        case 0x0855: out->is_special = byte != 0; break;
        case 0x0806: out->is_data = byte != 0; break;
        case 0x080A: out->is_object = byte != 0; break;
        case 0x6A03:
            out->has_picture = true;
            out->picture = le32_at(sprm.operand, 0);
            break;
        case 0x6A09: apply_symbol(styles->file, sprm.operand, out); break;
        case 0x4A4F: out->font = le16_at(sprm.operand, 0); break;
        case 0x4A30: {
            out->style = le16_at(sprm.operand, 0);
            const Style *style = style_at(styles, out->style);
            if (style && style->is_character && style->hidden >= 0)
                out->is_hidden = by_style = style->hidden;
            break;
        }
        default: break;
        }
    }
}

/* 2.9.214: what a piece says beside, one property in two bytes or a list. */
static Str piece_list(const WordFile *file, const WordPiece *piece, unsigned char room[3])
{
    static const struct {
        unsigned char number;
        uint16_t code;
    } codes[] = { { 0x0C, 0x260A }, { 0x18, 0x2416 }, { 0x19, 0x2417 },
                  { 0x41, 0x0800 }, { 0x5C, 0x083C }, { 0x75, 0x0855 } };
    if (piece->modifier & 1) {
        size_t index = piece->modifier >> 1;
        return index < file->modifiers.count ? file->modifiers.at[index] : STR_NONE;
    }
    for (size_t i = 0; i < COUNT(codes) && !file->is_old; i++)
        if (codes[i].number == (piece->modifier >> 1 & 0x7F)) {
            room[0] = (unsigned char)codes[i].code;
            room[1] = (unsigned char)(codes[i].code >> 8);
            room[2] = (unsigned char)(piece->modifier >> 8);
            return (Str){ (const char *)room, 3 };
        }
    return STR_NONE;
}

WordCharacter word_character_at(WordStyles *styles, const WordPiece *piece, size_t at)
{
    unsigned char room[3];
    WordCharacter out = { .style = NO_STYLE };
    const Run *run = run_at(&styles->characters, &styles->character, at);
    if (run) {
        apply_character(styles, run->list, &out);
        styles->character_end = run->end;
    } else {
        size_t next = styles->character;
        styles->character_end =
            next < styles->characters.count && styles->characters.at[next].at > at
                ? styles->characters.at[next].at
                : at + 1;
    }
    if (piece->modifier)
        apply_character(styles, piece_list(styles->file, piece, room), &out);
    return out;
}

size_t word_character_end(const WordStyles *styles) { return styles->character_end; }

/* --- Properties of paragraphs --- */

/* 2.9.317: the edges of a row's cells, then what each cell says. */
static void apply_row(const WordFile *file, Str operand, WordParagraph *out)
{
    size_t count = operand.length ? (unsigned char)operand.at[0] : 0;
    size_t at = 1 + (count + 1) * 2, width = file->is_old ? 10 : 20;
    out->cell_count = MIN(count, (size_t)WORD_CELLS_MAX);
    memset(out->cells, 0, sizeof out->cells);
    for (size_t i = 0; i < out->cell_count; i++, at += width) {
        uint16_t flags = le16_at(operand, at);
        out->cells[i].is_joined_left = file->is_old ? flags & 2 : (flags & 3) == 1;
        if (!file->is_old && (flags & 3) == 2)
            out->cells[i].is_joined_left = true;
        out->cells[i].goes_on = !file->is_old && (flags >> 5 & 3) == 1;
    }
}

static void apply_vertical(Str operand, WordParagraph *out)
{
    size_t cell = operand.length ? (unsigned char)operand.at[0] : WORD_CELLS_MAX;
    if (cell < out->cell_count && operand.length > 1)
        out->cells[cell].goes_on = (operand.at[1] & 3) == 1;
}

static void apply_paragraph(const WordFile *file, Str list, WordParagraph *out, int *outline,
                            int depth)
{
    WordSprm sprm;
    while (word_next_sprm(file, &list, &sprm)) {
        unsigned char byte = sprm.operand.length ? (unsigned char)sprm.operand.at[0] : 0;
        switch (sprm.code) {
        case 0x2416: out->depth = byte ? MAX(out->depth, 1) : 0; break;
        case 0x6649: out->depth = MAX(0, MIN((int)le32_at(sprm.operand, 0), 64)); break;
        case 0x2417: out->ends_row |= byte != 0; break;
        case 0x244C: out->ends_row |= byte != 0; break;
        case 0x244B: out->ends_cell = byte != 0; break;
        case 0x2640: *outline = byte; break;
        case 0x260A: out->list_level = MIN(byte, 8); break;
        case 0x460B: out->list = (int16_t)le16_at(sprm.operand, 0); break;
        case 0x3404: out->is_header_row = byte != 0; break;
        case 0xD608: apply_row(file, sprm.operand, out); break;
        case 0xD62B: apply_vertical(sprm.operand, out); break;
        case 0x6646: /* 2.6.2 sprmPHugePapx: the list is too long and lies in the data stream */
            if (depth == 0) {
                size_t at = le32_at(sprm.operand, 0), size = le16_at(file->data, at);
                apply_paragraph(file, str_slice(file->data, at + 2, at + 2 + size), out, outline,
                                1);
            }
            break;
        default: break;
        }
    }
}

WordParagraph word_paragraph_at(WordStyles *styles, const WordPiece *piece, size_t at)
{
    unsigned char room[3];
    WordParagraph out = { .list = -1, .list_level = -1 };
    const Run *run = run_at(&styles->paragraphs, &styles->paragraph, at);
    int outline = -1;
    if (run) {
        out.style = run->style;
        apply_paragraph(styles->file, run->list, &out, &outline, 0);
    }
    if (piece->modifier)
        apply_paragraph(styles->file, piece_list(styles->file, piece, room), &out, &outline, 0);
    const Style *style = style_at(styles, out.style);
    if (style) {
        out.list = out.list < 0 ? style->list : out.list;
        out.list_level = out.list_level < 0 ? style->list_level : out.list_level;
        outline = outline < 0 ? style->outline : outline;
        if (style->built_in >= STYLE_HEADING_1 && style->built_in <= STYLE_HEADING_9)
            out.heading = MIN(style->built_in, 6);
        else if (style->built_in == STYLE_TITLE)
            out.heading = 1;
    }
    if (out.heading == 0 && outline >= 0 && outline < OUTLINE_BODY)
        out.heading = MIN(outline + 1, 6);
    out.list = MAX(out.list, 0);
    out.list_level = MAX(out.list_level, 0);
    return out;
}

/* --- The style sheet, 2.9.271 and 2.9.258 --- */

static void read_style_lists(const WordStyles *styles, Str rest, int kind, int lists, Style *style)
{
    WordParagraph paragraph = { .list = -1, .list_level = -1 };
    int outline = -1;
    for (int i = 0; i < lists && rest.length > 2; i++) {
        size_t size = le16_at(rest, 0);
        Str list = str_slice(rest, 2, 2 + size);
        if (kind == 1 && i == 0) {
            apply_paragraph(styles->file, str_from(list, 2), &paragraph, &outline, 0);
        } else if (kind == 2) {
            WordSprm sprm;
            while (word_next_sprm(styles->file, &list, &sprm))
                if (sprm.code == 0x083C && sprm.operand.length)
                    style->hidden = sprm.operand.at[0] == 1;
        }
        rest = str_from(rest, 2 + size + size % 2);
    }
    style->outline = outline;
    style->list = paragraph.list;
    style->list_level = paragraph.list_level;
}

static Style read_style(const WordStyles *styles, Str bytes, size_t base_size)
{
    Style style = { .outline = -1, .list = -1, .list_level = -1, .hidden = -1, .base = NO_STYLE };
    if (bytes.length < base_size || base_size < 6)
        return style;
    int kind = le16_at(bytes, 2) & 0xF, lists = le16_at(bytes, 4) & 0xF;
    style.built_in = le16_at(bytes, 0) & 0xFFF;
    style.base = le16_at(bytes, 2) >> 4;
    style.is_character = kind == 2;
    /* The name: with a count and a zero, of eight-bit characters in Word 6. */
    size_t name = styles->file->is_old && bytes.length > base_size
                      ? (size_t)(unsigned char)bytes.at[base_size] + 2
                      : ((size_t)le16_at(bytes, base_size) + 2) * 2;
    name += (base_size + name) % 2;
    read_style_lists(styles, str_from(bytes, base_size + name), kind, lists, &style);
    return style;
}

/* A style has what the one it is based on says and it does not. */
static void inherit(WordStyles *styles)
{
    for (size_t i = 0; i < styles->styles.count; i++) {
        Style *style = &styles->styles.at[i];
        const Style *base = style_at(styles, (size_t)style->base);
        for (int steps = 0; base && steps < BASED_ON_MAX; steps++) {
            bool is_heading =
                base->built_in >= STYLE_HEADING_1 && base->built_in <= STYLE_HEADING_9;
            if (style->outline < 0)
                style->outline =
                    base->outline < 0 && is_heading ? base->built_in - 1 : base->outline;
            if (style->list < 0) {
                style->list = base->list;
                style->list_level = MAX(style->list_level, base->list_level);
            }
            if (style->hidden < 0)
                style->hidden = base->hidden;
            base = style_at(styles, (size_t)base->base);
        }
    }
}

static void read_styles(WordStyles *styles)
{
    Str bytes = word_table(styles->file, WORD_STYLES);
    size_t head = le16_at(bytes, 0), count = MIN(le16_at(bytes, 2), STYLES_MAX);
    size_t base_size = le16_at(bytes, 4);
    Str rest = str_from(bytes, 2 + head);
    for (size_t i = 0; i < count && rest.length >= 2; i++) {
        size_t size = le16_at(rest, 0);
        *vec_push(styles->file->arena, &styles->styles) =
            read_style(styles, str_slice(rest, 2, 2 + size), base_size);
        rest = str_from(rest, 2 + size);
    }
    inherit(styles);
}

/* --- Fonts, 2.9.77: each with its own size --- */

static void read_fonts(WordStyles *styles)
{
    const WordFile *file = styles->file;
    Str rest = word_table(file, WORD_FONTS);
    rest = str_from(rest, file->is_old ? 2 : 4);
    while (rest.length > 6 && styles->fonts.count < FONTS_MAX) {
        size_t size = (size_t)(unsigned char)rest.at[0] + 1;
        Str font = str_slice(rest, 0, size);
        Font *added = vec_push(file->arena, &styles->fonts);
        added->charset = font.length > 4 ? (unsigned char)font.at[4] : 1;
        if (file->is_old) {
            const char *end = font.length > 6 ? memchr(font.at + 6, 0, font.length - 6) : NULL;
            added->name = str_slice(font, 6, end ? (size_t)(end - font.at) : font.length);
        } else {
            Str name = text_from_utf16(file->arena, str_from(font, 40));
            ptrdiff_t end = str_find_char(name, '\0');
            added->name = str_slice(name, 0, end < 0 ? name.length : (size_t)end);
        }
        rest = str_from(rest, size);
    }
}

WordStyles *word_styles_read(const WordFile *file)
{
    WordStyles *styles = arena_new_one(file->arena, WordStyles);
    styles->file = file;
    read_pages(file, WORD_CHARACTER_PAGES, &styles->characters);
    read_pages(file, WORD_PARAGRAPH_PAGES, &styles->paragraphs);
    read_styles(styles);
    read_fonts(styles);
    return styles;
}

int word_font_charset(const WordStyles *styles, uint16_t font)
{
    return font < styles->fonts.count ? styles->fonts.at[font].charset : 1;
}

Str word_font_name(const WordStyles *styles, uint16_t font)
{
    return font < styles->fonts.count ? styles->fonts.at[font].name : STR_NONE;
}
