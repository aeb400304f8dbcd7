/* ppt4.h - the texts of a PowerPoint 4 presentation, the "PP40" stream of an OLE file.
 *
 * The format was never published. The stream is a table of numbered objects; on a Macintosh all
 * numbers are big-endian. Read are the slides in order, the texts on them, and their notes. */
#pragma once

#include "extract/document.h"

/* Fails with ERROR_DAMAGED when it is no such stream. */
MUST_CHECK bool ppt4_write(Str stream, DocWriter *doc, Error *err);
