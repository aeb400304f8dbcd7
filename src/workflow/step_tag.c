/* step_tag.c - tags of the document. */
#include "workflow/workflow_int.h"

const char step_tag_takes[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"add\":{\"type\":\"array\",\"maxItems\":100,\"items\":{\"type\":\"string\"}},"
    "\"remove\":{\"type\":\"array\",\"maxItems\":100,\"items\":{\"type\":\"string\"}}}}";

static bool has(const Str *tags, size_t count, Str tag)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(tags[i], tag))
            return true;
    return false;
}

/* In the transaction: two steps that tag a document at the same time lose nothing. */
bool step_set_tags(StepRun *run, DbTx *tx, const Document *document, StrList add, StrList remove,
                   Error *err)
{
    Str *tags = arena_new_array(run->arena, Str, document->tags.count + add.count);
    size_t count = 0;
    for (size_t i = 0; i < document->tags.count; i++)
        if (!has(remove.at, remove.count, document->tags.at[i]))
            tags[count++] = document->tags.at[i];
    for (size_t i = 0; i < add.count; i++)
        if (add.at[i].length && !has(tags, count, add.at[i]))
            tags[count++] = add.at[i];
    return document_set_tags(tx, &run->scope, document->id, (StrList){ tags, count }, err);
}

static bool run_tag(StepRun *run, Error *err)
{
    Str document;
    if (!step_document(run, &document, err))
        return false;
    json_object_set(run->output, "added", json_object_get(run->with, "add"));
    json_object_set(run->output, "removed", json_object_get(run->with, "remove"));
    return true;
}

static bool commit_tag(StepRun *run, DbTx *tx, Error *err)
{
    Document document;
    return step_document_in(run, tx, &document, err) &&
           step_set_tags(run, tx, &document, step_texts(run, "add"), step_texts(run, "remove"),
                         err);
}

const StepType step_tag = { .run = run_tag, .commit = commit_tag };
