/* front.c - the list of fronts. */
#include "gateway/front.h"

static const Front *const fronts[] = {
#define FRONT(name) &front_##name,
#include "gateway/fronts.def"
#undef FRONT
};

const Front *front_at(Str path)
{
    for (size_t i = 0; i < COUNT(fronts); i++)
        if (str_is(path, fronts[i]->path))
            return fronts[i];
    return NULL;
}
