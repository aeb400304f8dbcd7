/* pdf_file.h - what MuPDF reads from a PDF file, as plain structs; its exceptions stay inside.
 *
 *     pdf_file_open -> pdf_file_page (each page, any order) -> pdf_file_close
 *
 * Pages come one at a time into the caller's arena and nothing of a page stays in MuPDF. Memory
 * that MuPDF takes is bounded (PDF_MEMORY_MAX), and so is the time of a page (PDF_PAGE_MS_MAX):
 * a page over it gives what was read until then. No JavaScript is ever run. One thread. */
#pragma once

#include "base/base.h"

#define PDF_MEMORY_MAX MB(512)
#define PDF_PAGE_MS_MAX 5000

typedef struct Box {
    float x0, y0, x1, y1; /* points, from the page's top left corner */
} Box;

/* A run of text on one baseline without a wide gap. */
typedef struct TextSpan {
    Str text;
    Box box;
    float baseline; /* y of horizontal text */
    float size;     /* font size of most of its characters */
    int block;      /* MuPDF's own grouping, counted from 0 */
    bool is_bold, is_italic, is_mono;
    bool is_turned;  /* not left to right along the page's top edge */
    bool is_filled;  /* stands in a form's field or a note on the page: no heading */
    int heading;     /* level that the file says it has; 0: none said */
    int table;       /* set by pdf_find_tables(): its number from 1 */
    bool is_running; /* a header or footer that was said already */
} TextSpan;

typedef struct PageNote {
    const char *label; /* "comment", "highlight", "field", "link"; "image": the words for it */
    Str text;
    Box box;
} PageNote;

/* A line drawn along an edge of the page; its box is flat. */
typedef struct Rule {
    Box box;
    bool is_vertical;
} Rule;

typedef struct PageText {
    float width, height;
    VEC(TextSpan) spans; /* in the order the file draws them */
    VEC(PageNote) notes; /* of annotations, that a reader does not see on the page */
    VEC(Rule) rules;
    size_t char_count, odd_count; /* without spaces; of them no known character */
    size_t hidden_count;          /* drawn unseen, over the picture they were recognised on */
    int64_t picture_pixels;       /* of the pictures that a page of little text has */
    bool was_cut;                 /* over the time for a page */
    bool is_logical;              /* XPS gives its characters in the order of reading */
} PageText;

typedef struct OutlineItem {
    Str title;
    int level; /* from 1 */
    int page;  /* from 1; 0 when it leads nowhere in this file */
} OutlineItem;
typedef VEC(OutlineItem) Outline;

typedef struct PdfFile PdfFile;

/* `bytes` must live as long as the file. Fails with ERROR_ENCRYPTED when the password is missing
 * or wrong, ERROR_DAMAGED when it cannot be repaired. */
MUST_CHECK bool pdf_file_open(Str bytes, Str password, PdfFile **file_r, Error *err);
void pdf_file_close(PdfFile *file); /* NULL is fine */
/* False: an XPS, which has pages but no annotations, attachments or "info:" facts. */
bool pdf_file_is_pdf(const PdfFile *file);
int pdf_file_page_count(const PdfFile *file);
/* A page from 1; what was read within the time. */
MUST_CHECK bool pdf_file_page(PdfFile *file, Arena *arena, int number, int time_ms_max,
                              PageText *page_r, Error *err);
/* "info:Title" and such; empty when there is none. */
Str pdf_file_meta(PdfFile *file, Arena *arena, const char *key);
/* The name of the next entry of the information dictionary that the standard does not name, and its
 * text; begin with *index = 0. False at the end. */
bool pdf_file_own_fact(PdfFile *file, Arena *arena, int *index, Str *name_r, Str *value_r);
/* "1.7". */
Str pdf_file_version(PdfFile *file, Arena *arena);
/* What its author does not permit: "printing, copying"; empty when nothing is forbidden. */
Str pdf_file_forbidden(PdfFile *file, Arena *arena);
/* The XMP packet; empty when there is none. */
Str pdf_file_xmp(PdfFile *file, Arena *arena, size_t bytes_max);
/* "en-GB", as the catalog says. */
Str pdf_file_language(PdfFile *file, Arena *arena);
/* The data of an XFA form, as XML; false when it is none. */
bool pdf_file_xfa(PdfFile *file, Arena *arena, size_t bytes_max, Str *data_r);
/* At most `max` entries, in order. */
Outline pdf_file_outline(PdfFile *file, Arena *arena, size_t max);
/* Embedded files, from 0, and those attached to the pages read so far; false when there is no such
 * one or it cannot be read. */
bool pdf_file_attachment(PdfFile *file, Arena *arena, int index, size_t bytes_max, Str *name_r,
                         Str *bytes_r);
int pdf_file_attachment_count(PdfFile *file);

static inline void pdf_file_auto(PdfFile **file) { pdf_file_close(*file); }
#define AUTO_PDF AUTO(pdf_file_auto)

/* For page_picture.c: MuPDF's own handles. */
struct fz_context;
struct fz_document;
struct fz_context *pdf_file_context(PdfFile *file);
/* Starts the time for a page anew; an fz_cookie that ends the work when it is over. */
void *pdf_file_clock(PdfFile *file, int time_ms);
struct fz_document *pdf_file_document(PdfFile *file);
