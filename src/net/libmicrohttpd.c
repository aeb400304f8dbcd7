/* libmicrohttpd.c - see libmicrohttpd.h. */
#include "net/libmicrohttpd.h"

#include "base/shared_library.h"

Libmicrohttpd mhd;

static const SharedFunction functions[] = {
#define FUNCTION(name) { "MHD_" #name, &mhd.name },
#include "net/libmicrohttpd.def"
#undef FUNCTION
};

static SharedLibrary library = {
    .file = "libmicrohttpd.so.12",
    .package = "libmicrohttpd12",
    .functions = functions,
    .count = COUNT(functions),
};

bool libmicrohttpd_load(Error *err) { return shared_library_load(&library, err); }
