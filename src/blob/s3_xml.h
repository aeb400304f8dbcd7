/* s3_xml.h - the few elements that answers of S3 have: no attributes that matter, no mixed text.
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

/* The inside of the next <element> of *rest at any depth, and *rest moves past it. */
bool s3_xml_next(Str *rest, const char *element, Str *inside_r);
/* The text of the first such element, with its entities replaced; "" when there is none. */
Str s3_xml_text(Arena *arena, Str xml, const char *element);
