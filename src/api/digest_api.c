/* digest_api.c - what is new in a collection, now or again and again. */
#include "api/api.h"
#include "base/clock.h"
#include "store/collections_store.h"
#include "summary/digest.h"

#define MEMORY_MAX MB(1024)
#define DAYS_MAX 366
#define DAY_MS INT64_C(86400000)

typedef struct DigestWork {
    const ApiRequest *request;
    int64_t every_days;
    DigestPlan plan;
    bool has_plan;
    KeptSummaryList list;
} DigestWork;

static bool find_plan(DbTx *tx, DigestWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    Error why = { 0 };
    work->has_plan =
        digest_plan_find(tx, request->scope, request->arena, request->params[0], &work->plan, &why);
    return work->has_plan || why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
}

static bool plan_work(DbTx *tx, void *argument, Error *err) { return find_plan(tx, argument, err); }

static void put_plan(JsonWriter *json, const DigestWork *work)
{
    if (!work->has_plan) {
        put_null(json, "plan");
        return;
    }
    put_object(json, "plan");
    put_int(json, "every_days", work->plan.every_days);
    put_time(json, "last_at", work->plan.last_at_ms);
    put_end(json);
}

bool digest_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    DigestWork work = { .request = request };
    DigestWish wish = { .collection = request->params[0], .until_ms = now_ms() };
    int64_t days, total;
    Str digest;
    if (!api_query_int(request, "days", 1, DAYS_MAX, 7, &days, err) ||
        !store_read(request->api->db, request->scope, plan_work, &work, err))
        return false;
    wish.since_ms = wish.until_ms - days * DAY_MS;
    if (!digest_make(request->api->summaries, request->scope, arena, &wish, &digest, &total, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_raw(&json, "digest", digest);
    put_plan(&json, &work);
    put_end(&json);
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    DigestWork *work = argument;
    return summary_list(tx, work->request->scope, work->request->arena, S(DIGEST_KIND),
                        work->request->params[0], &work->list, err);
}

bool digests_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    DigestWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "id", work.list.at[i].id);
        put_time(&json, "created_at", work.list.at[i].created_at_ms);
        put_raw(&json, "digest", work.list.at[i].result);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.list.count, S(""));
    return true;
}

static bool set_work(DbTx *tx, void *argument, Error *err)
{
    DigestWork *work = argument;
    const ApiRequest *request = work->request;
    Collection collection;
    return collection_find(tx, request->scope, request->arena, request->params[0], &collection,
                           err) &&
           (work->every_days
                ? digest_plan_set(tx, request->scope, request->params[0], work->every_days, err)
                : digest_plan_remove(tx, request->scope, request->params[0], err)) &&
           find_plan(tx, work, err);
}

bool digest_set(ApiRequest *request, HttpResponse *response, Error *err)
{
    DigestWork work = { .request = request, .every_days = 7 };
    if (!api_fields(request, err,
                    { "every_days", JSON_I64, &work.every_days, .min = 0, .max = DAYS_MAX }) ||
        !store_write(request->api->db, request->scope, set_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_plan(&json, &work);
    put_end(&json);
    return true;
}
