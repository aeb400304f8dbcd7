/* docx_reader.h - the parts that docx_body.c is put together from: where blocks go (docx_blocks.c),
 * what a paragraph refers to (docx_referred.c), notes and tracked changes (docx_notes.c). */
#pragma once

#include "extract/held_table.h"
#include "extract/word/docx_body.h"
#include "extract/word/docx_math.h"

enum {
    DOCX_PARAGRAPH_DEPTH_MAX = 16,
    DOCX_TABLE_DEPTH_MAX = 16,
    DOCX_TEXT_MAX = 16 << 20,
    DOCX_INSTRUCTION_MAX = 4096,
    DOCX_REFERRED_MAX = 1000,
};

typedef struct DocxParagraph {
    Buf text;
    Str style;
    int outline_level, list, list_level; /* list -1: none said */
    int page;                            /* where it begins; 0: not known */
} DocxParagraph;

typedef struct DocxReader {
    DocxBody *body;
    BodyKind kind;
    Arena *scratch; /* of a top-level paragraph or table */
    DocxParagraph paragraphs[DOCX_PARAGRAPH_DEPTH_MAX];
    int paragraph_depth;
    int table_depth, cell_depth; /* cell_depth: paragraphs open when the cell began */
    HeldTable table;
    Buf cell;
    int cell_span;
    bool cell_goes_on, row_is_header;
    int inside_depth;
    DocxNote *inside; /* a note of Word 2003, which stands where it belongs */
    int skip_depth;   /* inside deleted text and such */
    bool in_deleted;  /* inside a text that was deleted while changes were tracked */
    Str deleted_by;
    Buf deleted;
    Str reading;          /* of the word that follows (ruby) */
    size_t reading_start; /* in the paragraph's text */
    int page;             /* from 1; 0: not known */
    bool page_is_new;     /* by a break that the next rendered one repeats */
    bool in_text, in_properties, in_instruction, in_object;
    Buf instruction; /* of a field */
    int math_depth;
    DocxMath math;
    Str alt;                          /* of the picture that follows */
    VEC(Str) links, pictures, chunks; /* addresses, alternative texts, relation ids */
    Map relation_ids;
    VEC(DocxNote *) notes; /* referred to by the open paragraph */
    VEC(Str) charts;       /* relation ids, likewise */
    VEC(Str) diagrams;
    DocxNotes read; /* of BODY_NOTES */
} DocxReader;

/* --- docx_blocks.c --- */

/* The innermost; NULL: none is open. */
DocxParagraph *docx_open_paragraph(DocxReader *reader);
void docx_add_text(DocxReader *reader, Str text);
void docx_begin_paragraph(DocxReader *reader, const XmlElement *element);
void docx_end_paragraph(DocxReader *reader);
/* One that was typed, or where the application last began a page. */
void docx_break_page(DocxReader *reader, bool is_rendered);
void docx_begin_table(DocxReader *reader);
void docx_end_table(DocxReader *reader);
void docx_end_row(DocxReader *reader);
void docx_begin_cell(DocxReader *reader);
void docx_end_cell(DocxReader *reader);

/* --- docx_referred.c --- */

/* Links, pictures, notes, charts and diagrams of the open paragraph, below it. */
void docx_write_referred(DocxReader *reader);
void docx_forget_referred(DocxReader *reader);
/* To a note: its kind ("footnote") and id. */
void docx_refer(DocxReader *reader, Str kind, Str id);
void docx_keep_link(DocxReader *reader, Str address);
void docx_keep_relation(DocxReader *reader, Str id);
/* Of a field. */
void docx_end_instruction(DocxReader *reader);
void docx_keep_picture(DocxReader *reader);
/* The alternative text of the picture that follows. */
void docx_keep_alt(DocxReader *reader, Str text, Str otherwise);
/* A document inside the document. */
void docx_write_chunk(DocxReader *reader, Str id);

/* --- docx_notes.c --- */

void docx_begin_note(DocxReader *reader, const XmlElement *element);
void docx_add_to_note(Arena *arena, DocxNote *note, Str text);
/* Is it the element of the note that is read, or another of its name in it? */
bool docx_is_inside(const DocxReader *reader, Str name);
void docx_end_inside(DocxReader *reader);
void docx_begin_deleted(DocxReader *reader, const XmlElement *element);
void docx_add_deleted(DocxReader *reader, Str text);
void docx_end_deleted(DocxReader *reader);
