/* assist_api.c - the task assistant's paths for messages and files. */
#include "api/assistant.h"
#include "api/conversions.h"
#include "api/document_json.h"
#include "api/preferences.h"
#include "api/process.h"
#include "assist/assist.h"
#include "base/clock.h"
#include "base/utf8.h"

#define MESSAGE_MAX 2000 /* characters */
#define CONTEXT_MAX KB(32)

typedef struct AssistCall {
    ApiRequest *request;
    AssistFile files[ASSIST_FILES_MAX];
    AssistRequest assist;
    AssistReply reply;
    Str tasks; /* a JSON array */
    Str zone;  /* of the person, for deadlines */
    bool is_saving;
} AssistCall;

/* --- Writing --- */

static void put_file_members(JsonWriter *json, const AssistFile *file)
{
    const Document *document = &file->document;
    put_text(json, "file_id", document->id);
    put_text(json, "filename", document->name);
    put_text(json, "file_type", document->media_type);
    put_int(json, "file_size", document->size_bytes);
    put_text(json, "status", str(document_state_name(document->state)));
    put_raw(json, "metadata", document->metadata.length ? document->metadata : S("{}"));
    put_time(json, "created_at", document->created_at_ms);
}

static void put_seen(JsonWriter *json, const AssistFile *file)
{
    if (file->kind == FILE_PICTURE) {
        put_text(json, "caption", file->caption);
        put_text(json, "caption_by", file->caption_by);
    }
    put_text(json, file->kind == FILE_SOUND ? "transcript" : "text", file->text);
    put_bool(json, "cut", file->is_cut);
}

static void put_suggestions(JsonWriter *json, const AssistReply *reply)
{
    put_array(json, "suggestions");
    for (size_t i = 0; i < reply->suggestion_count; i++) {
        put_object(json, NULL);
        put_text(json, "text", reply->suggestions[i].text);
        put_text(json, "priority", reply->suggestions[i].priority);
        put_text(json, "category", reply->suggestions[i].category);
        put_end(json);
    }
    put_end(json);
}

static void put_usage(JsonWriter *json, const AssistReply *reply)
{
    put_object(json, "usage");
    put_int(json, "input_tokens", reply->input_tokens);
    put_int(json, "output_tokens", reply->output_tokens);
    put_int(json, "total_tokens", reply->input_tokens + reply->output_tokens);
    put_end(json);
}

/* `said`: what the clients of the path call the answer. */
static void put_reply(JsonWriter *json, const AssistCall *call, const char *said)
{
    const AssistReply *reply = &call->reply;
    put_text(json, said, reply->response);
    put_text(json, "made_by", reply->made_by);
    put_text(json, "context", str(assist_context_name(reply->context)));
    put_raw(json, "tasks", call->tasks);
    put_suggestions(json, reply);
    put_text_or_null(json, "chat_direction", reply->direction);
    put_array(json, "citations");
    for (size_t i = 0; i < reply->citation_count; i++)
        put_citation(json, NULL, &reply->citations[i]);
    put_end(json);
    put_usage(json, reply);
    put_text_or_null(json, "notice", reply->notice);
}

/* Into one array. */
static bool draw_from(AssistCall *call, const DrawnFrom *from, Buf *all, Error *err)
{
    Str tasks;
    size_t count;
    if (!drawn_tasks(call->request, from, &tasks, &count, err))
        return false;
    if (count)
        buf_addf(all, "%s" STR_FMT, all->length > 1 ? "," : "",
                 STR_ARG(str_slice(tasks, 1, tasks.length - 1)));
    call->assist.task_count += count;
    return true;
}

/* Of what was written, read and said. Those of a file that was just sent are kept as suggested. */
static bool draw_tasks(AssistCall *call, Error *err)
{
    Buf all = buf_new(call->request->arena, MB(8));
    DrawnFrom from = { .zone = call->zone,
                       .is_saved = call->is_saving,
                       .only_rules = call->assist.only_rules };
    buf_add_char(&all, '[');
    from.text = call->assist.message;
    if (from.text.length && !draw_from(call, &from, &all, err))
        return false;
    from.text = STR_NONE;
    for (size_t i = 0; i < call->assist.file_count; i++) {
        from.document = call->files[i].document.id;
        if (call->files[i].text.length && !draw_from(call, &from, &all, err))
            return false;
    }
    buf_add_char(&all, ']');
    call->tasks = buf_str(&all);
    return true;
}

static bool make_reply(AssistCall *call, Error *err)
{
    const ApiRequest *request = call->request;
    call->assist.files = call->files;
    if (!draw_tasks(call, err))
        return false;
    return assist_reply(request->api->answers, request->api->models, request->scope, request->arena,
                        &call->assist, &call->reply, err);
}

/* What to try next is said unless the request, or what the person likes, says no. */
static bool read_likes(AssistCall *call, bool *wants_direction_r, Error *err)
{
    Preferences likes;
    if (!api_preferences(call->request, &likes, err))
        return false;
    *wants_direction_r = !likes.without_direction;
    call->zone = likes.time_zone;
    return true;
}

/* --- Messages --- */

static bool check_message(const char *field, Str message, bool may_be_empty, Error *err)
{
    size_t count = utf8_count(message);
    bool is_empty = !str_trim(message).length && !may_be_empty;
    return (!is_empty && count <= MESSAGE_MAX) ||
           fail_field(err, field, "'%s' has 1 to %d characters, not %zu", field, MESSAGE_MAX,
                      count);
}

bool assist_chat(ApiRequest *request, HttpResponse *response, Error *err)
{
    AssistCall call = { .request = request };
    Str user = STR_NONE;
    bool wants_direction;
    if (!read_likes(&call, &wants_direction, err) ||
        !api_fields(request, err, { "message", JSON_STR, &call.assist.message, .required = true },
                    { "context", JSON_STR, &call.assist.context, .length_max = CONTEXT_MAX },
                    { "user_id", JSON_STR, &user, .length_max = 100 },
                    { "include_chat_direction", JSON_FLAG, &wants_direction }) ||
        !check_message("message", call.assist.message, false, err) ||
        !assistant_user(request, user, &user, err))
        return false;
    call.assist.without_direction = !wants_direction;
    if (!make_reply(&call, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_reply(&json, &call, "response");
    put_end(&json);
    return true;
}

static bool add_file(AssistCall *call, const char *field, Str id, AssistFileKind kind, Error *err)
{
    const ApiRequest *request = call->request;
    AssistFile *file = &call->files[call->assist.file_count];
    if (!id.length)
        return true;
    if (!assist_read_file(request->api->library, request->scope, request->arena, id, file, err))
        return false;
    if (file->kind != kind)
        return fail_field(err, field, "'%s' names a file of the type '" STR_FMT "'", field,
                          STR_ARG(file->document.media_type));
    call->assist.file_count++;
    return true;
}

static void put_inputs(JsonWriter *json, const AssistCall *call)
{
    put_array(json, "files");
    for (size_t i = 0; i < call->assist.file_count; i++) {
        put_object(json, NULL);
        put_file_members(json, &call->files[i]);
        put_seen(json, &call->files[i]);
        put_end(json);
    }
    put_end(json);
}

bool assist_multimodal(ApiRequest *request, HttpResponse *response, Error *err)
{
    AssistCall call = { .request = request };
    AssistRequest *assist = &call.assist;
    Str image = STR_NONE, audio = STR_NONE, user = STR_NONE;
    bool wants_direction;
    if (!read_likes(&call, &wants_direction, err) ||
        !api_fields(request, err, { "text", JSON_STR, &assist->message },
                    { "image_file_id", JSON_STR, &image, .length_max = 100 },
                    { "audio_file_id", JSON_STR, &audio, .length_max = 100 },
                    { "context", JSON_STR, &assist->context, .length_max = CONTEXT_MAX },
                    { "task_type", JSON_STR, &assist->task_type, .length_max = 100 },
                    { "user_id", JSON_STR, &user, .length_max = 100 },
                    { "include_chat_direction", JSON_FLAG, &wants_direction }) ||
        !check_message("text", assist->message, image.length || audio.length, err) ||
        !assistant_user(request, user, &user, err) ||
        !add_file(&call, "image_file_id", image, FILE_PICTURE, err) ||
        !add_file(&call, "audio_file_id", audio, FILE_SOUND, err))
        return false;
    assist->without_direction = !wants_direction;
    if (!make_reply(&call, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_reply(&json, &call, "response");
    put_inputs(&json, &call);
    put_end(&json);
    return true;
}

/* --- Files --- */

static Str form_field(const ApiRequest *request, const char *name)
{
    const HttpPart *part = http_part(request->http, name);
    return part && !part->temp_path ? part->text : STR_NONE;
}

/* By its first bytes: what a client calls it may be wrong. */
static bool check_type(const HttpPart *part, const char *wanted, Error *err)
{
    bool is_of_type = true;
    return (!*wanted ||
            library_is_of_type(part->temp_path, part->file_name, wanted, &is_of_type, err)) &&
           (is_of_type ||
            fail(err, ERROR_UNSUPPORTED,
                 "this path takes files of the type %s*, and " STR_FMT " is none by its content",
                 wanted, STR_ARG(str_slice(part->file_name, 0, 200))));
}

/* Adds the form's file; waits for its words where `waits`. `wanted`: "" or the beginning of a media
 * type. */
static bool take_file(AssistCall *call, const char *wanted, bool waits, Error *err)
{
    ApiRequest *request = call->request;
    struct Conversions *places = request->api->conversions;
    const HttpPart *part = http_part(request->http, "file");
    Processed one = { 0 };
    if (!part || !part->temp_path)
        return fail_field(err, "file", "the form has no part named 'file' with a file name");
    if (!check_type(part, wanted, err) || !conversion_begin(places, false, err))
        return false;
    process_part(request, part, &one);
    bool good = one.failure.code != ERROR_NONE || !waits ||
                process_wait(request, &one.view, monotonic_ms() + PROCESS_WAIT_MS, err);
    conversion_end(places, false);
    if (one.failure.code != ERROR_NONE)
        *err = one.failure;
    if (!good || one.failure.code != ERROR_NONE)
        return false;
    call->assist.file_count = 1;
    return assist_read_file(request->api->library, request->scope, request->arena,
                            one.view.document.id, &call->files[0], err);
}

bool assist_upload(ApiRequest *request, HttpResponse *response, Error *err)
{
    AssistCall call = { .request = request };
    Str user;
    if (!assistant_user(request, form_field(request, "user_id"), &user, err) ||
        !take_file(&call, "", false, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_file_members(&json, &call.files[0]);
    put_text(&json, "description", form_field(request, "description"));
    put_end(&json);
    return true;
}

/* The answer to a file that was just sent. */
static bool answer_upload(ApiRequest *request, const char *wanted, HttpResponse *response,
                          Error *err)
{
    AssistCall call = { .request = request, .is_saving = true };
    Str user, directs = form_field(request, "include_chat_direction");
    call.assist.context = str_slice(form_field(request, "description"), 0, CONTEXT_MAX);
    bool wants_direction;
    if (!read_likes(&call, &wants_direction, err) ||
        !assistant_user(request, form_field(request, "user_id"), &user, err) ||
        !take_file(&call, wanted, true, err))
        return false;
    call.assist.without_direction =
        directs.length ? str_is(directs, "false") || str_is(directs, "0") : !wants_direction;
    if (!make_reply(&call, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_file_members(&json, &call.files[0]);
    put_seen(&json, &call.files[0]);
    put_reply(&json, &call, "analysis");
    put_end(&json);
    return true;
}

bool assist_upload_audio(ApiRequest *request, HttpResponse *response, Error *err)
{
    return answer_upload(request, "audio/", response, err);
}

bool assist_upload_text(ApiRequest *request, HttpResponse *response, Error *err)
{
    return answer_upload(request, "text/", response, err);
}

/* By rules: looking at a file costs nothing. */
bool assist_file(ApiRequest *request, HttpResponse *response, Error *err)
{
    AssistCall call = { .request = request, .assist = { .file_count = 1, .only_rules = true } };
    if (!assist_read_file(request->api->library, request->scope, request->arena, request->params[0],
                          &call.files[0], err) ||
        !make_reply(&call, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_file_members(&json, &call.files[0]);
    put_seen(&json, &call.files[0]);
    put_object(&json, "results");
    put_reply(&json, &call, "analysis");
    put_end(&json);
    put_end(&json);
    return true;
}
