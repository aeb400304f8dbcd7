/* docx_styles.h - which styles of a Word file are headings or list items, and list numbers.
 *
 * One document's counters: markers must be asked for in document order. */
#pragma once

#include "extract/office/ooxml.h"

typedef struct DocxStyles DocxStyles;

DocxStyles *docx_styles_read(Package *package, const Relations *relations, Arena *arena,
                             DocWriter *doc);
/* 1-6 when the style, or one that it is based on, is a heading; 0 otherwise. */
int docx_heading_level(const DocxStyles *styles, Str style_id);
/* The list a style belongs to; false when none. */
bool docx_style_list(const DocxStyles *styles, Str style_id, int *list_r, int *level_r);
/* The marker of the list's next item at a level from 0: "1.2.", "-"; empty when the list does not
 * exist or shows none. */
Str docx_next_marker(DocxStyles *styles, Arena *arena, int list, int level);
