/* json_read.h - what fronts need to read a body member by member. */
#pragma once

#include "base/json_walk.h"

#define NAMES_MAX 128

/* The names of an object that have been seen: two members of one name are read differently by
 * different readers, so the second is refused. */
typedef struct NameSet {
    Str at[NAMES_MAX];
    size_t count;
} NameSet;
MUST_CHECK bool name_is_new(NameSet *seen, Str name, Error *err);
