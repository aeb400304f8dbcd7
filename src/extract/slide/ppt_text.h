/* ppt_text.h - a text of a PowerPoint 97-2003 file and the levels and bullets of its paragraphs. */
#pragma once

#include "extract/document.h"
#include "extract/slide/ppt_records.h"

/* 2.13.33 */
typedef enum PptTextKind {
    PPT_KIND_TITLE = 0,
    PPT_KIND_BODY = 1,
    PPT_KIND_NOTES = 2,
    PPT_KIND_OTHER = 4,
    PPT_KIND_CENTER_BODY = 5,
    PPT_KIND_CENTER_TITLE = 6,
    PPT_KIND_HALF_BODY = 7,
    PPT_KIND_QUARTER_BODY = 8,
} PptTextKind;

typedef struct PptText {
    PptTextKind kind;
    Str text;   /* paragraphs end with "\n"; "\v" is a line break */
    Str styles; /* the data of the StyleTextPropAtom; may be empty */
} PptText;

/* The text number `index` of a sequence of records; false when there are fewer. */
bool ppt_read_text(Arena *arena, Str records, int index, PptText *text_r);
/* Each paragraph as a list item or paragraph. */
void ppt_write_paragraphs(DocWriter *doc, const PptText *text);
/* In one line (a title) or in lines. */
Str ppt_one_line(Arena *arena, Str text);
Str ppt_lines(Arena *arena, Str text);
