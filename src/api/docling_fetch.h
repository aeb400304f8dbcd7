/* docling_fetch.h - a source that is an address becomes a file. Blocks. */
#pragma once

#include "api/docling_options.h"

/* Every address on the way must be public; but an owner may name a private one, which may then lead
 * to others. */
MUST_CHECK bool docling_fetch(const DoclingJob *job, DoclingSource *source, Error *err);
