/* connections_api.c - places outside that documents come from; see connect/connect.h. */
#include "api/api.h"
#include "base/passwords.h"
#include "connect/connect.h"

#define EVERY_MINUTES_USUAL 60

typedef struct ConnectionWork {
    ApiRequest *request;
    Connection connection;
    ConnectionList list;
    ConnectionItemList items;
    ItemState state;
    Slice slice;
    int64_t (*counts)[ITEM_STATE_COUNT]; /* of each */
    Str job;
    bool is_wanted;
} ConnectionWork;

/* --- Showing --- */

static bool put_connection(JsonWriter *json, const ApiRequest *request,
                           const Connection *connection, const int64_t *counts, Error *err)
{
    StrList secrets;
    if (!connect_secrets(request->api->connect, request->arena, connection, &secrets, err))
        return false;
    put_text(json, "id", connection->id);
    put_text(json, "kind", connection->kind);
    put_text(json, "name", connection->name);
    put_raw(json, "settings", passwords_hidden(request->arena, connection->settings));
    put_texts(json, "secrets", secrets);
    put_text_or_null(json, "collection", connection->collection);
    put_int(json, "every_minutes", connection->every_minutes);
    put_text(json, "gone", connection->gone);
    put_bool(json, "on", connection->is_on);
    put_text(json, "phase", connection->phase);
    put_int(json, "failures", connection->failures);
    put_text_or_null(json, "error_code", connection->error_code);
    put_text_or_null(json, "error", connection->error);
    put_object(json, "items");
    for (ItemState i = 0; i < ITEM_STATE_COUNT; i++)
        put_int(json, item_state_name(i), counts[i]);
    put_end(json);
    put_time(json, "next_at", connection->next_at_ms);
    put_time(json, "started_at", connection->started_at_ms);
    put_time(json, "done_at", connection->done_at_ms);
    put_time(json, "created_at", connection->created_at_ms);
    put_time(json, "updated_at", connection->updated_at_ms);
    return true;
}

static bool count_items(DbTx *tx, ConnectionWork *work, const Connection *all, size_t count,
                        Error *err)
{
    work->counts = arena_alloc(work->request->arena, count * sizeof *work->counts);
    for (size_t i = 0; i < count; i++)
        if (!connection_item_counts(tx, work->request->scope, all[i].id, work->counts[i], err))
            return false;
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    ConnectionWork *work = argument;
    return connection_find(tx, work->request->scope, work->request->arena, work->request->params[0],
                           &work->connection, err);
}

static bool show_work(DbTx *tx, void *argument, Error *err)
{
    ConnectionWork *work = argument;
    return connection_find(tx, work->request->scope, work->request->arena, work->connection.id,
                           &work->connection, err) &&
           count_items(tx, work, &work->connection, 1, err);
}

static bool answer_connection(ConnectionWork *work, HttpResponse *response, Error *err)
{
    ApiRequest *request = work->request;
    if (!store_read(request->api->db, request->scope, show_work, work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    bool good = put_connection(&json, request, &work->connection, work->counts[0], err);
    put_end(&json);
    return good;
}

bool connections_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConnectionWork work = { .request = request, .connection.id = request->params[0] };
    return answer_connection(&work, response, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ConnectionWork *work = argument;
    return connection_list(tx, work->request->scope, work->request->arena, &work->slice,
                           &work->list, err) &&
           count_items(tx, work, work->list.at, work->list.count, err);
}

bool connections_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConnectionWork work = { .request = request };
    if (!api_slice_by_key(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        if (!put_connection(&json, request, &work.list.at[i], work.counts[i], err))
            return false;
        put_end(&json);
    }
    api_list_end(&json, work.list.total, work.list.next);
    return true;
}

bool connections_kinds(ApiRequest *request, HttpResponse *response, Error *err)
{
    JsonWriter json = api_list_begin(response);
    (void)request, (void)err;
    for (size_t i = 0; i < connector_count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", str(connector_kinds[i].name));
        put_text(&json, "title", str(connector_kinds[i].title));
        put_text(&json, "source", str(connector_kinds[i].source));
        put_bool(&json, "sends", connect_can_send(&connector_kinds[i]));
        put_raw(&json, "schema", str(*connector_kinds[i].schema));
        put_end(&json);
    }
    api_list_end(&json, (int64_t)connector_count, STR_NONE);
    return true;
}

/* --- Adding and changing --- */

/* From the body; what is not named stays. */
static bool read_wish(ApiRequest *request, ConnectWish *wish, Error *err)
{
    json_t *settings = NULL;
    if (json_is_null(json_object_get(request->json, "collection")))
        wish->collection = STR_NONE;
    if (!api_fields(request, err, { "kind", JSON_STR, &wish->kind, .length_max = 40 },
                    { "name", JSON_STR, &wish->name }, { "settings", JSON_ANY, &settings },
                    { "collection", JSON_STR, &wish->collection, .length_max = 64 },
                    { "every_minutes", JSON_I64, &wish->every_minutes },
                    { "gone", JSON_STR, &wish->gone }, { "on", JSON_FLAG, &wish->is_on }))
        return false;
    wish->settings = settings;
    return true;
}

bool connections_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConnectWish wish = { .gone = S("keep"), .every_minutes = EVERY_MINUTES_USUAL, .is_on = true };
    ConnectionWork work = { .request = request };
    if (!read_wish(request, &wish, err) ||
        !connect_add(request->api->connect, request->scope, request->arena, &wish, &work.connection,
                     err))
        return false;
    response->status = 201;
    return answer_connection(&work, response, err);
}

bool connections_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConnectionWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, find_work, &work, err))
        return false;
    const Connection *was = &work.connection;
    ConnectWish wish = { .kind = was->kind,
                         .name = was->name,
                         .collection = was->collection,
                         .gone = was->gone,
                         .every_minutes = was->every_minutes,
                         .is_on = was->is_on };
    if (!read_wish(request, &wish, err))
        return false;
    if (!str_equal(wish.kind, was->kind))
        return fail_field(err, "kind", "the kind of a connection stays; add another one");
    return connect_change(request->api->connect, request->scope, request->arena, was->id, &wish,
                          &work.connection, err) &&
           answer_connection(&work, response, err);
}

bool connections_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return connect_remove(request->api->connect, request->scope, request->arena, request->params[0],
                          err) &&
           api_done(response);
}

/* --- Trying out, looking now --- */

static bool ask(ApiRequest *request, HttpResponse *response, Str id, Error *err)
{
    ConnectWish wish = { 0 };
    Str says;
    if (!read_wish(request, &wish, err) ||
        !connect_test(request->api->connect, request->scope, request->arena, id, &wish, &says, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "found", says);
    put_end(&json);
    return true;
}

bool connections_try(ApiRequest *request, HttpResponse *response, Error *err)
{
    return ask(request, response, STR_NONE, err);
}

bool connections_test(ApiRequest *request, HttpResponse *response, Error *err)
{
    return ask(request, response, request->params[0], err);
}

static bool sync_work(DbTx *tx, void *argument, Error *err)
{
    ConnectionWork *work = argument;
    const ApiRequest *request = work->request;
    return find_work(tx, work, err) &&
           (work->connection.is_on ||
            fail(err, ERROR_CONFLICT, "the connection is paused; switch it on first")) &&
           connect_sync(tx, request->scope, request->arena, &work->connection, true, &work->job,
                        err);
}

static bool answer_connections_sync(const void *argument, HttpResponse *response)
{
    const ConnectionWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "job", work->job);
    put_end(&json);
    return true;
}

bool connections_sync(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConnectionWork work = { .request = request };
    response->status = 202;
    return api_change(request, response, sync_work, answer_connections_sync, &work, err);
}

bool connections_send(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConnectSending sending = { 0 };
    json_t *properties = NULL;
    if (!api_fields(request, err,
                    { "document", JSON_STR, &sending.document, .required = true, .length_max = 64 },
                    { "below", JSON_STR, &sending.below, .length_max = 200 },
                    { "properties", JSON_ANY, &properties },
                    { "replace", JSON_FLAG, &sending.replaces }))
        return false;
    sending.properties = properties;
    if (!connect_send(request->api->connect, request->scope, request->arena, request->params[0],
                      &sending, err))
        return false;
    response->status = sending.is_new ? 201 : 200;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "remote", sending.remote);
    put_bool(&json, "new", sending.is_new);
    put_end(&json);
    return true;
}

/* --- Items --- */

static void put_item(JsonWriter *json, const ConnectionItem *item)
{
    put_text(json, "key", item->key);
    put_text_or_null(json, "remote", item->remote);
    put_text_or_null(json, "name", item->name);
    put_text(json, "state", str(item_state_name(item->state)));
    put_text_or_null(json, "document", item->document);
    put_text_or_null(json, "version", item->version);
    put_int(json, "tries", item->tries);
    put_text_or_null(json, "error_code", item->error_code);
    put_text_or_null(json, "error", item->error);
    put_time(json, "updated_at", item->updated_at_ms);
}

static bool items_work(DbTx *tx, void *argument, Error *err)
{
    ConnectionWork *work = argument;
    const ApiRequest *request = work->request;
    return find_work(tx, work, err) &&
           connection_item_list(tx, request->scope, request->arena, work->connection.id,
                                work->state, &work->slice, &work->items, err);
}

bool connections_items(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConnectionWork work = { .request = request, .state = ITEM_STATE_COUNT };
    Str state = http_query(request->http, "state");
    if (!api_slice_by_key(request, &work.slice, err))
        return false;
    if (state.length && (work.state = item_state_named(state)) == ITEM_STATE_COUNT)
        return fail_field(err, "state", "there is no state '" STR_FMT "'",
                          STR_ARG(str_slice(state, 0, 40)));
    if (!store_read(request->api->db, request->scope, items_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.items.count; i++) {
        put_object(&json, NULL);
        put_item(&json, &work.items.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.items.next);
    return true;
}

static bool decide_work(DbTx *tx, void *argument, Error *err)
{
    ConnectionWork *work = argument;
    const ApiRequest *request = work->request;
    return connect_decide(tx, request->scope, request->arena, request->params[0],
                          request->params[1], work->is_wanted, err);
}

bool connections_decide(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConnectionWork work = { .request = request };
    Str action = STR_NONE;
    if (!api_fields(request, err, { "action", JSON_STR, &action, .required = true }))
        return false;
    work.is_wanted = str_is(action, "take");
    if (!work.is_wanted && !str_is(action, "ignore"))
        return fail_field(err, "action", "'action' is take or ignore");
    return api_change(request, response, decide_work, NULL, &work, err);
}
