/* conversation_markdown.c - see conversation_markdown.h. */
#include "answer/conversation_markdown.h"

#include "answer/branches.h"

#define DETAILS_MAX MB(2)

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
