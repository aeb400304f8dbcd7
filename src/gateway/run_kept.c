/* run_kept.c - answers that are gone on from: whose they are, and what they bring to a request. */
#include "gateway/gateway_int.h"
#include "gateway/run_background.h"

Str kept_owner(Arena *arena, Str workspace, Str user)
{
    return str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(workspace), STR_ARG(user));
}

bool gateway_recall(Gateway *gateway, Arena *arena, Str workspace, Str user, Str id, Str *reply_r)
{
    KeptAnswer answer;
    if (!kept_find(gateway->kept, arena, kept_owner(arena, workspace, user), id, &answer))
        return false;
    *reply_r = answer.reply;
    return true;
}

bool gateway_recall_asked(Gateway *gateway, Arena *arena, Str workspace, Str user, Str id,
                          Str *items_r)
{
    KeptAnswer answer;
    if (!kept_find(gateway->kept, arena, kept_owner(arena, workspace, user), id, &answer))
        return false;
    *items_r = str_slice(answer.items, 0, answer.asked);
    return true;
}

void gateway_cancel(Gateway *gateway, Arena *arena, Str workspace, Str user, Str id)
{
    background_cancel(gateway->backgrounds, kept_owner(arena, workspace, user), id);
}

bool gateway_drop(Gateway *gateway, Arena *arena, Str workspace, Str user, Str id)
{
    return kept_remove(gateway->kept, kept_owner(arena, workspace, user), id);
}

bool gateway_go_on(Gateway *gateway, Arena *arena, Str workspace, Str user, ModelRequest *request,
                   Error *err)
{
    KeptAnswer answer;
    if (!request->previous.length)
        return true;
    if (!kept_find(gateway->kept, arena, kept_owner(arena, workspace, user), request->previous,
                   &answer)) {
        fail(err, ERROR_NOT_FOUND,
             "the response '" STR_FMT "' is not kept here: answers are kept for an hour, by the "
             "node that gave them; send the whole conversation as input",
             STR_ARG(str_slice(request->previous, 0, 80)));
        snprintf(err->field, sizeof err->field, "previous_response_id");
        return false;
    }
    request->earlier = answer.items;
    if (answer.items.length)
        return true;
    fail(err, ERROR_CONFLICT, "the response '" STR_FMT "' has no answer to go on from",
         STR_ARG(str_slice(request->previous, 0, 80)));
    snprintf(err->field, sizeof err->field, "previous_response_id");
    return false;
}

void gateway_keep(Gateway *gateway, Str workspace, Str user, const FrontWriter *writer)
{
    if (writer->kept_reply.length)
        kept_add(gateway->kept, kept_owner(writer->arena, workspace, user), writer->id,
                 (KeptAnswer){ writer->kept_reply, writer->kept_items, writer->kept_asked });
}
