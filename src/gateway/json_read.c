/* json_read.c - see json_read.h. */
#include "gateway/json_read.h"

bool name_is_new(NameSet *seen, Str name, Error *err)
{
    for (size_t i = 0; i < seen->count; i++)
        if (str_equal(seen->at[i], name))
            return fail(err, ERROR_INVALID, "the body has the member '" STR_FMT "' twice",
                        STR_ARG(str_slice(name, 0, 60)));
    if (seen->count == NAMES_MAX)
        return fail(err, ERROR_INVALID, "the body has more than %d members", NAMES_MAX);
    seen->at[seen->count++] = name;
    return true;
}
