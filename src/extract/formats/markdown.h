/* markdown.h - Markdown inside other formats. */
#pragma once

#include "extract/document.h"

/* Write a piece of Markdown that has no lines of its own in the file. */
void markdown_write(DocWriter *doc, Str utf8);
/* What of cmark-gfm has to start before a sandbox closes. */
void markdown_preload(void);
