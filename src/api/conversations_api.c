/* conversations_api.c - conversations, their messages, and what people thought of the answers. */
#include "api/document_json.h"

typedef struct ConversationWork {
    ApiRequest *request;
    Slice slice;
    Conversation conversation;
    ConversationList list;
    MessageList messages;
    Str title, reason;
    bool has_title, has_pinned, is_pinned;
    int64_t rating;
} ConversationWork;

static void put_conversation(JsonWriter *json, const Conversation *conversation)
{
    put_text(json, "id", conversation->id);
    put_text(json, "title", conversation->title);
    put_bool(json, "pinned", conversation->is_pinned);
    put_int(json, "message_count", conversation->message_count);
    put_time(json, "created_at", conversation->created_at_ms);
    put_time(json, "updated_at", conversation->updated_at_ms);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    return conversation_list(tx, work->request->scope, work->request->arena,
                             http_query(work->request->http, "q"), &work->slice, &work->list, err);
}

bool conversations_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    if (!api_slice(request, &work.slice, err) ||
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

/* What was kept beside an answer's text is the answer's own JSON object; see answer/keep.c. */
static void put_message(JsonWriter *json, const Message *message)
{
    put_object(json, NULL);
    put_text(json, "id", message->id);
    put_text(json, "role", message->role);
    put_text(json, "text", message->text);
    put_raw(json, "details", message->citations.length ? message->citations : S("null"));
    put_text_or_null(json, "model", message->model);
    put_text(json, "status", message->status);
    put_object(json, "feedback");
    put_int(json, "rating", message->rating);
    put_text(json, "reason", message->rating_reason);
    put_end(json);
    put_time(json, "created_at", message->created_at_ms);
    put_end(json);
}

bool conversations_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, find_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_conversation(&json, &work.conversation);
    put_array(&json, "messages");
    for (size_t i = 0; i < work.messages.count; i++)
        put_message(&json, &work.messages.at[i]);
    put_end(&json);
    put_end(&json);
    return true;
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    const ApiRequest *request = work->request;
    if (!conversation_find(tx, request->scope, request->arena, request->params[0],
                           &work->conversation, err))
        return false;
    if (work->has_title)
        work->conversation.title = work->title;
    if (work->has_pinned)
        work->conversation.is_pinned = work->is_pinned;
    return conversation_update(tx, request->scope, &work->conversation, err);
}

bool conversations_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    if (!api_fields(request, err, { "title", JSON_STR, &work.title, .length_max = 500 },
                    { "pinned", JSON_FLAG, &work.is_pinned }))
        return false;
    work.has_title = json_object_get(request->json, "title") != NULL;
    work.has_pinned = json_object_get(request->json, "pinned") != NULL;
    if (!store_write(request->api->db, request->scope, change_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_conversation(&json, &work.conversation);
    put_end(&json);
    return true;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    return conversation_remove(tx, work->request->scope, work->request->params[0], err);
}

bool conversations_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    return store_write(request->api->db, request->scope, remove_work, &work, err) &&
           api_done(response);
}

static bool rate_work(DbTx *tx, void *argument, Error *err)
{
    ConversationWork *work = argument;
    return message_rate(tx, work->request->scope, work->request->params[0], (int)work->rating,
                        work->reason, err);
}

bool messages_feedback(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversationWork work = { .request = request };
    return api_fields(request, err,
                      { "rating", JSON_I64, &work.rating, .required = true, .min = -1, .max = 1 },
                      { "reason", JSON_STR, &work.reason, .length_max = 2000 }) &&
           store_write(request->api->db, request->scope, rate_work, &work, err) &&
           api_done(response);
}
