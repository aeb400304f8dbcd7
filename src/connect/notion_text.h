/* notion_text.h - what Notion's API calls blocks, rich text and properties, as Markdown and plain
 * text, and Markdown as blocks. Pure. */
#pragma once

#include "base/json.h"

/* The title of a page or of a table. */
void notion_title(Buf *out, const json_t *object);
/* One block without its children, `depth` lists deep. */
void notion_block(Buf *out, const json_t *block, int depth);
/* Whether its children stand deeper than itself. */
bool notion_indents(const json_t *block);
/* The value of a property as people read it. */
void notion_property(Buf *out, const json_t *property);

#define NOTION_BLOCKS_MAX 1000 /* that one page is made of */
#define NOTION_TEXT_MAX 1900   /* bytes of one text; the service takes 2,000 characters */

/* Headings, lists, code, quotes and paragraphs of Markdown, each a block; those beyond
 * NOTION_BLOCKS_MAX are left out. */
json_t *notion_blocks_of(Arena *arena, Str markdown);
/* A text as the API takes one, in pieces of NOTION_TEXT_MAX. */
json_t *notion_texts_of(Str text);

/* Adds the values (texts, numbers, flags, lists of texts, null) of properties to `into` as the API
 * takes them. `known`: the properties there with their types, as a page or a database tells them;
 * NULL: there are none. ERROR_INVALID names what is wrong. */
MUST_CHECK bool notion_values(const json_t *known, json_t *given, json_t *into, Error *err);
