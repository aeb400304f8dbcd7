/* follower_int.h - what the files of the follower share; for them only.
 *
 *     follower.c          the thread: what is new is applied, waiting is ended
 *     follower_indexes.c  the list of indexes, and borrowing one
 *     follower_apply.c    rows of the database into an index
 *     follower_build.c    opening an index, and filling its legs from all rows beside the thread
 *     follower_save.c     files of indexes, and what of the log of changes is kept for them
 *     follower_ask.c      what others tell it and ask of it
 *     follower_gone.c     workspaces that are no more
 *     follower_outside.c  vectors that lie in a store outside
 *
 * Only the follower's thread changes what is here; of what others read, it changes WorkspaceIndex
 * under the write side of `use` (which a searcher holds for reading), Build and the rest of
 * Follower under `lock`. The builder's thread adds to one index and reads its Build. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "library/follower.h"
#include "library/vector_follower.h"
#include "store/chunks_store.h"
#include "store/index_changes_store.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

#define ROWS_AT_ONCE 512

typedef enum BuildState {
    BUILD_NONE,
    BUILD_WANTED,  /* waits for its turn */
    BUILD_RUNNING, /* rows are being added */
    BUILD_READ,    /* all are in; changes since `from` are applied once more */
} BuildState;

/* Legs that are filled from all rows, one workspace at a time. News is applied meanwhile, and once
 * more at the end: a row may have changed between its being read and its being added. */
typedef struct Build {
    BuildState state;
    bool keyword, vectors; /* which legs */
    bool is_coming;        /* the vectors are those of a model that does not serve yet */
    char model[FOLLOWER_MODEL_SIZE];
    size_t dims;
    int64_t from;
    int64_t work;         /* in vectors' worth */
    _Atomic int64_t done; /* of it */
} Build;

typedef struct WorkspaceIndex {
    struct WorkspaceIndex *next;
    char id[64];
    pthread_rwlock_t use;
    _Atomic(Index *) index;
    size_t dims;
    char model[FOLLOWER_MODEL_SIZE], database[64];
    int64_t generation;       /* everything up to here is applied */
    _Atomic int64_t changed;  /* the last one of these that was its own */
    _Atomic int64_t followed; /* 1 more than the last one that was told the watcher; 0: none yet */
    bool needs_load;
    bool is_told;       /* to the watcher, that it is followed, */
    size_t told_chunks; /* and with how many chunks */
    bool is_gone;       /* so is the workspace: it stays empty, and has no files */
    Build build;
} WorkspaceIndex;

/* The thread that fills legs; there is one at a time. */
typedef struct Builder {
    pthread_t thread;
    WorkspaceIndex *at; /* NULL: none runs */
    atomic_bool has_ended;
    bool is_whole; /* whether it got to the end; the next says why not */
    Error why;
    int64_t began_ms;
} Builder;

struct Follower {
    Db *db;
    char *folder;
    Scope system;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news, applied_news;
    atomic_bool is_stopping;
    bool is_poked;
    bool is_watched;                   /* the database says by itself how far it is (db_watch()) */
    char watched[80];                  /* what it has said last */
    atomic_bool looks_for_gone;        /* a workspace may be no more */
    _Atomic(WorkspaceIndex *) indexes; /* the list only grows, at its head, under the lock */
    char database[64];
    char model[FOLLOWER_MODEL_SIZE];
    size_t dims;
    bool is_exact;
    VectorStore *outside;           /* NULL: vectors lie in the indexes */
    VectorFollower *outside_keeper; /* writes to it */
    int64_t applied, last;          /* sequence numbers */
    int64_t erased;                 /* what was erased up to here is in no file */
    /* Looks at the log: the last that began, that had all there was in one list and is applied, and
     * the same of `erased`. Such a look tells who waits since before it, though a node that stands
     * still in the middle of a transaction holds back the numbers. */
    int64_t round, whole, whole_erased;
    bool has_model;              /* every index has the vectors of `model` */
    int64_t unsaved, changed_ms; /* the thread's own, and the next three */
    int64_t settled;             /* nothing is new while this is the highest number; -1: look */
    int64_t saved_ms;            /* when the files were last written */
    bool must_save;
    /* Whether the files are another process's: what is asked for, what new indexes begin with, and
     * what all keep to. */
    atomic_bool wants_hold, is_held;
    bool has_held;
    Builder builder;
    _Atomic(const char *) state;
    pthread_mutex_t watch_lock; /* for the next two */
    LibraryWatch watch;
    bool was_watched; /* by one that keeps files in step */
};

/* --- follower.c --- */

/* Of the indexes that are loaded; what is loaded later begins at the position of then. */
int64_t lowest_generation(const Follower *follower);
/* Rows of an index may be missing in it. */
bool is_building(const Follower *follower);

/* --- follower_indexes.c --- */

/* NULL: there is none of this workspace. The caller holds the lock, or is the thread. */
WorkspaceIndex *find_index(Follower *follower, Str workspace);
/* The same, made and to be loaded where there was none. Takes the lock. */
WorkspaceIndex *need_index(Follower *follower, Str workspace);
/* Its rows, for reading. */
Scope scope_of_index(const WorkspaceIndex *at);
/* In the place of one of the same workspace, whose files may be there. */
Index *new_index(Follower *follower, const WorkspaceIndex *of);

/* --- follower_save.c --- */

/* A log that an older program's fault has damaged begins anew; before anything is read of it. */
void mend_log(const Follower *follower);
/* Writes what is whole, and lets the database forget what no index needs again. */
void save_indexes(Follower *follower);
void save_when_quiet(Follower *follower);
/* What others asked for by wants_hold; the files are whole at that moment. */
void hold_or_release(Follower *follower);

/* --- follower_gone.c --- */

/* All that the database has. */
MUST_CHECK bool read_workspaces(Follower *follower, Arena *arena, WorkspaceList *list_r,
                                Error *err);

/* Files and memory of workspaces that are not in the database any more are given back. */
MUST_CHECK bool drop_gone(Follower *follower, Error *err);

/* --- follower_outside.c: where vectors lie in a store outside the indexes --- */

/* The index searches there. The caller holds the write side of `use`, or nobody knows it yet. */
void use_outside(Follower *follower, const WorkspaceIndex *at, Index *index);
/* Its vectors of this model serve once all are there. */
void adopt_outside(Follower *follower, WorkspaceIndex *at, Str model, size_t dims);

/* --- follower_apply.c --- */

/* The headings inside the text of each row: all but those above it. A row's texts lie in it. */
MUST_CHECK bool find_inner_headings(DbTx *tx, const Scope *scope, Arena *arena,
                                    const ChunkHit *rows, size_t count, StrList **inner_r,
                                    Error *err);
void add_row(Index *index, const ChunkHit *row, const StrList *inner);
/* Parts of another width than dims are left out. */
void add_vectors(Arena *arena, Index *index, size_t dims, bool is_coming, const Vector *row);
/* Some in a row, of the index's workspace. */
MUST_CHECK bool apply_changes(Follower *follower, WorkspaceIndex *to, const IndexChange *changes,
                              size_t count, Error *err);

/* --- follower_build.c --- */

/* How far all changes are there; to be read before they are. */
MUST_CHECK bool read_bound(Follower *follower, IndexBound *bound_r, Error *err);
MUST_CHECK bool read_position(Follower *follower, Arena *arena, IndexPosition *position_r,
                              Error *err);
/* Opens the files; what they lack is wanted to be built. */
MUST_CHECK bool load_index(Follower *follower, WorkspaceIndex *at, Error *err);
/* Vectors of another model are wanted beside those that serve. */
MUST_CHECK bool want_model(Follower *follower, WorkspaceIndex *at, Str model, size_t dims,
                           Error *err);
/* Nothing is found in a leg, or not all, until its build has ended. */
bool build_hides_rows(const WorkspaceIndex *at);
/* Begins the next build that is wanted, unless one runs. */
void begin_builds(Follower *follower);
/* If the one that runs has ended: its changes are to be applied. False: it could not read, and is
 * wanted again. */
MUST_CHECK bool collect_build(Follower *follower, Error *err);
/* The changes are applied: what was built serves. */
void finish_builds(Follower *follower);
/* The watcher hears that the index is followed, and with how many chunks. */
void tell_followed(Follower *follower, WorkspaceIndex *at);
/* Waits for the one that runs. */
void end_builds(Follower *follower);
