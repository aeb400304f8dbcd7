/* comment.h - a remark that a reader left in a document. */
#pragma once

#include "extract/document.h"

/* As a note at the current place; its author is named unless the text does. */
void comment_write(DocWriter *doc, Str author, Str text);
