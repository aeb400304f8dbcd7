/* html_tokens.h - HTML, XHTML and XML as a stream of tags and texts, in linear time whatever the
 * input.
 *
 * No tree is built: the texts of a page need none, and a tree can be made quadratic by its author.
 * The text must be UTF-8 and outlive the reader. One thread. */
#pragma once

#include "base/base.h"

typedef enum HtmlKind { HTML_TEXT, HTML_START, HTML_END } HtmlKind;

typedef struct HtmlToken {
    HtmlKind kind;
    Str name;       /* lower case, of a tag; valid until the next token */
    Str text;       /* of a text, entities still in it */
    Str attributes; /* of a start tag, as written */
    bool is_empty;  /* <br/> */
    bool is_raw;    /* a text without entities: CDATA */
} HtmlToken;

typedef struct HtmlReader {
    Str text;
    size_t at;
    int line;       /* of `at`, from 1 */
    int token_line; /* where the last token began */
    char name[24];
    int broken_count;  /* tags whose quotes never end */
    unsigned unclosed; /* raw elements whose end tag is known to be missing, by bit */
    int raw_element;   /* the next text goes up to the end tag of this one; -1: none */
    bool has_no_comment_end;
    bool is_xml; /* no raw elements; set it after html_reader() */
} HtmlReader;

HtmlReader html_reader(Str text);
bool html_next(HtmlReader *in, HtmlToken *token_r); /* false at the end */

/* The next attribute of *rest, its value with entities still in it; false at the end. */
bool html_next_attribute(Str *rest, Str *name_r, Str *value_r);
/* The value of one attribute; false when it is not there. */
bool html_attribute(Str attributes, const char *name, Str *value_r);

/* Append a text with its entities decoded. */
void html_decode(Buf *out, Str text);
