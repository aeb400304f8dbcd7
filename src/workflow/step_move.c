/* step_move.c - the collection that the document is in. */
#include "workflow/workflow_int.h"

const char step_move_takes[] = "{\"type\":\"object\",\"required\":[\"collection\"],"
                               "\"additionalProperties\":false,\"properties\":{"
                               "\"collection\":{\"type\":[\"string\",\"null\"],"
                               "\"description\":\"Id or name; null: out of its own\"}}}";

static bool run_move(StepRun *run, Error *err)
{
    Str document;
    if (!step_document(run, &document, err))
        return false;
    json_object_set(run->output, "collection", json_object_get(run->with, "collection"));
    return true;
}

static bool commit_move(StepRun *run, DbTx *tx, Error *err)
{
    Document document;
    Str named = step_text(run, "collection"), collection = STR_NONE;
    return step_document_in(run, tx, &document, err) &&
           (!named.length || step_collection(run, tx, named, &collection, err)) &&
           document_move(tx, &run->scope, document.id, collection, err);
}

const StepType step_move = { .run = run_move, .commit = commit_move };
