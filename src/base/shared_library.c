/* shared_library.c - see shared_library.h. */
#include "base/shared_library.h"

#include <dlfcn.h>
#include <pthread.h>

static bool load(SharedLibrary *library, Error *err)
{
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return fail(err, ERROR_UNSUPPORTED, "%s cannot be loaded: %s; install the package %s",
                    library->file, dlerror(), library->package);
    for (size_t i = 0; i < library->count; i++) {
        void *function = dlsym(handle, library->functions[i].name);
        if (!function)
            return fail(err, ERROR_UNSUPPORTED, "%s has no %s; install a newer package %s",
                        library->file, library->functions[i].name, library->package);
        memcpy(library->functions[i].at, &function, sizeof function);
    }
    library->is_loaded = true;
    return true;
}

bool shared_library_load(SharedLibrary *library, Error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    bool good = library->is_loaded || load(library, err);
    pthread_mutex_unlock(&lock);
    return good;
}
