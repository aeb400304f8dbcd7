/* messages_store.h - the `messages` table: what was asked and answered.
 *
 * A message follows its parent. Two with the same parent are branches: a question that was edited,
 * an answer that was asked for again. A summary has the last message that it sums up as its parent,
 * and is on no path itself. */
#pragma once

#include "store/scope.h"

#define MESSAGE_SUMMARY "summary"

typedef struct Message {
    Str id, conversation, parent; /* parent: empty for the first */
    int64_t ordinal;              /* from 0, in the order they were said */
    Str role;                     /* "user", "assistant", "system", MESSAGE_SUMMARY */
    Str text;
    Str citations;    /* JSON array; empty: none */
    Str model, usage; /* usage: JSON object */
    Str status;       /* "done", "streaming", "failed", "cancelled", "erased" */
    int rating;       /* +1, -1, 0: none */
    Str rating_reason;
    int64_t created_at_ms;
} Message;

typedef struct MessageList {
    Message *at;
    size_t count;
} MessageList;

/* Adds it to message->conversation with a new id and ordinal, set in *message; but for a summary,
 * the conversation shows it then. */
MUST_CHECK bool message_add(DbTx *tx, const Scope *scope, Arena *arena, Message *message,
                            Error *err);
MUST_CHECK bool message_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Message *message_r,
                             Error *err);
/* The last `limit` of a conversation, oldest first; 0: all of them, at most 10,000. */
MUST_CHECK bool message_list(DbTx *tx, const Scope *scope, Arena *arena, Str conversation,
                             int64_t limit, MessageList *list_r, Error *err);
MUST_CHECK bool message_rate(DbTx *tx, const Scope *scope, Str id, int rating, Str reason,
                             Error *err);
