/* html_writer.h - a page of HTML on its way into a document; for html*.c only.
 *
 *     html.c (texts) -> html_elements.c (tags) -> html_blocks.c (blocks, tables) -> DocWriter */
#pragma once

#include "extract/document.h"
#include "extract/formats/html_tokens.h"

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

typedef struct HtmlTag {
    const char *name;
    TagIs is;
    unsigned flags;
} HtmlTag;

/* Deeper elements are read but not remembered: their text belongs to the last one that is. */
enum { OPEN_MAX = 512, ANCHOR_MAX = 200, UNSEEN_MAX = KB(32) };

typedef struct HtmlOpen {
    const HtmlTag *tag;
    char name[24];
    bool is_hidden;
    bool is_machine; /* scripts and styles: nothing that was written to be read */
    bool is_note;
    bool is_data_table; /* of a table: its cells are cells, not layout */
    int number;         /* of a list: the next item's; of a heading: its level */
} HtmlOpen;

typedef struct HtmlWriter {
    DocWriter *doc;
    Arena *arena; /* of `run`, reset after each block */
    HtmlReader in;
    Place place;
    char anchor[ANCHOR_MAX + 1];
    Buf run;                /* the text of the block so far */
    int run_line, run_last; /* where its words begin and end */
    int row_line;           /* where the table row began */
    HtmlOpen open[OPEN_MAX];
    int depth;
    Buf unseen; /* text that the page does not show, said once at the end */
    int hidden, machine, pre, data_tables, quotes, lists, notes;
    bool item_began;       /* the next block of the list item shows its marker */
    bool is_chapter;       /* the page's own facts are not the document's */
    bool math_is_unclosed; /* no formula ends any more */
    bool in_body, is_in_head_row, has_head_row, row_is_open, cell_is_open;
    int column_span, row_span;
} HtmlWriter;

static inline void html_add_space(HtmlWriter *w)
{
    if (w->run.length && !HAS_CHAR(w->run.at[w->run.length - 1], " \n"))
        buf_add_char(&w->run, ' ');
}

/* html_blocks.c */
/* Text as it stands in the page, entities decoded. */
void html_add_text(HtmlWriter *w, Str text);
/* The block so far is complete: written as what it stands in. */
void html_flush(HtmlWriter *w);
/* The innermost open element of these kinds; NULL: none. */
HtmlOpen *html_innermost(HtmlWriter *w, TagIs is, TagIs or_is);
/* Entities decoded; valid until the block ends. */
Str html_decoded(HtmlWriter *w, Str text);
void html_begin_table(HtmlWriter *w, HtmlOpen *open);
void html_begin_cell(HtmlWriter *w, const HtmlToken *token);
void html_end_cell(HtmlWriter *w);
void html_end_row(HtmlWriter *w);
void html_end_head(HtmlWriter *w);
void html_end_table(HtmlWriter *w);

/* html_elements.c */
void html_begin_element(HtmlWriter *w, const HtmlToken *token);
void html_end_element(HtmlWriter *w, Str name);
/* Close what is open, until so many are left. */
void html_close_to(HtmlWriter *w, int depth);
/* A fact about the document, unless the page is a piece of one. */
void html_write_fact(HtmlWriter *w, const char *key, Str value);
