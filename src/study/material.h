/* material.h - what study content is made from: sentences, items, rows and headings of a document,
 * of a collection's documents, of a range of one, of what a search for a topic finds, or of a text.
 *
 * A piece is a range of its document's text, word for word, with the place that a citation needs.
 * Sentences that speak to a model (text/planted.h) are left out and counted. Everything lives in
 * the arena. Threads: any. */
#pragma once

#include "answer/answer.h"

#define MATERIAL_BYTES_MAX MB(2)  /* of text; what is behind it is left out, and said */
#define MATERIAL_DOCUMENTS_MAX 40 /* of a collection or a topic */
#define MATERIAL_TEXT_MAX KB(256) /* given as it is */
#define MATERIAL_TOPIC_MAX KB(2)
#define MATERIAL_NO_SECTION SIZE_MAX

/* Exactly one of document, collection, topic and text; a topic may be looked for in a document or a
 * collection only. */
typedef struct MaterialWish {
    Str document, collection, topic, text;
    int64_t start, end; /* bytes of the document's text; both 0: all of it */
} MaterialWish;

typedef enum PieceKind { PIECE_SENTENCE, PIECE_ITEM, PIECE_ROW, PIECE_HEADING } PieceKind;

typedef struct Piece {
    PieceKind kind;
    size_t document;        /* of Material.documents */
    int64_t start, end;     /* bytes of the document's text */
    Str text;               /* exactly these */
    Str plain;              /* the same on one line, with single spaces */
    StrList cells, headers; /* of a row; headers: as many, or none */
    int level;              /* of a heading, from 1 */
    size_t section;         /* the piece that is the heading above; MATERIAL_NO_SECTION */
    Str heading;            /* above it, or its own; empty: none */
    Str place;
    int64_t page; /* 0: none */
} Piece;

typedef struct MaterialDocument {
    Str id, name, title, format; /* no id: a text that was given */
    int64_t version;
} MaterialDocument;

typedef struct Material {
    Str title;
    Language language;
    MaterialDocument *documents;
    size_t document_count;
    Piece *pieces; /* in order of the documents and of their texts */
    size_t piece_count;
    size_t bytes, planted; /* planted: sentences that were left out */
    bool is_cut;
} Material;

/* ERROR_INVALID: nothing, or too much, is wished for; ERROR_NOT_FOUND: there is no such document or
 * collection, or nothing about the topic. */
MUST_CHECK bool material_read(Db *db, Library *library, Searcher *searcher, const Scope *scope,
                              Arena *arena, const MaterialWish *wish, Material *material_r,
                              Error *err);
/* The same of a text alone: Markdown's headings and items are seen as such. */
void material_of_text(Arena *arena, Str text, Material *material_r);

Citation material_cite(const Material *material, const Piece *piece);
