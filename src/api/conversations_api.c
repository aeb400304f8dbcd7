/* conversations_api.c - conversations with their branches, folders and links, and what people
 * thought of the answers. */
#include "answer/conversation_markdown.h"
#include "api/conversation_json.h"
#include "base/id.h"
#include "feedback/feedback.h"
#include "models/personas.h"

typedef struct ConversationWork {
    ApiRequest *request;
    Slice slice;
    Conversation conversation;
    ConversationList list;
    MessageList messages;
    ConversationFolderList folders;
    Str title, folder, persona, shown, reason;
    bool is_pinned;
    int64_t rating;
} ConversationWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    HttpRequest *http = work->request->http;
    ConversationFilter filter = { .words = http_query(http, "q"),
                                  .folder = http_query(http, "folder"),
                                  .only_pinned = str_is(http_query(http, "pinned"), "1") };
    return conversation_list(tx, work->request->scope, work->request->arena, &filter, &work->slice,
                             &work->list, err);
}

bool conversations_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    if (!api_slice_by_key(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_conversation(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, work.list.total, work.list.next);
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    const ApiRequest *request = work->request;
    return conversation_find(tx, request->scope, request->arena, request->params[0],
                             &work->conversation, err) &&
           message_list(tx, request->scope, request->arena, request->params[0], 0, &work->messages,
                        err);
}

bool conversations_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, find_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_conversation(&json, &work.conversation);
    put_messages(&json, request->arena, &work.messages, work.conversation.shown);
    put_end(&json);
    return true;
}

/* --- Changing --- */

static bool has(const ConversationWork *work, const char *name)
{
    return json_object_get(work->request->json, name) != NULL;
}

/* Who answers from now on; "" for nobody in particular. */
static bool set_persona(DbTx *tx, ConversationWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    Persona persona = { 0 };
    if (work->persona.length &&
        !persona_find(tx, request->scope, request->arena, work->persona, &persona, err))
        return false;
    work->conversation.persona = persona.id;
    return true;
}

/* The path that goes through this message, and on by the newest after it. */
static bool set_shown(ConversationWork *work, Error *err)
{
    Str end = branch_end(work->request->arena, &work->messages, work->shown);
    if (!end.length)
        return fail_field(err, "shown", "the conversation has no message '" STR_FMT "'",
                          STR_ARG(work->shown));
    work->conversation.shown = end;
    return true;
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    Conversation *conversation = &work->conversation;
    if (!find_work(tx, work, err))
        return false;
    if (has(work, "title"))
        conversation->title = str_trim(work->title);
    if (has(work, "pinned"))
        conversation->is_pinned = work->is_pinned;
    if (has(work, "folder"))
        conversation->folder = str_trim(work->folder);
    return (!has(work, "persona") || set_persona(tx, work, err)) &&
           (!has(work, "shown") || set_shown(work, err)) &&
           conversation_update(tx, work->request->scope, conversation, err);
}

static bool answer_one(const void *argument, HttpResponse *response)
{
    const ConversationWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_conversation(&json, &work->conversation);
    put_end(&json);
    return true;
}

bool conversations_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    if (!api_fields(request, err, { "title", JSON_STR, &work.title, .length_max = 500 },
                    { "folder", JSON_STR, &work.folder, .length_max = 100 },
                    { "persona", JSON_STR, &work.persona, .length_max = 200 },
                    { "shown", JSON_STR, &work.shown, .length_max = 64 },
                    { "pinned", JSON_FLAG, &work.is_pinned }))
        return false;
    if (has(&work, "title") && !str_trim(work.title).length)
        return fail_field(err, "title", "a conversation needs a title");
    return api_change(request, response, change_work, answer_one, &work, err);
}

/* --- Folders --- */

static bool folders_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    return conversation_folders(tx, work->request->scope, work->request->arena, &work->folders,
                                err);
}

bool conversations_folders(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, folders_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.folders.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", work.folders.at[i].name);
        put_int(&json, "conversations", work.folders.at[i].count);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.folders.count, STR_NONE);
    return true;
}

/* --- Sharing --- */

static bool share_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    const ApiRequest *request = work->request;
    if (!conversation_find(tx, request->scope, request->arena, request->params[0],
                           &work->conversation, err))
        return false;
    if (!work->conversation.share.length)
        work->conversation.share = id_new(request->arena);
    return conversation_update(tx, request->scope, &work->conversation, err);
}

bool conversations_share(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    return api_change(request, response, share_work, answer_one, &work, err);
}

static bool unshare_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    const ApiRequest *request = work->request;
    if (!conversation_find(tx, request->scope, request->arena, request->params[0],
                           &work->conversation, err))
        return false;
    work->conversation.share = STR_NONE;
    return conversation_update(tx, request->scope, &work->conversation, err);
}

bool conversations_unshare(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    return api_change(request, response, unshare_work, NULL, &work, err);
}

/* Who shares it lets others of the workspace read its messages. */
static bool shared_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    const ApiRequest *request = work->request;
    Scope owner = *request->scope;
    if (!conversation_find_shared(tx, request->scope, request->arena, request->params[0],
                                  &work->conversation, err))
        return false;
    owner.user = work->conversation.user;
    return message_list(tx, &owner, request->arena, work->conversation.id, 0, &work->messages, err);
}

bool conversations_shared(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, shared_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_conversation(&json, &work.conversation);
    put_bool(&json, "is_mine", str_equal(work.conversation.user, scope_keeper(request->scope)));
    put_messages(&json, request->arena, &work.messages, work.conversation.shown);
    put_end(&json);
    return true;
}

/* --- Export --- */

bool conversations_export(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    Str format = http_query(request->http, "format");
    bool is_markdown = !format.length || str_is(format, "markdown");
    if (!is_markdown && !str_is(format, "json"))
        return fail_field(err, "format", "'format' is markdown or json");
    if (!store_read(request->api->db, request->scope, find_work, &work, err))
        return false;
    http_header(response, "Content-Disposition",
                is_markdown ? S("attachment; filename=\"conversation.md\"")
                            : S("attachment; filename=\"conversation.json\""));
    if (is_markdown) {
        response->media_type = S("text/markdown; charset=utf-8");
        buf_add(&response->body,
                conversation_markdown(request->arena, &work.conversation, &work.messages));
        return true;
    }
    JsonWriter json = put_begin(&response->body);
    put_conversation(&json, &work.conversation);
    put_messages(&json, request->arena, &work.messages, work.conversation.shown);
    put_end(&json);
    return true;
}

/* --- Removing, and what people thought --- */

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    return conversation_remove(tx, work->request->scope, work->request->params[0], err);
}

bool conversations_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
}

static bool rate_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    Feedback feedback = { .kind = S("answer"),
                          .item = work->request->params[0],
                          .rating = (int)work->rating,
                          .reason = work->reason };
    return feedback_rate(tx, work->request->scope, work->request->arena, &feedback, err);
}

bool messages_feedback(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    return api_fields(request, err,
                      { "rating", JSON_I64, &work.rating, .required = true, .min = -1, .max = 1 },
                      { "reason", JSON_STR, &work.reason, .length_max = 2000 }) &&
           api_change(request, response, rate_work, NULL, &work, err);
}
