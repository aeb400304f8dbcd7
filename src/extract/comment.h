/* comment.h - a remark that a reader left in a document. */
#pragma once

#include "extract/document.h"

/* What a comment says, after who says it and the words that it is about; each may be empty. */
Str comment_words(Arena *arena, Str author, Str about, Str text);
/* As a note at the current place; its author is named unless the text does. */
void comment_write(DocWriter *doc, Str author, Str text);
