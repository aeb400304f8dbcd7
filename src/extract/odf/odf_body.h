/* odf_body.h - what the files of an OpenDocument part's body share; for them only. */
#pragma once

#include "extract/odf/odf.h"

typedef enum OdfIs {
    ODF_OTHER,
    ODF_SKIP,
    ODF_PARAGRAPH,
    ODF_HEADING,
    ODF_LIST,
    ODF_ITEM,
    ODF_SPACES,
    ODF_TAB,
    ODF_BREAK,
    ODF_LINK,
    ODF_READING,
    ODF_NOTE,
    ODF_FIELD,
    ODF_ANNOTATION,
    ODF_ANNOTATION_END,
    ODF_DELETION,
    ODF_SCRIPTS,
    ODF_META,
    ODF_PRESENTATION,
    ODF_SPREADSHEET,
    ODF_DOCUMENT,
    ODF_TABLE,
    ODF_HEAD_ROWS,
    ODF_ROW,
    ODF_CELL,
    ODF_COVERED,
    ODF_PAGE,
    ODF_FRAME,
    ODF_IMAGE,
    ODF_OBJECT,
    ODF_OLE,
    ODF_ALT,
    ODF_SPEAKER,
    ODF_RUNNING,
    ODF_MASTER,
    ODF_CONTROL,
    ODF_MATH,
} OdfIs;

enum {
    ELEMENTS_MAX = 256,
    PARAGRAPHS_MAX = 32,
    BOXES_MAX = 16,
    LISTS_MAX = 32,
    RANGES_MAX = 16,
    TEXT_MAX = 16 << 20
};

typedef struct OdfParagraph {
    Buf text;
    int level; /* of a heading; 0: none */
    Str marker;
    bool has_field; /* whose text the page decides */
} OdfParagraph;

/* Collects the paragraphs of a note, comment, speaker's notes or master page. */
typedef struct OdfBox {
    OdfIs is;
    const char *label;
    Str author;
    Str range; /* name of the comment, when an end of what it is about follows */
    Buf text;
    int paragraphs; /* open when it began */
} OdfBox;

typedef struct OdfOpenList {
    OdfList *list;
    bool is_ordered, is_fresh; /* fresh: the item shows its marker yet */
    int count;
} OdfOpenList;

typedef struct OdfPending {
    const char *note;
    bool is_image;
    Str text;
    /* Of a comment: what it is about begins at `from` of a paragraph that is still open. */
    Str author, range, about;
    size_t from;
    int paragraph; /* its depth */
    Str object;    /* reference of an embedded object */
    Str cell;      /* of a sheet */
} OdfPending;

typedef struct OdfCell {
    int columns, rows, repeated;
    bool is_covered;
    Str value; /* shown when the cell has no text */
    Buf text;
} OdfCell;

typedef struct OdfRowCell {
    int column, columns, rows;
    bool is_covered;
    Str text;
} OdfRowCell;

typedef struct OdfBody {
    Odf *odf;
    Arena *scratch; /* of a paragraph or table at the top */
    OdfIs elements[ELEMENTS_MAX];
    int element_depth, skip_depth;
    OdfParagraph paragraphs[PARAGRAPHS_MAX];
    int paragraph_depth;
    OdfBox boxes[BOXES_MAX];
    int box_depth;
    OdfOpenList lists[LISTS_MAX];
    int list_depth;
    OdfList *last_list;
    VEC(OdfPending) pending;
    size_t ranges[RANGES_MAX]; /* pending comments whose range is open */
    int range_count;
    Buf alt;
    int frame_depth;
    Str frame_class;
    bool frame_has_image, frame_has_object;
    bool in_meta, in_author, in_date, in_math, in_annotation;
    Buf meta, math, star_math;
    Str meta_key, formula;
    /* Tables: only the outermost one is a table, what is inside its cells is text. */
    Arena *row_arena;
    int table_depth;
    bool in_spreadsheet, is_sheet, has_rows, in_head, had_head;
    bool said_repeats; /* that not all rows and cells that repeat are shown */
    Str sheet;
    int row, row_repeated, last_row, column, first_column;
    OdfCell cell;
    VEC(OdfRowCell) cells;
} OdfBody;

/* To the open paragraph, else as one of its own. */
void odf_add_text(OdfBody *body, Str text);

/* odf_text.c; open: the innermost one, or NULL. */
OdfParagraph *odf_open_paragraph(OdfBody *body);
OdfBox *odf_open_box(OdfBody *body);
void odf_end_paragraph(OdfBody *body);
/* Text of a note, a cell or the like: paragraphs as lines, numbers of lists kept. */
void odf_add_line(Buf *out, Str marker, Str text);
/* Write now, or after the paragraph or table that it stands in. */
void odf_write_soon(OdfBody *body, OdfPending item);
void odf_comment_soon(OdfBody *body, const OdfBox *box);
/* What comments are about ends here: those of this name, or all when it is empty. */
void odf_end_ranges(OdfBody *body, Str range);
void odf_flush_pending(OdfBody *body);
/* A header, footer or what a master page shows, once. */
void odf_say_running(OdfBody *body, Str text);

/* odf_drawing.c */
void odf_begin_page(OdfBody *body, const XmlElement *element);
void odf_begin_frame(OdfBody *body, const XmlElement *element);
void odf_end_frame(OdfBody *body);
/* What the picture or object of the frame shows, in words. */
void odf_write_alt(OdfBody *body);
void odf_write_ole(OdfBody *body, const XmlElement *element);
void odf_write_control(OdfBody *body, const XmlElement *element);

/* odf_table.c; start: true when the element is part of a table. */
bool odf_table_start(OdfBody *body, const XmlElement *element, OdfIs is);
void odf_table_end(OdfBody *body, OdfIs is);
void odf_table_cut(OdfBody *body);

/* odf_object.c */
bool odf_is_author(OdfBody *body, const XmlElement *element);
void odf_begin_object(OdfBody *body, Str reference);
void odf_begin_math(OdfBody *body);
void odf_end_math(OdfBody *body);
void odf_math_start(OdfBody *body, const XmlElement *element);
void odf_math_text(OdfBody *body, Str text);
