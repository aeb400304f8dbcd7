/* server_key.h - keys of the whole installation, in the `secrets` table, with which other secrets
 * are sealed (base/seal.h). Any thread. */
#pragma once

#include "store/scope.h"

/* The key of this name; made when it is asked for the first time. */
MUST_CHECK bool server_key(Db *db, Arena *arena, Str name, Str *key_r, Error *err);
