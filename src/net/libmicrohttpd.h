/* libmicrohttpd.h - libmicrohttpd, loaded by whoever first needs it (base/shared_library.h).
 *
 * To use one more of its functions, add a line to libmicrohttpd.def. Any thread. */
#pragma once

#include "base/base.h"

#include <microhttpd.h>

typedef struct Libmicrohttpd {
#define FUNCTION(name) __typeof__(MHD_##name) *name;
#include "net/libmicrohttpd.def"
#undef FUNCTION
} Libmicrohttpd;

/* To be used after libmicrohttpd_load() only. */
extern Libmicrohttpd mhd;
MUST_CHECK bool libmicrohttpd_load(Error *err);
