/* print.h - the writers behind doc_print(). */
#pragma once

#include "extract/document.h"

void print_markdown(const DocNode *node, Buf *out);
/* passage: marked, when it is not NULL. */
void print_html(const DocNode *node, const DocSpan *passage, Buf *out);
