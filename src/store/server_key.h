/* server_key.h - keys of the whole installation, in the `secrets` table, with which other secrets
 * are sealed (base/seal.h). They are sealed themselves with the master key, which is no row but a
 * file beside the database and in no backup: who has only the database opens nothing. With another
 * master key they are made anew, and what was sealed with the old ones has to be given again. Any
 * thread. */
#pragma once

#include "store/scope.h"

/* Before the first use; SEAL_KEY_BYTES, copied. Several nodes share one. Without it (unit tests)
 * keys lie open. */
void server_key_set_master(Str master);
/* The key of this name; made when it is asked for the first time. */
MUST_CHECK bool server_key(Db *db, Arena *arena, Str name, Str *key_r, Error *err);
