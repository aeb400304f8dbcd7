/* document_access_sql.h - what a scope sees, as a condition of a statement (document_access.h):
 * nothing is added where it sees everything. Private to src/store.
 *
 *     document_access_sql.c    the conditions
 *     document_access.c        asking who sees one
 *     document_access_lists.c  with whom it is shared */
#pragma once

#include "store/document_access.h"
#include "store/sql.h"

/* What is guarded, how a row of it is said in statements, and its column with the collection. */
typedef struct GuardedKind {
    const char *name, *row, *collection;
} GuardedKind;
#define GUARDED_COUNT (GUARDED_DOCUMENT + 1)
extern const GuardedKind guarded_kinds[GUARDED_COUNT];

/* Whose list counts for a document of this name in the statement; where nothing follows
 * (collection_guard.h) that is what its row says. */
#define ACCESS_GUARD_OF(row)                                                                       \
    "CASE WHEN " row ".guard IN ('', " row ".collection) THEN coalesce((SELECT k.guard"            \
    " FROM collections k WHERE k.workspace = " row ".workspace AND k.id = " row                    \
    ".collection), '')"                                                                            \
    " ELSE " row ".guard END"
/* What `twin` of the table documents has to be where its guard becomes this one: bytes that are
 * behind that already, in this document's way, have their place in documents_blob. */
#define ACCESS_TWIN_AT(guard_sql)                                                                  \
    "CASE WHEN documents.parent IS NULL AND EXISTS"                                                \
    " (SELECT 1 FROM documents o WHERE o.workspace = documents.workspace"                          \
    "  AND o.blob = documents.blob AND o.guard || '' = " guard_sql                                 \
    "  AND o.twin = documents.twin AND o.parent IS NULL AND o.id <> documents.id)"                 \
    " THEN documents.id ELSE documents.twin END"

typedef struct SqlPart {
    const char *text, *named, *rest; /* `named`: as in access_add_named() */
} SqlPart;

/* " AND ..." for documents as `d`. */
void access_add(SqlBuild *build, const Scope *scope);
/* The same for collections as `c`. */
void access_add_collections(SqlBuild *build, const Scope *scope);
/* " AND ..." that this column is not the id of a document or collection that the scope does not
 * see. */
void access_add_named(SqlBuild *build, const Scope *scope, const char *column);
/* sql_list() of a statement in two parts, with the above between them. */
MUST_CHECK bool access_list_named(DbTx *tx, const Scope *scope, Arena *arena, const SqlPart *parts,
                                  const DbValue *args, size_t count, SqlReader *read,
                                  size_t item_size, SqlItems *items_r, Error *err);
/* The same of a text with ids in it, as JSON has them. */
void access_add_mentioned(SqlBuild *build, const Scope *scope, const char *column);
/* " AND ..." for documents as `d` that the scope does not see; ends a statement whose text until
 * there it may repeat. */
void access_add_hidden(SqlBuild *build, const Scope *scope);
/* The table document_counts as `d`, and tag_counts as `t`, of what the scope sees: kept sums where
 * that is everything, else counted anew. */
void access_add_document_counts(SqlBuild *build, const Scope *scope);
void access_add_tag_counts(SqlBuild *build, const Scope *scope);
/* The guards that are granted to the scope, at one level or (NULL) any. */
void access_add_granted(SqlBuild *build, const Scope *scope, const char *level);
/* "... OR ...": the guard of a row of this kind lets the scope see it (NULL), or have this level.
 */
void access_add_guards(SqlBuild *build, const Scope *scope, Guarded what, const char *row,
                       const char *level);
/* "EXISTS (...": the scope's person, or the key that is nobody's, is an owner or admin. */
void access_add_passing(SqlBuild *build, const Scope *scope);
/* " AND ..." for rows of this kind. */
void access_add_seen(SqlBuild *build, const Scope *scope, Guarded what);

typedef struct AccessRow {
    Str guard;
    bool may_edit;
    Str parent, created_by; /* of a document */
    Str collection_guard;   /* of the collection that it is in */
    bool has_documents;     /* a collection */
} AccessRow;
/* ERROR_NOT_FOUND also when the scope does not see it. */
MUST_CHECK bool access_find_row(DbTx *tx, const Scope *scope, Arena *arena, Guarded what, Str id,
                                AccessRow *row_r, Error *err);
