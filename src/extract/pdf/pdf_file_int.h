/* pdf_file_int.h - an open PDF, for pdf_file.c and pdf_page.c. */
#pragma once

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include "extract/pdf/pdf_file.h"

enum { PDF_ATTACHMENTS_MAX = 1000 };

/* Before each piece of MuPDF's memory. */
typedef struct Piece {
    _Alignas(16) struct Piece *next;
    struct Piece **link; /* what points here */
    size_t size;
} Piece;

/* Counts what MuPDF holds: a crafted file may ask for gigabytes (a font, a stream, a table). All
 * of it is in one list, because MuPDF 1.21 loses objects when it repairs a file. */
typedef struct Memory {
    Piece *pieces;
    size_t used;
    int64_t deadline_ms; /* of the page; 0: none */
    unsigned calls;
    fz_cookie cookie;
} Memory;

struct PdfFile {
    fz_context *ctx;
    fz_document *any;  /* every kind of file */
    pdf_document *doc; /* the same when it is a PDF, else NULL */
    int page_count, pages_read;
    bool has_page_tree;
    pdf_obj *attachments; /* name tree as one dictionary, or NULL */
    pdf_obj *pinned;      /* array: files that annotations of the pages read so far hold */
    Memory memory;
};

/* The exception that MuPDF threw last, as an error. */
bool pdf_fail_caught(fz_context *ctx, Error *err);

enum { TAG_DEPTH_MAX = 64 };

/* The tags of a page while it runs, and the functions that ours stand before. */
typedef struct PageTags {
    Arena *arena;
    PageText *page;
    pdf_obj *elements, *roles; /* by mark; the file's names for types */
    int depth;
    uint8_t levels[TAG_DEPTH_MAX];
    int last_figure;
    void (*begin_plain)(fz_context *, pdf_processor *, const char *);
    void (*begin_marked)(fz_context *, pdf_processor *, const char *, pdf_obj *, pdf_obj *);
    void (*end)(fz_context *, pdf_processor *);
    void (*fill_text)(fz_context *, fz_device *, const fz_text *, fz_matrix, fz_colorspace *,
                      const float *, float, fz_color_params);
    void (*stroke_text)(fz_context *, fz_device *, const fz_text *, const fz_stroke_state *,
                        fz_matrix, fz_colorspace *, const float *, float, fz_color_params);
} PageTags;

/* What a page's drawing goes to; the MuPDF context's user while a page runs. */
typedef struct PageDrawing {
    Arena *arena;
    PageText *page;                                                        /* has its size */
    PageTags *tags;                                                        /* NULL: it has none */
    void (*hidden)(fz_context *, fz_device *, const fz_text *, fz_matrix); /* the base device's */
} PageDrawing;
/* A device for text that fills the PageDrawing as well. Throws. */
fz_device *pdf_text_device(fz_context *ctx, fz_stext_page *text, const fz_stext_options *options,
                           PageDrawing *drawing);
/* Adds the notes; those of the page's text are known. Throws. */
void pdf_read_notes(PdfFile *file, pdf_page *pdf, const fz_stext_page *text, Arena *arena,
                    PageText *page);

/* False when the page has no tags. Throws. */
bool pdf_find_tags(PdfFile *file, pdf_page *page, PageTags *tags);
/* Before the page runs: its characters will know their heading level. */
void pdf_tag_device(fz_device *device, PageTags *tags);
void pdf_run_tagged(PdfFile *file, pdf_page *page, fz_device *device, PageTags *tags);
/* Of a character of a page that ran with tags; 0: none. */
int pdf_tagged_level(const fz_stext_char *c);

/* Of a script that is written from right to left. */
bool pdf_is_rtl(int c);
/* A part of a line that stands apart, in the order of reading. */
typedef struct RtlPart {
    Str text;
    float x0, x1;
} RtlPart;
/* The text of lines on one baseline, parts from left to right; how many. */
int pdf_read_rtl(const fz_stext_line *first, const fz_stext_line *end, Arena *arena, RtlPart *parts,
                 int max);
