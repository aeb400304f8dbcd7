/* quoted.h - texts of documents inside a prompt.
 *
 * They stand between tags, and what looks like a tag inside them is broken, so that none can end
 * its own. That a model does not follow what they say is asked of it in the instructions; that it
 * could do no harm if it did, is ours to see to: calls that read documents get no tools, and what
 * comes back is checked (structured.h). */
#pragma once

#include "base/base.h"

void quoted_add(Buf *out, Str text);
/* <passage number="3" document="a.pdf" place="page 2">...</passage> and an empty line. */
void quoted_passage(Buf *out, size_t number, Str document, Str place, Str text);
