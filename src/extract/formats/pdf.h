/* pdf.h - the pages of a PDF, and of an XPS, which is read and laid out by the same code. */
#pragma once

#include "extract/extractor.h"

MUST_CHECK bool pdf_extract(const ExtractSource *source, DocWriter *doc, Error *err);
