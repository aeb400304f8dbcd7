/* svg.h - the text of an SVG picture, for files and for books that hold some. */
#pragma once

#include "extract/document.h"

/* Write the texts, titles and descriptions in their order; bytes in any charset. */
void svg_write(DocWriter *doc, Str bytes, const Place *place);
