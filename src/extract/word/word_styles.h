/* word_styles.h - how the characters and paragraphs of a Word 6-2003 file are formatted, as far as
 * it changes what is read: headings, lists, tables, hidden and deleted text ([MS-DOC] 2.4.6). */
#pragma once

#include "extract/word/word_file.h"

typedef struct WordCharacter {
    bool is_deleted, is_hidden, is_special, is_object, is_data;
    bool has_picture;
    uint32_t picture;             /* position in the data stream, or an object's number */
    uint16_t symbol_font, symbol; /* symbol 0: none */
    uint16_t font;
    uint16_t style;
} WordCharacter;

typedef struct WordCellEdge {
    bool is_joined_left, goes_on; /* part of the cell at its left, of the one above */
} WordCellEdge;

enum { WORD_CELLS_MAX = 64 };

typedef struct WordParagraph {
    uint16_t style;
    int depth;                /* of nested tables; 0: in none */
    bool ends_row, ends_cell; /* of a nested table; the outermost ends with marks */
    bool is_header_row;
    int heading;          /* 1-6; 0: none */
    int list, list_level; /* list 0: none; level from 0 */
    size_t cell_count;
    WordCellEdge cells[WORD_CELLS_MAX]; /* of a row's end */
} WordParagraph;

typedef struct WordStyles WordStyles;

WordStyles *word_styles_read(const WordFile *file);
/* The formatting of the character or the paragraph at a place in the main stream, in which the
 * piece has its say. Cheap when places rise. */
WordCharacter word_character_at(WordStyles *styles, const WordPiece *piece, size_t at);
/* Where the formatting that word_character_at() gave last ends. */
size_t word_character_end(const WordStyles *styles);
WordParagraph word_paragraph_at(WordStyles *styles, const WordPiece *piece, size_t at);
/* The charset of a font, as Windows numbers them; 1 when it says none. */
int word_font_charset(const WordStyles *styles, uint16_t font);
/* The font's name. */
Str word_font_name(const WordStyles *styles, uint16_t font);
