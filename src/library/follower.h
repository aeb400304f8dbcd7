/* follower.h - keeps this node's indexes in step with the database.
 *
 * One thread reads index_changes and applies them; the database is always right and the index a
 * cache of it. Each workspace has an index of its own in FOLDER/<workspace>. What is missing, torn
 * or too old is rebuilt from rows while searches go on with what is there.
 *
 * Threads: any; a borrowed Index stays valid until follower_release(). */
#pragma once

#include "index/index.h"
#include "library/library.h"

typedef struct Follower Follower;

/* Starts the thread; loading happens there. */
Follower *follower_start(Db *db, const char *folder);
/* Writes the indexes and ends. NULL is fine. */
void follower_stop(Follower *follower);
/* The model whose vectors are searched from now on; another one than before rebuilds. */
void follower_set_model(Follower *follower, Str model, size_t dims);
/* There may be news. */
void follower_poke(Follower *follower);
bool follower_wait(Follower *follower, int64_t timeout_ms);
IndexState follower_state(Follower *follower);

/* The index of a workspace for reading, until follower_release(). Never fails: an index that is
 * still loading finds nothing. */
Index *follower_borrow(Follower *follower, Str workspace, size_t *dims_r, Str *model_r);
void follower_release(Follower *follower, Index *index);
