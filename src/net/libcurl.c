/* libcurl.c - see libcurl.h. */
#include "net/libcurl.h"

#include <pthread.h>

#include "base/shared_library.h"

Libcurl libcurl;

static const SharedFunction functions[] = {
#define FUNCTION(name) { "curl_" #name, &libcurl.name },
#include "net/libcurl.def"
#undef FUNCTION
};

static SharedLibrary library = {
    .file = "libcurl.so.4",
    .package = "libcurl4",
    .functions = functions,
    .count = COUNT(functions),
};

static void start(void) { libcurl.global_init(CURL_GLOBAL_DEFAULT); }

bool libcurl_load(Error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    return shared_library_load(&library, err) && pthread_once(&once, start) == 0;
}
