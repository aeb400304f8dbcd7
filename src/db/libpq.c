/* libpq.c - see libpq.h. */
#include "db/libpq.h"

#include "base/shared_library.h"

Libpq pq;

static const SharedFunction functions[] = {
#define FUNCTION(name) { "PQ" #name, &pq.name },
#include "db/libpq.def"
#undef FUNCTION
};

static SharedLibrary library = {
    .file = "libpq.so.5",
    .package = "libpq5",
    .functions = functions,
    .count = COUNT(functions),
};

bool libpq_load(Error *err) { return shared_library_load(&library, err); }
