/* docx_body.h - the blocks of one WordprocessingML part: body, header, footer or notes.
 *
 * Inserted text is kept, deleted text is a note; a text box follows the paragraph it is in. */
#pragma once

#include "base/map.h"
#include "extract/word/docx_styles.h"

typedef enum BodyKind { BODY_MAIN, BODY_HEADER, BODY_NOTES } BodyKind;

/* Footnotes, endnotes and comments by id. */
typedef struct DocxNote {
    Str id, text;
    const char *label; /* "footnote" */
    Str paragraph;     /* the id of its last one */
    bool is_written;
} DocxNote;
typedef VEC(DocxNote) DocxNotes;

/* Documents inside documents inside ... */
enum { DOCX_CHUNK_DEPTH = 4 };

typedef struct DocxBody {
    Package *package;
    Arena *arena; /* of the whole document */
    DocWriter *doc;
    DocxStyles *styles;
    Relations relations;
    DocxNotes footnotes, endnotes, comments;
    Map notes;        /* DocxNote by "comment 3" */
    int depth;        /* of documents around this one */
    int64_t pictures; /* without alternative text */
    bool is_rendered; /* the application that wrote it kept where its pages begin */
} DocxBody;

/* Write a part's blocks; of BODY_HEADER as running texts. Damage becomes a warning. */
void docx_write_part(DocxBody *body, const Part *part, BodyKind kind);
/* Collect the notes of a part. */
DocxNotes docx_read_notes(DocxBody *body, const Part *part);
/* Does the part say where its pages began when it was last shown? */
bool docx_is_rendered(DocxBody *body, const Part *part);
/* Comments that answer others become replies ([MS-DOCX] 2.5.4.1); after docx_index_notes(). */
void docx_mark_replies(DocxBody *body, const Part *part);
/* Once all are read, before the part that refers to them. */
void docx_index_notes(DocxBody *body);
/* Says how many pictures have no alternative text. */
void docx_warn_of_pictures(const DocxBody *body);
void docx_write_note(DocxBody *body, DocxNote *note);
