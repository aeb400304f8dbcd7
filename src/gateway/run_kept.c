/* run_kept.c - answers that are gone on from: whose they are, and what they bring to a request. */
#include "gateway/gateway_int.h"

static Str owner_of(Arena *arena, Str workspace, Str user)
{
    return str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(workspace), STR_ARG(user));
}

bool gateway_recall(Gateway *gateway, Arena *arena, Str workspace, Str user, Str id, Str *reply_r)
{
    KeptAnswer answer;
    if (!kept_find(gateway->kept, arena, owner_of(arena, workspace, user), id, &answer))
        return false;
    *reply_r = answer.reply;
    return true;
}

bool gateway_drop(Gateway *gateway, Arena *arena, Str workspace, Str user, Str id)
{
    return kept_remove(gateway->kept, owner_of(arena, workspace, user), id);
}

bool gateway_go_on(Gateway *gateway, Arena *arena, Str workspace, Str user, ModelRequest *request,
                   Error *err)
{
    KeptAnswer answer;
    if (!request->previous.length)
        return true;
    if (!kept_find(gateway->kept, arena, owner_of(arena, workspace, user), request->previous,
                   &answer)) {
        fail(err, ERROR_NOT_FOUND,
             "the response '" STR_FMT "' is not kept here: answers are kept for an hour, by the "
             "node that gave them; send the whole conversation as input",
             STR_ARG(str_slice(request->previous, 0, 80)));
        snprintf(err->field, sizeof err->field, "previous_response_id");
        return false;
    }
    request->earlier = answer.items;
    return true;
}

void gateway_keep(Gateway *gateway, Str workspace, Str user, const FrontWriter *writer)
{
    if (writer->kept_reply.length)
        kept_add(gateway->kept, owner_of(writer->arena, workspace, user), writer->id,
                 (KeptAnswer){ writer->kept_reply, writer->kept_items });
}
