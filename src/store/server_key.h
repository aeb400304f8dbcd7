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
/* Whether the database was used with this master key before, or with none. With another one it
 * fails with ERROR_CONFLICT: nodes that share it would take each other's keys away. `is_alone`: no
 * other node can, so this one takes its place, and *is_new_r says so. */
MUST_CHECK bool server_key_check(Db *db, bool is_alone, bool *is_new_r, Error *err);
/* The master key is lost: whichever is used next is the one. */
MUST_CHECK bool server_key_forget(Db *db, Error *err);
/* The key of this name; made when it is asked for the first time. */
MUST_CHECK bool server_key(Db *db, Arena *arena, Str name, Str *key_r, Error *err);
/* The same inside a transaction of the system. */
MUST_CHECK bool server_key_make(DbTx *tx, Arena *arena, Str name, Str *key_r, Error *err);
/* From now on all keys are sealed with this master key and not with the one that was set, which is
 * of no use any more: other nodes that have it are refused until they start with the new one. */
MUST_CHECK bool server_key_rotate(Db *db, Str master_key, Error *err);
/* Whether the database is used with this master key. */
MUST_CHECK bool server_key_fits(Db *db, Str master_key, bool *fits_r, Error *err);
