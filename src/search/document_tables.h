/* document_tables.h - the documents of the workspaces that are searched, in columns in memory
 * (document_table.h), and always as the database has them.
 *
 * The follower (library/follower.h) tells of every change; who borrows a table reads what it has
 * not told yet from the log of changes, and then the documents that all these name. So a table that
 * is borrowed has everything that was committed before.
 *
 * A table is made in the background, of a workspace with DOCUMENT_TABLES_EARLY chunks as soon as
 * its index is there, of others when it is borrowed for the first time: until then, and where there
 * is no room for it, the database answers. Those of large workspaces are kept in files beside the
 * indexes: a start reads what has changed since. All tables together take DOCUMENT_TABLES_BYTES at
 * most; the one that was used least goes first.
 *
 * Threads: any. */
#pragma once

#include "search/document_table.h"

#define DOCUMENT_TABLES_BYTES GB(1)
#define DOCUMENT_TABLES_EARLY 5000

typedef struct DocumentTables DocumentTables;

/* Watches the library, which must outlive it. */
DocumentTables *document_tables_new(Db *db, Library *library);
void document_tables_free(DocumentTables *tables); /* NULL is fine */

/* *table_r is for reading until it is released; NULL: there is none now. */
MUST_CHECK bool document_tables_borrow(DocumentTables *tables, const Scope *scope,
                                       const DocumentTable **table_r, Error *err);
/* The same for whoever has no other way: waits for one that is being made, or makes it, also where
 * it cannot be kept; to be released soon. ERROR_TOO_LARGE: it alone takes more than all may. */
MUST_CHECK bool document_tables_need(DocumentTables *tables, const Scope *scope,
                                     const DocumentTable **table_r, Error *err);
/* There is one of at least so many documents; none is made because it was asked for. */
bool document_tables_has(DocumentTables *tables, const Scope *scope, size_t documents);
void document_tables_release(DocumentTables *tables, const DocumentTable *table);
/* Waits until the workspace's table is made; false: there is none, or not within the time. */
bool document_tables_wait(DocumentTables *tables, const Scope *scope, int64_t timeout_ms);
