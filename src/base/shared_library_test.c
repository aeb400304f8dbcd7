#include <criterion/criterion.h>

#include "base/shared_library.h"

static double (*cosine)(double x);
static const SharedFunction one[] = { { "cos", &cosine } };
static const SharedFunction none[] = { { "cos_of_nothing", &cosine } };

Test(base, a_shared_library_is_there_once_it_is_loaded)
{
    static SharedLibrary library = { "libm.so.6", "libc6", one, COUNT(one), false };
    Error err;
    cr_assert(shared_library_load(&library, &err), "%s", err.message);
    cr_assert(shared_library_load(&library, &err), "%s", err.message);
    cr_assert_float_eq(cosine(0), 1, 1e-9);
}

Test(base, what_cannot_be_loaded_names_the_package)
{
    static SharedLibrary gone = { "libnowhere.so.1", "libnowhere1", one, COUNT(one), false };
    static SharedLibrary old = { "libm.so.6", "libc6", none, COUNT(none), false };
    Error err;
    cr_assert(!shared_library_load(&gone, &err));
    cr_assert_eq(err.code, ERROR_UNSUPPORTED);
    cr_assert(strstr(err.message, "libnowhere.so.1") && strstr(err.message, "libnowhere1"));
    cr_assert(!shared_library_load(&old, &err));
    cr_assert(strstr(err.message, "cos_of_nothing"));
}
