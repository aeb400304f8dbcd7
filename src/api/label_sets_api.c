/* label_sets_api.c - label sets, their examples, and how well they do. */
#include "api/api.h"
#include "base/utf8.h"
#include "classify/labels.h"

#define NAME_MAX_BYTES 200
#define DESCRIPTION_MAX 2000
#define EXAMPLES_MAX 500 /* in one request */

typedef struct SetWork {
    ApiRequest *request;
    LabelSet set;
    LabelSetList list;
    LabelExampleList examples;
    LabelTrainingList trainings;
    ClassificationDayList days;
    LabelExample *given;
    size_t given_count;
    Slice slice;
    Str bytes;
} SetWork;

/* --- Showing --- */

static void put_set(JsonWriter *json, const LabelSet *set)
{
    put_text(json, "id", set->id);
    put_text(json, "name", set->name);
    put_text(json, "description", set->description);
    put_raw(json, "labels", set->labels);
    put_bool(json, "multi", set->is_multi);
    put_number(json, "precision", set->precision_wanted);
    if (set->threshold > 0)
        put_number(json, "threshold", set->threshold);
    else
        put_null(json, "threshold");
    put_text(json, "asks", set->asks);
    put_text_or_null(json, "collection", set->collection);
    put_bool(json, "tags", set->sets_tags);
    put_int(json, "examples", set->example_count);
    put_int(json, "asked", set->asked_count);
    put_bool(json, "trained", set->trained_revision == set->revision);
    put_text_or_null(json, "user", set->user);
    put_time(json, "created_at", set->created_at_ms);
    put_time(json, "updated_at", set->updated_at_ms);
}

static bool answer_set(const void *argument, HttpResponse *response)
{
    const SetWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_set(&json, &work->set);
    put_end(&json);
    return true;
}

/* --- Reading one from the body: what is not named stays --- */

static bool read_labels(SetWork *work, const json_t *labels, bool is_multi, Error *err)
{
    LabelSet *set = &work->set;
    ClassifyLabel *kept;
    size_t count;
    Arena *arena = work->request->arena;
    if (labels)
        return labels_read_list(arena, labels, is_multi, &set->labels, err);
    if (!set->labels.length)
        return fail_field(err, "labels", "'labels' is missing");
    return labels_of_set(arena, set, &kept, &count, err) &&
           (is_multi || count > 1 || fail_field(err, "multi", "one label alone is no choice"));
}

static bool check_numbers(const LabelSet *set, Error *err)
{
    if (set->precision_wanted < 0.5 || set->precision_wanted > 1)
        return fail_field(err, "precision", "'precision' is 0.5 to 1");
    if (set->threshold < 0 || set->threshold > 1)
        return fail_field(err, "threshold", "'threshold' is 0 to 1; 0 or null: as it is measured");
    return str_is(set->asks, "auto") || str_is(set->asks, "encoder") ||
           str_is(set->asks, "model") ||
           fail_field(err, "asks", "'asks' is auto, encoder or model");
}

static bool read_set(SetWork *work, Error *err)
{
    ApiRequest *request = work->request;
    LabelSet *set = &work->set;
    json_t *labels = NULL, *threshold = json_object_get(request->json, "threshold");
    if (json_is_null(threshold))
        set->threshold = 0;
    if (json_is_null(json_object_get(request->json, "collection")))
        set->collection = STR_NONE;
    if (!api_fields(request, err, { "name", JSON_STR, &set->name, .length_max = NAME_MAX_BYTES },
                    { "description", JSON_STR, &set->description, .length_max = DESCRIPTION_MAX },
                    { "labels", JSON_ANY, &labels }, { "multi", JSON_FLAG, &set->is_multi },
                    { "precision", JSON_F64, &set->precision_wanted },
                    { "threshold", JSON_F64, &set->threshold }, { "asks", JSON_STR, &set->asks },
                    { "collection", JSON_STR, &set->collection, .length_max = 64 },
                    { "tags", JSON_FLAG, &set->sets_tags }))
        return false;
    set->name = str_trim(set->name);
    if (!set->name.length)
        return fail_field(err, "name", "a label set needs a name");
    return check_numbers(set, err) && read_labels(work, labels, set->is_multi, err);
}

static bool check_collection(DbTx *tx, const SetWork *work, Error *err)
{
    Collection collection;
    return !work->set.collection.length ||
           collection_find(tx, work->request->scope, work->request->arena, work->set.collection,
                           &collection, err);
}

/* --- Sets --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    SetWork *work = argument;
    return label_set_list(tx, work->request->scope, work->request->arena, STR_NONE, &work->list,
                          err);
}

bool label_sets_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    SetWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_set(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.list.count, STR_NONE);
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    SetWork *work = argument;
    return label_set_find(tx, work->request->scope, work->request->arena, work->request->params[0],
                          &work->set, err);
}

bool label_sets_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    SetWork work = { .request = request };
    return store_read(request->api->db, request->scope, find_work, &work, err) &&
           answer_set(&work, response);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    SetWork *work = argument;
    const ApiRequest *request = work->request;
    return check_collection(tx, work, err) &&
           label_set_add(tx, request->scope, request->arena, &work->set, err) &&
           labels_changed(tx, request->scope, request->arena, work->set.id, err);
}

bool label_sets_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    SetWork work = { .request = request,
                     .set = { .precision_wanted = CLASSIFY_PRECISION_USUAL, .asks = S("auto") } };
    if (!read_set(&work, err))
        return false;
    response->status = 201;
    return api_change(request, response, add_work, answer_set, &work, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    SetWork *work = argument;
    const ApiRequest *request = work->request;
    return find_work(tx, work, err) && read_set(work, err) && check_collection(tx, work, err) &&
           label_set_update(tx, request->scope, request->arena, &work->set, err) &&
           labels_changed(tx, request->scope, request->arena, work->set.id, err) &&
           label_set_find(tx, request->scope, request->arena, work->set.id, &work->set, err);
}

bool label_sets_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    SetWork work = { .request = request };
    return api_change(request, response, change_work, answer_set, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    SetWork *work = argument;
    return find_work(tx, work, err) &&
           label_set_remove(tx, work->request->scope, work->set.id, err);
}

bool label_sets_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    SetWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
}

/* --- Examples --- */

static bool read_example(SetWork *work, const json_t *json, LabelExample *example, Error *err)
{
    json_t *label = NULL, *labels = NULL;
    Arena *arena = work->request->arena;
    if (!json_read(
            json, arena,
            JSON_FIELDS({ "text", JSON_STR, &example->text, .required = true, .length_max = MB(1) },
                        { "label", JSON_ANY, &label }, { "labels", JSON_ANY, &labels }),
            err))
        return false;
    Str text = str_trim(example->text);
    example->text = str_slice(text, 0, utf8_floor(text, MIN(text.length, LABEL_EXAMPLE_MAX)));
    example->source = S("given");
    if (!example->text.length)
        return fail_field(err, "text", "an example has a text");
    if (!label == !labels)
        return fail_field(err, "label", "an example has either 'label' or 'labels'");
    return labels_read_names(arena, &work->set, label ? label : labels, &example->labels, err);
}

/* {text, label} or {examples: [...]}. */
static bool read_examples(SetWork *work, Error *err)
{
    ApiRequest *request = work->request;
    json_t *many = json_object_get(request->json, "examples");
    size_t i;
    const json_t *one;
    size_t count = many ? json_array_size(many) : 1;
    if (!count || count > EXAMPLES_MAX)
        return fail_field(err, "examples", "'examples' is a list of 1 to %d", EXAMPLES_MAX);
    work->given = arena_new_array(request->arena, LabelExample, count);
    work->given_count = count;
    if (!many)
        return read_example(work, request->json, work->given, err);
    json_array_foreach(many, i, one)
    {
        if (!read_example(work, one, &work->given[i], err))
            return fail_in(err, "example %zu", i + 1);
    }
    return true;
}

static bool teach_work(DbTx *tx, void *argument, Error *err)
{
    SetWork *work = argument;
    const ApiRequest *request = work->request;
    if (!find_work(tx, work, err) || !read_examples(work, err))
        return false;
    for (size_t i = 0; i < work->given_count; i++)
        if (!label_example_set(tx, request->scope, request->arena, work->set.id, &work->given[i],
                               err))
            return false;
    return labels_changed(tx, request->scope, request->arena, work->set.id, err);
}

static void put_example(JsonWriter *json, const LabelExample *example)
{
    put_object(json, NULL);
    put_text(json, "id", example->id);
    put_text(json, "text", example->text);
    put_raw(json, "labels", example->labels);
    put_text(json, "source", example->source);
    put_text_or_null(json, "document", example->document);
    put_text_or_null(json, "user", example->user);
    put_time(json, "created_at", example->created_at_ms);
    put_end(json);
}

static bool answer_label_examples_add(const void *argument, HttpResponse *response)
{
    const SetWork *work = argument;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work->given_count; i++)
        put_example(&json, &work->given[i]);
    api_list_end(&json, (int64_t)work->given_count, STR_NONE);
    return true;
}

bool label_examples_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    SetWork work = { .request = request };
    response->status = 201;
    return api_change(request, response, teach_work, answer_label_examples_add, &work, err);
}

static bool examples_work(DbTx *tx, void *argument, Error *err)
{
    SetWork *work = argument;
    return find_work(tx, work, err) &&
           label_example_list(tx, work->request->scope, work->request->arena, work->set.id,
                              &work->slice, &work->examples, err);
}

bool label_examples_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    SetWork work = { .request = request };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, examples_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.examples.count; i++)
        put_example(&json, &work.examples.at[i]);
    api_list_end(&json, work.set.example_count, work.examples.next);
    return true;
}

static bool forget_work(DbTx *tx, void *argument, Error *err)
{
    SetWork *work = argument;
    const ApiRequest *request = work->request;
    return find_work(tx, work, err) &&
           label_example_remove(tx, request->scope, work->set.id, request->params[1], err) &&
           labels_changed(tx, request->scope, request->arena, work->set.id, err);
}

bool label_examples_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    SetWork work = { .request = request };
    return api_change(request, response, forget_work, NULL, &work, err);
}

/* --- How well it does --- */

static void put_reliability(JsonWriter *json, const Classifier *classifier)
{
    const Reliability *reliability = &classifier->measures.reliability;
    put_array(json, "reliability");
    for (int i = 0; i < RELIABILITY_BINS; i++) {
        const ReliabilityBin *bin = &reliability->bins[i];
        put_object(json, NULL);
        put_number(json, "from", i / (double)RELIABILITY_BINS);
        put_int(json, "count", (int64_t)bin->count);
        put_number(json, "confidence", bin->confidence);
        put_number(json, "accuracy", bin->accuracy);
        put_end(json);
    }
    put_end(json);
}

static void put_confusion(JsonWriter *json, const Classifier *classifier)
{
    const uint32_t *at = classifier->measures.confusion;
    size_t labels = at ? classifier->label_count : 0;
    put_array(json, "confusions");
    for (size_t i = 0; i < labels * labels; i++) {
        if (!at[i] || i / labels == i % labels)
            continue;
        put_object(json, NULL);
        put_text(json, "label", classifier->labels[i / labels].name);
        put_text(json, "said", classifier->labels[i % labels].name);
        put_int(json, "count", at[i]);
        put_end(json);
    }
    put_end(json);
}

static void put_measures(JsonWriter *json, const Classifier *classifier)
{
    const ClassifyMeasures *m = &classifier->measures;
    put_text(json, "way", str(classify_way_name(classifier->way)));
    put_text(json, "model", classifier->model);
    put_int(json, "examples", (int64_t)m->example_count);
    put_bool(json, "measured", m->fold_count > 0);
    put_number(json, "accuracy", m->accuracy);
    put_number(json, "macro_f1", m->macro_f1);
    put_number(json, "calibration_error", m->reliability.error);
    put_number(json, "threshold", m->threshold);
    put_number(json, "sure_share", m->sure_share);
    put_number(json, "sure_precision", m->sure_precision);
    put_reliability(json, classifier);
    put_confusion(json, classifier);
}

static void put_history(JsonWriter *json, const SetWork *work)
{
    put_array(json, "trainings");
    for (size_t i = 0; i < work->trainings.count; i++) {
        const LabelTraining *one = &work->trainings.at[i];
        put_object(json, NULL);
        put_time(json, "trained_at", one->trained_at_ms);
        put_text(json, "way", one->way);
        put_int(json, "examples", one->examples);
        put_bool(json, "measured", one->folds > 0);
        put_number(json, "accuracy", one->accuracy);
        put_number(json, "macro_f1", one->macro_f1);
        put_number(json, "calibration_error", one->calibration_error);
        put_number(json, "threshold", one->threshold);
        put_end(json);
    }
    put_end(json);
    put_array(json, "days");
    for (size_t i = 0; i < work->days.count; i++) {
        const ClassificationDay *day = &work->days.at[i];
        put_object(json, NULL);
        put_time(json, "day", day->day_ms);
        put_int(json, "confirmed", day->confirmed);
        put_int(json, "corrected", day->corrected);
        put_number(json, "accuracy",
                   (double)day->confirmed / (double)(day->confirmed + day->corrected));
        put_end(json);
    }
    put_end(json);
}

static bool accuracy_work(DbTx *tx, void *argument, Error *err)
{
    SetWork *work = argument;
    const Scope *scope = work->request->scope;
    Arena *arena = work->request->arena;
    return find_work(tx, work, err) &&
           label_set_classifier(tx, scope, arena, work->set.id, &work->bytes, err) &&
           label_training_list(tx, scope, arena, work->set.id, &work->trainings, err) &&
           classification_days(tx, scope, arena, work->set.id, &work->days, err);
}

/* What is kept, or null when nothing was trained yet. */
static void put_current(JsonWriter *json, Arena *arena, Str bytes)
{
    Classifier classifier;
    Error damaged;
    if (!bytes.length || !classifier_unpack(arena, bytes, &classifier, &damaged)) {
        put_null(json, "current");
        return;
    }
    put_object(json, "current");
    put_measures(json, &classifier);
    put_end(json);
}

bool label_sets_accuracy(ApiRequest *request, HttpResponse *response, Error *err)
{
    SetWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, accuracy_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_current(&json, request->arena, work.bytes);
    put_bool(&json, "up_to_date", work.set.trained_revision == work.set.revision);
    put_history(&json, &work);
    put_end(&json);
    return true;
}

bool label_sets_train(ApiRequest *request, HttpResponse *response, Error *err)
{
    SetWork work = { .request = request };
    Classifier classifier;
    if (!store_read(request->api->db, request->scope, find_work, &work, err) ||
        !labels_train(request->api->labels, request->scope, ENCODE_QUERY, request->arena,
                      work.set.id, NULL, &classifier, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_measures(&json, &classifier);
    put_end(&json);
    return true;
}
