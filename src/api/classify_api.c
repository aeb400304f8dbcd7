/* classify_api.c - a text's labels, and what else there is to say of it. */
#include "api/api.h"
#include "base/clock.h"
#include "classify/embedder.h"
#include "classify/report.h"
#include "library/library.h"
#include "text/date.h"

#define EXAMPLES_MAX 200 /* in one request, of all labels */

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

static bool put_labels(ApiRequest *request, JsonWriter *json, const Embedder *embedder, Str text,
                       const ClassifySet *set, Error *err)
{
    Classifier classifier;
    ClassifyResult result;
    if (!classifier_train(embedder, request->arena, set, NULL, &classifier, err) ||
        !classify(&classifier, embedder, request->arena, text, &result, err))
        return false;
    report_put_labels(json, text, &classifier, &result);
    return true;
}

bool classify_text(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str text = STR_NONE;
    json_t *labels = NULL;
    ClassifySet set = { 0 };
    Embedder embedder;
    Error no_encoder;
    ReportOptions options = { 0 };
    if (!api_fields(request, err,
                    { "text", JSON_STR, &text, .required = true, .length_max = MB(1) },
                    { "labels", JSON_ANY, &labels }, { "multi", JSON_FLAG, &set.is_multi }) ||
        (labels && !read_set(request, labels, &set, err)) ||
        !date_local(now_ms(), STR_NONE, &options.today, err))
        return false;
    if (!str_trim(text).length)
        return fail_field(err, "text", "text is empty: there is nothing to classify");
    Str model = library_model(request->api->library, request->arena);
    EncodeQueue *queue = model.length ? library_encoder(request->api->library, model) : NULL;
    if (classify_embedder(queue, ENCODE_QUERY, request->arena, &embedder, &no_encoder))
        options.embedder = &embedder;
    else if (labels) {
        *err = no_encoder;
        return false;
    }
    JsonWriter json = put_begin(&response->body);
    bool good = (!labels || put_labels(request, &json, &embedder, text, &set, err)) &&
                report_put(&json, request->arena, text, &options, err);
    if (good)
        put_end(&json);
    return good;
}
