#include "store/scope.h"

static const char *const role_names[] = {
    [ROLE_NONE] = "none",   [ROLE_READER] = "reader", [ROLE_EDITOR] = "editor",
    [ROLE_ADMIN] = "admin", [ROLE_OWNER] = "owner",
};

Scope scope_system(void) { return (Scope){ .role = ROLE_OWNER, .is_system = true }; }

Scope scope_copy(Arena *arena, const Scope *scope)
{
    Scope copy = *scope;

    copy.workspace = str_copy(arena, scope->workspace);
    copy.user = str_copy(arena, scope->user);
    copy.key = str_copy(arena, scope->key);
    copy.guard = str_copy(arena, scope->guard);
    copy.is_unguarded = false;
    return copy;
}

const char *role_name(Role role)
{
    return (size_t)role < COUNT(role_names) ? role_names[role] : role_names[ROLE_NONE];
}

Role role_named(Str name)
{
    for (size_t i = ROLE_READER; i < COUNT(role_names); i++)
        if (str_is(name, role_names[i]))
            return (Role)i;
    return ROLE_NONE;
}

bool scope_needs(const Scope *scope, Role role, Error *err)
{
    if (scope->is_system || scope->role >= role)
        return true;
    return fail(err, ERROR_DENIED, "this needs the role '%s'; yours is '%s'", role_name(role),
                role_name(scope->role));
}

bool store_read(Db *db, const Scope *scope, DbWork *work, void *argument, Error *err)
{
    DbWho who = scope_who(scope);
    return db_read(db, &who, work, argument, err);
}

bool store_write(Db *db, const Scope *scope, DbWork *work, void *argument, Error *err)
{
    DbWho who = scope_who(scope);
    return db_write(db, &who, work, argument, err);
}
