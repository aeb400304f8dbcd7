/* docling_api.c - what clients of docling-serve ask: /v1/convert, /v1/status, /v1/result.
 *
 * Paths and shapes are those of docling-serve 1 (its OpenAPI description); /v1alpha is the same
 * under the older name. One document is answered in the body; many, or target zip, as an archive.
 * doctags is a notation of docling's own models and is said not to be available. */
#include <sys/stat.h>
#include <unistd.h>

#include "api/docling_document.h"
#include "api/docling_fetch.h"
#include "api/pack.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/passwords.h"

#define POLL_WAIT_MAX_MS 20000

/* One document of a job, converted or not. */
typedef struct Converted {
    Str name;
    Error failure; /* code ERROR_NONE: it was read */
    Str md, json, html, text;
    bool is_cut; /* one of them was too long for an answer */
    VEC(Str) errors;
} Converted;

/* --- Converting --- */

static Str print(Arena *arena, const DocNode *node, DocFormat format, bool *is_cut)
{
    Buf out = buf_new(arena, CONVERT_ANSWER_MAX);
    if (format == DOC_HTML)
        buf_add(&out,
                S("<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"></head>\n<body>\n"));
    doc_print(node, format, &out);
    if (format == DOC_HTML)
        buf_add(&out, S("</body>\n</html>\n"));
    *is_cut |= out.overflowed;
    return buf_str(&out);
}

static Str print_docling(Arena *arena, const DocNode *node, const DocNode *pages,
                         const DoclingSource *source, bool *is_cut)
{
    Buf out = buf_new(arena, CONVERT_ANSWER_MAX);
    DoclingOrigin origin = { source->file.name, pages->media_type, source->file.sha256 };
    JsonWriter json = put_begin(&out);
    docling_put_document(&json, arena, node, pages, &origin);
    put_end(&json);
    *is_cut |= out.overflowed;
    return buf_str(&out);
}

static void collect_errors(Arena *arena, const DocNode *node, Converted *out)
{
    for (size_t i = 0; i < node->children.count; i++) {
        const DocNode *child = node->children.at[i];
        if (child->failure.code != ERROR_NONE)
            *vec_push(arena, &out->errors) =
                str_format(arena, STR_FMT ": %s", STR_ARG(child->name), child->failure.message);
        collect_errors(arena, child, out);
    }
}

static bool convert_source(DoclingJob *job, DoclingSource *source, Converted *out, Error *err)
{
    Extraction found;
    Arena *arena = job->arena;
    if (source->file.fd < 0 && !docling_fetch(job, source, err))
        return false;
    out->name = source->file.name;
    if (!source->file.size)
        return fail(err, ERROR_DAMAGED, "the file is empty");
    if (!convert_read(job->api, arena, &source->file, &job->options, &found, err))
        return false;
    if (!docling_accepts(job, found.root->format, found.root->media_type))
        return fail(err, ERROR_UNSUPPORTED, "it is " STR_FMT ", which is not among from_formats",
                    STR_ARG(found.root->format));
    /* Running headers are in the document's furniture, and in no text. */
    ConvertOptions body_only = job->options;
    body_only.drops_furniture = true;
    DocNode *node = convert_select(arena, found.root, &job->options, true);
    DocNode *body = convert_select(arena, found.root, &body_only, true);
    collect_errors(arena, node, out);
    if (job->forms & DOCLING_DOCTAGS)
        *vec_push(arena, &out->errors) = S("doctags are not available here");
    out->md = job->forms & DOCLING_MD ? print(arena, body, DOC_MARKDOWN, &out->is_cut) : STR_NONE;
    out->html = job->forms & DOCLING_HTML ? print(arena, body, DOC_HTML, &out->is_cut) : STR_NONE;
    out->text = job->forms & DOCLING_TEXT ? print(arena, body, DOC_TEXT, &out->is_cut) : STR_NONE;
    if (job->forms & DOCLING_JSON)
        out->json = print_docling(arena, node, found.root, source, &out->is_cut);
    if (!out->is_cut)
        return true;
    out->md = out->json = out->html = out->text = STR_NONE;
    return fail(err, ERROR_TOO_LARGE, "the answer would have more than %zu bytes",
                CONVERT_ANSWER_MAX);
}

/* --- Answers --- */

static void put_content(JsonWriter *json, const char *name, Str text)
{
    if (text.at)
        put_text(json, name, text);
    else
        put_null(json, name);
}

static void put_error_item(JsonWriter *json, Str message)
{
    put_object(json, NULL);
    put_text(json, "component_type", S("document_backend"));
    put_text(json, "module_name", S("lectern"));
    put_text(json, "error_message", message);
    put_end(json);
}

static void put_one(JsonWriter *json, const Converted *one, double seconds)
{
    bool is_read = one->failure.code == ERROR_NONE;
    put_object(json, "document");
    put_text(json, "filename", one->name);
    put_content(json, "md_content", one->md);
    if (one->json.at)
        put_raw(json, "json_content", one->json);
    else
        put_null(json, "json_content");
    put_content(json, "html_content", one->html);
    put_content(json, "text_content", one->text);
    put_null(json, "doctags_content");
    put_end(json);
    put_text(json, "status",
             !is_read            ? S("failure")
             : one->errors.count ? S("partial_success")
                                 : S("success"));
    put_array(json, "errors");
    if (!is_read)
        put_error_item(json, str(one->failure.message));
    for (size_t i = 0; i < one->errors.count; i++)
        put_error_item(json, one->errors.at[i]);
    put_end(json);
    put_number(json, "processing_time", seconds);
    put_object(json, "timings");
    put_end(json);
    if (!is_read) { /* where clients look for a reason */
        put_text(json, "detail", str(one->failure.message));
        put_text(json, "code", str(error_name(one->failure.code)));
    }
}

static void add_packed(Arena *arena, const Converted *one, size_t number, const char *extension,
                       Str text, PackFile *files, size_t *count)
{
    ptrdiff_t dot = str_find_last_char(one->name, '.');
    Str stem = dot > 0 ? str_slice(one->name, 0, (size_t)dot) : one->name;
    Str name = library_clean_name(arena, stem);
    if (!text.at)
        return;
    /* Files of one name are told apart by their place in the request. */
    bool is_taken = false;
    Str wanted = str_format(arena, STR_FMT ".%s", STR_ARG(name), extension);
    for (size_t i = 0; i < *count; i++)
        is_taken |= str_equal(files[i].name, wanted);
    if (is_taken)
        wanted = str_format(arena, STR_FMT "-%zu.%s", STR_ARG(name), number, extension);
    files[(*count)++] = (PackFile){ .name = wanted, .bytes = text };
}

/* What could not be read is said in a file of its own. */
static Str failures_of(Arena *arena, const Converted *all, size_t total)
{
    Buf out = buf_new(arena, MB(4));
    bool has_one = false;
    JsonWriter json = put_begin_array(&out);
    for (size_t i = 0; i < total; i++)
        if (all[i].failure.code != ERROR_NONE) {
            put_object(&json, NULL);
            put_text(&json, "filename", all[i].name);
            put_text(&json, "error_message", str(all[i].failure.message));
            put_end(&json);
            has_one = true;
        }
    put_end(&json);
    return has_one ? buf_str(&out) : STR_NONE;
}

static bool pack_all(Arena *arena, const Converted *all, size_t total, Buf *out, Error *err)
{
    PackFile *files = arena_new_array(arena, PackFile, total * 4 + 1);
    size_t count = 0;
    Str failures = failures_of(arena, all, total);
    for (size_t i = 0; i < total; i++) {
        add_packed(arena, &all[i], i + 1, "md", all[i].md, files, &count);
        add_packed(arena, &all[i], i + 1, "json", all[i].json, files, &count);
        add_packed(arena, &all[i], i + 1, "html", all[i].html, files, &count);
        add_packed(arena, &all[i], i + 1, "txt", all[i].text, files, &count);
    }
    if (failures.at)
        files[count++] = (PackFile){ .name = S("errors.json"), .bytes = failures };
    return pack_files(PACK_ZIP, files, count, out, err);
}

static void write_one(DoclingJob *job, const Converted *one, double seconds,
                      ConversionResult *result)
{
    Buf out = buf_new(job->arena, CONVERT_ANSWER_MAX);
    Converted answer = *one;
    JsonWriter json = put_begin(&out);
    put_one(&json, &answer, seconds);
    put_end(&json);
    if (out.overflowed) {
        fail(&answer.failure, ERROR_TOO_LARGE, "the answer would have more than %zu bytes",
             out.limit);
        answer.md = answer.json = answer.html = answer.text = STR_NONE;
        out = buf_new(job->arena, MB(1));
        json = put_begin(&out);
        put_one(&json, &answer, seconds);
        put_end(&json);
    }
    bool is_read = answer.failure.code == ERROR_NONE;
    result->state = is_read ? CONVERSION_SUCCESS : CONVERSION_FAILURE;
    result->status = is_read ? 200 : error_http_status(answer.failure.code);
    result->media_type = S("application/json");
    result->body = buf_str(&out);
}

static void write_archive(DoclingJob *job, const Converted *all, double seconds,
                          ConversionResult *result)
{
    Buf out = buf_new(job->arena, CONVERT_ANSWER_MAX);
    Converted failed = { .name = S("converted_docs.zip") };
    if (!result->succeeded)
        failed.failure = all[0].failure;
    if (!result->succeeded ||
        !pack_all(job->arena, all, job->sources.count, &out, &failed.failure)) {
        write_one(job, &failed, seconds, result);
        return;
    }
    result->state = CONVERSION_SUCCESS;
    result->status = 200;
    result->media_type = S("application/zip");
    result->file_name = S("converted_docs.zip");
    result->body = buf_str(&out);
}

static void run_job(void *argument, ConversionResult *result)
{
    DoclingJob *job = argument;
    int64_t started_us = monotonic_us();
    size_t total = job->sources.count;
    Converted *all = arena_new_array(job->arena, Converted, total);
    *result = (ConversionResult){ .file_name = S("") };
    for (size_t i = 0; i < total; i++) {
        all[i].name = job->sources.at[i].url.at
                          ? passwords_hidden(job->arena, job->sources.at[i].url)
                          : job->sources.at[i].file.name;
        bool good = convert_source(job, &job->sources.at[i], &all[i], &all[i].failure);
        result->succeeded += good;
        result->failed += !good;
    }
    double seconds = (double)(monotonic_us() - started_us) / 1e6;
    if (total > 1 || job->as_zip)
        write_archive(job, all, seconds, result);
    else
        write_one(job, &all[0], seconds, result);
}

/* --- At once --- */

static void name_file(HttpResponse *response, Str file_name)
{
    if (file_name.length)
        http_header(response, "Content-Disposition",
                    str_format(response->body.arena, "attachment; filename=\"" STR_FMT "\"",
                               STR_ARG(file_name)));
}

bool docling_convert(ApiRequest *request, HttpResponse *response, Error *err)
{
    struct Conversions *places = request->api->conversions;
    bool is_stranger = api_is_stranger(request);
    DoclingJob job;
    ConversionResult result;
    if (!docling_read_job(request, &job, err))
        return false;
    if (!conversion_begin(places, is_stranger, err)) {
        docling_close_job(&job);
        return false;
    }
    run_job(&job, &result);
    conversion_end(places, is_stranger);
    bool good = convert_respond(request, response, result.body, result.media_type, err);
    if (good) {
        response->status = result.status;
        name_file(response, result.file_name);
    }
    docling_close_job(&job);
    return good;
}

/* --- As a task --- */

static void put_task(HttpResponse *response, const ConversionView *task)
{
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "task_id", task->id);
    put_text(&json, "task_type", S("convert"));
    put_text(&json, "task_status", str(conversion_state_name(task->state)));
    if (task->position)
        put_int(&json, "task_position", task->position);
    else
        put_null(&json, "task_position");
    put_object(&json, "task_meta");
    put_int(&json, "num_docs", task->files);
    put_int(&json, "num_processed", task->succeeded + task->failed);
    put_int(&json, "num_succeeded", task->succeeded);
    put_int(&json, "num_failed", task->failed);
    put_end(&json);
    put_end(&json);
}

static void release_job(void *argument)
{
    docling_close_job(argument);
    free(argument);
}

bool docling_convert_later(ApiRequest *request, HttpResponse *response, Error *err)
{
    DoclingJob *job = heap_alloc(sizeof *job);
    ConversionView task;
    if (!docling_read_job(request, job, err)) {
        free(job);
        return false;
    }
    ConversionWork work = {
        .run = run_job, .release = release_job, .argument = job, .files = (int)job->sources.count
    };
    if (!conversion_add(request->api->conversions, request->arena, request->scope->workspace, &work,
                        &task, err)) {
        release_job(job);
        return false;
    }
    put_task(response, &task);
    return true;
}

bool docling_status(ApiRequest *request, HttpResponse *response, Error *err)
{
    double wait_s = 0;
    ConversionView task;
    Str text = http_query(request->http, "wait");
    if (text.length && (!str_to_double(text, &wait_s) || wait_s < 0))
        return fail_field(err, "wait", "'wait' is a number of seconds");
    int64_t wait_ms = (int64_t)(MIN(wait_s, 3600.0) * 1000);
    if (!conversion_find(request->api->conversions, request->arena, request->scope->workspace,
                         request->params[0], MIN(wait_ms, POLL_WAIT_MAX_MS), &task, err))
        return false;
    put_task(response, &task);
    return true;
}

bool docling_result(ApiRequest *request, HttpResponse *response, Error *err)
{
    ConversionFile file;
    if (!conversion_result(request->api->conversions, request->arena, request->scope->workspace,
                           request->params[0], &file, err))
        return false;
    name_file(response, file.file_name);
    if (file.status == 200) {
        http_respond_file(
            response,
            &(HttpFile){ .fd = file.fd, .size = file.size, .media_type = file.media_type });
        return true;
    }
    AUTO_CLOSE int fd = file.fd; /* a reason: short */
    AUTO_MAP FileMap map = { 0 };
    if (!fd_map(fd, &map, err))
        return false;
    buf_add(&response->body, map.bytes);
    response->status = file.status;
    response->media_type = file.media_type;
    return true;
}
