/* step_analysis.c - what there is to say of the document, or of a text, without labels. */
#include "base/clock.h"
#include "classify/report.h"
#include "text/date.h"
#include "workflow/workflow_int.h"

#define REPORT_MAX MB(8)
#define ITEMS_MAX 200 /* of each list */

const char step_analysis_takes[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"of\":{\"type\":\"array\",\"items\":{\"enum\":[\"language\",\"document_type\",\"sentiment\","
    "\"entities\",\"key_phrases\",\"personal_data\",\"summary\"]},"
    "\"description\":\"What to say (all but the summary unless said)\"},"
    "\"length\":{\"type\":\"string\",\"description\":\"Of the summary: short, medium or long\"},"
    "\"model\":{\"type\":\"string\",\"description\":\"Of the summary: a model's name, or rules\"},"
    "\"text\":{\"type\":\"string\",\"description\":\"Instead of the document\"}}}";

static bool wants(const StepRun *run, const char *what)
{
    const json_t *list = json_object_get(run->with, "of"), *one;
    size_t i;
    if (!list)
        return strcmp(what, "summary") != 0;
    json_array_foreach(list, i, one)
    {
        if (strcmp(json_string_value(one), what) == 0)
            return true;
    }
    return false;
}

static void cut_lists(json_t *value)
{
    const char *name;
    json_t *part;
    while (json_array_size(value) > ITEMS_MAX)
        (void)json_array_remove(value, json_array_size(value) - 1);
    json_object_foreach(value, name, part) { cut_lists(part); }
}

static bool report(StepRun *run, const LabelSource *source, Error *err)
{
    Labels *labels = run->workflows->options.labels;
    ReportOptions options = { .format = source->document.format };
    Embedder embedder;
    Error none;
    Buf out = buf_new(run->arena, REPORT_MAX);
    if (labels_embedder(labels, ENCODE_BULK, run->arena, &embedder, &none)) {
        options.embedder = &embedder;
        options.feeling_head = labels_feeling(labels, &embedder);
    }
    JsonWriter json = put_begin(&out);
    if (!date_local(now_ms(), STR_NONE, &options.today, err) ||
        !report_put(&json, run->arena, source->text, &options, err))
        return false;
    put_end(&json);
    return step_output_json(run, buf_str(&out), err);
}

static void keep_wanted(StepRun *run)
{
    const char *name;
    json_t *part;
    void *next;
    json_object_foreach_safe(run->output, next, name, part)
    {
        if (!wants(run, name) && strcmp(name, "made_by") != 0)
            (void)json_object_del(run->output, name);
        else
            cut_lists(part);
    }
}

static bool read_material(StepRun *run, const LabelSource *source, Material *material_r, Error *err)
{
    const WorkflowsOptions *options = &run->workflows->options;
    StrList documents = { &source->document.id, 1 };
    if (source->document.id.length)
        return material_of_documents(options->db, &run->scope, run->arena, documents, material_r,
                                     err);
    material_of_text(run->arena, source->text, false, material_r);
    return true;
}

static bool sum_up(StepRun *run, const LabelSource *source, Error *err)
{
    SummaryWish wish = { .length = SUMMARY_short, .model = step_text(run, "model") };
    Str length = step_text(run, "length");
    Material material;
    Summary summary;
    if ((length.length && !summary_length_named(length, &wish.length, err)) ||
        !read_material(run, source, &material, err) ||
        !summary_make(run->workflows->options.summaries, &run->scope, run->arena, &material, &wish,
                      &summary, err))
        return false;
    json_object_set_new(run->output, "summary",
                        json_stringn(summary.text.at ? summary.text.at : "", summary.text.length));
    json_object_set_new(run->output, "summary_by",
                        json_stringn(summary.made_by.at, summary.made_by.length));
    return true;
}

static bool run_analysis(StepRun *run, Error *err)
{
    LabelSource source;
    if (!step_source(run, &source, err) || !report(run, &source, err))
        return false;
    keep_wanted(run);
    return !wants(run, "summary") || sum_up(run, &source, err);
}

const StepType step_analysis = { .run = run_analysis };
