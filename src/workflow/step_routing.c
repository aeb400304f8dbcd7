/* step_routing.c - the document to whom it is for. */
#include "base/clock.h"
#include "tasks/tasks.h"
#include "workflow/workflow_int.h"

const char step_routing_takes[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"collection\":{\"type\":[\"string\",\"null\"],\"description\":\"Id or name\"},"
    "\"tags\":{\"type\":\"array\",\"maxItems\":100,\"items\":{\"type\":\"string\"}},"
    "\"to\":{\"type\":[\"string\",\"null\"],\"description\":\"Id or address of a person: gets a "
    "task and is "
    "told\"},"
    "\"task\":{\"type\":\"string\",\"maxLength\":400,\"description\":\"What is to be done\"},"
    "\"priority\":{\"enum\":[\"low\",\"medium\",\"high\",\"urgent\"]},"
    "\"due_in_s\":{\"type\":\"number\",\"minimum\":0,\"maximum\":31622400}}}";

static bool run_routing(StepRun *run, Error *err)
{
    Str document;
    if (!step_document(run, &document, err))
        return false;
    json_object_set(run->output, "collection", json_object_get(run->with, "collection"));
    json_object_set(run->output, "to", json_object_get(run->with, "to"));
    return true;
}

static bool add_task(StepRun *run, DbTx *tx, const Document *document, Str user, Error *err)
{
    Task task = tasks_new(&run->scope);
    Str wanted = step_text(run, "task"), priority = step_text(run, "priority");
    double due_s = json_number_value(json_object_get(run->with, "due_in_s"));
    task.summary = wanted.length ? wanted : document->name;
    task.assignee = user;
    task.document = document->id;
    task.collection = document->collection;
    task.due_at_ms = due_s > 0 ? run->now_ms + (int64_t)(due_s * 1000) : 0;
    if ((priority.length && !task_priority_named(priority, &task.priority, err)) ||
        !tasks_add(tx, &run->scope, run->arena, &task, NULL, err))
        return false;
    json_object_set_new(run->output, "task", json_integer(task.number));
    step_notify(run, user, ROLE_READER, task.summary, document->name);
    return true;
}

static bool commit_routing(StepRun *run, DbTx *tx, Error *err)
{
    Document document;
    Str named = step_text(run, "collection"), to = step_text(run, "to"), collection, user;
    StrList tags = step_texts(run, "tags");
    if (!step_document_in(run, tx, &document, err) ||
        (named.length && (!step_collection(run, tx, named, &collection, err) ||
                          !document_move(tx, &run->scope, document.id, collection, err))) ||
        (tags.count && !step_set_tags(run, tx, &document, tags, (StrList){ 0 }, err)))
        return false;
    return !to.length ||
           (step_person(run, tx, to, &user, err) && add_task(run, tx, &document, user, err));
}

const StepType step_routing = { .run = run_routing, .commit = commit_routing };
