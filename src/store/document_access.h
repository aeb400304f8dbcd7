/* document_access.h - who sees which documents: the tables `guards` and `grants`.
 *
 * A collection or a document is open to its workspace, or restricted: then it is a guard, and only
 * those in its list of grants see it, and owners and admins. A document's own list goes before its
 * collection's. What is inside a document (attachments, members of archives) follows it.
 * documents.guard and collections.guard say whose list counts, '' that it is open; both change in
 * the transaction in which the reason does.
 *
 * A scope sees what its person or its key is granted, and, where the person is an owner or admin,
 * everything, with whatever role the work is done. A scope of an owner or admin without a person
 * sees everything: the jobs that serve the whole library. One with a `guard` sees what all do who
 * see that collection: what is made for them is made of nothing else. One with `collections` sees
 * of all this what is in those, and adds to them alone. What is not seen is not there:
 * ERROR_NOT_FOUND. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

#define GRANTS_MAX 1000 /* of one list */

typedef enum GrantKind {
#define GRANT_KIND(name) GRANT_TO_##name,
#include "store/grant_kinds.def"
#undef GRANT_KIND
    GRANT_KIND_COUNT
} GrantKind;
typedef enum GrantLevel {
#define GRANT_LEVEL(name) GRANT_##name,
#include "store/grant_levels.def"
#undef GRANT_LEVEL
    GRANT_LEVEL_COUNT
} GrantLevel;
const char *grant_kind_name(GrantKind kind);
const char *grant_level_name(GrantLevel level);
GrantKind grant_kind_named(Str name);   /* GRANT_KIND_COUNT when there is none */
GrantLevel grant_level_named(Str name); /* GRANT_LEVEL_COUNT when there is none */

typedef struct Grant {
    GrantKind kind;
    Str subject; /* id of the person, group or key */
    Str name;    /* theirs; read, never written */
    GrantLevel level;
    Str given_by; /* user id */
    int64_t given_at_ms;
} Grant;

typedef enum Guarded { GUARDED_COLLECTION, GUARDED_DOCUMENT } Guarded;

typedef struct Access {
    Str guard; /* whose list it is; empty: open */
    Grant *at; /* by kind and name */
    size_t count;
    bool may_change; /* the scope may share it otherwise */
} Access;

/* Whether the scope sees every row of its workspace, so that nothing need be asked. */
bool access_sees_all(const Scope *scope);

/* What a scope sees of the documents, for whoever knows the collection and guard of each: what is
 * in one of `collections` (none: in any) and is open, or has one of `guards`. */
typedef struct Sight {
    StrList collections, guards;
    bool sees_guarded; /* whatever its guard */
} Sight;
MUST_CHECK bool access_sight(DbTx *tx, const Scope *scope, Arena *arena, Sight *sight_r,
                             Error *err);

/* --- Asking ------------------------------------------------------------------------------- */

/* ERROR_NOT_FOUND: the scope does not see this document, or there is none. For functions that read
 * what belongs to a document by its id. */
MUST_CHECK bool access_may_see(DbTx *tx, const Scope *scope, Str document, Error *err);
/* ERROR_NOT_FOUND: the scope does not see it; ERROR_DENIED: it sees it only to read. */
MUST_CHECK bool access_may_change(DbTx *tx, const Scope *scope, Guarded what, Str id, Error *err);
/* The guard of what is put into a collection (empty: none), which cannot change before the
 * transaction is over. */
MUST_CHECK bool access_guard_of(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                                Str *guard_r, Error *err);
/* The guards of these collections as they are now, '' of one that is gone, in the same order. */
MUST_CHECK bool access_guards(DbTx *tx, const Scope *scope, Arena *arena, StrList collections,
                              Str *guards, Error *err);
/* Ids of the people and keys who see what has this guard. */
MUST_CHECK bool access_audience(DbTx *tx, const Scope *scope, Arena *arena, Str guard,
                                StrList *subjects_r, Error *err);

/* Whether everybody in the workspace sees this document (empty: none), or it is gone. Events that
 * are told to all name what is about it only then. */
MUST_CHECK bool access_is_for_all(DbTx *tx, const Scope *scope, Str document, bool *is_r,
                                  Error *err);

/* --- Lists -------------------------------------------------------------------------------- */

MUST_CHECK bool access_find(DbTx *tx, const Scope *scope, Arena *arena, Guarded what, Str id,
                            Access *access_r, Error *err);
/* From now on this list counts; of each grant kind, subject and level are read. Who may not see
 * everything anyway is in it to edit. Editors may restrict what they uploaded and collections that
 * are empty; what is restricted, those who may edit it; owners and admins, anything. Fails with
 * ERROR_NOT_FOUND when a subject is nobody of the workspace, ERROR_CONFLICT for what is inside
 * another document. */
MUST_CHECK bool access_restrict(DbTx *tx, const Scope *scope, Guarded what, Str id,
                                const Grant *grants, size_t count, Error *err);
/* A collection is open again, a document follows its collection. ERROR_CONFLICT: the same bytes are
 * there already, as another document. */
MUST_CHECK bool access_open(DbTx *tx, const Scope *scope, Guarded what, Str id, Error *err);
/* Its list goes with it. */
MUST_CHECK bool access_forget(DbTx *tx, const Scope *scope, Str id, Error *err);
/* Nothing is shared any more with somebody who left, a group or key that is gone. */
MUST_CHECK bool access_forget_subject(DbTx *tx, const Scope *scope, Str subject, Error *err);
