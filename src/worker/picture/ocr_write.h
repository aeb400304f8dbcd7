/* ocr_write.h - a recognised page as blocks with places and words' boxes. */
#pragma once

#include "extract/document.h"
#include "worker/picture/ocr.h"

/* `scale`: points for each pixel. False: nothing on it was readable, and nothing was written. */
bool ocr_write(DocWriter *doc, Arena *arena, const OcrPage *page, bool is_sparse, float scale);
