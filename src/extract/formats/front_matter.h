/* front_matter.h - what stands before a Markdown text about it: YAML between lines of "---", or
 * TOML between "+++". */
#pragma once

#include "extract/document.h"

/* Writes it as metadata, and moves *text behind it; the lines that it took, 0: there is none. */
int front_matter_write(DocWriter *doc, Str *text);
