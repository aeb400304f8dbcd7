/* html_elements.c - what each element does to the page: see html_writer.h.
 *
 * The repairs that browsers make and that matter for text are made here: what an end tag or the
 * next block closes, and that nothing reaches out of a table cell. */
#include "extract/formats/html_writer.h"

#include <strings.h>

#include "extract/formats/mathml.h"
#include "extract/metadata.h"

enum { FLAG_VOID = 1, FLAG_HIDDEN = 2 };

static const HtmlTag tags[] = {
#define VOID FLAG_VOID
#define HIDDEN FLAG_HIDDEN
#define HTML_TAG(name, is, flags) { name, TAG_##is, flags },
#include "extract/formats/html_tags.def"
#undef HTML_TAG
#undef VOID
#undef HIDDEN
};
static const HtmlTag other_tag = { "", TAG_OTHER, 0 };

static const HtmlTag *find_tag(Str name)
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

/* --- Ends --- */

/* How the word before is said (ruby): "漢字(かんじ)". */
static void end_reading(HtmlWriter *w)
{
    if (w->run.length && w->run.at[w->run.length - 1] == '(')
        w->run.length--;
    else
        buf_add_char(&w->run, ')');
}

static void close_top(HtmlWriter *w)
{
    HtmlOpen *top = &w->open[--w->depth];
    TagIs is = top->tag->is;
    if (is == TAG_SPACED)
        html_add_space(w);
    else if (is == TAG_READING)
        end_reading(w);
    else if (is != TAG_OTHER && is != TAG_CELL && is != TAG_ROW && is != TAG_ROWS) {
        w->depth++; /* the block is still inside while it is written */
        html_flush(w);
        w->depth--;
    }
    if (is == TAG_CELL) {
        if (!w->data_tables)
            html_flush(w);
        html_end_cell(w);
    } else if (is == TAG_ROW && w->data_tables) {
        html_end_row(w);
        if (w->is_in_head_row && !(w->depth && w->open[w->depth - 1].number == 1))
            html_end_head(w);
    } else if (is == TAG_ROWS && top->number == 1)
        html_end_head(w);
    else if (is == TAG_TABLE && top->is_data_table)
        html_end_table(w);
    w->hidden -= top->is_hidden;
    w->machine -= top->is_machine;
    w->notes -= top->is_note;
    w->pre -= is == TAG_PRE;
    w->quotes -= is == TAG_QUOTE;
    w->lists -= is == TAG_LIST || is == TAG_NUMBERS;
    if (is == TAG_ITEM || is == TAG_DEFINITION || is == TAG_TERM)
        w->item_began = false;
}

void html_close_to(HtmlWriter *w, int depth)
{
    while (w->depth > depth)
        close_top(w);
}

/* Does this element keep end tags inside it from closing what is outside? */
static bool is_wall(const HtmlOpen *open, TagIs closing)
{
    bool is_table_part =
        closing == TAG_TABLE || closing == TAG_ROWS || closing == TAG_ROW || closing == TAG_CELL;
    TagIs is = open->tag->is;
    return is == TAG_TABLE || (is == TAG_CELL && !is_table_part);
}

void html_end_element(HtmlWriter *w, Str name)
{
    TagIs is = find_tag(name)->is;
    if (is == TAG_BODY || is == TAG_PAGE)
        return;
    for (int i = w->depth - 1; i >= 0; i--) {
        if (str_is(name, w->open[i].name) ||
            (is == TAG_HEADING && w->open[i].tag->is == TAG_HEADING)) {
            html_close_to(w, i);
            return;
        }
        if (is_wall(&w->open[i], is))
            return;
    }
}

/* Close the element of this kind that a new one ends, unless `inside` stands between. */
static void close_open(HtmlWriter *w, TagIs is, TagIs or_is, TagIs inside, TagIs or_inside)
{
    for (int i = w->depth - 1; i >= 0; i--) {
        TagIs found = w->open[i].tag->is;
        if (found == is || found == or_is) {
            html_close_to(w, i);
            return;
        }
        if (found == inside || found == or_inside || is_wall(&w->open[i], is))
            return;
    }
}

static void close_implied(HtmlWriter *w, TagIs is)
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

/* --- Attributes, facts and empty elements --- */

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
static bool read_attributes(HtmlWriter *w, Str attributes)
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

void html_write_fact(HtmlWriter *w, const char *key, Str value)
{
    if (!w->is_chapter)
        doc_meta(w->doc, key, value);
}

static void write_named(HtmlWriter *w, Str name, Str value)
{
    if (!w->is_chapter)
        doc_meta_named(w->doc, name, value);
}

static void write_meta(HtmlWriter *w, Str attributes)
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
            write_named(w, str(names[i]), html_decoded(w, content));
}

static void write_image(HtmlWriter *w, Str attributes)
{
    Str alt;
    if (!html_attribute(attributes, "alt", &alt) || !str_trim(alt).length)
        return;
    if (w->run.length == 0 && !w->data_tables && !html_innermost(w, TAG_ITEM, TAG_HEADING)) {
        doc_place_lines(w->doc, w->in.token_line, w->in.token_line);
        doc_image(w->doc, html_decoded(w, alt));
        return;
    }
    html_add_space(w);
    html_add_text(w, html_decoded(w, alt));
    html_add_space(w);
}

static void write_input(HtmlWriter *w, Str attributes)
{
    Str type = STR_NONE, value = STR_NONE;
    html_attribute(attributes, "type", &type);
    if (str_equal_ignore_case(type, S("hidden")) || str_equal_ignore_case(type, S("checkbox")) ||
        str_equal_ignore_case(type, S("radio")) || str_equal_ignore_case(type, S("password")))
        return;
    if (!html_attribute(attributes, "value", &value))
        html_attribute(attributes, "placeholder", &value);
    if (value.length) {
        html_add_space(w);
        html_add_text(w, html_decoded(w, value));
        html_add_space(w);
    }
}

static void write_void(HtmlWriter *w, const HtmlTag *tag, Str attributes)
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
        html_flush(w);
}

/* --- Begins --- */

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
static bool write_math(HtmlWriter *w, const HtmlToken *token)
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
    html_add_text(w, buf_str(&out));
    for (size_t i = 0; i < inner.length; i++)
        w->in.line += inner.at[i] == '\n';
    w->in.at += (size_t)end;
    return true;
}

static void open_element(HtmlWriter *w, const HtmlToken *token, const HtmlTag *tag, bool hides)
{
    if (w->depth >= OPEN_MAX)
        return;
    TagIs is = tag->is;
    if (is == TAG_CELL && w->data_tables && !w->hidden)
        html_begin_cell(w, token);
    else if (is == TAG_SPACED)
        html_add_space(w);
    else if (is == TAG_READING)
        buf_add_char(&w->run, '(');
    else if (is != TAG_OTHER && is != TAG_TABLE && !w->hidden)
        html_flush(w);
    HtmlOpen *open = &w->open[w->depth++];
    bool is_machine = tag->flags & FLAG_HIDDEN;
    *open = (HtmlOpen){ .tag = tag, .is_hidden = hides || is_machine, .is_machine = is_machine };
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
        html_begin_table(w, open);
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

void html_begin_element(HtmlWriter *w, const HtmlToken *token)
{
    const HtmlTag *tag = find_tag(token->name);
    bool hides = read_attributes(w, token->attributes);
    if (tag->flags & FLAG_VOID) {
        if (!w->hidden && !hides)
            write_void(w, tag, token->attributes);
        return;
    }
    if (tag->is == TAG_PAGE) {
        Str language;
        if (html_attribute(token->attributes, "lang", &language))
            html_write_fact(w, "language", language);
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
        html_end_element(w, token->name);
}
