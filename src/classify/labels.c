/* labels.c - the encoder and sentiment of labels.h, and label sets as they are stored. */
#include "classify/embedder.h"
#include "classify/labels_int.h"
#include "classify/sentiment_head.h"

#define FEELINGS_MEMORY MB(256)
#define NAME_MAX_BYTES 100
#define DESCRIPTION_MAX 2000
#define LIST_MAX MB(1)

Labels *labels_new(Db *db, Library *library, Models *models)
{
    Labels *labels = heap_alloc(sizeof *labels);
    *labels = (Labels){ .db = db, .library = library, .models = models };
    labels->arena = arena_new(FEELINGS_MEMORY);
    pthread_mutex_init(&labels->lock, NULL);
    return labels;
}

void labels_free(Labels *labels)
{
    if (!labels)
        return;
    pthread_mutex_destroy(&labels->lock);
    arena_free(labels->arena);
    free(labels);
}

bool labels_embedder(Labels *labels, EncodePriority priority, Arena *arena, Embedder *embedder_r,
                     Error *err)
{
    Str model = library_model(labels->library, arena);
    EncodeQueue *queue = model.length ? library_encoder(labels->library, model) : NULL;
    return classify_embedder(queue, priority, arena, embedder_r, err);
}

const Classifier *labels_feeling(Labels *labels, const Embedder *embedder)
{
    const Classifier *found = NULL;
    Error ignored;
    pthread_mutex_lock(&labels->lock);
    for (size_t i = 0; i < labels->feelings.count; i++)
        if (str_equal(labels->feelings.at[i]->model, embedder->model))
            found = labels->feelings.at[i];
    if (!found) {
        Classifier *made = arena_new_one(labels->arena, Classifier);
        if (sentiment_learn(embedder, labels->arena, made, &ignored))
            *vec_push(labels->arena, &labels->feelings) = made, found = made;
    }
    pthread_mutex_unlock(&labels->lock);
    return found;
}

/* --- Labels as JSON --- */

static bool read_label(Arena *arena, const json_t *json, ClassifyLabel *label_r, Error *err)
{
    ClassifyLabel label = { 0 };
    if (json_is_string(json))
        label.name = str_copy(arena, (Str){ json_string_value(json), json_string_length(json) });
    else if (!json_read(json, arena,
                        JSON_FIELDS({ "name", JSON_STR, &label.name, .required = true },
                                    { "description", JSON_STR, &label.description,
                                      .length_max = DESCRIPTION_MAX }),
                        err))
        return false;
    label.name = str_trim(label.name);
    label.description = str_trim(label.description);
    if (!label.name.length || label.name.length > NAME_MAX_BYTES)
        return fail_field(err, "labels", "a label has a name of at most %d bytes", NAME_MAX_BYTES);
    for (size_t i = 0; i < label.name.length; i++) /* it may become a tag */
        if ((unsigned char)label.name.at[i] < ' ')
            return fail_field(err, "labels", "a label's name has no line ends or tabs");
    *label_r = label;
    return true;
}

static bool read_all(Arena *arena, const json_t *json, ClassifyLabel **labels_r, size_t *count_r,
                     Error *err)
{
    size_t i, count = json_array_size(json);
    const json_t *one;
    if (count > CLASSIFY_LABELS_MAX)
        return fail_field(err, "labels", "a label set has at most %d labels", CLASSIFY_LABELS_MAX);
    ClassifyLabel *labels = arena_new_array(arena, ClassifyLabel, count);
    json_array_foreach(json, i, one)
    {
        if (!read_label(arena, one, &labels[i], err))
            return false;
        for (size_t k = 0; k < i; k++)
            if (str_equal_ignore_case(labels[k].name, labels[i].name))
                return fail_field(err, "labels", "two labels are named '" STR_FMT "'",
                                  STR_ARG(labels[i].name));
    }
    *labels_r = labels;
    *count_r = count;
    return true;
}

bool labels_read_list(Arena *arena, const json_t *json, bool is_multi, Str *labels_r, Error *err)
{
    ClassifyLabel *labels;
    size_t count, least = is_multi ? 1 : 2;
    if (!json_is_array(json) || json_array_size(json) < least)
        return fail_field(err, "labels", "'labels' is a list of at least %zu names", least);
    if (!read_all(arena, json, &labels, &count, err))
        return false;
    Buf out = buf_new(arena, LIST_MAX);
    JsonWriter list = put_begin_array(&out);
    for (size_t i = 0; i < count; i++) {
        put_object(&list, NULL);
        put_text(&list, "name", labels[i].name);
        put_text(&list, "description", labels[i].description);
        put_end(&list);
    }
    put_end(&list);
    *labels_r = buf_str(&out);
    return true;
}

bool labels_of_set(Arena *arena, const LabelSet *set, ClassifyLabel **labels_r, size_t *count_r,
                   Error *err)
{
    AUTO_JSON json_t *json = NULL;
    return json_parse(set->labels, LIST_MAX, &json, err) &&
           read_all(arena, json, labels_r, count_r, err);
}

/* The set's own spelling of a name; empty: it has no such label. */
static Str own_name(const ClassifyLabel *labels, size_t count, const json_t *json)
{
    Str name = str_trim((Str){ json_string_value(json), json_string_length(json) });
    for (size_t i = 0; i < count; i++)
        if (str_equal_ignore_case(labels[i].name, name))
            return labels[i].name;
    return STR_NONE;
}

bool labels_read_names(Arena *arena, const LabelSet *set, json_t *json, Str *names_r, Error *err)
{
    ClassifyLabel *labels;
    size_t i, count;
    const json_t *one;
    AUTO_JSON json_t *list = json_is_array(json) ? json_incref(json) : json_pack("[O]", json);
    Buf out = buf_new(arena, LIST_MAX);
    if (!labels_of_set(arena, set, &labels, &count, err))
        return false;
    if (!set->is_multi && json_array_size(list) != 1)
        return fail_field(err, "label", "'" STR_FMT "' has one label for each text",
                          STR_ARG(set->name));
    JsonWriter names = put_begin_array(&out);
    json_array_foreach(list, i, one)
    {
        Str name = own_name(labels, count, one);
        if (!name.length)
            return fail_field(err, "label", "'" STR_FMT "' has no label '%s'", STR_ARG(set->name),
                              json_is_string(one) ? json_string_value(one) : "");
        put_text(&names, NULL, name);
    }
    put_end(&names);
    *names_r = buf_str(&out);
    return true;
}

StrList labels_names(Arena *arena, Str json)
{
    AUTO_JSON json_t *list = NULL;
    Error ignored;
    size_t i;
    const json_t *one;
    if (!json.length || !json_parse(json, LIST_MAX, &list, &ignored))
        return (StrList){ 0 };
    Str *names = arena_new_array(arena, Str, json_array_size(list));
    json_array_foreach(list, i, one)
    {
        names[i] = str_copy(arena, (Str){ json_string_value(one), json_string_length(one) });
    }
    return (StrList){ names, json_array_size(list) };
}
