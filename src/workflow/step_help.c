/* step_help.c - what several kinds of steps do alike; see steps.h. */
#include "store/people_store.h"
#include "workflow/workflow_int.h"

typedef struct FindWork {
    StepRun *run;
    Document document;
} FindWork;

bool step_document_in(StepRun *run, DbTx *tx, Document *document_r, Error *err)
{
    Document document;
    Str id = run->execution->document;
    if (!id.length)
        return fail(err, ERROR_NOT_FOUND, "the execution has no document");
    if (!document_find(tx, &run->scope, run->arena, id, &document, err))
        return false;
    if (document.deleted_at_ms)
        return fail(err, ERROR_NOT_FOUND, "the document '" STR_FMT "' is in the trash",
                    STR_ARG(str_slice(document.name, 0, 100)));
    *document_r = document;
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    FindWork *work = argument;
    return step_document_in(work->run, tx, &work->document, err);
}

bool step_document(StepRun *run, Str *document_r, Error *err)
{
    FindWork work = { .run = run };
    if (!store_read(run->workflows->options.db, &run->scope, find_work, &work, err))
        return false;
    *document_r = work.document.id;
    return true;
}

bool step_source(StepRun *run, LabelSource *source_r, Error *err)
{
    Str text = step_text(run, "text"), document;
    if (json_object_get(run->with, "text")) {
        if (!str_trim(text).length)
            return fail(err, ERROR_INVALID, "the text is empty");
        *source_r = labels_of_text(run->arena, text);
        return true;
    }
    return step_document(run, &document, err) &&
           labels_read_document(run->workflows->options.labels, &run->scope, run->arena, document,
                                source_r, err);
}

Str step_text(const StepRun *run, const char *name) { return json_member_text(run->with, name); }

Str step_title(const StepRun *run)
{
    Str title = step_text(run, "title");
    return title.length ? title : run->execution->name;
}

StrList step_texts(const StepRun *run, const char *name)
{
    const json_t *list = json_object_get(run->with, name), *text;
    Str *texts = arena_new_array(run->arena, Str, json_array_size(list));
    size_t i;
    json_array_foreach(list, i, text)
    {
        texts[i] = (Str){ json_string_value(text), json_string_length(text) };
    }
    return (StrList){ texts, json_array_size(list) };
}

bool step_person(StepRun *run, DbTx *tx, Str named, Str *user_r, Error *err)
{
    User user;
    bool is_address = str_find_char(named, '@') >= 0;
    if (!(is_address ? user_find_by_email(tx, &run->scope, run->arena, named, &user, err)
                     : user_find(tx, &run->scope, run->arena, named, &user, err)))
        return false;
    *user_r = user.id;
    return true;
}

bool step_collection(StepRun *run, DbTx *tx, Str named, Str *collection_r, Error *err)
{
    Collection collection;
    Error none = { 0 };
    if (!collection_find(tx, &run->scope, run->arena, named, &collection, &none) &&
        !collection_find_by_name(tx, &run->scope, run->arena, named, &collection, err))
        return false;
    *collection_r = collection.id;
    return true;
}

bool step_output_json(StepRun *run, Str json, Error *err)
{
    json_t *made;
    if (!json_parse(json, MB(8), &made, err))
        return false;
    json_decref(run->output);
    run->output = made;
    return true;
}
