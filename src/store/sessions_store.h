/* sessions_store.h - the `sessions` table: browsers that are logged in.
 *
 * Rows hold the SHA-256 of the cookie's token, never the token. */
#pragma once

#include "store/scope.h"

typedef struct Session {
    Str id; /* lower-case hex of the SHA-256 of the token */
    Str user, workspace, csrf, user_agent, address;
    Str provider; /* who vouched for the person; empty: they showed it here */
    Str way;      /* what they showed, as sign_in_ways.def names it; empty: nobody noted it */
    int64_t created_at_ms, last_seen_at_ms, expires_at_ms;
    /* Of the person, read with it by session_find(). */
    Str email, name;
    Role role;
    bool has_second_factor; /* only a system scope sees it */
} Session;

typedef struct SessionList {
    Session *at;
    size_t count;
} SessionList;

/* Adds it to the scope's workspace. */
MUST_CHECK bool session_add(DbTx *tx, const Scope *scope, const Session *session, Error *err);
/* Fails with ERROR_NOT_FOUND when there is none, it is past now_ms, the person is disabled or no
 * longer a member. System scope: the workspace is known only afterwards. */
MUST_CHECK bool session_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now_ms,
                             Session *session_r, Error *err);
MUST_CHECK bool session_seen(DbTx *tx, const Scope *scope, Str id, int64_t now_ms,
                             int64_t expires_at_ms, Error *err);
/* Goes on in the workspace of `session`, with its csrf; who listens by it is shut out. System
 * scope: whether the person belongs there is for the caller to know. */
MUST_CHECK bool session_move(DbTx *tx, const Scope *scope, const Session *session, Error *err);
/* Of one person in the scope's workspace, newest first. */
MUST_CHECK bool session_list(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                             SessionList *list_r, Error *err);
MUST_CHECK bool session_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
/* Logs a person out everywhere but in the session `but` (may be empty). System scope: in every
 * workspace, and where only the second factor was missing. */
MUST_CHECK bool session_remove_of_user(DbTx *tx, const Scope *scope, Str user, Str but, Error *err);
