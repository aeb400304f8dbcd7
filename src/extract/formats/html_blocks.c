/* html_blocks.c - the text of a page in blocks and tables: see html_writer.h. */
#include "extract/formats/html_writer.h"

/* --- Text --- */

static void add_word(HtmlWriter *w, Str word, int line)
{
    if (w->run.length == 0)
        w->run_line = line;
    w->run_last = line;
    buf_add(&w->run, word);
}

void html_add_text(HtmlWriter *w, Str text)
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
            html_add_space(w);
        for (; at < text.length && HAS_CHAR(text.at[at], " \t\r\n\f"); at++)
            line += text.at[at] == '\n';
    }
}

HtmlOpen *html_innermost(HtmlWriter *w, TagIs is, TagIs or_is)
{
    for (int i = w->depth - 1; i >= 0; i--)
        if (w->open[i].tag->is == is || w->open[i].tag->is == or_is)
            return &w->open[i];
    return NULL;
}

static void write_item(HtmlWriter *w, Str text)
{
    char marker[16] = "-";
    HtmlOpen *list = html_innermost(w, TAG_LIST, TAG_NUMBERS);
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

void html_flush(HtmlWriter *w)
{
    if (w->cell_is_open) {
        html_add_space(w);
        return;
    }
    Str text = buf_str(&w->run);
    if (str_trim(text).length) {
        w->place.line_first = w->run_line;
        w->place.line_last = MAX(w->run_line, w->run_last);
        w->place.anchor = str(w->anchor);
        doc_place(w->doc, &w->place);
        HtmlOpen *heading = html_innermost(w, TAG_HEADING, TAG_HEADING);
        if (w->pre)
            doc_code(w->doc, STR_NONE, text);
        else if (heading)
            doc_heading(w->doc, heading->number, text);
        else if (w->notes)
            doc_note(w->doc, "footnote", text);
        else if (w->quotes)
            doc_quote(w->doc, text);
        else if (html_innermost(w, TAG_ITEM, TAG_DEFINITION))
            write_item(w, text);
        else
            doc_paragraph(w->doc, text);
    }
    arena_reset(w->arena);
    w->run = buf_new(w->arena, SIZE_MAX / 4);
}

Str html_decoded(HtmlWriter *w, Str text)
{
    Buf out = buf_new(w->arena, SIZE_MAX / 4);
    html_decode(&out, text);
    return buf_str(&out);
}

/* --- Tables --- */

void html_end_cell(HtmlWriter *w)
{
    if (!w->cell_is_open)
        return;
    w->cell_is_open = false;
    doc_cell_span(w->doc, buf_str(&w->run), w->column_span, w->row_span);
    arena_reset(w->arena);
    w->run = buf_new(w->arena, SIZE_MAX / 4);
}

void html_end_row(HtmlWriter *w)
{
    html_end_cell(w);
    if (!w->row_is_open)
        return;
    w->row_is_open = false;
    w->place.line_first = w->row_line;
    w->place.line_last = MAX(w->row_line, w->run_last);
    w->place.anchor = str(w->anchor);
    doc_place(w->doc, &w->place);
    doc_row_end(w->doc);
}

void html_end_head(HtmlWriter *w)
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

void html_begin_cell(HtmlWriter *w, const HtmlToken *token)
{
    html_end_cell(w);
    bool is_head = str_is(token->name, "th");
    /* A header row of a table without <thead> has only <th>. */
    if (!is_head && !html_innermost(w, TAG_ROWS, TAG_TABLE)->number)
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
static bool is_data_table(HtmlWriter *w)
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

void html_begin_table(HtmlWriter *w, HtmlOpen *open)
{
    html_flush(w);
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

void html_end_table(HtmlWriter *w)
{
    html_end_row(w);
    html_end_head(w);
    doc_table_end(w->doc);
    w->data_tables--;
}
