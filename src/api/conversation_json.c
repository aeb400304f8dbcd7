#include "api/conversation_json.h"

#define DETAILS_MAX MB(2)

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

/* --- Markdown --- */

/* "1. report.pdf, page 3" for each citation that the answer kept. */
static void add_sources(Buf *out, const Message *message)
{
    AUTO_JSON json_t *details = NULL;
    Error ignored;
    size_t i;
    json_t *citation;
    if (!message->citations.length ||
        !json_parse(message->citations, DETAILS_MAX, &details, &ignored))
        return;
    json_array_foreach(json_object_get(details, "citations"), i, citation)
    {
        Str name = json_member_text(json_object_get(citation, "document"), "name");
        Str place = json_member_text(citation, "place");
        buf_addf(out, "%s%" JSON_INTEGER_FORMAT ". " STR_FMT "%s" STR_FMT "\n", i ? "" : "\n",
                 json_integer_value(json_object_get(citation, "number")), STR_ARG(name),
                 place.length ? ", " : "", STR_ARG(place));
    }
}

Str conversation_markdown(Arena *arena, const Conversation *conversation, const MessageList *all)
{
    Buf out = buf_new(arena, MB(32));
    MessageList path = branch_path(arena, all, conversation->shown);
    buf_addf(&out, "# " STR_FMT "\n", STR_ARG(conversation->title));
    for (size_t i = 0; i < path.count; i++) {
        const Message *message = &path.at[i];
        if (str_is(message->role, MESSAGE_SUMMARY))
            continue;
        if (str_is(message->role, "user"))
            buf_addf(&out, "\n## " STR_FMT "\n", STR_ARG(message->text));
        else
            buf_addf(&out, "\n" STR_FMT "\n", STR_ARG(message->text));
        add_sources(&out, message);
    }
    return buf_str(&out);
}
