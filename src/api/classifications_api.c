/* classifications_api.c - what was said of documents and texts, and people who are asked. */
#include "api/api.h"
#include "classify/labels.h"

/* --- Classifications --- */

typedef struct SaidWork {
    ApiRequest *request;
    ClassificationFilter filter;
    Slice slice;
    ClassificationList list;
    Classification one;
    json_t *names; /* NULL: as it was said */
} SaidWork;

static bool answer_one(const void *argument, HttpResponse *response)
{
    const SaidWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    labels_put_classification(&json, &work->one);
    put_end(&json);
    return true;
}

static bool check_state(Str state, Error *err)
{
    static const char *const states[] = { "", "sure", "asked", "confirmed", "corrected" };
    for (size_t i = 0; i < COUNT(states); i++)
        if (str_is(state, states[i]))
            return true;
    return fail_field(err, "state", "'state' is sure, asked, confirmed or corrected");
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    SaidWork *work = argument;
    const ApiRequest *request = work->request;
    LabelSet set;
    if (work->filter.set.length) {
        if (!label_set_find(tx, request->scope, request->arena, work->filter.set, &set, err))
            return false;
        work->filter.set = set.id;
    }
    return classification_list(tx, request->scope, request->arena, &work->filter, &work->slice,
                               &work->list, err);
}

bool classifications_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    SaidWork work = { .request = request,
                      .filter = { .state = http_query(request->http, "state"),
                                  .set = http_query(request->http, "label_set"),
                                  .document = http_query(request->http, "document") } };
    if (!check_state(work.filter.state, err) || !api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        labels_put_classification(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    SaidWork *work = argument;
    return classification_find(tx, work->request->scope, work->request->arena,
                               work->request->params[0], &work->one, err);
}

bool classifications_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    SaidWork work = { .request = request };
    return store_read(request->api->db, request->scope, find_work, &work, err) &&
           answer_one(&work, response);
}

static bool decide_work(DbTx *tx, void *argument, Error *err)
{
    SaidWork *work = argument;
    const ApiRequest *request = work->request;
    return labels_decide(tx, request->scope, request->arena, request->params[0], work->names,
                         &work->one, err);
}

bool classifications_confirm(ApiRequest *request, HttpResponse *response, Error *err)
{
    SaidWork work = { .request = request };
    return api_change(request, response, decide_work, answer_one, &work, err);
}

bool classifications_correct(ApiRequest *request, HttpResponse *response, Error *err)
{
    SaidWork work = { .request = request };
    json_t *label = NULL, *labels = NULL;
    if (!api_fields(request, err, { "label", JSON_ANY, &label }, { "labels", JSON_ANY, &labels }))
        return false;
    if (!label == !labels)
        return fail_field(err, "label", "give either 'label' or 'labels'");
    work.names = label ? label : labels;
    return api_change(request, response, decide_work, answer_one, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const SaidWork *work = argument;
    return classification_remove(tx, work->request->scope, work->request->params[0], err);
}

bool classifications_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    SaidWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
}
