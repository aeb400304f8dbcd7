#include "store/scope.h"

static const struct {
    Role role;
    const char *word;
} roles[] = {
#define ROLE(name, number, word, what) { ROLE_##name, word },
#include "store/roles.def"
#undef ROLE
};

Scope scope_system(void) { return (Scope){ .role = ROLE_OWNER, .is_system = true }; }

Scope scope_copy(Arena *arena, const Scope *scope)
{
    Scope copy = *scope;

    copy.workspace = str_copy(arena, scope->workspace);
    copy.user = str_copy(arena, scope->user);
    copy.key = str_copy(arena, scope->key);
    copy.guard = str_copy(arena, scope->guard);
    copy.collections = str_copy(arena, scope->collections);
    copy.is_unguarded = false;
    return copy;
}

const char *role_name(Role role)
{
    for (size_t i = 0; i < COUNT(roles); i++)
        if (roles[i].role == role)
            return roles[i].word;
    return "none";
}

Role role_named(Str name)
{
    for (size_t i = 0; i < COUNT(roles); i++)
        if (str_is(name, roles[i].word))
            return roles[i].role;
    return ROLE_NONE;
}

Str role_words(Arena *arena, Role most)
{
    Buf words = buf_new(arena, KB(1));

    for (size_t i = 0; i < COUNT(roles) && roles[i].role <= most; i++)
        buf_addf(&words, "%s%s", !i ? "" : roles[i].role == most ? " or " : ", ", roles[i].word);
    return buf_str(&words);
}

bool role_covers(Role role, Role other)
{
    return role == other || (other == ROLE_AUDITOR ? role >= ROLE_ADMIN : role >= other);
}

Role role_higher(Role a, Role b)
{
    if (a == ROLE_NONE || b == ROLE_NONE)
        return a == ROLE_NONE ? b : a;
    return MAX(a, b);
}

Role role_lower(Role a, Role b)
{
    return role_covers(a, b) ? b : role_covers(b, a) ? a : ROLE_NONE;
}

bool scope_needs(const Scope *scope, Role role, Error *err)
{
    if (scope->is_system || scope->role >= role)
        return true;
    return fail(err, ERROR_DENIED, "this needs the role '%s'; yours is '%s'", role_name(role),
                role_name(scope->role));
}

bool scope_may_look(const Scope *scope, Role role, Error *err)
{
    return scope->role == ROLE_AUDITOR || scope_needs(scope, role, err);
}

bool store_read(Db *db, const Scope *scope, DbWork *work, void *argument, Error *err)
{
    DbWho who = scope_who(scope);
    return db_read(db, &who, work, argument, err);
}

static _Thread_local const StoreWitness *witness_here;

void store_set_witness(const StoreWitness *witness) { witness_here = witness; }

/* The work may run on another thread. */
typedef struct Witnessed {
    const StoreWitness *witness;
    DbWork *work;
    void *argument;
} Witnessed;

static bool witnessed_work(DbTx *tx, void *argument, Error *err)
{
    const Witnessed *change = argument;
    return change->work(tx, change->argument, err) &&
           change->witness->work(tx, change->witness->argument, err);
}

bool store_write(Db *db, const Scope *scope, DbWork *work, void *argument, Error *err)
{
    DbWho who = scope_who(scope);
    Witnessed change = { witness_here, work, argument };
    bool is_witnessed = change.witness && (scope->is_system ||
                                           str_equal(scope->workspace, change.witness->workspace));
    return is_witnessed ? db_write(db, &who, witnessed_work, &change, err)
                        : db_write(db, &who, work, argument, err);
}

bool scope_landing(const Scope *scope, Str *collection, Error *err)
{
    Str ids = scope->collections, id;
    if (!ids.length)
        return true;
    if (!collection->length && str_find_char(ids, ' ') >= 0)
        return fail_field(err, "collection",
                          "this API key is limited to collections: name one of them: " STR_FMT,
                          STR_ARG(ids));
    if (!collection->length)
        *collection = ids;
    while (str_next(&ids, ' ', &id))
        if (str_equal(id, *collection))
            return true;
    return fail(err, ERROR_NOT_FOUND, "there is no collection '" STR_FMT "'",
                STR_ARG(str_slice(*collection, 0, 100)));
}
