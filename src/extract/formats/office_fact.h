/* office_fact.h - what Word and Excel 2003 say about a document in their XML files. */
#pragma once

#include "extract/document.h"
#include "extract/formats/markup.h"

/* Writes the fact when the element that has just begun is one of o:DocumentProperties. */
void office_fact(HtmlReader *in, const HtmlToken *token, DocWriter *doc);
