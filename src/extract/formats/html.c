/* html.c - HTML and XHTML: the visible text in blocks, in one pass over the tags.
 *
 * The repairs that browsers make and that matter for text are made here: what an end tag or the
 * next block closes, and that nothing reaches out of a table cell. */
#include "extract/formats/html.h"

#include <strings.h>

#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html_tokens.h"
#include "extract/formats/mathml.h"
#include "extract/metadata.h"

typedef enum TagIs {
    TAG_OTHER,
    TAG_BLOCK,
    TAG_PARAGRAPH,
    TAG_HEADING,
    TAG_LIST,
    TAG_NUMBERS,
    TAG_ITEM,
    TAG_TERM,
    TAG_DEFINITION,
    TAG_QUOTE,
    TAG_PRE,
    TAG_TABLE,
    TAG_ROWS,
    TAG_ROW,
    TAG_CELL,
    TAG_IMAGE,
    TAG_BREAK,
    TAG_SPACED,
    TAG_READING,
    TAG_INPUT,
    TAG_META,
    TAG_TITLE,
    TAG_HEAD,
    TAG_BODY,
    TAG_PAGE,
    TAG_MATH,
} TagIs;
enum { FLAG_VOID = 1, FLAG_HIDDEN = 2 };

static const struct Tag {
    const char *name;
    TagIs is;
    unsigned flags;
} tags[] = {
#define VOID FLAG_VOID
#define HIDDEN FLAG_HIDDEN
#define HTML_TAG(name, is, flags) { name, TAG_##is, flags },
#include "extract/formats/html_tags.def"
#undef HTML_TAG
#undef VOID
#undef HIDDEN
};
static const struct Tag other_tag = { "", TAG_OTHER, 0 };

/* Deeper elements are read but not remembered: their text belongs to the last one that is. */
enum { OPEN_MAX = 512, ANCHOR_MAX = 200, UNSEEN_MAX = KB(32) };

typedef struct Open {
    const struct Tag *tag;
    char name[24];
    bool is_hidden;
    bool is_machine; /* scripts and styles: nothing that was written to be read */
    bool is_note;
    bool is_data_table; /* of a table: its cells are cells, not layout */
    int number;         /* of a list: the next item's; of a heading: its level */
} Open;

typedef struct Writer {
    DocWriter *doc;
    Arena *arena; /* of `run`, reset after each block */
    HtmlReader in;
    Place place;
    char anchor[ANCHOR_MAX + 1];
    Buf run;                /* the text of the block so far */
    int run_line, run_last; /* where its words begin and end */
    int row_line;           /* where the table row began */
    Open open[OPEN_MAX];
    int depth;
    Buf unseen; /* text that the page does not show, said once at the end */
    int hidden, machine, pre, data_tables, quotes, lists, notes;
    bool item_began;       /* the next block of the list item shows its marker */
    bool is_chapter;       /* the page's own facts are not the document's */
    bool math_is_unclosed; /* no formula ends any more */
    bool in_body, is_in_head_row, has_head_row, row_is_open, cell_is_open;
    int column_span, row_span;
} Writer;

static const struct Tag *find_tag(Str name)
{
    size_t low = 0, high = COUNT(tags);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_compare(name, str(tags[middle].name));
        if (order == 0)
            return &tags[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return &other_tag;
}

/* --- Text --- */

static void add_space(Writer *w)
{
    if (w->run.length && !HAS_CHAR(w->run.at[w->run.length - 1], " \n"))
        buf_add_char(&w->run, ' ');
}

static void add_word(Writer *w, Str word, int line)
{
    if (w->run.length == 0)
        w->run_line = line;
    w->run_last = line;
    buf_add(&w->run, word);
}

static void add_text(Writer *w, Str text)
{
    int line = w->in.token_line;
    if (w->pre) {
        add_word(w, text, line);
        w->run_last = MAX(line, w->in.line);
        return;
    }
    size_t at = 0;
    while (at < text.length) {
        size_t word = at;
        while (at < text.length && !HAS_CHAR(text.at[at], " \t\r\n\f"))
            at++;
        if (at > word)
            add_word(w, str_slice(text, word, at), line);
        if (at < text.length)
            add_space(w);
        for (; at < text.length && HAS_CHAR(text.at[at], " \t\r\n\f"); at++)
            line += text.at[at] == '\n';
    }
}

static Open *innermost(Writer *w, TagIs is, TagIs or_is)
{
    for (int i = w->depth - 1; i >= 0; i--)
        if (w->open[i].tag->is == is || w->open[i].tag->is == or_is)
            return &w->open[i];
    return NULL;
}

static void write_item(Writer *w, Str text)
{
    char marker[16] = "-";
    Open *list = innermost(w, TAG_LIST, TAG_NUMBERS);
    if (!w->item_began)
        marker[0] = '\0';
    else if (list && list->tag->is == TAG_NUMBERS)
        snprintf(marker, sizeof marker, "%d.", list->number++);
    w->item_began = false;
    if (marker[0])
        doc_list_item(w->doc, MAX(1, w->lists), str(marker), text);
    else
        doc_paragraph(w->doc, text);
}

/* The block so far is complete: write it as what it stands in. */
static void flush(Writer *w)
{
    if (w->cell_is_open) {
        add_space(w);
        return;
    }
    Str text = buf_str(&w->run);
    if (str_trim(text).length) {
        w->place.line_first = w->run_line;
        w->place.line_last = MAX(w->run_line, w->run_last);
        w->place.anchor = str(w->anchor);
        doc_place(w->doc, &w->place);
        Open *heading = innermost(w, TAG_HEADING, TAG_HEADING);
        if (w->pre)
            doc_code(w->doc, STR_NONE, text);
        else if (heading)
            doc_heading(w->doc, heading->number, text);
        else if (w->notes)
            doc_note(w->doc, "footnote", text);
        else if (w->quotes)
            doc_quote(w->doc, text);
        else if (innermost(w, TAG_ITEM, TAG_DEFINITION))
            write_item(w, text);
        else
            doc_paragraph(w->doc, text);
    }
    arena_reset(w->arena);
    w->run = buf_new(w->arena, SIZE_MAX / 4);
}

static Str decoded(Writer *w, Str text)
{
    Buf out = buf_new(w->arena, SIZE_MAX / 4);
    html_decode(&out, text);
    return buf_str(&out);
}

/* --- Tables --- */

static void end_cell(Writer *w)
{
    if (!w->cell_is_open)
        return;
    w->cell_is_open = false;
    doc_cell_span(w->doc, buf_str(&w->run), w->column_span, w->row_span);
    arena_reset(w->arena);
    w->run = buf_new(w->arena, SIZE_MAX / 4);
}

static void end_row(Writer *w)
{
    end_cell(w);
    if (!w->row_is_open)
        return;
    w->row_is_open = false;
    w->place.line_first = w->row_line;
    w->place.line_last = MAX(w->row_line, w->run_last);
    w->place.anchor = str(w->anchor);
    doc_place(w->doc, &w->place);
    doc_row_end(w->doc);
}

static void end_head(Writer *w)
{
    if (w->is_in_head_row && w->has_head_row)
        doc_header_end(w->doc);
    w->is_in_head_row = w->has_head_row = false;
}

static int span_of(Str attributes, const char *name)
{
    Str value;
    int64_t span = 1;
    if (html_attribute(attributes, name, &value))
        (void)str_to_int(str_trim(value), 1, 1000, &span);
    return (int)span;
}

static void begin_cell(Writer *w, const HtmlToken *token)
{
    end_cell(w);
    bool is_head = str_is(token->name, "th");
    /* A header row of a table without <thead> has only <th>. */
    if (!is_head && !innermost(w, TAG_ROWS, TAG_TABLE)->number)
        w->has_head_row = false;
    else if (is_head && !w->row_is_open && w->is_in_head_row)
        w->has_head_row = true;
    if (!w->row_is_open)
        w->row_line = w->in.token_line;
    w->row_is_open = w->cell_is_open = true;
    w->column_span = span_of(token->attributes, "colspan");
    w->row_span = span_of(token->attributes, "rowspan");
}

/* A table that holds another, or headings, lays out a page; its cells are not data. */
static bool is_data_table(Writer *w)
{
    Str rest = str_from(w->in.text, w->in.at);
    for (size_t at = 0; at + 3 < rest.length; at++) {
        const char *next = memchr(rest.at + at, '<', rest.length - at - 3);
        if (!next)
            return true;
        at = (size_t)(next - rest.at);
        Str tag = str_slice(rest, at, at + 7);
        if (str_equal_ignore_case(tag, S("</table")))
            return true;
        if (str_equal_ignore_case(str_slice(tag, 0, 6), S("<table")))
            return false;
        if ((tag.at[1] == 'h' || tag.at[1] == 'H') && tag.at[2] >= '1' && tag.at[2] <= '3')
            return false;
    }
    return true;
}

static void begin_table(Writer *w, Open *open)
{
    flush(w);
    if (w->data_tables)
        return; /* inside a cell that was thought to hold no table */
    open->is_data_table = is_data_table(w);
    if (!open->is_data_table)
        return;
    w->data_tables++;
    w->is_in_head_row = true;
    w->has_head_row = false;
    doc_table_begin(w->doc);
}

static void end_table(Writer *w)
{
    end_row(w);
    end_head(w);
    doc_table_end(w->doc);
    w->data_tables--;
}

/* --- Elements --- */

/* How the word before is said (ruby): "漢字(かんじ)". */
static void end_reading(Writer *w)
{
    if (w->run.length && w->run.at[w->run.length - 1] == '(')
        w->run.length--;
    else
        buf_add_char(&w->run, ')');
}

static void close_top(Writer *w)
{
    Open *top = &w->open[--w->depth];
    TagIs is = top->tag->is;
    if (is == TAG_SPACED)
        add_space(w);
    else if (is == TAG_READING)
        end_reading(w);
    else if (is != TAG_OTHER && is != TAG_CELL && is != TAG_ROW && is != TAG_ROWS) {
        w->depth++; /* the block is still inside while it is written */
        flush(w);
        w->depth--;
    }
    if (is == TAG_CELL) {
        if (!w->data_tables)
            flush(w);
        end_cell(w);
    } else if (is == TAG_ROW && w->data_tables) {
        end_row(w);
        if (w->is_in_head_row && !(w->depth && w->open[w->depth - 1].number == 1))
            end_head(w);
    } else if (is == TAG_ROWS && top->number == 1)
        end_head(w);
    else if (is == TAG_TABLE && top->is_data_table)
        end_table(w);
    w->hidden -= top->is_hidden;
    w->machine -= top->is_machine;
    w->notes -= top->is_note;
    w->pre -= is == TAG_PRE;
    w->quotes -= is == TAG_QUOTE;
    w->lists -= is == TAG_LIST || is == TAG_NUMBERS;
    if (is == TAG_ITEM || is == TAG_DEFINITION || is == TAG_TERM)
        w->item_began = false;
}

static void close_to(Writer *w, int depth)
{
    while (w->depth > depth)
        close_top(w);
}

/* Does this element keep end tags inside it from closing what is outside? */
static bool is_wall(const Open *open, TagIs closing)
{
    bool is_table_part =
        closing == TAG_TABLE || closing == TAG_ROWS || closing == TAG_ROW || closing == TAG_CELL;
    TagIs is = open->tag->is;
    return is == TAG_TABLE || (is == TAG_CELL && !is_table_part);
}

static void end_element(Writer *w, Str name)
{
    TagIs is = find_tag(name)->is;
    if (is == TAG_BODY || is == TAG_PAGE)
        return;
    for (int i = w->depth - 1; i >= 0; i--) {
        if (str_is(name, w->open[i].name) ||
            (is == TAG_HEADING && w->open[i].tag->is == TAG_HEADING)) {
            close_to(w, i);
            return;
        }
        if (is_wall(&w->open[i], is))
            return;
    }
}

/* Close the element of this kind that a new one ends, unless `inside` stands between. */
static void close_open(Writer *w, TagIs is, TagIs or_is, TagIs inside, TagIs or_inside)
{
    for (int i = w->depth - 1; i >= 0; i--) {
        TagIs found = w->open[i].tag->is;
        if (found == is || found == or_is) {
            close_to(w, i);
            return;
        }
        if (found == inside || found == or_inside || is_wall(&w->open[i], is))
            return;
    }
}

static void close_implied(Writer *w, TagIs is)
{
    if (is == TAG_ITEM)
        close_open(w, TAG_ITEM, TAG_ITEM, TAG_LIST, TAG_NUMBERS);
    else if (is == TAG_TERM || is == TAG_DEFINITION)
        close_open(w, TAG_TERM, TAG_DEFINITION, TAG_LIST, TAG_NUMBERS);
    else if (is == TAG_CELL)
        close_open(w, TAG_CELL, TAG_CELL, TAG_TABLE, TAG_ROW);
    else if (is == TAG_ROW)
        close_open(w, TAG_ROW, TAG_ROW, TAG_TABLE, TAG_TABLE);
    else if (is == TAG_ROWS)
        close_open(w, TAG_ROWS, TAG_ROWS, TAG_TABLE, TAG_TABLE);
    else if (is == TAG_HEADING)
        close_open(w, TAG_HEADING, TAG_PARAGRAPH, TAG_ITEM, TAG_QUOTE);
    else if (is != TAG_OTHER && is != TAG_SPACED && is != TAG_READING && is != TAG_IMAGE &&
             is != TAG_BREAK && is != TAG_INPUT && is != TAG_META)
        close_open(w, TAG_PARAGRAPH, TAG_PARAGRAPH, TAG_ITEM, TAG_QUOTE);
}

static bool style_hides(Str style)
{
    for (ptrdiff_t at; (at = str_find_ignore_case(style, S("display"))) >= 0;) {
        style = str_trim(str_from(style, (size_t)at + 7));
        if (!str_starts(style, S(":")))
            continue;
        style = str_trim(str_from(style, 1));
        if (style.length >= 4 && strncasecmp(style.at, "none", 4) == 0)
            return true;
    }
    return false;
}

/* Note the element's id, and whether it is hidden. */
static bool read_attributes(Writer *w, Str attributes)
{
    Str name, value;
    bool hides = false;
    while (html_next_attribute(&attributes, &name, &value)) {
        if (str_equal_ignore_case(name, S("hidden")))
            hides |= !str_equal_ignore_case(value, S("false")) &&
                     !str_equal_ignore_case(value, S("until-found"));
        else if (str_equal_ignore_case(name, S("style")))
            hides |= style_hides(value);
        else if (str_equal_ignore_case(name, S("id")) && value.length && value.length <= ANCHOR_MAX)
            snprintf(w->anchor, sizeof w->anchor, STR_FMT, STR_ARG(value));
    }
    return hides;
}

static void write_fact(Writer *w, const char *key, Str value)
{
    if (!w->is_chapter)
        doc_meta(w->doc, key, value);
}

static void write_named(Writer *w, Str name, Str value)
{
    if (!w->is_chapter)
        doc_meta_named(w->doc, name, value);
}

static void write_meta(Writer *w, Str attributes)
{
    static const char *const names[] = {
        "author",      "description",     "keywords",
        "date",        "copyright",       "dc.title",
        "dc.creator",  "dc.date",         "dc.description",
        "dc.subject",  "dc.publisher",    "dc.language",
        "generator",   "article:author",  "article:published_time",
        "article:tag", "article:section", "article:modified_time",
    };
    Str name, content;
    if ((!html_attribute(attributes, "name", &name) &&
         !html_attribute(attributes, "property", &name)) ||
        !html_attribute(attributes, "content", &content))
        return;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(name, str(names[i])))
            write_named(w, str(names[i]), decoded(w, content));
}

static void write_image(Writer *w, Str attributes)
{
    Str alt;
    if (!html_attribute(attributes, "alt", &alt) || !str_trim(alt).length)
        return;
    if (w->run.length == 0 && !w->data_tables && !innermost(w, TAG_ITEM, TAG_HEADING)) {
        doc_place_lines(w->doc, w->in.token_line, w->in.token_line);
        doc_image(w->doc, decoded(w, alt));
        return;
    }
    add_space(w);
    add_text(w, decoded(w, alt));
    add_space(w);
}

static void write_input(Writer *w, Str attributes)
{
    Str type = STR_NONE, value = STR_NONE;
    html_attribute(attributes, "type", &type);
    if (str_equal_ignore_case(type, S("hidden")) || str_equal_ignore_case(type, S("checkbox")) ||
        str_equal_ignore_case(type, S("radio")) || str_equal_ignore_case(type, S("password")))
        return;
    if (!html_attribute(attributes, "value", &value))
        html_attribute(attributes, "placeholder", &value);
    if (value.length) {
        add_space(w);
        add_text(w, decoded(w, value));
        add_space(w);
    }
}

static void write_void(Writer *w, const struct Tag *tag, Str attributes)
{
    if (tag->is == TAG_META)
        write_meta(w, attributes);
    else if (tag->is == TAG_IMAGE)
        write_image(w, attributes);
    else if (tag->is == TAG_INPUT)
        write_input(w, attributes);
    else if (tag->is == TAG_BREAK)
        buf_add_char(&w->run, '\n');
    else if (tag->is != TAG_OTHER)
        flush(w);
}

/* Books mark their notes: epub:type (EPUB 3.3, structural semantics) or a DPUB-ARIA role. */
static bool is_note(Str attributes)
{
    static const Str names[] = { S_INIT("footnote"), S_INIT("rearnote"), S_INIT("endnote"),
                                 S_INIT("doc-footnote"), S_INIT("doc-endnote") };
    Str value;
    if (!html_attribute(attributes, "epub:type", &value) &&
        !html_attribute(attributes, "role", &value))
        return false;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(str_trim(value), names[i]))
            return true;
    return false;
}

/* A formula is read as a whole. False: it never ends, its element is like others. */
static bool write_math(Writer *w, const HtmlToken *token)
{
    char end_tag[32];
    snprintf(end_tag, sizeof end_tag, "</" STR_FMT ">", STR_ARG(token->name));
    Str rest = str_from(w->in.text, w->in.at);
    ptrdiff_t end = w->math_is_unclosed ? -1 : str_find_ignore_case(rest, str(end_tag));
    w->math_is_unclosed = end < 0;
    if (end < 0)
        return false;
    Str inner = str_slice(rest, 0, (size_t)end);
    Buf out = buf_new(w->arena, SIZE_MAX / 4);
    mathml_add(&out, inner);
    add_text(w, buf_str(&out));
    for (size_t i = 0; i < inner.length; i++)
        w->in.line += inner.at[i] == '\n';
    w->in.at += (size_t)end;
    return true;
}

static void open_element(Writer *w, const HtmlToken *token, const struct Tag *tag, bool hides)
{
    if (w->depth >= OPEN_MAX)
        return;
    TagIs is = tag->is;
    if (is == TAG_CELL && w->data_tables && !w->hidden)
        begin_cell(w, token);
    else if (is == TAG_SPACED)
        add_space(w);
    else if (is == TAG_READING)
        buf_add_char(&w->run, '(');
    else if (is != TAG_OTHER && is != TAG_TABLE && !w->hidden)
        flush(w);
    Open *open = &w->open[w->depth++];
    bool is_machine = tag->flags & FLAG_HIDDEN;
    *open = (Open){ .tag = tag, .is_hidden = hides || is_machine, .is_machine = is_machine };
    snprintf(open->name, sizeof open->name, STR_FMT, STR_ARG(token->name));
    w->hidden += open->is_hidden;
    w->machine += open->is_machine;
    open->is_note = is != TAG_OTHER && is != TAG_CELL && is_note(token->attributes);
    w->notes += open->is_note;
    w->pre += is == TAG_PRE;
    w->quotes += is == TAG_QUOTE;
    w->lists += is == TAG_LIST || is == TAG_NUMBERS;
    w->in_body |= is == TAG_BODY;
    if (is == TAG_TABLE && !w->hidden)
        begin_table(w, open);
    else if (is == TAG_NUMBERS) {
        Str start;
        int64_t first = 1;
        if (html_attribute(token->attributes, "start", &start))
            (void)str_to_int(start, 0, INT32_MAX / 2, &first);
        open->number = (int)first;
    } else if (is == TAG_HEADING)
        open->number = token->name.at[1] - '0';
    else if (is == TAG_ROWS) {
        open->number = str_is(token->name, "thead");
        w->has_head_row |= open->number && w->is_in_head_row;
    } else if (is == TAG_ITEM || is == TAG_DEFINITION)
        w->item_began = true;
}

static void begin_element(Writer *w, const HtmlToken *token)
{
    const struct Tag *tag = find_tag(token->name);
    bool hides = read_attributes(w, token->attributes);
    if (tag->flags & FLAG_VOID) {
        if (!w->hidden && !hides)
            write_void(w, tag, token->attributes);
        return;
    }
    if (tag->is == TAG_PAGE) {
        Str language;
        if (html_attribute(token->attributes, "lang", &language))
            write_fact(w, "language", language);
        return;
    }
    if (tag->is == TAG_MATH) {
        if (!w->hidden && !hides && !token->is_empty && write_math(w, token))
            return;
        tag = &other_tag;
    }
    close_implied(w, tag->is);
    open_element(w, token, tag, hides);
    /* <p/> is a start tag in HTML and an empty element in XHTML; nobody means the former. */
    if (token->is_empty)
        end_element(w, token->name);
}

static void keep_unseen(Writer *w, Str text)
{
    text = str_trim(text);
    if (!text.length || w->unseen.length + text.length >= UNSEEN_MAX)
        return;
    if (w->unseen.length)
        buf_add_char(&w->unseen, '\n');
    buf_add(&w->unseen, text);
}

static void write_text(Writer *w, const HtmlToken *token)
{
    if (w->machine)
        return;
    bool is_plain = token->is_raw || str_find_char(token->text, '&') < 0;
    AUTO_ARENA Arena *scratch = NULL;
    Str text = token->text;
    if (!is_plain) {
        scratch = arena_new(token->text.length * 4 + KB(64));
        Buf out = buf_new(scratch, SIZE_MAX / 4);
        html_decode(&out, token->text);
        text = buf_str(&out);
    }
    Open *top = w->depth ? &w->open[w->depth - 1] : NULL;
    if (w->hidden)
        keep_unseen(w, text);
    else if (top && top->tag->is == TAG_TITLE && !w->in_body)
        write_fact(w, "title", text);
    else
        add_text(w, text);
}

static void write_page(DocWriter *doc, Str utf8, const Place *place, bool is_chapter)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *unseen = arena_new(UNSEEN_MAX * 4);
    AUTO_FREE Writer *w = heap_alloc(sizeof *w);
    HtmlToken token;
    w->doc = doc;
    w->arena = arena;
    w->place = *place;
    w->is_chapter = is_chapter;
    w->in = html_reader(utf8);
    w->in.line = MAX(1, place->line_first);
    w->run = buf_new(arena, SIZE_MAX / 4);
    w->unseen = buf_new(unseen, UNSEEN_MAX);
    while (doc_writer_ok(doc) && html_next(&w->in, &token)) {
        if (token.kind == HTML_TEXT)
            write_text(w, &token);
        else if (token.kind == HTML_START)
            begin_element(w, &token);
        else
            end_element(w, token.name);
    }
    close_to(w, 0);
    flush(w);
    doc_place(doc, place);
    doc_note(doc, "hidden", buf_str(&w->unseen));
}

void html_write(DocWriter *doc, Str utf8, const Place *place)
{
    write_page(doc, utf8, place, false);
}

void html_write_chapter(DocWriter *doc, Str utf8, const Place *place)
{
    write_page(doc, utf8, place, true);
}

static bool html_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    (void)err;
    Str declared = charset_in_html(source->bytes);
    if (!declared.length)
        declared = charset_in_media_type(source->media_type);
    html_write(doc, text_decode(arena, source->bytes, declared, NULL), &(Place){ 0 });
    return true;
}

static const struct {
    Str begin;
    int score;
} beginnings[] = {
    { S_INIT("<!doctype html"), 90 },
    { S_INIT("<html"), 85 },
    { S_INIT("<head"), 70 },
    { S_INIT("<body"), 70 },
    { S_INIT("<title"), 60 },
    { S_INIT("<meta"), 50 },
    { S_INIT("<script"), 40 },
    { S_INIT("<style"), 40 },
    { S_INIT("<table"), 40 },
    { S_INIT("<div"), 30 },
    { S_INIT("<p>"), 30 },
    { S_INIT("<p "), 20 },
    { S_INIT("<h1"), 30 },
    { S_INIT("<h2"), 30 },
    { S_INIT("<ul"), 30 },
    { S_INIT("<font"), 30 },
    { S_INIT("<center"), 30 },
    { S_INIT("<a "), 20 },
    { S_INIT("<b>"), 20 },
    { S_INIT("<br"), 20 },
    { S_INIT("<span"), 20 },
};

static Str skip_markup(Str text)
{
    for (;;) {
        text = str_trim(text);
        bool is_comment = str_starts(text, S("<!--"));
        if (!is_comment && !str_starts(text, S("<?xml")))
            return text;
        ptrdiff_t end = str_find(text, is_comment ? S("-->") : S("?>"));
        if (end < 0)
            return STR_NONE;
        text = str_from(text, (size_t)end + (is_comment ? 3 : 2));
    }
}

static int html_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head = skip_markup(text_head(arena, bytes, KB(16)));
    for (size_t i = 0; i < COUNT(beginnings); i++) {
        Str begin = beginnings[i].begin;
        if (str_equal_ignore_case(str_slice(head, 0, begin.length), begin))
            return beginnings[i].score;
    }
    if (str_find_ignore_case(head, S("<html")) >= 0 && str_find_ignore_case(head, S("<body")) >= 0)
        return 30;
    bool has_tags = str_find(head, S("</")) >= 0 || str_find(head, S("<br")) >= 0;
    return has_tags && !text_is_binary(bytes) ? 5 : 0;
}

const Extractor extractor_html = {
    .name = "html",
    .title = "Web pages (HTML, XHTML)",
    .extensions = LIST("html", "htm", "xhtml", "xht", "shtml"),
    .media_types = LIST("text/html", "application/xhtml+xml"),
    .sniff = html_sniff,
    .extract = html_extract,
};
