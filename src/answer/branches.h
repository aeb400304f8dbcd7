/* branches.h - the paths of a conversation whose messages follow parents.
 *
 *     question - answer - question - answer      the shown path
 *                      `- question' - answer     a branch: the question was edited
 *
 * Pure; everything lives in the arena. Lists are in the order in which messages were said, so a
 * parent always stands before its children. */
#pragma once

#include "base/json.h"
#include "store/messages_store.h"

/* From the first message to `leaf`, and behind each the summaries that end with it; empty when
 * there is no such message. */
MessageList branch_path(Arena *arena, const MessageList *all, Str leaf);
/* Where the path on from a message ends, always by its newest child; STR_NONE: no such message. */
Str branch_end(Arena *arena, const MessageList *all, Str id);

typedef struct BranchPlace {
    StrList ids; /* of the messages with this one's parent, itself among them, oldest first */
    size_t at;   /* of itself */
} BranchPlace;
/* For each message of a path, in its order. */
BranchPlace *branch_places(Arena *arena, const MessageList *all, const MessageList *path);
/* NULL: there is none. */
const Message *branch_find(const MessageList *all, Str id);
