/* word_file.h - a Word 2, 6, 95 or 97-2003 file opened ([MS-DOC]): its header (FIB), its streams
 * without their encryption, and where its characters lie.
 *
 * Characters are numbered through all stories (CP): the main text first, then footnotes, headers,
 * annotations, endnotes and text boxes. The piece table says where each lies in the main stream
 * (FC). */
#pragma once

#include "extract/ole/ole_file.h"

/* Pairs of position and length in the header, by their number in FibRgFcLcb97 (2.5.6). */
typedef enum WordTable {
    WORD_STYLES = 1,
    WORD_FOOTNOTE_REFS = 2,
    WORD_FOOTNOTE_TEXTS = 3,
    WORD_COMMENT_REFS = 4,
    WORD_COMMENT_TEXTS = 5,
    WORD_HEADER_TEXTS = 11,
    WORD_CHARACTER_PAGES = 12,
    WORD_PARAGRAPH_PAGES = 13,
    WORD_FONTS = 15,
    WORD_PIECES = 33,
    WORD_COMMENT_AUTHORS = 36,
    WORD_SHAPES = 40,
    WORD_ENDNOTE_REFS = 46,
    WORD_ENDNOTE_TEXTS = 47,
    WORD_BOX_TEXTS = 56,
    WORD_SAVED_BY = 71,
    WORD_LISTS = 73,
    WORD_LIST_OVERRIDES = 74,
} WordTable;

typedef enum WordStory {
    STORY_MAIN,
    STORY_FOOTNOTES,
    STORY_HEADERS,
    STORY_MACROS,
    STORY_COMMENTS,
    STORY_ENDNOTES,
    STORY_BOXES,
    STORY_HEADER_BOXES,
    STORY_COUNT,
} WordStory;

typedef struct WordPiece {
    uint32_t cp, end;
    size_t at; /* in the main stream */
    bool is_narrow;
    uint16_t modifier; /* Prm, 2.9.214 */
} WordPiece;

typedef struct WordFile {
    Arena *arena;
    Str main, tables, data;
    bool is_old; /* Word 6 and 95: eight-bit text, one-byte property codes */
    int version; /* nFib */
    uint32_t starts[STORY_COUNT + 1];
    VEC(WordPiece) pieces;
    VEC(Str) modifiers;  /* property lists that pieces refer to */
    const char *charset; /* of eight-bit text */
} WordFile;

/* Is this the start of a WordDocument stream, or of a Word 6 file without OLE? */
bool word_is_header(Str main);
/* `ole` NULL: `main` is the whole file. Fails with ERROR_ENCRYPTED or ERROR_DAMAGED. */
MUST_CHECK bool word_open(Arena *arena, OleFile *ole, Str main, Str password, WordFile *file_r,
                          Error *err);
/* The bytes of a table; empty when there is none. */
Str word_table(const WordFile *file, WordTable table);
/* The index of the piece with this character; the number of pieces when there is none. */
size_t word_piece_of(const WordFile *file, uint32_t cp);

/* A list of characters' numbers, each but the last with data (PLC, 2.2.2). */
typedef struct WordPlc {
    Str bytes;
    size_t count, data_size;
} WordPlc;
WordPlc word_plc(Str bytes, size_t data_size);
uint32_t word_plc_cp(const WordPlc *plc, size_t i); /* up to and including `count` */
Str word_plc_data(const WordPlc *plc, size_t i);

/* One property of a list (Sprm, 2.2.5). Those of Word 6 that are used here get the codes of Word
 * 97. */
typedef struct WordSprm {
    uint16_t code;
    Str operand;
} WordSprm;
bool word_next_sprm(const WordFile *file, Str *list, WordSprm *sprm_r);
