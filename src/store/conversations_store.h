/* conversations_store.h - the `conversations` table. A person sees their own; a key that belongs to
 * the workspace sees those made with such keys. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

typedef struct Conversation {
    Str id, user, title;
    Str collection; /* what it is limited to; empty: the whole library */
    bool is_pinned;
    int64_t created_at_ms, updated_at_ms, deleted_at_ms;
    int64_t message_count; /* read, never written */
} Conversation;

typedef struct ConversationList {
    Conversation *at;
    size_t count;
    int64_t total;
    Str next;
} ConversationList;

/* Adds it for the scope's user with a new id, set in *conversation. */
MUST_CHECK bool conversation_add(DbTx *tx, const Scope *scope, Arena *arena,
                                 Conversation *conversation, Error *err);
MUST_CHECK bool conversation_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                  Conversation *conversation_r, Error *err);
/* Pinned ones first, then the last used; `title_has` may be empty. */
MUST_CHECK bool conversation_list(DbTx *tx, const Scope *scope, Arena *arena, Str title_has,
                                  const Slice *slice, ConversationList *list_r, Error *err);
/* Saves title, collection and is_pinned. */
MUST_CHECK bool conversation_update(DbTx *tx, const Scope *scope, const Conversation *conversation,
                                    Error *err);
/* Removes it with its messages. */
MUST_CHECK bool conversation_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
