/* key_limits_store.h - the `key_limits` table: models and rates of a key, a person, a workspace. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

/* Whose limits, or whose budget. */
typedef enum SubjectKind { SUBJECT_KEY, SUBJECT_USER, SUBJECT_WORKSPACE } SubjectKind;
#define SUBJECT_KINDS 3
/* "key", "user", "workspace". */
const char *subject_kind_name(SubjectKind kind);
SubjectKind subject_kind_named(Str name); /* SUBJECT_WORKSPACE for any other */

typedef struct Subject {
    SubjectKind kind;
    Str id;
} Subject;
/* Key, user and workspace of a caller; those that it has. Returns how many. */
size_t subjects_of(const Scope *scope, Subject subjects_r[SUBJECT_KINDS]);

typedef struct KeyLimits {
    Str models; /* JSON list of patterns; "[]": all */
    int64_t requests_per_minute, tokens_per_minute, concurrent; /* 0: none */
} KeyLimits;

/* Tells every node that who may call, or how much, has changed in the scope's workspace: what is
 * remembered of callers is asked for again. */
#define CALLERS_CHANNEL "callers"
MUST_CHECK bool callers_changed(DbTx *tx, const Scope *scope, Error *err);

/* Adds or replaces. */
MUST_CHECK bool key_limits_set(DbTx *tx, const Scope *scope, const Subject *subject,
                               const KeyLimits *limits, Error *err);
/* All zero and "[]" when none were ever set. */
MUST_CHECK bool key_limits_find(DbTx *tx, const Scope *scope, Arena *arena, const Subject *subject,
                                KeyLimits *limits_r, Error *err);

typedef struct SubjectLimits {
    Subject subject;
    Str name; /* of the key or the person; the workspace's is empty */
    KeyLimits limits;
} SubjectLimits;

typedef struct SubjectLimitsList {
    SubjectLimits *at;
    size_t count;
} SubjectLimitsList;

/* Whose limits were ever set and who is still here: the workspace, then people, then keys, by name.
 */
MUST_CHECK bool key_limits_list(DbTx *tx, const Scope *scope, Arena *arena,
                                SubjectLimitsList *list_r, Error *err);
