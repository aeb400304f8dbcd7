/* classify_api.c - a text's labels, and what else there is to say of it. */
#include "api/assistant.h"
#include "base/clock.h"
#include "classify/document_type.h"
#include "classify/labels.h"
#include "store/recipes_store.h"
#include "text/date.h"

#define EXAMPLES_MAX 200 /* in one request, of all labels */
#define WORKFLOW_MAX MB(1)

typedef struct ClassifyWork {
    ApiRequest *request;
    StopCheck client;
    Str text, document, set, workflow; /* set, workflow: by id or name */
    json_t *labels;                    /* given with the text */
    bool is_multi, is_kept;
    ClassifySet given; /* of `labels` */
    SaidLabels said;   /* by them */
    LabelSource source;
    Recipe recipe;
    StageList stages; /* none: nothing was asked for */
    Embedder embedder;
    bool has_embedder;
    Error no_embedder;
} ClassifyWork;

/* --- Labels that come with the text --- */

/* A label is its name, or {name, description, examples}. */
static bool read_label(ApiRequest *request, json_t *item, ClassifyLabel *label_r,
                       StrList *examples_r, Error *err)
{
    ClassifyLabel label = { 0 };
    StrList examples = { 0 };
    if (json_is_string(item))
        label.name =
            str_copy(request->arena, (Str){ json_string_value(item), json_string_length(item) });
    else if (!json_read(
                 item, request->arena,
                 JSON_FIELDS({ "name", JSON_STR, &label.name, .required = true },
                             { "description", JSON_STR, &label.description },
                             { "examples", JSON_STRS, &examples, .length_max = EXAMPLES_MAX }),
                 err))
        return fail_in(err, "labels");
    *label_r = label;
    *examples_r = examples;
    return true;
}

static bool read_set(ApiRequest *request, json_t *items, ClassifySet *set, Error *err)
{
    size_t count = json_array_size(items), total = 0;
    if (!json_is_array(items) || count > CLASSIFY_LABELS_MAX)
        return fail_field(err, "labels",
                          "labels is a list of at most %d names, or of objects with a name",
                          CLASSIFY_LABELS_MAX);
    ClassifyLabel *labels = arena_new_array(request->arena, ClassifyLabel, count);
    ClassifyExample *examples = arena_new_array(request->arena, ClassifyExample, EXAMPLES_MAX);
    uint16_t *indexes = arena_new_array(request->arena, uint16_t, count);
    for (size_t l = 0; l < count; l++) {
        StrList texts = { 0 };
        if (!read_label(request, json_array_get(items, l), &labels[l], &texts, err))
            return false;
        if (total + texts.count > EXAMPLES_MAX)
            return fail_field(err, "labels", "at most %d examples in one request", EXAMPLES_MAX);
        indexes[l] = (uint16_t)l;
        for (size_t i = 0; i < texts.count; i++)
            examples[total++] = (ClassifyExample){ texts.at[i], &indexes[l], 1 };
    }
    set->labels = labels;
    set->label_count = count;
    set->examples = examples;
    set->example_count = total;
    return true;
}

static bool is_wanted(void *self, double done, const char *what)
{
    (void)done;
    (void)what;
    return !stop_is_wished(self);
}

/* The classifier is of this request alone. */
static bool say_given(ClassifyWork *work, Error *err)
{
    Classifier classifier;
    ClassifyResult result;
    Arena *arena = work->request->arena;
    const ClassifyProgress progress = { is_wanted, &work->client };
    if (!work->labels)
        return true;
    if (!work->has_embedder) {
        *err = work->no_embedder;
        return false;
    }
    if (!classifier_train(&work->embedder, arena, &work->given, &progress, &classifier, err) ||
        !classify(&classifier, &work->embedder, arena, work->source.text, &result, err))
        return false;
    work->said = report_said(&classifier, &result);
    return true;
}

/* --- What is read, and by what --- */

static bool read_source(ClassifyWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    if (!work->document.length == !work->text.length)
        return fail_field(err, "text", "give either 'text' or 'document'");
    if (work->document.length)
        return labels_read_document(request->api->labels, request->scope, request->arena,
                                    work->document, &work->source, err);
    if (!str_trim(work->text).length)
        return fail_field(err, "text", "text is empty: there is nothing to classify");
    work->source = labels_of_text(request->arena, work->text);
    return true;
}

static bool workflow_work(DbTx *tx, void *argument, Error *err)
{
    ClassifyWork *work = argument;
    const ApiRequest *request = work->request;
    return recipe_find_either(tx, request->scope, request->arena, S(LABEL_WORKFLOW), work->workflow,
                              &work->recipe, err);
}

/* Conditions stay in the tree. */
static bool read_stages(ClassifyWork *work, json_t **tree_r, Error *err)
{
    const ApiRequest *request = work->request;
    if (work->set.length)
        work->stages = (StageList){ .at = { { .name = work->set, .set = work->set } }, .count = 1 };
    if (!work->workflow.length)
        return true;
    return store_read(request->api->db, request->scope, workflow_work, work, err) &&
           json_parse(work->recipe.body, WORKFLOW_MAX, tree_r, err) &&
           stages_read(request->arena, json_object_get(*tree_r, "stages"), &work->stages, err);
}

static bool check_work(ClassifyWork *work, Error *err)
{
    if ((work->set.length > 0) + (work->workflow.length > 0) + (work->labels != NULL) > 1)
        return fail_field(err, "label_set", "give one of 'label_set', 'workflow' and 'labels'");
    work->given.is_multi = work->is_multi;
    return (!work->labels || read_set(work->request, work->labels, &work->given, err)) &&
           read_source(work, err);
}

static bool put_report(ClassifyWork *work, JsonWriter *json, Error *err)
{
    ReportOptions options = { .format = work->source.document.format, .stop = &work->client };
    if (work->has_embedder) {
        options.embedder = &work->embedder;
        options.feeling_head = labels_feeling(work->request->api->labels, &work->embedder);
    }
    return date_local(now_ms(), STR_NONE, &options.today, err) &&
           report_put(json, work->request->arena, work->source.text, &options, err);
}

/* Who may only read keeps nothing. */
static bool run_stages(ClassifyWork *work, LabelRun *run, Error *err)
{
    const ApiRequest *request = work->request;
    bool is_kept = work->is_kept && request->scope->role >= ROLE_EDITOR;
    work->source.stop = &work->client;
    return labels_run(request->api->labels, request->scope, ENCODE_QUERY, request->arena,
                      &work->stages, &work->source, is_kept, run, err);
}

static void find_embedder(ClassifyWork *work)
{
    work->has_embedder = labels_embedder(work->request->api->labels, ENCODE_QUERY,
                                         work->request->arena, &work->embedder, &work->no_embedder);
}

/* All that is said but the report. */
static bool say(ClassifyWork *work, json_t **tree_r, LabelRun *run, Error *err)
{
    if (!check_work(work, err) || !read_stages(work, tree_r, err) ||
        (work->stages.count && !run_stages(work, run, err)))
        return false;
    find_embedder(work);
    return say_given(work, err);
}

bool classify_text(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *tree = NULL;
    ClassifyWork *work = arena_new_one(request->arena, ClassifyWork);
    LabelRun *run = arena_new_one(request->arena, LabelRun);
    *work = (ClassifyWork){ .request = request, .client = api_client(response), .is_kept = true };
    if (!api_fields(request, err, { "text", JSON_STR, &work->text, .length_max = MB(1) },
                    { "document", JSON_STR, &work->document, .length_max = 64 },
                    { "label_set", JSON_STR, &work->set, .length_max = 200 },
                    { "workflow", JSON_STR, &work->workflow, .length_max = 200 },
                    { "labels", JSON_ANY, &work->labels }, { "multi", JSON_FLAG, &work->is_multi },
                    { "keep", JSON_FLAG, &work->is_kept }) ||
        !say(work, &tree, run, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    if (work->labels)
        report_put_labels(&json, work->source.text, &work->said);
    else if (work->stages.count)
        labels_put_run(&json, work->source.text, run);
    if (!put_report(work, &json, err))
        return false;
    put_end(&json);
    return true;
}

/* --- The same for clients of the document workflows --- */

static void put_category(JsonWriter *json, Str name, double confidence)
{
    put_object(json, NULL);
    put_text(json, "label", name);
    put_number(json, "confidence", confidence);
    put_end(json);
}

static void put_said(JsonWriter *json, const SaidLabels *said)
{
    for (size_t i = 0; i < said->said_count; i++)
        put_category(json, said->labels[said->scores[i].label].name, said->scores[i].confidence);
}

/* What was said at all stages, or by the labels given; where none were, the type of document. */
static void put_categories(JsonWriter *json, const ClassifyWork *work, const LabelRun *run)
{
    double least = 1;
    put_array(json, "categories");
    for (size_t i = 0; i < run->count; i++) {
        put_said(json, &run->at[i].said);
        least = run->at[i].is_skipped ? least : MIN(least, run->at[i].said.confidence);
    }
    if (work->labels) {
        put_said(json, &work->said);
        least = work->said.confidence;
    } else if (!run->count) {
        DocumentTypeFound type =
            document_type_of(work->request->arena, work->source.text, work->source.document.format,
                             work->has_embedder ? &work->embedder : NULL);
        put_category(json, str(document_type_name(type.type)), type.confidence);
        least = type.confidence;
    }
    put_end(json);
    put_number(json, "confidence", least);
}

/* Clients send wishes of their own with them (include_sentiment, ...): all there is to say is said
 * anyway, so what no row names does not matter. */
static bool read_options(ClassifyWork *work, const json_t *options, Error *err)
{
    const JsonField fields[] = { { "labels", JSON_ANY, &work->labels },
                                 { "label_set", JSON_STR, &work->set, .length_max = 200 },
                                 { "multi", JSON_FLAG, &work->is_multi },
                                 { "keep", JSON_FLAG, &work->is_kept } };
    AUTO_JSON json_t *known = json_object();
    if (!options)
        return true;
    if (!json_is_object(options))
        return fail_field(err, "options", "'options' is an object");
    for (size_t i = 0; i < COUNT(fields); i++)
        json_object_set(known, fields[i].name, json_object_get(options, fields[i].name));
    return json_read(known, work->request->arena, fields, COUNT(fields), err) ||
           fail_in(err, "options");
}

bool classify_enhanced(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *tree = NULL;
    json_t *options = NULL;
    Str user = STR_NONE;
    ClassifyWork *work = arena_new_one(request->arena, ClassifyWork);
    LabelRun *run = arena_new_one(request->arena, LabelRun);
    *work = (ClassifyWork){ .request = request, .client = api_client(response), .is_kept = true };
    if (!api_fields(request, err, { "text", JSON_STR, &work->text, .length_max = MB(1) },
                    { "content", JSON_STR, &work->text, .length_max = MB(1) },
                    { "user_id", JSON_STR, &user, .length_max = 64 },
                    { "document", JSON_STR, &work->document, .length_max = 64 },
                    { "document_id", JSON_STR, &work->document, .length_max = 64 },
                    { "workflow", JSON_STR, &work->workflow, .length_max = 200 },
                    { "workflow_id", JSON_STR, &work->workflow, .length_max = 200 },
                    { "options", JSON_ANY, &options }) ||
        !assistant_user(request, user, &user, err) || !read_options(work, options, err) ||
        !say(work, &tree, run, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "success", true);
    put_text_or_null(&json, "document", work->document);
    put_categories(&json, work, run);
    labels_put_stages(&json, work->source.text, run);
    if (!put_report(work, &json, err))
        return false;
    put_end(&json);
    return true;
}
