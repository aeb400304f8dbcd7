/* groups_store.h - the tables `workspace_groups` and `group_members`: named groups of a
 * workspace's people, for whatever is given to several of them at once. Who leaves the workspace
 * leaves its groups. */
#pragma once

#include "store/people_store.h"

#define GROUPS_MAX 1000
#define GROUP_MEMBERS_MAX 10000

typedef struct Group {
    Str id, name;
    int64_t member_count; /* read, never written */
    int64_t created_at_ms;
} Group;

typedef struct GroupList {
    Group *at;
    size_t count;
} GroupList;

/* Adds it with a new id, set in *group. ERROR_CONFLICT: the name is taken, letter case aside, or
 * there are GROUPS_MAX. */
MUST_CHECK bool group_add(DbTx *tx, const Scope *scope, Arena *arena, Group *group, Error *err);
/* By id, or by name; letter case does not matter. */
MUST_CHECK bool group_find(DbTx *tx, const Scope *scope, Arena *arena, Str named, Group *group_r,
                           Error *err);
/* By name. */
MUST_CHECK bool group_list(DbTx *tx, const Scope *scope, Arena *arena, GroupList *list_r,
                           Error *err);
MUST_CHECK bool group_rename(DbTx *tx, const Scope *scope, const Group *group, Error *err);
/* Approvals that ask it are looked at: nobody decides for it any more. */
MUST_CHECK bool group_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* Somebody of the workspace. True also when they are in it already. ERROR_CONFLICT: there are
 * GROUP_MEMBERS_MAX; ERROR_NOT_FOUND: there is no such group or person. */
MUST_CHECK bool group_member_add(DbTx *tx, const Scope *scope, Str group, Str user, Error *err);
/* ERROR_NOT_FOUND: they are not in it. Approvals that ask it are looked at. */
MUST_CHECK bool group_member_remove(DbTx *tx, const Scope *scope, Str group, Str user, Error *err);
