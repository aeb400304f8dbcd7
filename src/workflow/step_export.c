/* step_export.c - the document's text sent to an address. */
#include "workflow/workflow_int.h"

#define EXPORT_MAX MB(64)

const char step_export_takes[] =
    "{\"type\":\"object\",\"required\":[\"url\"],\"additionalProperties\":false,\"properties\":{"
    "\"url\":{\"type\":\"string\",\"maxLength\":2000},"
    "\"form\":{\"enum\":[\"text\",\"markdown\",\"json\",\"html\"],\"description\":\"markdown "
    "unless said\"},"
    "\"method\":{\"enum\":[\"POST\",\"PUT\"],\"description\":\"PUT unless said\"},"
    "\"headers\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}}}";

static const struct {
    const char *name;
    TextForm form;
    const char *media_type;
} forms[] = {
    { "markdown", TEXT_MARKDOWN, "text/markdown; charset=utf-8" },
    { "text", TEXT_PLAIN, "text/plain; charset=utf-8" },
    { "json", TEXT_JSON, "application/json" },
    { "html", TEXT_HTML, "text/html; charset=utf-8" },
};

static bool run_export(StepRun *run, Error *err)
{
    Str document, form = step_text(run, "form"), method = step_text(run, "method");
    Buf text = buf_new(run->arena, EXPORT_MAX);
    HttpAnswer answer;
    size_t i = COUNT(forms) - 1;
    while (i > 0 && !str_is(form, forms[i].name))
        i--;
    if (!step_document(run, &document, err) ||
        !library_print(run->workflows->options.library, &run->scope, run->arena, document, 0,
                       forms[i].form, &text, err))
        return false;
    if (text.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the text has more than %zu MiB", EXPORT_MAX / MB(1));
    const StepCall call = { .method = method.length ? str_c(run->arena, method) : "PUT",
                            .url = step_text(run, "url"),
                            .body = buf_str(&text),
                            .media_type = str(forms[i].media_type),
                            .headers = json_object_get(run->with, "headers") };
    if (!step_call(run, &call, &answer, err))
        return false;
    json_object_set_new(run->output, "status", json_integer(answer.status));
    json_object_set_new(run->output, "bytes", json_integer((json_int_t)text.length));
    return true;
}

const StepType step_export = { .run = run_export };
