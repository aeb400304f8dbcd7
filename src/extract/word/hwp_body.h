/* hwp_body.h - the text of Hangul documents as blocks, for both of their formats: paragraphs, and
 * what holds paragraphs of its own (tables, notes, running heads).
 *
 *     hwp_begin(HWP_TABLE) { hwp_cell() hwp_paragraph()* }* hwp_end() */
#pragma once

#include "extract/extractor.h"

typedef enum HwpHolder {
    HWP_BOX, /* its paragraphs belong where it stands */
    HWP_TABLE,
    HWP_HEADER,
    HWP_FOOTNOTE,
    HWP_ENDNOTE,
    HWP_COMMENT,
} HwpHolder;

enum { HWP_DEPTH_MAX = 64 };

typedef struct HwpNote {
    const char *label;
    Str text;
} HwpNote;

typedef struct HwpBody {
    DocWriter *doc;
    Arena *arena;
    HwpHolder holders[HWP_DEPTH_MAX];
    int depth, tables; /* tables: those that are open */
    Buf cell, note;
    int row, column_span, row_span;
    bool has_cell, row_has_cells;
    VEC(HwpNote) notes; /* said after the table that they are in */
    int pictures, numbers[10];
} HwpBody;

typedef struct HwpParagraph {
    int heading;    /* 1 and more, or 0 */
    int list_level; /* likewise */
    bool is_numbered;
} HwpParagraph;

HwpBody hwp_body(DocWriter *doc, Arena *arena);
void hwp_begin(HwpBody *body, HwpHolder holder);
void hwp_cell(HwpBody *body, int row, int column_span, int row_span);
void hwp_paragraph(HwpBody *body, Str text, HwpParagraph paragraph);
void hwp_end(HwpBody *body);
/* Ends what is open and says what was left out. */
void hwp_finish(HwpBody *body);
/* The level of a style of headings by its name, Korean or English; else 0. */
int hwp_heading(Str style);
