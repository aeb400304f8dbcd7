/* names.c - what expressions of a frame see: input, document, steps, execution, workflow, and where
 * there is one item, index and error. */
#include "base/clock.h"
#include "store/documents_store.h"
#include "workflow/workflow_int.h"

static void set_text(json_t *object, const char *name, Str text)
{
    json_object_set_new(object, name,
                        text.length ? json_stringn_nocheck(text.at, text.length) : json_null());
}

static void set_time(json_t *object, const char *name, int64_t time_ms)
{
    char out[TIME_TEXT_SIZE];
    set_text(object, name, time_ms ? time_format(time_ms, out) : STR_NONE);
}

/* JSON of ours out of the database; null when there is none. */
static json_t *stored(Str text)
{
    json_t *value = text.length ? json_loadb(text.at, text.length, JSON_DECODE_ANY, NULL) : NULL;
    return value ? value : json_null();
}

json_t *workflow_document_names(const Document *document)
{
    json_t *object = json_object(), *tags = json_array();
    set_text(object, "id", document->id);
    set_text(object, "name", document->name);
    set_text(object, "title", document->title);
    set_text(object, "format", document->format);
    set_text(object, "media_type", document->media_type);
    set_text(object, "language", document->language);
    set_text(object, "collection", document->collection);
    set_text(object, "source", document->source);
    set_text(object, "created_by", document->created_by);
    set_time(object, "created_at", document->created_at_ms);
    set_time(object, "date", document->document_date_ms);
    json_object_set_new(object, "size", json_integer(document->size_bytes));
    json_object_set_new(object, "pages", json_integer(document->page_count));
    json_object_set_new(object, "metadata", stored(document->metadata));
    for (size_t i = 0; i < document->tags.count; i++)
        json_array_append_new(
            tags, json_stringn_nocheck(document->tags.at[i].at, document->tags.at[i].length));
    json_object_set_new(object, "tags", tags);
    return object;
}

/* One that is gone, or in the trash, is null: a condition may ask for it, and a step that needs it
 * fails. */
static bool add_document(Walk *walk, DbTx *tx, Error *err)
{
    Document document;
    Error why = { 0 };
    json_t *value = json_null();
    if (walk->execution.document.length) {
        if (document_find(tx, &walk->scope, walk->arena, walk->execution.document, &document, &why))
            value = document.deleted_at_ms ? value : workflow_document_names(&document);
        else if (why.code != ERROR_NOT_FOUND)
            return *err = why, false;
    }
    json_object_set_new(walk->names, "document", value);
    return true;
}

void walk_name_step(Walk *walk, Str step, const json_t *output)
{
    json_t *steps = json_object_get(walk->names, "steps");
    json_object_setn_nocheck(steps, step.at, step.length, (json_t *)(uintptr_t)output);
}

/* An item of ten thousand reads of a long input or list what it asks for, and no more: else all of
 * them together would take the square of their number. A way to ask for every step, such as
 * steps[input.which], has something else than a dot behind `steps`; the member "steps" of a
 * sequence within is no way to ask. */
bool workflow_mentions_step(Str sequence, Str step)
{
    static const char all[] = "steps";
    bool asks = false;
    while (!asks) {
        ptrdiff_t at = str_find(sequence, str(all));
        if (at < 0)
            return false;
        sequence = str_from(sequence, (size_t)at + strlen(all));
        asks = str_starts(sequence, S(".")) ? str_starts(str_from(sequence, 1), step)
                                            : !str_starts(sequence, S("\":"));
    }
    return true;
}

/* What the steps of a frame gave; those of an inner frame do not hide behind an outer one's. */
static bool add_outputs(Walk *walk, DbTx *tx, const WorkflowFrame *frame, Error *err)
{
    WorkflowStepList outputs;
    if (!frame->step_count)
        return true;
    if (!workflow_step_outputs(tx, &walk->scope, walk->arena, walk->execution.id, frame->number,
                               &outputs, err))
        return false;
    for (size_t i = 0; i < outputs.count; i++) {
        if (!workflow_mentions_step(walk->said, outputs.at[i].step))
            continue;
        AUTO_JSON json_t *output = stored(outputs.at[i].output);
        walk_name_step(walk, outputs.at[i].step, output);
    }
    return true;
}

/* The sequence of the innermost frame: from the workflow's own down, which asks for its output
 * besides. */
static bool find_sequence(Walk *walk, const WorkflowFrame *chain, size_t depth, Error *err)
{
    const json_t *sequence = json_object_get(walk->body, "steps"), *step = NULL;
    for (size_t i = depth; i-- > 1;) {
        step = workflow_step(sequence, chain[i - 1].step);
        sequence = workflow_inner(step, chain[i - 1].place);
    }
    if (!sequence)
        return fail(err, ERROR_INTERNAL, "the workflow has no steps where the execution stands");
    walk->sequence = sequence;
    walk->parent_step = step;
    walk->said = step ? json_print(walk->arena, sequence) : walk->execution.body;
    return true;
}

/* Results of the frame and of those that it stands in; the innermost item counts. */
static bool add_frames(Walk *walk, DbTx *tx, Error *err)
{
    WorkflowFrame chain[WORKFLOW_DEPTH_MAX + 1] = { walk->frame };
    size_t depth = 1;
    while (chain[depth - 1].parent >= 0) {
        if (depth == COUNT(chain))
            return fail(err, ERROR_INTERNAL, "frames are nested too deeply");
        if (!workflow_frame_find(tx, &walk->scope, walk->arena, walk->execution.id,
                                 chain[depth - 1].parent, &chain[depth], err))
            return false;
        depth++;
    }
    if (!find_sequence(walk, chain, depth, err))
        return false;
    for (size_t i = depth; i-- > 0;) {
        if (!add_outputs(walk, tx, &chain[i], err))
            return false;
        if (chain[i].item.length) {
            json_object_set_new(walk->names, "item", stored(chain[i].item));
            json_object_set_new(walk->names, "index", json_integer(chain[i].place));
        }
    }
    if (str_find(walk->said, S("input")) >= 0)
        json_object_set_new(walk->names, "input", stored(walk->execution.input));
    return true;
}

bool walk_names(Walk *walk, DbTx *tx, Error *err)
{
    const WorkflowExecution *execution = &walk->execution;
    json_t *about = json_object(), *workflow = json_object();
    json_decref(walk->names);
    walk->names = json_object();
    json_object_set_new(walk->names, "steps", json_object());
    json_object_set_new(walk->names, "execution", about);
    json_object_set_new(walk->names, "workflow", workflow);
    json_object_set_new(walk->names, "error", stored(walk->frame.error));
    set_text(about, "id", execution->id);
    set_text(about, "user", execution->user);
    set_text(about, "started_by", execution->started_by);
    set_time(about, "started_at", execution->created_at_ms);
    json_object_set_new(about, "is_dry", json_boolean(execution->is_dry));
    set_text(workflow, "id", execution->workflow);
    set_text(workflow, "name", execution->name);
    json_object_set_new(workflow, "version", json_integer(execution->version));
    return add_document(walk, tx, err) && add_frames(walk, tx, err);
}
