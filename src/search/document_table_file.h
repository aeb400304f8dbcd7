/* document_table_file.h - a table of documents (document_table.h) in a file, so that the next start
 * need not read the rows of all of them.
 *
 * The file is a cache: it has a checksum, the id of the database that it is of and a generation,
 * the number of the last change (store/index_changes_store.h) that is surely in it. It has nothing
 * of documents that are not searched any more. Numbers are in the order of this machine; a file
 * that does not fit exactly is not taken.
 *
 * Threads: any that may read the table; one that writes a path. */
#pragma once

#include "search/document_table.h"

/* In three steps, of which the first alone reads the table: under another name beside `path`, */
MUST_CHECK bool document_table_file_write(const DocumentTable *table, const char *path,
                                          Str database, int64_t generation, Error *err);
/* there for good, */
MUST_CHECK bool document_table_file_sync(const char *path, Error *err);
/* and in place of what there was. The folder is to be synced by the caller. */
MUST_CHECK bool document_table_file_place(const char *path, Error *err);
/* Also what is being written. False: there was none. */
bool document_table_file_remove(const char *path);
/* Nothing of it changed up to this change. */
MUST_CHECK bool document_table_file_advance(const char *path, int64_t generation, Error *err);
/* ERROR_NOT_FOUND: there is none; ERROR_DAMAGED: it is of another database or form, or torn. */
MUST_CHECK bool document_table_file_read(const char *path, Str database, DocumentTable **table_r,
                                         int64_t *generation_r, Error *err);
