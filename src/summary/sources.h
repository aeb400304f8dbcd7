/* sources.h - what is read to be summed up, compared or listed: documents or a given text, cut into
 * sentences that know where they stand.
 *
 *     document -> blocks -> units (sentence, list item, row) with heading, place and bytes
 *
 * Sentences that speak to a model (text/planted.h) are left out. A unit's text is a range of its
 * source's text, so whoever quotes it quotes word for word. Everything lives in the arena. */
#pragma once

#include "answer/answer.h"
#include "text/language.h"

#define SOURCES_MAX 200
#define SOURCES_TEXT_MAX MB(8) /* of all together; what is behind is not read, and said so */
#define SOURCES_BLOCKS_MAX 60000
#define UNITS_MAX 60000

typedef enum SourceKind { SOURCE_SENTENCE, SOURCE_ITEM, SOURCE_ROW } SourceKind;

typedef struct Source {
    Str id; /* of the document; "": a given text */
    Str name, title, format, version_key;
    int64_t date_ms; /* its own, else when it was added; 0: not known */
    int64_t created_at_ms;
    Str text; /* as far as it was read */
    StoredBlock *blocks;
    size_t block_count;
    Language language;
    bool is_cut;
    size_t unit_first, unit_count;
} Source;

typedef struct SourceUnit {
    size_t source;
    size_t start, end; /* bytes of the source's text */
    Str text;
    SourceKind kind;
    Str heading;    /* right above; "": none */
    size_t section; /* number of that heading in all sources, from 1; 0: above the first */
    size_t block;   /* of the source's blocks */
    uint32_t table;
    bool is_first;      /* of its paragraph */
    bool is_header_row; /* names the columns */
} SourceUnit;

typedef struct Sources {
    Source *at;
    size_t count;
    SourceUnit *units;
    size_t unit_count;
    size_t planted_count; /* sentences that were left out */
    bool is_cut;          /* something was not read, for there is too much */
} Sources;

/* ERROR_CONFLICT: a document is still being read; ERROR_NOT_FOUND. */
MUST_CHECK bool sources_of_documents(Db *db, const Scope *scope, Arena *arena, StrList documents,
                                     Sources *sources_r, Error *err);
/* A text that somebody gives: paragraphs, "# headings", "- items". */
void sources_of_text(Arena *arena, Str text, Sources *sources_r);

/* Where some bytes of a source stand. */
Citation source_citation(Arena *arena, const Source *source, size_t start, size_t end, Str heading);
/* As put_citation(); of a given text, which has no document to open, "document" is null. */
void source_put_citation(JsonWriter *json, const Citation *citation);
/* One line: white space as single spaces. */
Str source_line(Arena *arena, Str text);
