/* markup.h - reading small XML files of books and drawings by their tags: tolerant, in linear time,
 * without document types. Names are without prefix and in lower case. One thread. */
#pragma once

#include "extract/formats/html_tokens.h"

/* A reader of XML in any charset; the decoded text lives in the arena. */
HtmlReader markup_reader(Arena *arena, Str bytes);
/* An attribute by its name without prefix ("href" of xlink:href), decoded; empty when missing. */
Str markup_attribute(Arena *arena, Str attributes, const char *name);
/* Append a text token, decoded, with white space made single spaces. */
void markup_add(Buf *out, const HtmlToken *token);
/* What is inside the element that has just begun; the reader goes past its end tag. */
Str markup_inner(HtmlReader *in);
/* The texts of mark-up, decoded, tags dropped and nothing put in their place. */
Str markup_words(Arena *arena, Str inner);
/* Is there a tag in it, CDATA aside? */
bool markup_has_tags(Str inner);
/* The text of mark-up, without tags: "&lt;p&gt;" of a description that holds HTML. */
Str markup_plain(Arena *arena, Str html);
/* "a%20b" -> "a b" */
Str markup_unescaped(Arena *arena, Str text);
/* "a/b.opf" + "../c%20d.html#x" -> "c d.html"; *fragment_r (may be NULL) gets "x". */
Str markup_path(Arena *arena, Str base, Str reference, Str *fragment_r);

/* Is the first element of the XML file one of the names? NULL ends the list. *head_r (may be NULL)
 * is the text that was looked at, in the arena. */
bool markup_root_is(Arena *arena, Str bytes, const char *const *names, Str *head_r);
