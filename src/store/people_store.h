/* people_store.h - the `users` and `memberships` tables: people, and what they may do where.
 *
 * A person has one row in the whole database and a role in each workspace that they belong to.
 * An ordinary scope sees only people of its own workspace. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

typedef struct User {
    Str id, email, name; /* email is folded: compared and kept in lower case */
    Str password_hash;   /* empty: cannot log in with a password */
    int64_t created_at_ms, last_login_at_ms;
    bool is_disabled;
    bool is_service; /* a program: without address and password, only by its keys */
} User;

typedef struct Membership {
    Str workspace, workspace_name;
    Str user, email, name; /* of the person */
    Role role;
    bool is_disabled, is_service;
    int64_t created_at_ms, last_login_at_ms;
    Str external_id;       /* what a directory calls them (SCIM) */
    int64_t entered_at_ms; /* by a sign-in or a change to it; 0: never */
    bool has_password;
} Membership;

typedef struct MembershipList {
    Membership *at;
    size_t count;
} MembershipList;

/* Adds a person with a new id, set in *user. ERROR_CONFLICT: the address is taken. A service has
 * none: what stands there is no address ("service:" and its id). System scope. */
MUST_CHECK bool user_add(DbTx *tx, const Scope *scope, Arena *arena, User *user, Error *err);
MUST_CHECK bool user_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, User *user_r,
                          Error *err);
MUST_CHECK bool user_find_by_email(DbTx *tx, const Scope *scope, Arena *arena, Str email,
                                   User *user_r, Error *err);
/* Saves name, email, password_hash and is_disabled of the person user->id. */
MUST_CHECK bool user_update(DbTx *tx, const Scope *scope, const User *user, Error *err);
MUST_CHECK bool user_logged_in(DbTx *tx, const Scope *scope, Str id, int64_t at_ms, Error *err);
/* How many people there are in the whole database; 0 means that the first account is still to be
 * made. System scope. */
MUST_CHECK bool user_count(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err);
/* Removes a person and their memberships, sessions and logged prompts everywhere. System scope. */
MUST_CHECK bool user_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* Gives a role in the scope's workspace, or changes the one that is there. What they may decide is
 * looked at again, here and wherever somebody leaves or is disabled. */
MUST_CHECK bool membership_set(DbTx *tx, const Scope *scope, Str user, Role role, Error *err);
MUST_CHECK bool membership_set_external(DbTx *tx, const Scope *scope, Str user, Str external_id,
                                        Error *err);
/* Notes that they entered the scope's workspace. */
MUST_CHECK bool membership_entered(DbTx *tx, const Scope *scope, Str user, int64_t at_ms,
                                   Error *err);
MUST_CHECK bool membership_remove(DbTx *tx, const Scope *scope, Str user, Error *err);
/* Somebody of the scope's workspace, by id or mail address; also one who is disabled. */
MUST_CHECK bool membership_find(DbTx *tx, const Scope *scope, Arena *arena, Str named,
                                Membership *member_r, Error *err);
/* Everyone in the scope's workspace, by name. */
MUST_CHECK bool membership_list(DbTx *tx, const Scope *scope, Arena *arena, MembershipList *list_r,
                                Error *err);
/* Everyone of a group of it, by name; empty when there is none. */
MUST_CHECK bool membership_list_of_group(DbTx *tx, const Scope *scope, Arena *arena, Str group,
                                         MembershipList *list_r, Error *err);
/* Which of these are no members of the scope's workspace. A system scope names it. */
MUST_CHECK bool membership_missing(DbTx *tx, const Scope *scope, Arena *arena, StrList users,
                                   StrList *missing_r, Error *err);
/* Every workspace of one person, by name of the workspace. System scope sees all; any other only
 * its own. */
MUST_CHECK bool membership_list_of_user(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                                        MembershipList *list_r, Error *err);
/* The role in the scope's workspace; ROLE_NONE when not a member or disabled. */
MUST_CHECK bool membership_role(DbTx *tx, const Scope *scope, Str user, Role *role_r, Error *err);
/* How many people who can log in own the scope's workspace. */
MUST_CHECK bool membership_owner_count(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err);
