/* audit_store.h - the `audit` table: who did what. Rows are added and read, never changed: the
 * database itself refuses it. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

typedef struct AuditEntry {
    Str id, user, key;
    Str action; /* "document.erase", "user.login", ... */
    Str subject_kind, subject;
    Str details; /* JSON object; empty: none */
    Str address;
    int64_t created_at_ms;
} AuditEntry;

typedef struct AuditList {
    AuditEntry *at;
    size_t count;
    Str next;
} AuditList;

/* What to list; what is empty does not matter. */
typedef struct AuditFilter {
    Str user, action, subject_kind, subject;
    int64_t from_ms, to_ms;
} AuditFilter;

/* Adds it with a new id; user is the scope's unless entry->user says another. */
MUST_CHECK bool audit_add(DbTx *tx, const Scope *scope, const AuditEntry *entry, Error *err);
/* Newest first; `filter` may be NULL. */
MUST_CHECK bool audit_list(DbTx *tx, const Scope *scope, Arena *arena, const AuditFilter *filter,
                           const Slice *slice, AuditList *list_r, Error *err);
