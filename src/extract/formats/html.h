/* html.h - mark-up into blocks, for every format that carries HTML. */
#pragma once

#include "extract/document.h"

/* Write the page's visible text. `place` is what its blocks' places have besides anchor
 * and lines, which count on from its line_first. `utf8` must be UTF-8 and stay until it returns. */
void html_write(DocWriter *doc, Str utf8, const Place *place);
/* The same for a page that is a piece of a larger work: its title, language and such are not the
 * work's. */
void html_write_chapter(DocWriter *doc, Str utf8, const Place *place);
