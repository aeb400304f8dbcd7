#include "api/conversation_json.h"

void put_conversation(JsonWriter *json, const Conversation *conversation)
{
    put_text(json, "id", conversation->id);
    put_text(json, "title", conversation->title);
    put_bool(json, "pinned", conversation->is_pinned);
    put_text(json, "folder", conversation->folder);
    put_text_or_null(json, "persona", conversation->persona);
    put_text_or_null(json, "share", conversation->share);
    put_text_or_null(json, "shown", conversation->shown);
    put_int(json, "message_count", conversation->message_count);
    put_time(json, "created_at", conversation->created_at_ms);
    put_time(json, "updated_at", conversation->updated_at_ms);
}

/* What was kept beside an answer's text is the answer's own JSON object; see answer/keep.c. */
static void put_message(JsonWriter *json, const Message *message, const BranchPlace *place)
{
    put_object(json, NULL);
    put_text(json, "id", message->id);
    put_text_or_null(json, "parent", message->parent);
    put_text(json, "role", message->role);
    put_text(json, "text", message->text);
    put_raw(json, "details", message->citations.length ? message->citations : S("null"));
    put_text_or_null(json, "model", message->model);
    put_text(json, "status", message->status);
    put_object(json, "feedback");
    put_int(json, "rating", message->rating);
    put_text(json, "reason", message->rating_reason);
    put_end(json);
    put_texts(json, "branches", place->ids);
    put_time(json, "created_at", message->created_at_ms);
    put_end(json);
}

void put_messages(JsonWriter *json, Arena *arena, const MessageList *all, Str leaf)
{
    MessageList path = branch_path(arena, all, leaf);
    BranchPlace *places = branch_places(arena, all, &path);
    put_array(json, "messages");
    for (size_t i = 0; i < path.count; i++)
        put_message(json, &path.at[i], &places[i]);
    put_end(json);
}
