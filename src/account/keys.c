/* keys.c - API keys. */
#include "account/account_int.h"
#include "account/key_scopes.h"
#include "account/token.h"
#include "base/clock.h"
#include "store/audit_store.h"
#include "store/collections_store.h"
#include "store/key_limits_store.h"

#define KEY_PREFIX "lk_"
#define SHOWN_LENGTH 10
/* When a key was last used is noted at most this often. */
#define USED_EVERY_MS ((int64_t)60 * 1000)

typedef struct KeyWork {
    Account *account;
    Arena *arena;
    const Visitor *visitor;
    const KeyWish *wish;
    Str id, hash, address, ids[KEY_COLLECTIONS_MAX];
    ApiKey key;
    ApiKeyList list;
    User user;
    Workspace workspace;
    int64_t now;
} KeyWork;

static bool find_key(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    const Scope *system = &work->account->system;
    work->user = (User){ 0 };
    if (!api_key_find_by_hash(tx, system, work->arena, work->hash, work->now, &work->key, err))
        return false;
    if (work->key.user.length &&
        !user_find(tx, system, work->arena, work->key.user, &work->user, err))
        return false;
    return workspace_find(tx, system, work->arena, work->key.workspace, &work->workspace, err) &&
           workspace_may_be_entered(&work->workspace, err);
}

static Scope scope_of_key(const ApiKey *key)
{
    return (Scope){ .workspace = key->workspace,
                    .user = key->user,
                    .key = key->id,
                    .collections = key->collections,
                    .role = key->role };
}

static bool note_used(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    Scope scope = scope_of_key(&work->key);
    return api_key_used(tx, &scope, work->key.id, work->now, work->address, err);
}

bool account_of_key(Account *account, Arena *arena, Str key, Str address, Visitor *visitor_r,
                    Error *err)
{
    KeyWork work = { .account = account, .arena = arena, .address = address, .now = now_ms() };
    if (account->issuer && jwt_looks_like(key))
        return account_of_token(account, arena, key, visitor_r, err);
    work.hash = token_hash(arena, key);
    if (!store_read(account->db, &account->system, find_key, &work, err)) {
        if (err->code == ERROR_NOT_FOUND)
            return fail(err, ERROR_NO_LOGIN, "the API key is wrong, revoked or past its time");
        return false;
    }
    Scope scope = scope_of_key(&work.key);
    if (work.now - work.key.last_used_at_ms > USED_EVERY_MS) {
        Error ignored; /* the next use notes it */
        (void)!store_write(account->db, &scope, note_used, &work, &ignored);
    }
    scope.is_unguarded = !work.workspace.has_guards && !scope.collections.length;
    *visitor_r = (Visitor){ .scope = scope,
                            .email = work.user.is_service ? STR_NONE : work.user.email,
                            .name = work.user.name,
                            .key = work.key.id,
                            .key_scopes = key_scopes_read(work.key.scopes),
                            .workspace_name = work.workspace.name };
    return true;
}

static bool audit_key(DbTx *tx, const KeyWork *work, const char *action, Error *err)
{
    AuditEntry entry = { .action = str(action), .subject_kind = S("key"), .subject = work->key.id };
    return audit_add(tx, &work->visitor->scope, &entry, err);
}

/* Keys in the names of people are only their own to make. */
static bool find_service(DbTx *tx, KeyWork *work, Error *err)
{
    const Scope *scope = &work->visitor->scope;
    Membership member;
    if (!scope_needs(scope, ROLE_ADMIN, err) ||
        !membership_find(tx, scope, work->arena, work->wish->service, &member, err))
        return false;
    if (!member.is_service)
        return fail_field(err, "user", "only service accounts get keys from others");
    if (!role_covers(member.role, work->key.role))
        return fail(err, ERROR_DENIED, "a key cannot have more rights than its account: %s",
                    role_name(member.role));
    work->key.user = member.user;
    return true;
}

/* By id, of those that whoever makes the key sees. */
static bool find_collections(DbTx *tx, KeyWork *work, Error *err)
{
    const StrList *wished = &work->wish->collections;
    for (size_t i = 0; i < wished->count; i++) {
        Collection found;
        if (!collection_find(tx, &work->visitor->scope, work->arena, wished->at[i], &found, err))
            return false;
        work->ids[i] = found.id;
    }
    work->key.collections = str_join(work->arena, work->ids, wished->count, S(" "));
    return true;
}

static bool add_key(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    return find_collections(tx, work, err) &&
           (!work->wish->service.length || find_service(tx, work, err)) &&
           api_key_add(tx, &work->visitor->scope, work->arena, &work->key, err) &&
           audit_key(tx, work, "key.add", err);
}

static bool may_give(const Visitor *visitor, const KeyWish *wish, Error *err)
{
    if (!role_covers(visitor->scope.role, wish->role))
        return fail(err, ERROR_DENIED, "a key cannot have more rights than you: your role is %s",
                    role_name(visitor->scope.role));
    if (visitor->key_scopes && (!wish->scopes || (wish->scopes & ~visitor->key_scopes)))
        return fail(err, ERROR_DENIED, "a key cannot have more scopes than the one that makes it");
    if (visitor->scope.collections.length)
        return fail(err, ERROR_DENIED, "a key that is limited to collections makes no keys");
    if (wish->collections.count > KEY_COLLECTIONS_MAX)
        return fail_field(err, "collections", "at most %d, not %zu", KEY_COLLECTIONS_MAX,
                          wish->collections.count);
    if (wish->collections.count && (wish->role < ROLE_READER || wish->role > ROLE_EDITOR))
        return fail_field(err, "collections",
                          "a key of the role reader or editor can be limited to collections");
    return !(wish->scopes & KEY_SCIM) || wish->role >= ROLE_ADMIN ||
           fail_field(err, "scopes", "the scope scim needs the role admin");
}

bool account_add_key(Account *account, Arena *arena, const Visitor *visitor, const KeyWish *wish,
                     ApiKey *key_r, Str *secret_r, Error *err)
{
    Str secret = token_new(arena, KEY_PREFIX);
    KeyWork work = { .account = account, .arena = arena, .visitor = visitor, .wish = wish };
    if (!name_is_good(wish->name, err) || !may_give(visitor, wish, err))
        return false;
    work.key = (ApiKey){ .user = visitor->scope.user,
                         .name = str_trim(wish->name),
                         .prefix = str_slice(secret, 0, SHOWN_LENGTH),
                         .hash = token_hash(arena, secret),
                         .role = wish->role,
                         .scopes = key_scopes_words(arena, wish->scopes),
                         .created_at_ms = now_ms(),
                         .expires_at_ms = wish->expires_at_ms };
    if (!store_write(account->db, &visitor->scope, add_key, &work, err))
        return false;
    *key_r = work.key;
    *secret_r = secret;
    return true;
}

/* Below an administrator, people see and revoke only their own keys; a key of the workspace, which
 * is nobody's, only itself. */
static bool is_own(const Visitor *visitor, const ApiKey *key)
{
    if (visitor->scope.role >= ROLE_ADMIN || str_equal(key->id, visitor->key))
        return true;
    return visitor->scope.user.length && str_equal(key->user, visitor->scope.user);
}

static bool may_revoke(const KeyWork *work, Error *err)
{
    if (is_own(work->visitor, &work->key))
        return true;
    return fail(err, ERROR_NOT_FOUND, "there is no key '" STR_FMT "'", STR_ARG(work->id));
}

static bool revoke_key(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    return api_key_find(tx, scope, work->arena, work->id, &work->key, err) &&
           may_revoke(work, err) && api_key_revoke(tx, scope, work->id, now_ms(), err) &&
           audit_key(tx, work, "key.revoke", err) && callers_changed(tx, scope, err);
}

bool account_revoke_key(Account *account, const Visitor *visitor, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    KeyWork work = { .account = account, .arena = arena, .visitor = visitor, .id = id };
    return store_write(account->db, &visitor->scope, revoke_key, &work, err);
}

static bool list_keys(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    bool sees_all = scope->role >= ROLE_ADMIN || scope->role == ROLE_AUDITOR;
    if (!api_key_list(tx, scope, work->arena, sees_all ? S("") : scope->user, &work->list, err))
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < work->list.count; i++)
        if (sees_all || is_own(work->visitor, &work->list.at[i]))
            work->list.at[kept++] = work->list.at[i];
    work->list.count = kept;
    return true;
}

bool account_list_keys(Account *account, Arena *arena, const Visitor *visitor, ApiKeyList *list_r,
                       Error *err)
{
    KeyWork work = { .account = account, .arena = arena, .visitor = visitor };
    if (!store_read(account->db, &visitor->scope, list_keys, &work, err))
        return false;
    *list_r = work.list;
    return true;
}
