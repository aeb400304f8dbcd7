/* iwork_xml.c - Pages, Numbers and Keynote documents until 2009 (the XML dialect "sf"). */
#include <math.h>

#include "base/map.h"
#include "extract/iwork/iwork.h"
#include "extract/metadata.h"
#include "extract/sheet/sheet_rows.h"

enum {
    DEPTH_MAX = 260,
    TEXT_MAX = 4 << 20,
    COLUMNS = 256, /* cells are counted along rows of this length */
    NOTES_MAX = 100000,
    STYLES_MAX = 200000,
    PARENTS_MAX = 16,
};

typedef enum Role {
    ROLE_OTHER,
    ROLE_STYLES,
    ROLE_SKIPPED,
    ROLE_FACTS,
    ROLE_DATES,
    ROLE_THEME,
    ROLE_MASTER,
    ROLE_SLIDE,
    ROLE_SHEET,
    ROLE_TITLE,
    ROLE_OUTLINE,
    ROLE_PLACEHOLDER,
    ROLE_NOTES,
    ROLE_COMMENT,
    ROLE_HEADER,
    ROLE_FOOTNOTES,
    ROLE_TABLE,
    ROLE_CELLS,
    ROLE_MENU,
    ROLE_BODY,
    ROLE_PARAGRAPH,
    ROLE_CHART,
    ROLE_CHART_NAMES,
    ROLE_COUNT,
} Role;

static const struct {
    const char *name;
    Role role;
} words[] = {
#define WORD(name, role) { name, ROLE_##role },
#include "extract/iwork/iwork_words.def"
#undef WORD
};

typedef struct Style {
    Str name, parent;
} Style;

typedef struct HeldNote {
    const char *label;
    Str text;
} HeldNote;

typedef struct Cells {
    int64_t at; /* row * COLUMNS + column */
    int row, columns, header_rows;
    Str texts[COLUMNS];
    bool is_empty, is_covered;
} Cells;

typedef struct Reader {
    DocWriter *doc;
    Arena *arena, *row_arena;
    unsigned char stack[DEPTH_MAX];
    int depth, cells_depth, open[ROLE_COUNT];
    bool is_numbers, is_keynote;
    Buf text, note;
    Str style, sheet;
    int list_level, slides;
    float width, height;
    char fact[64];
    Map styles, choices; /* Style by id; text of a menu's choice by id */
    Str choice;
    Cells cells;
    VEC(HeldNote) notes;
    int pictures;
} Reader;

static Role role_of(Str name)
{
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_is(name, words[i].name))
            return words[i].role;
    return ROLE_OTHER;
}

/* Styles, templates and what only theme pages show are no text of the document. */
static bool is_content(const Reader *r)
{
    return !r->open[ROLE_STYLES] && !r->open[ROLE_SKIPPED] &&
           (!r->is_numbers || r->open[ROLE_SHEET]) &&
           (!r->is_keynote || r->open[ROLE_SLIDE] || r->open[ROLE_MASTER]);
}

/* --- Styles --- */

static void add_style(Reader *r, const XmlElement *element)
{
    Str ids[] = { xml_attribute(element, "ID"), xml_attribute(element, "ident") };
    if (r->styles.count > STYLES_MAX)
        return;
    Style *style = arena_new_one(r->arena, Style);
    style->name = str_copy(r->arena, xml_attribute(element, "name"));
    style->parent = str_copy(r->arena, xml_attribute(element, "parent-ident"));
    for (size_t i = 0; i < COUNT(ids); i++) {
        bool is_new = false;
        if (!ids[i].length || (style->parent.length && str_equal(ids[i], style->parent)))
            continue;
        MapEntry *entry = map_add(&r->styles, str_copy(r->arena, ids[i]), &is_new);
        if (is_new)
            entry->pointer = style;
    }
}

/* "Heading 2" is level 2; 0 when the style is none of a heading. */
static int heading_level(const Reader *r, Str id)
{
    Str name = STR_NONE;
    for (int i = 0; i < PARENTS_MAX && id.length && !name.length; i++) {
        const MapEntry *entry = map_find(&r->styles, id);
        if (!entry)
            return 0;
        const Style *style = entry->pointer;
        name = style->name;
        id = style->parent;
    }
    if (str_is(name, "Title"))
        return 1;
    if (str_is(name, "Subtitle"))
        return 2;
    if (str_starts(name, S("Heading"))) {
        int64_t level = 1;
        (void)str_to_int(str_trim(str_from(name, 7)), 1, 6, &level);
        return (int)level;
    }
    return 0;
}

/* --- Paragraphs --- */

static void hold_note(Reader *r, const char *label, Str text)
{
    if (str_trim(text).length && r->notes.count < NOTES_MAX)
        *vec_push(r->arena, &r->notes) =
            (HeldNote){ .label = label, .text = str_copy(r->arena, str_trim(text)) };
}

static void write_paragraph(Reader *r)
{
    Str text = str_trim(buf_str(&r->text));
    int level = heading_level(r, r->style);
    if (r->open[ROLE_CELLS]) {
        if (r->note.length)
            buf_add_char(&r->note, '\n');
        buf_add(&r->note, text);
    } else if (r->open[ROLE_FOOTNOTES]) {
        hold_note(r, "footnote", text);
    } else if (r->open[ROLE_COMMENT] || r->open[ROLE_NOTES]) {
        if (text.length && r->note.length)
            buf_add_char(&r->note, '\n');
        buf_add(&r->note, text);
    } else if (r->open[ROLE_HEADER] || r->open[ROLE_MASTER]) {
        doc_header(r->doc, text);
    } else if (r->open[ROLE_TITLE]) {
        doc_heading(r->doc, 1, text);
    } else if (r->open[ROLE_OUTLINE]) {
        doc_list_item(r->doc, MAX(1, MIN(r->list_level, 9)), S("-"), text);
    } else if (level) {
        doc_heading(r->doc, level, text);
    } else if (r->list_level > 0) {
        doc_list_item(r->doc, MIN(r->list_level, 9), S("-"), text);
    } else {
        doc_paragraph(r->doc, text);
    }
}

static void end_note(Reader *r, const char *label)
{
    Str text = str_trim(buf_str(&r->note));
    if (r->is_keynote && is_content(r))
        doc_note(r->doc, label, text);
    else if (!r->is_keynote)
        hold_note(r, label, text);
    r->note.length = 0;
}

/* What stands for a character inside a paragraph. */
static void add_mark(Reader *r, Str name)
{
    static const char *const line_ends[] = { "br",   "lnbr",       "crbr",  "pgbr",
                                             "ctbr", "footnotebr", "sectbr" };
    for (size_t i = 0; i < COUNT(line_ends); i++)
        if (str_is(name, line_ends[i]))
            buf_add_char(&r->text, '\n');
    if (str_is(name, "tab"))
        buf_add_char(&r->text, '\t');
}

/* --- Tables --- */

static void end_row(Reader *r)
{
    Cells *cells = &r->cells;
    if (cells->is_empty)
        return;
    iwork_place_row(r->doc, r->sheet, cells->columns, cells->row);
    for (int i = 0; i < MAX(cells->columns, 1); i++)
        doc_cell(r->doc, cells->texts[i]);
    doc_row_end(r->doc);
    memset(cells->texts, 0, sizeof cells->texts);
    cells->is_empty = true;
    arena_reset(r->row_arena);
}

static void begin_table(Reader *r, const XmlElement *element)
{
    Str name = xml_attribute(element, "name");
    r->cells = (Cells){ .at = 0, .is_empty = true, .columns = 1 };
    r->cells.header_rows = xml_attribute_int(element, "num-header-rows", 0);
    if (!str_is(name, "Unnamed Table"))
        doc_paragraph(r->doc, name);
}

/* `ct` is how far a cell is from the one before it, counted along rows; 1 when it is not there. */
static void begin_cell(Reader *r, const XmlElement *element)
{
    Cells *cells = &r->cells;
    int64_t at = cells->at + xml_attribute_int(element, "ct", 1);
    if (at < cells->at || at >= (int64_t)COLUMNS * 1000000)
        at = cells->at;
    if (r->cells_depth < 0)
        return;
    cells->at = at;
    int row = (int)(at / COLUMNS);
    if (row != cells->row) {
        end_row(r);
        if (cells->row < cells->header_rows && row >= cells->header_rows)
            doc_header_end(r->doc);
        cells->row = row;
    }
    cells->is_covered = str_is(element->name, "s");
    r->note.length = 0;
    if (str_is(element->name, "d")) {
        double seconds;
        if (str_to_double(xml_attribute(element, "cell-date"), &seconds) && fabs(seconds) < 1e11)
            iwork_add_date(&r->note, seconds);
    }
}

static void add_number(Reader *r, Str value)
{
    double number;
    if (str_to_double(value, &number))
        buf_addf(&r->note, "%.15g", number);
    else
        buf_add(&r->note, value);
}

static void read_cell(Reader *r, const XmlElement *element)
{
    Str name = element->name;
    if (str_is(name, "t") && r->open[ROLE_MENU]) {
        r->choice = str_copy(r->arena, xml_attribute(element, "ID"));
    } else if (str_is(name, "ct") || str_is(name, "rt")) {
        Str text = xml_attribute(element, "s");
        if (!text.length)
            text = xml_attribute(element, "v");
        if (!r->open[ROLE_MENU])
            buf_add(&r->note, text);
        else if (r->choice.length && r->choices.count < STYLES_MAX)
            map_add(&r->choices, r->choice, NULL)->pointer =
                str_c(r->arena, text); /* no NUL inside XML */
    } else if (str_is(name, "proxied-cell-ref")) {
        const MapEntry *entry = map_find(&r->choices, xml_attribute(element, "IDREF"));
        if (entry)
            buf_add(&r->note, str(entry->pointer));
    } else if (!r->open[ROLE_MENU] && (str_is(name, "n") || str_is(name, "rn"))) {
        add_number(r, xml_attribute(element, "v"));
    } else if (str_is(name, "cb") || str_is(name, "rb") || str_is(name, "b")) {
        bool is_result = !str_is(name, "cb");
        Str value = xml_attribute(element, "v");
        if (value.length || is_result)
            buf_add(&r->note, str_is(value, "true") || str_is(value, "1") ? S("TRUE") : S("FALSE"));
    } else if (str_is(name, "du")) {
        add_number(r, xml_attribute(element, "v"));
    }
}

static void end_cell(Reader *r)
{
    Cells *cells = &r->cells;
    Str text = str_trim(buf_str(&r->note));
    int column = (int)(cells->at % COLUMNS);
    if (text.length && !cells->is_covered && arena_room(r->row_arena) > text.length + KB(64)) {
        cells->texts[column] = str_copy(r->row_arena, text);
        cells->columns = MAX(cells->columns, column + 1);
        cells->is_empty = false;
    }
    r->note.length = 0;
}

/* --- Facts --- */

static void read_fact(Reader *r, const XmlElement *element)
{
    static const struct {
        const char *name, *key;
    } facts[] = { { "title", "title" },
                  { "authors", "author" },
                  { "keywords", "keywords" },
                  { "comment", "comment" },
                  { "copyright", "copyright" },
                  { "projects", "subject" },
                  { "SLCreationDateProperty", "created" },
                  { "SLLastModifiedDateProperty", "modified" },
                  { "language", "language" } };
    Str value = xml_attribute(element, "string");
    if (!value.length)
        value = xml_attribute(element, "val");
    /* "2012-04-27T10:08:52-0700": ISO 8601 wants a colon in the zone as well. */
    if (value.length == 24 && value.at[10] == 'T' && HAS_CHAR(value.at[19], "+-"))
        value = str_format(r->row_arena, STR_FMT ":" STR_FMT, STR_ARG(str_slice(value, 0, 22)),
                           STR_ARG(str_from(value, 22)));
    if (str_is(element->name, "string") || str_is(element->name, "date")) {
        for (size_t i = 0; i < COUNT(facts); i++)
            if (str_is(str(r->fact), facts[i].name) && value.length)
                doc_meta(r->doc, facts[i].key, value);
    } else if (!str_is(element->name, "array")) {
        snprintf(r->fact, sizeof r->fact, STR_FMT, STR_ARG(element->name));
    }
}

/* --- Elements --- */

static void begin_slide(Reader *r, const XmlElement *element)
{
    doc_page(r->doc, ++r->slides, true, r->width, r->height);
    doc_place(r->doc, &(Place){ .page = r->slides, .is_slide = true });
    if (xml_is_on(element, "hidden") && xml_attribute(element, "hidden").length)
        doc_paragraph(r->doc, S("(hidden slide)"));
}

static void begin_role(Reader *r, Role role, const XmlElement *element)
{
    switch (role) {
    case ROLE_SLIDE: begin_slide(r, element); break;
    case ROLE_SHEET:
        r->sheet = str_copy(r->arena, xml_attribute(element, "workspace-name"));
        sheet_place(r->doc, r->sheet, -1, 0);
        sheet_heading(r->doc, r->sheet, false);
        break;
    case ROLE_TABLE:
        if (is_content(r) && r->open[ROLE_TABLE] == 1)
            begin_table(r, element);
        break;
    case ROLE_CELLS:
        if (is_content(r) && r->open[ROLE_CELLS] == 1) {
            r->cells_depth = r->depth;
            doc_table_begin(r->doc);
        }
        break;
    case ROLE_COMMENT:
    case ROLE_NOTES:
        if (!r->open[ROLE_CELLS])
            r->note.length = 0;
        break;
    case ROLE_PARAGRAPH:
        if (r->open[ROLE_PARAGRAPH] == 1) {
            r->text.length = 0;
            r->style = str_copy(r->arena, xml_attribute(element, "style"));
            r->list_level = xml_attribute_int(element, "list-level", 0);
        }
        break;
    default: break;
    }
}

static void read_other(Reader *r, const XmlElement *element)
{
    Str name = element->name;
    if (r->open[ROLE_STYLES] && str_is(name, "paragraphstyle"))
        add_style(r, element);
    if (r->open[ROLE_FACTS] || r->open[ROLE_DATES])
        read_fact(r, element);
    if (str_is(name, "size") && r->is_keynote && r->depth == 2) {
        r->width = (float)xml_attribute_int(element, "w", 0);
        r->height = (float)xml_attribute_int(element, "h", 0);
    }
    if (!is_content(r))
        return;
    if (r->cells_depth >= 0 && r->depth == r->cells_depth + 1)
        begin_cell(r, element);
    if (r->cells_depth >= 0)
        read_cell(r, element);
    if (r->open[ROLE_PARAGRAPH])
        add_mark(r, name);
    if (str_is(name, "grid") && r->open[ROLE_TABLE] == 1)
        r->cells.columns = MAX(1, MIN(xml_attribute_int(element, "numcols", 1), COLUMNS));
    if (str_is(name, "chart-name"))
        doc_paragraph(r->doc, xml_attribute(element, "string"));
    if (r->open[ROLE_CHART_NAMES] && str_is(name, "string"))
        doc_cell(r->doc, xml_attribute(element, "string"));
    r->pictures += str_is(name, "image-media") && r->pictures < NOTES_MAX;
}

static bool on_start(void *self, const XmlElement *element)
{
    Reader *r = self;
    if (r->depth >= DEPTH_MAX - 1)
        return false;
    if (r->depth == 0) {
        r->is_numbers = str_ends(element->name_space, S("/ls"));
        r->is_keynote = str_is(element->name, "presentation");
    }
    Role role = r->open[ROLE_FACTS] ? ROLE_OTHER : role_of(element->name);
    if (role == ROLE_SLIDE && (!r->is_keynote || r->open[ROLE_THEME]))
        role = ROLE_OTHER;
    /* Inside master slides only what is drawn on them counts, no prompts. */
    if (r->open[ROLE_MASTER] && (role == ROLE_TITLE || role == ROLE_OUTLINE || role == ROLE_NOTES))
        role = ROLE_SKIPPED;
    if (role == ROLE_PLACEHOLDER)
        role = r->open[ROLE_MASTER] ? ROLE_SKIPPED : ROLE_OTHER;
    if (role == ROLE_FACTS && r->depth > 1)
        role = ROLE_OTHER;
    r->stack[r->depth++] = (unsigned char)role;
    r->open[role]++;
    if (role != ROLE_OTHER)
        begin_role(r, role, element);
    if (role == ROLE_CHART_NAMES && is_content(r))
        doc_table_begin(r->doc);
    read_other(r, element);
    return doc_writer_ok(r->doc);
}

static void end_role(Reader *r, Role role)
{
    bool is_outer = r->open[role] == 1;
    switch (role) {
    case ROLE_PARAGRAPH:
        if (is_outer && is_content(r))
            write_paragraph(r);
        break;
    case ROLE_CELLS:
        if (is_content(r) && is_outer) {
            end_row(r);
            doc_table_end(r->doc);
            r->cells_depth = -1;
        }
        break;
    case ROLE_COMMENT:
        if (is_outer && !r->open[ROLE_CELLS])
            end_note(r, "comment");
        break;
    case ROLE_NOTES:
        if (is_outer)
            end_note(r, "speaker note");
        break;
    case ROLE_CHART_NAMES:
        if (is_content(r)) {
            doc_row_end(r->doc);
            doc_table_end(r->doc);
        }
        break;
    default: break;
    }
}

static bool on_end(void *self, Str name)
{
    Reader *r = self;
    (void)name;
    if (r->depth == 0)
        return false;
    if (r->cells_depth >= 0 && r->depth == r->cells_depth + 1)
        end_cell(r);
    Role role = (Role)r->stack[r->depth - 1];
    if (role != ROLE_OTHER)
        end_role(r, role);
    r->depth--;
    r->open[role]--;
    return doc_writer_ok(r->doc);
}

static bool on_text(void *self, Str text)
{
    Reader *r = self;
    if (r->open[ROLE_PARAGRAPH] && is_content(r))
        buf_add(&r->text, text);
    return true;
}

static void write_notes(Reader *r)
{
    char warning[64];
    doc_place(r->doc, &(Place){ 0 });
    for (size_t i = 0; i < r->notes.count; i++)
        doc_note(r->doc, r->notes.at[i].label, r->notes.at[i].text);
    snprintf(warning, sizeof warning, "%d picture%s without text", r->pictures,
             r->pictures == 1 ? "" : "s");
    if (r->pictures)
        doc_warning(r->doc, str(warning));
}

bool iwork_xml_write(Str xml, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *row_arena = arena_new(MB(64));
    Reader r = { .doc = doc,
                 .arena = arena,
                 .row_arena = row_arena,
                 .cells_depth = -1,
                 .text = buf_new(arena, TEXT_MAX),
                 .note = buf_new(arena, TEXT_MAX),
                 .styles = map_new(arena),
                 .choices = map_new(arena) };
    static const XmlEvents events = { .start = on_start, .end = on_end, .text = on_text };
    Error broken = { 0 };
    XmlParser *parser = xml_begin(&events, &r);
    for (size_t at = 0; at < xml.length; at += KB(64))
        if (!xml_add(parser, xml.at + at, MIN(KB(64), xml.length - at)))
            break;
    bool ok = xml_end(parser, &broken);
    if (r.cells_depth >= 0)
        doc_table_end(doc);
    write_notes(&r);
    if (!ok && r.depth == 0) {
        *err = broken;
        return false;
    }
    if (!ok)
        doc_warning(doc, str(broken.message));
    return true;
}
