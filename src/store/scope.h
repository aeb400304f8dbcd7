/* scope.h - on whose behalf rows are read and written.
 *
 * Every function of src/store takes a Scope and writes the workspace into each statement;
 * PostgreSQL checks it once more with row-level security. Only the files named in
 * tools/system-scopes may make a system scope. */
#pragma once

#include "db/db.h"

/* Of what is compared with < and >= an auditor has nothing: their number is below all. */
typedef enum Role {
    ROLE_NONE,
#define ROLE(name, number, word, what) ROLE_##name = (number),
#include "store/roles.def"
#undef ROLE
} Role;

typedef struct Scope {
    Str workspace;   /* id */
    Str user;        /* id; empty for a key that belongs to the workspace */
    Str key;         /* id of the API key that is used; empty: none */
    Str collections; /* ids, with spaces between, that its key is limited to; empty: all */
    Str guard;       /* what is made for all who see a collection: its id; empty: nothing of that */
    Role role;
    bool is_unguarded; /* nothing was restricted in the workspace when they were let in */
    bool is_system;    /* sees every workspace: log-in, job runners, migrations, clean-up */
} Scope;

Scope scope_system(void);
/* Whose conversations, cards and the like are read and written: the person's, but a limited key's
 * own, which is shown nothing of what its person has seen. */
static inline Str scope_keeper(const Scope *scope)
{
    return scope->collections.length ? scope->key : scope->user;
}
static inline DbWho scope_who(const Scope *scope)
{
    return (DbWho){ .workspace = scope->workspace, .is_system = scope->is_system };
}
/* A scope whose texts live in the arena; it may be kept for long, so it asks what is restricted. */
Scope scope_copy(Arena *arena, const Scope *scope);
const char *role_name(Role role);
Role role_named(Str name); /* ROLE_NONE when there is none */
/* "auditor, reader, editor or admin": all that whoever is `most` may give. */
Str role_words(Arena *arena, Role most);
/* Whether whoever is `role` may do all that one who is `other` may, and so may make one. */
bool role_covers(Role role, Role other);
/* Of two that somebody is given at once the one that may more. */
Role role_higher(Role a, Role b);
/* What both allow; ROLE_NONE when there is nothing. */
Role role_lower(Role a, Role b);
/* Where a file lands that is to go into *collection (empty: into none): a limited key's goes into
 * its only one when none is said. ERROR_INVALID: it has several; ERROR_NOT_FOUND: it is limited to
 * others. */
MUST_CHECK bool scope_landing(const Scope *scope, Str *collection, Error *err);
/* Fails with ERROR_DENIED, naming the role that is needed. */
MUST_CHECK bool scope_needs(const Scope *scope, Role role, Error *err);
/* The same for what is only looked at, and auditors look at too. */
MUST_CHECK bool scope_may_look(const Scope *scope, Role role, Error *err);

/* Run work for a scope: db_read() and db_write() with its workspace. */
MUST_CHECK bool store_read(Db *db, const Scope *scope, DbWork *work, void *argument, Error *err);
MUST_CHECK bool store_write(Db *db, const Scope *scope, DbWork *work, void *argument, Error *err);

/* What is written with each change of a thread, behind it and in its transaction: when it fails,
 * so does the change. Of changes in its own workspace, and of the system's. Like the work, it may
 * run more than once. */
typedef struct StoreWitness {
    DbWork *work;
    void *argument;
    Str workspace;
} StoreWitness;

/* Of the calling thread, until it is told another; NULL: nothing. Borrowed. */
void store_set_witness(const StoreWitness *witness);
