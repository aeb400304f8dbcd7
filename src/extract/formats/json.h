/* json.h - values of any format that says the same as JSON, shown as JSON is shown. */
#pragma once

#include "extract/extractor.h"

/* Writes the values of the text, which is one value or several apart by line ends. Places have
 * paths, and lines where the person who has the file sees lines too. */
void json_write_values(Str text, bool has_lines, DocWriter *doc);
