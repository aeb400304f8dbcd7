/* document_tables_int.h - what the files of the tables of documents share; for them only.
 *
 *     document_tables.c       which tables there are, and who borrows them
 *     document_tables_make.c  making them of rows, and the room that all take
 *     document_tables_step.c  keeping them in step with the log of changes
 *     document_tables_file.c  their files: what a start begins with */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/pool.h"
#include "search/document_tables.h"
#include "store/index_changes_store.h"

typedef struct Note {
    IndexOperation operation;
    Str subject;
} Note;
typedef VEC(Note) Notes;

typedef enum TableState { TABLE_NONE, TABLE_COMING, TABLE_READY } TableState;

/* Of the file beside the index that the next start begins with. Under the lock of all. */
typedef struct TableFile {
    bool is_there, is_writing;
    int64_t generation;  /* of the file, or while there is none of what is written */
    size_t told;         /* changes of the workspace that the follower told, */
    size_t told_in_file; /* those of them that the file has, */
    size_t erased;       /* and those that take something out of every file */
} TableFile;

/* What the lock of all guards is said; `table` changes under the write side of `use`, by whoever
 * holds `refreshing`. */
typedef struct Slot {
    struct Slot *next;
    struct DocumentTables *tables;
    char *name;
    Str workspace; /* the name */
    pthread_mutex_t refreshing;
    pthread_rwlock_t use;
    DocumentTable *table;
    /* Under the lock of all: */
    TableState state;
    size_t users, bytes, documents;
    uint64_t used;
    int64_t retry_ms;    /* monotonic: not made before */
    bool is_too_large;   /* alone, when it was made last */
    bool is_catching_up; /* a thread takes care of the notes */
    bool is_making;      /* whoever made this true makes the table */
    bool is_lost;        /* of too many changes to note: begins anew */
    Arena *note_arena;   /* NULL: there are none */
    Notes notes;         /* changes that the table lacks */
    int64_t making;      /* how often it was begun: notes are of this one */
    TableFile file;
} Slot;

struct DocumentTables {
    Db *db;
    Library *library;
    Pool *pool; /* of one thread */
    pthread_mutex_t lock;
    uint64_t uses;
    Slot *slots; /* grows at its head */
    atomic_bool is_stopping;
    size_t filed_from; /* documents; a smaller table is soon made from rows. For tests: another */
    size_t bytes_max;  /* DOCUMENT_TABLES_BYTES. For tests: another */
    pthread_mutex_t owning; /* held as long as there is the next */
    DocumentTable *own;     /* of whoever needed one that cannot be kept */
};

/* Of the workspace; NULL: it has none. The caller holds the lock of all. */
Slot *find_slot(const DocumentTables *tables, Str workspace);
Slot *need_slot(DocumentTables *tables, Str workspace); /* a new one if need be */
void release_slot(Slot *slot);                          /* one user less */

/* --- document_tables_make.c --- */

/* The caller holds the lock of all. From here on changes are noted. */
void begin_making(Slot *slot);
/* Whoever it is told makes it, with a user more. */
bool claim_table(Slot *slot);
void make_table(Slot *slot);
/* With all that the database has. */
MUST_CHECK bool fill_table(Slot *slot, DocumentTable *table, Error *err);
bool fail_table_too_large(const Slot *slot, Error *err);
/* LibraryWatch.on_follow: reading the rows of one that is large takes too long for whoever asks
 * first. */
void tables_on_follow(void *argument, Str workspace, size_t chunks);

/* --- document_tables_step.c --- */

/* LibraryWatch.on_change */
void tables_on_change(void *argument, const IndexChange *change);
/* The caller holds the lock of all. */
void forget_notes(Slot *slot);
void begin_catching_up(Slot *slot);

/* Changes, and the documents that they name as they are now. */
typedef struct Changed {
    Scope scope;
    Arena *arena;
    Notes notes;
    VEC(DocumentColumns) rows;
    VEC(Str) guarded; /* collections that are restricted now, or open again, */
    Str *guards;      /* and their guards */
} Changed;
/* Fills the rows and the guards. */
MUST_CHECK bool changed_read(DbTx *tx, Changed *changed, Error *err);
void changed_apply(const Changed *changed, DocumentTable *table);

/* Brings the table up to date, of so many changes at most; one at a time. */
MUST_CHECK bool refresh_table(Slot *slot, int64_t changes_max, bool *is_fresh_r, Error *err);

/* --- document_tables_file.c --- */

/* A table as the database has it, from the file; NULL: there is none that is of use. */
DocumentTable *table_from_file(Slot *slot);
/* The follower tells of a change, before anybody hears that it is done: no file has what was
 * erased. */
void note_for_file(DocumentTables *tables, const IndexChange *change);
/* The table was made from rows: a file is wanted. */
void want_file(Slot *slot);
/* LibraryWatch.on_save */
int64_t tables_on_save(void *argument, Str workspace, int64_t generation);
