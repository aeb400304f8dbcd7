/* conversations_store.h - the `conversations` table. A person sees their own, and what others of
 * the workspace share; a key that belongs to the workspace sees those made with such keys. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

typedef struct Conversation {
    Str id, user, title;
    Str collection; /* what it is limited to; empty: the whole library */
    Str folder;     /* a name; empty: in none */
    Str persona;    /* id of who answers; empty: the default */
    Str share;      /* what the link for others of the workspace ends in; empty: not shared */
    Str shown;      /* id of the last message of the path that is shown */
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

typedef struct ConversationFilter {
    Str words;  /* in the title or in a message; empty: any */
    Str folder; /* empty: any */
    bool only_pinned;
} ConversationFilter;

/* Adds it for the scope's user with a new id, set in *conversation. */
MUST_CHECK bool conversation_add(DbTx *tx, const Scope *scope, Arena *arena,
                                 Conversation *conversation, Error *err);
MUST_CHECK bool conversation_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                  Conversation *conversation_r, Error *err);
/* One of anybody's in the workspace, by what its link ends in. */
MUST_CHECK bool conversation_find_shared(DbTx *tx, const Scope *scope, Arena *arena, Str share,
                                         Conversation *conversation_r, Error *err);
/* Pinned ones first, then the last used; `filter` may be NULL. */
MUST_CHECK bool conversation_list(DbTx *tx, const Scope *scope, Arena *arena,
                                  const ConversationFilter *filter, const Slice *slice,
                                  ConversationList *list_r, Error *err);

typedef struct ConversationFolder {
    Str name;
    int64_t count;
} ConversationFolder;
typedef struct ConversationFolderList {
    ConversationFolder *at;
    size_t count;
} ConversationFolderList;
/* By name. */
MUST_CHECK bool conversation_folders(DbTx *tx, const Scope *scope, Arena *arena,
                                     ConversationFolderList *list_r, Error *err);

/* Saves all but id, user and times. */
MUST_CHECK bool conversation_update(DbTx *tx, const Scope *scope, const Conversation *conversation,
                                    Error *err);
/* Removes it with its messages. */
MUST_CHECK bool conversation_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
