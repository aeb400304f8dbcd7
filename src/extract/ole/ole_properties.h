/* ole_properties.h - the property sets of OLE files ([MS-OLEPS]): title, author, dates, counts and
 * what people add themselves, as facts about the document. */
#pragma once

#include "extract/document.h"
#include "extract/ole/ole_file.h"

/* Writes what the SummaryInformation and DocumentSummaryInformation streams of a storage (NULL:
 * the root) say. What is broken in them is passed over. */
void ole_write_meta(OleFile *file, const OleEntry *storage, DocWriter *doc);
/* The same of one property set stream. */
void ole_write_properties(Str stream, DocWriter *doc);
