/* member_names.h - members of bodies by the names that clients of earlier systems give them. One
 * more is a line of member_names.def.
 *
 * Threads: any. */
#pragma once

#include "base/json.h"

/* Gives the members of the body of the route with this path the names that its handler reads. What
 * is no object stays as it is. */
void member_names_take(const char *path, json_t *body);
