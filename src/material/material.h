/* material.h - what is summed up, compared, listed or made into lessons: documents, a collection's,
 * a range of one, what a search for a topic finds, or a text that somebody gives.
 *
 *     document -> blocks -> pieces (sentence, item, row, heading) with heading, place and bytes
 *
 * A piece is a range of its document's text, word for word, so whoever quotes it quotes word for
 * word. Sentences that speak to a model (text/planted.h) are left out and counted. Everything lives
 * in the arena. Threads: any. */
#pragma once

#include "answer/answer.h"
#include "text/language.h"

#define MATERIAL_BYTES_MAX                                                                         \
    MB(8) /* of text, of all together; what is behind is not read, and said */
#define MATERIAL_BLOCKS_MAX 60000
#define MATERIAL_PIECES_MAX 60000
#define MATERIAL_DOCUMENTS_MAX 200
#define MATERIAL_TEXT_MAX KB(256) /* of a wish: a text that is given as it is */
#define MATERIAL_TOPIC_MAX KB(2)

/* Exactly one of document, collection, topic and text; a topic may be looked for in a document or a
 * collection only. */
typedef struct MaterialWish {
    Str document, collection, topic, text;
    int64_t start, end; /* bytes of the document's text; both 0: all of it */
} MaterialWish;

typedef enum PieceKind {
    PIECE_SENTENCE,
    PIECE_ITEM,
    PIECE_ROW,
    PIECE_COLUMNS, /* the row that names a table's columns */
    PIECE_HEADING
} PieceKind;

typedef struct Piece {
    PieceKind kind;
    size_t document;          /* of Material.documents */
    int64_t start, end;       /* bytes of the document's text */
    Str text;                 /* exactly these */
    Str plain;                /* the same on one line, with single spaces */
    StrList cells;            /* of a row */
    StrList headers;          /* of a row: the columns' names, as many as cells, or none */
    uint32_t table;           /* of a row */
    int level;                /* of a heading, from 1 */
    size_t section;           /* number of the heading above among all of them, from 1; 0: none */
    Str heading;              /* above it, or its own; empty: none */
    bool is_first;            /* of its paragraph */
    const StoredBlock *block; /* NULL: of a text that was given */
} Piece;

typedef struct MaterialDocument {
    Str id, name, title, format; /* no id: a text that was given */
    int64_t version;
    int64_t date_ms; /* its own, else when it was added; 0: not known */
    int64_t created_at_ms;
    Str text; /* as far as it was read */
    Language language;
    size_t first, count; /* of Material.pieces */
} MaterialDocument;

typedef struct Material {
    Str title;
    Language language; /* of what people read, not of tables */
    MaterialDocument *documents;
    size_t document_count;
    Piece *pieces; /* in order of the documents and of their texts */
    size_t piece_count;
    size_t planted; /* sentences that were left out */
    bool is_cut;    /* something was not read, for there is too much */
} Material;

/* Headings are pieces of their own. ERROR_INVALID: nothing, or too much, is wished for;
 * ERROR_CONFLICT: a document is still being read; ERROR_NOT_FOUND: there is no such document or
 * collection, or nothing about the topic. */
MUST_CHECK bool material_read(Db *db, Library *library, Searcher *searcher, const Scope *scope,
                              Arena *arena, const MaterialWish *wish, Material *material_r,
                              Error *err);
/* What stands under the headings, which are no pieces. Fails likewise. */
MUST_CHECK bool material_of_documents(Db *db, const Scope *scope, Arena *arena, StrList documents,
                                      Material *material_r, Error *err);
/* Of a text: paragraphs, "# headings", "- items". */
void material_of_text(Arena *arena, Str text, bool keeps_headings, Material *material_r);
/* Of one of the documents alone. */
Material material_of_one(Arena *arena, const Material *all, size_t document);

Citation material_cite(Arena *arena, const Material *material, const Piece *piece);
/* For people: "page 3". Empty: none. */
Str material_place(Arena *arena, const Piece *piece);
/* One line: white space as single spaces; the text itself where it is so already. */
Str material_line(Arena *arena, Str text);
