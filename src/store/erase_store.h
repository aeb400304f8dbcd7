/* erase_store.h - removing a document for good.
 *
 * SQLite overwrites what is removed (secure_delete); the file is clean once the write-ahead log has
 * been checkpointed after the commit. Answers that cite the document lose their text too, and
 * cards and quizzes that do go, because they quote it. */
#pragma once

#include "store/blob_removals_store.h"
#include "store/chunks_store.h"

typedef struct Erased {
    StrList documents; /* ids: it and all its children */
    StrList blobs;     /* of all their versions; their removal is asked for in blob_removals */
    NumberList chunks; /* to drop from the index (it is told by index_changes too) */
} Erased;

/* Leaves of these blobs the ones that neither a document nor a program's file names. */
MUST_CHECK bool blobs_keep_unused(DbTx *tx, const Scope *scope, Arena *arena, StrList *blobs,
                                  Error *err);

/* Removes rows of the document and its children from every table: versions, text, blocks, chunks,
 * vectors. Inside or outside the trash. */
MUST_CHECK bool document_erase(DbTx *tx, const Scope *scope, Arena *arena, Str id, Erased *erased_r,
                               Error *err);
