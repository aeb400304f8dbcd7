/* http_etag.h - entity tags as headers name them (RFC 9110, section 13.1). Threads: any. */
#pragma once

#include "base/base.h"

/* Whether If-Match or If-None-Match names the tag (without its quotes), weakly compared. */
bool http_etag_matches(Str list, Str etag);
