/* workflow_json.h - executions and their steps as JSON. */
#pragma once

#include "api/api.h"
#include "workflow/workflow.h"

/* Members of an object that is open. `input` and `output` only where they were read. */
void put_execution(JsonWriter *json, const WorkflowExecution *execution);
void put_execution_step(JsonWriter *json, const WorkflowStep *step);

/* A workflow's execution that is asked for by POST: its document, input, key, dry_run. */
typedef struct StartWork {
    ApiRequest *request;
    Recipe recipe; /* by params[0] */
    Str user;      /* whose it is, who may do no more than the caller; empty: the caller's */
    WorkflowStart start;
    WorkflowExecution execution;
} StartWork;
MUST_CHECK bool workflow_start_work(DbTx *tx, void *start_work, Error *err);
/* One execution (params[0]) in full, with its steps. */
bool respond_execution(ApiRequest *request, Str id, HttpResponse *response, Error *err);
/* The same after a change of it in one transaction, which has its id in *id then. */
MUST_CHECK bool respond_changed_execution(ApiRequest *request, DbWork *work, void *argument,
                                          const Str *id, HttpResponse *response, Error *err);
/* The request's `name` and `definition` become the recipe's; what is not there stays. */
MUST_CHECK bool workflow_take(ApiRequest *request, Str name, json_t *definition, Recipe *recipe,
                              Error *err);
/* Whole answer: a recipe with its definition. */
bool respond_workflow(HttpResponse *response, const Recipe *recipe);
/* A template's title and definition, which the caller releases: a ready-made one by its name, or
 * one that a workspace of the caller's shares, by its id. What a shared one is triggered by waits
 * until somebody switches it on. (workflow_templates_api.c) */
MUST_CHECK bool workflow_template_take(ApiRequest *request, Str name, Str *title_r,
                                       json_t **definition_r, Error *err);
/* Adds it with its triggers. */
MUST_CHECK bool workflow_add(DbTx *tx, ApiRequest *request, Recipe *recipe, Error *err);
