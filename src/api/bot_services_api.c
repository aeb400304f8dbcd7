/* bot_services_api.c - services that send bots into meetings. */
#include "api/api.h"
#include "meetings/meetings.h"

typedef struct ServicesWork {
    ApiRequest *request;
    BotServiceRow row;
    BotServiceList list;
} ServicesWork;

static void put_service(JsonWriter *json, const ApiRequest *request, const BotServiceRow *row)
{
    const BotService *service = bot_service_named(row->kind);
    put_text(json, "id", row->id);
    put_text(json, "kind", row->kind);
    put_text(json, "title", str(service ? service->title : ""));
    put_text(json, "name", row->name);
    put_text(json, "url", row->url);
    put_bool(json, "keep_recordings", row->keeps_recordings);
    put_text_or_null(
        json, "webhook_url",
        meetings_webhook_url(request->api->meetings, request->arena, request->scope, row->id));
    put_text(json, "webhook_path",
             str_format(request->arena, "/v1/meeting-bot-webhooks/" STR_FMT "." STR_FMT,
                        STR_ARG(request->scope->workspace), STR_ARG(row->id)));
    put_time(json, "created_at", row->created_at_ms);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ServicesWork *work = argument;
    return bot_service_list(tx, work->request->scope, work->request->arena, &work->list, err);
}

bool meeting_bot_services_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    ServicesWork work = { .request = request };
    BotServices kinds = bot_services();
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "items");
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_service(&json, request, &work.list.at[i]);
        put_end(&json);
    }
    put_end(&json);
    put_array(&json, "kinds");
    for (size_t i = 0; i < kinds.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "kind", str(kinds.at[i].name));
        put_text(&json, "title", str(kinds.at[i].title));
        put_text(&json, "url", str(kinds.at[i].url));
        put_text(&json, "links", str(kinds.at[i].links));
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

bool meeting_bot_services_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    ServicesWork work = { .request = request, .row = { .kind = S("attendee") } };
    BotServiceRow *row = &work.row;
    Str key = STR_NONE, secret = STR_NONE;
    if (!api_fields(request, err, { "kind", JSON_STR, &row->kind, .length_max = 20 },
                    { "name", JSON_STR, &row->name, .length_max = 100 },
                    { "url", JSON_STR, &row->url, .length_max = 2000 },
                    { "key", JSON_STR, &key, true, .length_max = KB(4) },
                    { "webhook_secret", JSON_STR, &secret, .length_max = KB(4) },
                    { "keep_recordings", JSON_FLAG, &row->keeps_recordings }) ||
        !meetings_add_service(request->api->meetings, request->scope, request->arena, row, key,
                              secret, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_service(&json, request, row);
    put_end(&json);
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    ServicesWork *work = argument;
    const ApiRequest *request = work->request;
    return bot_service_find(tx, request->scope, request->arena, request->params[0], &work->row,
                            err);
}

bool meeting_bot_services_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    ServicesWork work = { .request = request };
    Str key = STR_NONE, secret = STR_NONE;
    return store_read(request->api->db, request->scope, find_work, &work, err) &&
           api_fields(request, err, { "key", JSON_STR, &key, .length_max = KB(4) },
                      { "webhook_secret", JSON_STR, &secret, .length_max = KB(4) },
                      { "keep_recordings", JSON_FLAG, &work.row.keeps_recordings }) &&
           meetings_change_service(request->api->meetings, request->scope, request->arena,
                                   &work.row, key, secret, err) &&
           api_done(response);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const ServicesWork *work = argument;
    return bot_service_remove(tx, work->request->scope, work->request->params[0], err);
}

bool meeting_bot_services_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    ServicesWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
}
