/* libcurl.h - libcurl, loaded by whoever first needs it (base/shared_library.h).
 *
 * To use one more of its functions, add a line to libcurl.def. Any thread. */
#pragma once

#include "base/base.h"

#define CURL_DISABLE_TYPECHECK /* it needs the functions by their names */
#include <curl/curl.h>

typedef struct Libcurl {
#define FUNCTION(name) __typeof__(curl_##name) *name;
#include "net/libcurl.def"
#undef FUNCTION
} Libcurl;

/* To be used after libcurl_load() only. */
extern Libcurl libcurl;
MUST_CHECK bool libcurl_load(Error *err);
