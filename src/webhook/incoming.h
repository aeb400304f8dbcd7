/* incoming.h - addresses that other programs call, and what follows from a call.
 *
 *     POST /v1/hooks/WORKSPACE.ID[.SECRET] -> incoming_open(): is it who they say?
 *                                          -> incoming_keep(): once; the listener goes on from it
 *
 * How a call proves who sent it is a scheme (schemes.def). A copy of a call is known by what was
 * signed, and changes nothing: those with a time are remembered for INCOMING_DAYS (older ones are
 * refused by their time), the others for INCOMING_UNTIMED_DAYS. Calls that only show a secret
 * cannot be told from copies.
 *
 * Threads: any. */
#pragma once

#include "store/hooks_store.h"
#include "webhook/signature.h"
#include "webhook/webhook.h"

#define INCOMING_BODY_MAX MB(1)
#define INCOMING_NAME_MAX 100
#define INCOMING_DAYS 30
#define INCOMING_UNTIMED_DAYS 365

/* In the transaction that keeps it: what is done because of the call, exactly once. The scope is
 * that of whoever made the address. */
typedef bool IncomingHeard(DbTx *tx, void *argument, const Scope *scope, Arena *arena,
                           const Hook *hook, const HookReceipt *receipt, Str body, Error *err);

/* One listener for the whole program, set before anything comes. */
void incoming_set_listener(Webhooks *webhooks, IncomingHeard *heard, void *argument);

/* A new one; `secret` empty: one is made. *secret_r is shown once. ERROR_DENIED below ROLE_ADMIN.
 */
MUST_CHECK bool incoming_add(Webhooks *webhooks, const Scope *scope, Arena *arena, const Hook *wish,
                             Str secret, Hook *hook_r, Str *secret_r, Error *err);
/* The part of the address that names it; with the secret where that belongs to it. */
Str incoming_address(Arena *arena, const Scope *scope, const Hook *hook, Str secret);

typedef struct IncomingCall {
    Hook hook;
    Scope scope;
    HookReceipt receipt;
    Str body;
    bool is_known; /* it came before */
} IncomingCall;

/* Whose call it is, by its address and its proof. ERROR_NOT_FOUND: there is no such address, or it
 * is off; ERROR_DENIED: it is not who they say. */
MUST_CHECK bool incoming_open(Webhooks *webhooks, Arena *arena, Str address, const SignedCall *call,
                              IncomingCall *call_r, Error *err);
/* Keeps it and does what follows; *is_new_r false: it came before. */
MUST_CHECK bool incoming_keep(Webhooks *webhooks, Arena *arena, IncomingCall *call, bool *is_new_r,
                              Error *err);
/* What is remembered no longer; part of webhook_tidy_job. */
MUST_CHECK bool incoming_forget(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                Error *err);
