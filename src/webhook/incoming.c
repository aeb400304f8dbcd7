/* incoming.c - see incoming.h. */
#include "webhook/incoming.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/seal.h"
#include "store/audit_store.h"
#include "store/people_store.h"
#include "store/server_key.h"
#include "webhook/webhook_int.h"

#define SEAL_KEY S("hooks")
#define DAY_MS (INT64_C(24) * 3600 * 1000)

void incoming_set_listener(Webhooks *webhooks, IncomingHeard *heard, void *argument)
{
    webhooks->heard = heard;
    webhooks->heard_argument = argument;
}

/* --- Adding --- */

typedef struct HookWork {
    Webhooks *webhooks;
    const Scope *scope;
    Arena *arena;
    Hook *hook;
    IncomingCall *call;
    Str id;
    bool is_new;
} HookWork;

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    if (!hook_add(tx, work->scope, work->arena, work->hook, err))
        return false;
    const AuditEntry entry = { .action = S("hook.add"),
                               .subject_kind = S("hook"),
                               .subject = work->hook->id,
                               .details = S("{}") };
    return audit_add(tx, work->scope, &entry, err);
}

bool incoming_add(Webhooks *webhooks, const Scope *scope, Arena *arena, const Hook *wish,
                  Str secret, Hook *hook_r, Str *secret_r, Error *err)
{
    Hook hook = *wish;
    HookWork work = { .scope = scope, .arena = arena, .hook = &hook };
    Db *db = webhooks->options.db;
    SignatureScheme scheme;
    Str key;
    if (!scope_needs(scope, ROLE_ADMIN, err) || !signature_scheme_named(hook.scheme, &scheme, err))
        return false;
    if (!secret.length)
        secret = signature_new_secret(arena, scheme);
    else if (!signature_check_secret(arena, scheme, secret, err))
        return false;
    if (!server_key(db, arena, SEAL_KEY, &key, err) ||
        !seal_close(arena, key, secret, &hook.sealed, err) ||
        !store_write(db, scope, add_work, &work, err))
        return false;
    *hook_r = hook;
    *secret_r = secret;
    return true;
}

Str incoming_address(Arena *arena, const Scope *scope, const Hook *hook, Str secret)
{
    bool is_secret = str_is(hook->scheme, signature_scheme_name(SIGNATURE_path));
    return str_format(arena, STR_FMT "." STR_FMT "%s" STR_FMT, STR_ARG(scope->workspace),
                      STR_ARG(hook->id), is_secret && secret.length ? "." : "",
                      STR_ARG(is_secret ? secret : S("")));
}

/* --- A call --- */

/* On behalf of whoever made the address, as they are now; of an editor when that was a key. */
static bool find_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    IncomingCall *call = work->call;
    if (!hook_find(tx, &call->scope, work->arena, work->id, &call->hook, err))
        return false;
    if (!call->hook.is_on)
        return fail(err, ERROR_NOT_FOUND, "this hook is off");
    call->scope.user = call->hook.created_by;
    call->scope.role = ROLE_EDITOR;
    Role role = ROLE_EDITOR;
    if (call->scope.user.length && !membership_role(tx, &call->scope, call->scope.user, &role, err))
        return false;
    if (role < ROLE_EDITOR)
        return fail(err, ERROR_NOT_FOUND, "whoever made this hook may not use it any more");
    return true;
}

static bool known_work(DbTx *tx, void *argument, Error *err)
{
    IncomingCall *call = argument;
    return hook_receipt_seen(tx, &call->scope, call->hook.id, call->receipt.seen, &call->is_known,
                             err);
}

static bool split_address(Str address, IncomingCall *call, Str *id_r, Str *secret_r)
{
    Str rest = address, workspace;
    *id_r = *secret_r = S("");
    if (!str_next(&rest, '.', &workspace) || !str_next(&rest, '.', id_r))
        return false;
    *secret_r = rest;
    call->scope = (Scope){ .workspace = workspace, .role = ROLE_READER };
    return id_is_valid(workspace) && id_is_valid(*id_r);
}

bool incoming_open(Webhooks *webhooks, Arena *arena, Str address, const SignedCall *signed_call,
                   IncomingCall *call_r, Error *err)
{
    IncomingCall call = { .body = signed_call->body };
    HookWork work = { .arena = arena, .call = &call };
    SignedCall shown = *signed_call;
    Db *db = webhooks->options.db;
    SignatureScheme scheme;
    Str key, secret;
    if (!split_address(address, &call, &work.id, &shown.address))
        return fail(err, ERROR_NOT_FOUND, "there is no such hook");
    if (!store_read(db, &call.scope, find_work, &work, err) ||
        !signature_scheme_named(call.hook.scheme, &scheme, err) ||
        !server_key(db, arena, SEAL_KEY, &key, err) ||
        !seal_open(arena, key, call.hook.sealed, &secret, err) ||
        !signature_check(arena, scheme, secret, &shown, &call.receipt.seen, err) ||
        !store_read(db, &call.scope, known_work, &call, err))
        return false;
    call.receipt.size = (int64_t)signed_call->body.length;
    *call_r = call;
    return true;
}

static bool keep_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    IncomingCall *call = work->call;
    Webhooks *webhooks = work->webhooks;
    HookReceipt receipt = call->receipt;
    if (!hook_receipt_add(tx, &call->scope, work->arena, call->hook.id, &receipt, &work->is_new,
                          err))
        return false;
    if (work->is_new && webhooks->heard &&
        !webhooks->heard(tx, webhooks->heard_argument, &call->scope, work->arena, &call->hook,
                         &receipt, call->body, err))
        return false;
    call->receipt = receipt;
    return true;
}

bool incoming_keep(Webhooks *webhooks, Arena *arena, IncomingCall *call, bool *is_new_r, Error *err)
{
    HookWork work = { .webhooks = webhooks, .arena = arena, .call = call };
    if (!store_write(webhooks->options.db, &call->scope, keep_work, &work, err))
        return false;
    *is_new_r = work.is_new;
    return true;
}

bool incoming_forget(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms, Error *err)
{
    Str timed[SIGNATURE_SCHEME_COUNT];
    size_t count = 0;
    for (SignatureScheme i = 0; i < SIGNATURE_SCHEME_COUNT; i++)
        if (signature_has_time(i))
            timed[count++] = str(signature_scheme_name(i));
    return hook_receipt_forget(tx, scope, arena, now_ms - INCOMING_UNTIMED_DAYS * DAY_MS,
                               (StrList){ timed, count }, now_ms - INCOMING_DAYS * DAY_MS, err);
}
