/* conversation_markdown.h - a conversation as a text for people. */
#pragma once

#include "store/conversations_store.h"
#include "store/messages_store.h"

/* What was said on the path that is shown, with the sources of each answer. */
Str conversation_markdown(Arena *arena, const Conversation *conversation, const MessageList *all);
