/* step_extraction.c - values of a schema, read from the document and kept with it. */
#include "base/json_schema.h"
#include "fields/kept.h"
#include "workflow/workflow_int.h"

const char step_extraction_takes[] =
    "{\"type\":\"object\",\"required\":[\"schema\"],\"additionalProperties\":false,\"properties\":{"
    "\"schema\":{\"type\":[\"string\",\"object\"],\"description\":\"Name of a ready schema "
    "(invoice, "
    "contract, ...), or a JSON Schema\"},"
    "\"name\":{\"type\":\"string\",\"maxLength\":100,\"description\":\"What the values are kept "
    "under; of a "
    "ready schema its own name\"},"
    "\"model\":{\"type\":\"string\",\"description\":\"A model's name, or rules\"},"
    "\"keep\":{\"type\":\"boolean\",\"description\":\"Keep them with the document (true unless "
    "said)\"}}}";

/* Members of the result that go on into the workflow. */
static const char *const given[] = { "values", "missing", "checks", "valid", "problem", "made_by" };

static bool find_schema(StepRun *run, json_t **schema_r, Str *name_r, Error *err)
{
    json_t *said = json_object_get(run->with, "schema");
    Str name = step_text(run, "name");
    if (json_is_object(said)) {
        *schema_r = json_incref(said);
        *name_r = fields_name(run->arena, name.length ? name : json_member_text(said, "title"));
        return name_r->length ||
               fail(err, ERROR_INVALID, "a schema of one's own needs a name, to be kept under");
    }
    const ReadySchema *ready = ready_schema(step_text(run, "schema"));
    if (!ready)
        return fail(err, ERROR_NOT_FOUND, "there is no ready schema '" STR_FMT "'",
                    STR_ARG(str_slice(step_text(run, "schema"), 0, 60)));
    *name_r = name.length ? fields_name(run->arena, name) : str(ready->name);
    return json_parse(str(ready->json), SCHEMA_BYTES_MAX, schema_r, err);
}

static bool run_extraction(StepRun *run, Error *err)
{
    const WorkflowsOptions *options = &run->workflows->options;
    AUTO_JSON json_t *schema = NULL;
    AUTO_JSON json_t *result = NULL;
    DocumentFields *kept = arena_new_one(run->arena, DocumentFields);
    Paper paper;
    if (!find_schema(run, &schema, &kept->name, err) || !step_document(run, &kept->document, err) ||
        !paper_open(options->library, &run->scope, run->arena, kept->document, &paper, err) ||
        !fields_of_paper(options->field_reader, &run->scope, run->arena, schema, kept->name,
                         step_text(run, "model"), &paper, &kept->result, err) ||
        !json_parse(kept->result, MB(8), &result, err))
        return false;
    kept->schema = json_print(run->arena, schema);
    for (size_t i = 0; i < COUNT(given); i++)
        json_object_set(run->output, given[i], json_object_get(result, given[i]));
    run->made = kept;
    return true;
}

static bool keep_extraction(StepRun *run, DbTx *tx, Error *err)
{
    Document document;
    if (json_is_false(json_object_get(run->with, "keep")))
        return true;
    return step_document_in(run, tx, &document, err) &&
           fields_keep(tx, &run->scope, run->arena, run->made, err);
}

const StepType step_extraction = { .run = run_extraction, .commit = keep_extraction };
