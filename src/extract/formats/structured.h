/* structured.h - XML vocabularies of articles and books (DocBook, JATS, TEI) as blocks: a table
 * says what each element is, and one reader knows sections, lists, tables, notes and facts.
 *
 * Read by tags, so a file that is broken is read up to its end; no entity is expanded and nothing
 * is fetched. One thread. */
#pragma once

#include "extract/extractor.h"

typedef enum StructuredRole {
    ROLE_INLINE,     /* also every element that has no row: its text flows on */
    ROLE_SPACE,      /* stands apart from its neighbours by a space */
    ROLE_SECTION,    /* titles inside are one level deeper; `key` is the title if it has none */
    ROLE_TITLE,      /* heading of a section; a paragraph where something else is titled */
    ROLE_MAIN_TITLE, /* the same among the facts, elsewhere of a work that is cited */
    ROLE_LABEL,      /* the number before the title, reference or caption that follows */
    ROLE_BLOCK,      /* sections end here for titles: figures, notes to the reader */
    ROLE_PARAGRAPH,
    ROLE_LINE, /* of a verse: ends a line, not the paragraph */
    ROLE_LIST,
    ROLE_NUMBERED, /* a list whose items are numbered */
    ROLE_ITEM,
    ROLE_TERM, /* an item of its own, before what it means */
    ROLE_QUOTE,
    ROLE_CODE,
    ROLE_TABLE,
    ROLE_HEAD,
    ROLE_ROW,
    ROLE_CELL,
    ROLE_COLUMN, /* names a column of a CALS table */
    ROLE_NOTE,   /* `key` says which: "footnote" */
    ROLE_IMAGE,
    ROLE_ALT,       /* says what a picture shows */
    ROLE_INFO,      /* the facts inside are about the document */
    ROLE_FACT,      /* `key` is the fact's name */
    ROLE_LAST,      /* goes to the end of the fact: the family name */
    ROLE_DATE,      /* a fact; year, month and day may be elements inside */
    ROLE_REFERENCE, /* hidden among the facts: "1" of an author's address */
    ROLE_HIDDEN,
} StructuredRole;

typedef struct StructuredElement {
    const char *name; /* local, lower case, at most 23 characters */
    StructuredRole role;
    const char *key;
} StructuredElement;

/* The elements are sorted by name. */
bool structured_extract(const StructuredElement *elements, size_t count,
                        const ExtractSource *source, DocWriter *doc, Error *err);
