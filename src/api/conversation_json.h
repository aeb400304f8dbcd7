/* conversation_json.h - conversations as JSON. */
#pragma once

#include "answer/branches.h"
#include "api/api.h"
#include "store/conversations_store.h"

/* The members of a conversation, inside an object that is open. */
void put_conversation(JsonWriter *json, const Conversation *conversation);
/* "messages": those of the path, each with the branches beside it. */
void put_messages(JsonWriter *json, Arena *arena, const MessageList *all, Str leaf);
