/* follower.h - keeps this node's indexes in step with the database.
 *
 * One thread reads index_changes and applies them; the database is always right and the index a
 * cache of it. Each workspace has an index of its own in FOLDER/<workspace>. A leg that is missing,
 * torn or too old is rebuilt from rows by a second thread, while searches go on with what is there
 * and news is applied.
 *
 * Threads: any; a borrowed Index stays valid until follower_release(). */
#pragma once

#include "index/index.h"
#include "library/library.h"
#include "library/vector_follower.h"
#include "store/index_changes_store.h"

typedef struct Follower Follower;

#define FOLLOWER_MODEL_SIZE 96

/* Starts the thread; loading happens there. `model` is the one whose vectors are searched, with
 * vectors of `dims` values; empty and 0: none yet. `is_exact`: see IndexOptions.
 * `outside` (borrowed; NULL: none) keeps the vectors in place of the indexes. `is_held`: as if
 * follower_hold() had been called at once. */
Follower *follower_start(Db *db, const char *folder, Str model, size_t dims, bool is_exact,
                         VectorStore *outside, bool is_held);
/* While another process may use the files: writes what is not written yet, then leaves them alone
 * and keeps what is new in memory, until it is released. False: not within the time. */
bool follower_hold(Follower *follower, bool is_held, int64_t timeout_ms);
/* Writes the indexes and ends. NULL is fine. */
void follower_stop(Follower *follower);
/* The model whose vectors are searched; another one than before (then it returns true) is built
 * beside it, and takes its place when all its vectors are in. */
bool follower_set_model(Follower *follower, Str model, size_t dims);
/* Its name; empty: none yet. */
void follower_model(Follower *follower, char name[FOLLOWER_MODEL_SIZE]);
/* There may be news. */
void follower_poke(Follower *follower);
/* A workspace may be no more: its index goes, with its files. */
void follower_look_for_gone(Follower *follower);
bool follower_wait(Follower *follower, int64_t timeout_ms);
/* Until what was erased before the call is in no file of the indexes; false: not within the time.
 */
bool follower_wait_erased(Follower *follower, int64_t timeout_ms);
/* Until every index has the vectors of the model that was set last. */
bool follower_wait_model(Follower *follower, int64_t timeout_ms);
/* What hides rows of a workspace's index, if anything does. */
IndexBuilding follower_building(Follower *follower, Str workspace);
IndexState follower_state(Follower *follower);
/* Of the store outside; zeros where there is none. */
VectorLag follower_vector_lag(Follower *follower);

/* See library_watch(). */
void follower_watch(Follower *follower, const LibraryWatch *watch);
/* Every change of the workspace up to *sequence_r was told to the watcher since this process began
 * to follow it, or was there before. False: it has not begun. Never blocks. */
bool follower_followed(Follower *follower, Str workspace, int64_t *sequence_r);

/* See library_files() and library_has_changes(). */
bool follower_files(Follower *follower, Arena *arena, Str workspace, LibraryFiles *files_r);
MUST_CHECK bool follower_has_changes(Follower *follower, int64_t generation, bool *has_r,
                                     Error *err);

/* The last change of a workspace's own that is applied; 0: none yet. Never blocks. */
int64_t follower_changes(Follower *follower, Str workspace);

/* The index of a workspace for reading, until follower_release(). Never fails: an index that is
 * still loading finds nothing. */
Index *follower_borrow(Follower *follower, Str workspace, size_t *dims_r, Str *model_r);
void follower_release(Follower *follower, Index *index);
