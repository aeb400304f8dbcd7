/* process_api.c - files in, their text in the answer: /api/v1/documents/process and what stands
 * beside it, and /api/v1/test for those who set it up.
 *
 * Unlike a conversion, `process` adds the file to the library, as an upload does; the answer waits
 * for its text, a minute at most. */
#include <fcntl.h>
#include <unistd.h>

#include "api/convert.h"
#include "api/process.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "models/models.h"

#define LOOK_EVERY_MS 25

/* --- One file --- */

static bool add_file(ApiRequest *request, const NewFile *file, Processed *out, Error *err)
{
    struct Library *library = request->api->library;
    Document document;
    bool is_new;
    return library_accepts(file->path, file->name, file->media_type, err) &&
           library_add(library, request->scope, request->arena, file, &document, &is_new, err) &&
           library_find(library, request->scope, request->arena, document.id, &out->view, err);
}

bool process_has_text(const DocumentView *view)
{
    return view->document.state == DOCUMENT_INDEXING || view->document.state == DOCUMENT_READY;
}

bool process_wait(ApiRequest *request, DocumentView *view, int64_t until_ms, Error *err)
{
    const atomic_bool *stops = conversions_stopping(request->api->conversions);
    Str id = view->document.id;
    while (!process_has_text(view) && !document_state_is_over(view->document.state) &&
           monotonic_ms() < until_ms && !atomic_load(stops)) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        DocumentView now;
        sleep_ms(LOOK_EVERY_MS);
        if (!library_find(request->api->library, request->scope, arena, id, &now, err))
            return false;
        if (now.document.state != view->document.state &&
            !library_find(request->api->library, request->scope, request->arena, id, view, err))
            return false;
    }
    return true;
}

void process_new(ApiRequest *request, const NewFile *file, Processed *out)
{
    out->name = file->name;
    (void)!add_file(request, file, out, &out->failure);
}

void process_part(ApiRequest *request, const HttpPart *part, Processed *out)
{
    const HttpPart *password = http_part(request->http, "password");
    NewFile file = { .path = part->temp_path,
                     .name = part->file_name,
                     .media_type = part->media_type,
                     .size = part->size,
                     .sha256 = str(part->sha256),
                     .password = password ? password->text : S("") };
    process_new(request, &file, out);
}

bool process_text(ApiRequest *request, const NewFile *like, Str text, Processed *out, Error *err)
{
    Arena *arena = request->arena;
    char *path = path_join(arena, str(request->api->upload_folder), id_new(arena));
    NewFile file = *like;
    file.path = path;
    file.size = text.length;
    file.sha256 = sha256_hex(arena, text);
    if (!file_write(path, text, 0600, err))
        return false;
    process_new(request, &file, out);
    (void)unlink(path); /* gone when it was taken */
    if (out->failure.code != ERROR_NONE)
        *err = out->failure;
    return out->failure.code == ERROR_NONE &&
           process_wait(request, &out->view, monotonic_ms() + PROCESS_WAIT_MS, err);
}

/* --- Answers --- */

/* The word of a document's stored quality; empty while there is none. */
static Str grade_of(Arena *arena, const Document *document)
{
    AUTO_JSON json_t *quality = NULL;
    Error ignored;
    if (!document->quality.length || !json_parse(document->quality, MB(1), &quality, &ignored))
        return S("");
    return str_copy(arena, json_member_text(quality, "grade"));
}

static bool put_text_of(ApiRequest *request, Arena *arena, JsonWriter *json,
                        const DocumentView *view, Error *err)
{
    Buf text = buf_new(arena, CONVERT_ANSWER_MAX);
    if (process_has_text(view) && !library_print(request->api->library, request->scope, arena,
                                                 view->document.id, 0, TEXT_PLAIN, &text, err))
        return false;
    put_text(json, "text", buf_str(&text));
    return true;
}

static bool put_processed(ApiRequest *request, Arena *arena, JsonWriter *json, const Processed *one,
                          Error *err)
{
    const Document *document = &one->view.document;
    put_object(json, "document");
    put_text(json, "id", document->id);
    put_text(json, "name", path_name(document->name));
    put_text(json, "type", document->media_type);
    put_int(json, "size", document->size_bytes);
    put_text(json, "status", str(document_state_name(document->state)));
    if (!put_text_of(request, arena, json, &one->view, err))
        return false;
    put_text_or_null(json, "extraction_quality", grade_of(arena, document));
    put_raw(json, "metadata", document->metadata.length ? document->metadata : S("{}"));
    put_end(json);
    return true;
}

/* Members of one file's answer. *status_r: of HTTP, were it alone. */
static bool put_outcome(ApiRequest *request, Arena *arena, JsonWriter *json, const Processed *one,
                        int *status_r, Error *err)
{
    const Document *document = &one->view.document;
    bool was_added = one->failure.code == ERROR_NONE;
    bool has_failed =
        !was_added || document->state == DOCUMENT_FAILED || document->state == DOCUMENT_CANCELLED;
    Str message = was_added ? document->error_message : str(one->failure.message);
    ErrorCode code = was_added ? error_code(str_c(arena, document->error_code)) : one->failure.code;
    put_bool(json, "success", !has_failed);
    if (was_added && !put_processed(request, arena, json, one, err))
        return false;
    if (has_failed) {
        if (was_added && document->state == DOCUMENT_CANCELLED)
            code = ERROR_CANCELLED, message = S("reading was cancelled");
        put_text(json, "error", message);
        put_text(json, "code", str(error_name(code)));
    }
    *status_r = has_failed ? error_http_status(code) : process_has_text(&one->view) ? 200 : 202;
    return true;
}

static bool respond(ApiRequest *request, HttpResponse *response, const Buf *out, Error *err)
{
    if (out->overflowed)
        return fail(err, ERROR_TOO_LARGE, "the answer would have more than %zu bytes", out->limit);
    return convert_respond(request, response, buf_str(out), S("application/json"), err);
}

/* --- /api/v1/documents --- */

static bool write_one(ApiRequest *request, HttpResponse *response, Processed *one, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(CONVERT_MEMORY_MAX);
    Buf out = buf_new(arena, CONVERT_ANSWER_MAX);
    int status;
    JsonWriter json = put_begin(&out);
    if (!put_outcome(request, arena, &json, one, &status, err))
        return false;
    put_end(&json);
    if (!respond(request, response, &out, err))
        return false;
    response->status = status;
    return true;
}

bool process_file(ApiRequest *request, HttpResponse *response, Error *err)
{
    const HttpRequest *http = request->http;
    struct Conversions *places = request->api->conversions;
    Processed one = { 0 };
    const HttpPart *part = NULL;
    for (size_t i = 0; i < http->part_count && !part; i++)
        if (http->parts[i].temp_path)
            part = &http->parts[i];
    if (!part)
        return fail_field(err, "file", "the form has no part named 'file' with a file name");
    if (!conversion_begin(places, false, err))
        return false;
    process_part(request, part, &one);
    bool good = one.failure.code != ERROR_NONE ||
                process_wait(request, &one.view, monotonic_ms() + PROCESS_WAIT_MS, err);
    conversion_end(places, false);
    return good && write_one(request, response, &one, err);
}

static bool write_all(ApiRequest *request, HttpResponse *response, const Processed *all,
                      size_t count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(CONVERT_MEMORY_MAX);
    Buf out = buf_new(arena, CONVERT_ANSWER_MAX);
    int64_t failed = 0;
    JsonWriter json = put_begin(&out);
    put_array(&json, "results");
    for (size_t i = 0; i < count; i++) {
        int status;
        put_object(&json, NULL);
        put_text(&json, "name", all[i].name);
        if (!put_outcome(request, arena, &json, &all[i], &status, err))
            return false;
        put_end(&json);
        failed += status >= 400;
    }
    put_end(&json);
    put_bool(&json, "success", failed < (int64_t)count);
    put_int(&json, "total", (int64_t)count);
    put_int(&json, "succeeded", (int64_t)count - failed);
    put_int(&json, "failed", failed);
    put_end(&json);
    return respond(request, response, &out, err);
}

bool process_files(ApiRequest *request, HttpResponse *response, Error *err)
{
    const HttpRequest *http = request->http;
    struct Conversions *places = request->api->conversions;
    Processed *all = arena_new_array(request->arena, Processed, http->part_count + 1);
    size_t count = 0;
    bool good = true;
    int64_t until_ms = monotonic_ms() + PROCESS_WAIT_MS;
    if (!conversion_begin(places, false, err))
        return false;
    for (size_t i = 0; i < http->part_count; i++)
        if (http->parts[i].temp_path)
            process_part(request, &http->parts[i], &all[count++]);
    for (size_t i = 0; i < count && good; i++)
        good =
            all[i].failure.code != ERROR_NONE || process_wait(request, &all[i].view, until_ms, err);
    conversion_end(places, false);
    if (good && !count)
        return fail_field(err, "files", "the form has no part named 'files' with a file name");
    return good && write_all(request, response, all, count, err);
}

static bool is_new_name(StrList *seen, Str *room, const char *name)
{
    for (size_t i = 0; i < seen->count; i++)
        if (str_is(seen->at[i], name))
            return false;
    room[seen->count++] = str(name);
    return true;
}

/* Each name once, though several formats may have it. */
static size_t put_names(JsonWriter *json, Arena *arena, const char *member, bool extensions)
{
    size_t count, total = 0;
    const LibraryFormat *formats = library_formats(&count);
    for (size_t i = 0; i < count; i++)
        for (const char *const *name = extensions ? formats[i].extensions : formats[i].media_types;
             *name; name++)
            total++;
    Str *room = arena_new_array(arena, Str, total + 1);
    StrList seen = { .at = room };
    put_array(json, member);
    for (size_t i = 0; i < count; i++)
        for (const char *const *name = extensions ? formats[i].extensions : formats[i].media_types;
             *name; name++)
            if (is_new_name(&seen, room, *name))
                put_text(json, NULL, extensions ? str_format(arena, ".%s", *name) : str(*name));
    put_end(json);
    return seen.count;
}

bool process_types(ApiRequest *request, HttpResponse *response, Error *err)
{
    size_t count;
    (void)err;
    (void)library_formats(&count);
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "success", true);
    size_t extensions = put_names(&json, request->arena, "extensions", true);
    size_t media_types = put_names(&json, request->arena, "media_types", false);
    put_int(&json, "formats", (int64_t)count);
    put_int(&json, "total_extensions", (int64_t)extensions);
    put_int(&json, "total_media_types", (int64_t)media_types);
    put_end(&json);
    return true;
}

/* --- /api/v1/test --- */

static const char sample_text[] =
    "A short text to see whether documents are read.\n\n"
    "It was written to a file, opened in a worker, and came back with its quality.\n";

static bool open_sample(const ApiRequest *request, ConvertFile *file, Error *err)
{
    int fd = open(request->api->upload_folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "writing the sample");
    *file = (ConvertFile){ .fd = fd,
                           .size = sizeof sample_text - 1,
                           .name = S("sample.txt"),
                           .media_type = S("text/plain") };
    if (fd_write_all(fd, S(sample_text), err))
        return true;
    close(fd);
    return false;
}

static bool open_test_file(const ApiRequest *request, ConvertFile *file, Error *err)
{
    bool has_file = false;
    for (size_t i = 0; i < request->http->part_count; i++) {
        const HttpPart *part = &request->http->parts[i];
        has_file |=
            part->temp_path && part->size && !str_starts(part->media_type, S("application/json"));
    }
    return has_file ? convert_open(request, file, err) : open_sample(request, file, err);
}

/* Reads the file as a conversion would, and closes it. */
static bool read_test(ApiRequest *request, Arena *arena, const ConvertFile *file,
                      Extraction *found_r, Error *err)
{
    struct Conversions *places = request->api->conversions;
    ConvertOptions options = { 0 };
    AUTO_CLOSE int fd = file->fd;
    (void)fd;
    if (!conversion_begin(places, false, err))
        return false;
    bool good = convert_read(request->api, arena, file, &options, found_r, err);
    conversion_end(places, false);
    return good;
}

static bool write_test(ApiRequest *request, HttpResponse *response, Arena *arena,
                       const ConvertFile *file, const DocNode *root, Error *err)
{
    Buf out = buf_new(arena, CONVERT_ANSWER_MAX), text = buf_new(arena, CONVERT_ANSWER_MAX);
    Quality quality;
    ConvertOptions all = { 0 };
    const DocNode *node = convert_select(arena, root, &all, true);
    quality_measure(arena, root, &quality);
    doc_print(node, DOC_TEXT, &text);
    JsonWriter json = put_begin(&out);
    put_bool(&json, "success", true);
    put_object(&json, "document");
    put_null(&json, "id"); /* nothing is kept */
    put_text(&json, "name", file->name);
    put_text(&json, "type", root->media_type);
    put_int(&json, "size", (int64_t)file->size);
    put_text(&json, "text", buf_str(&text));
    put_text(&json, "extraction_quality", str(quality_name(quality.grade)));
    put_object(&json, "metadata");
    put_end(&json);
    put_end(&json);
    put_end(&json);
    return respond(request, response, &out, err);
}

bool process_test(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(CONVERT_MEMORY_MAX);
    ConvertFile file;
    Extraction found;
    return open_test_file(request, &file, err) && read_test(request, arena, &file, &found, err) &&
           write_test(request, response, arena, &file, found.root, err);
}

/* The outcome of a test is an answer, also when it is no success. */
bool process_test_model(ApiRequest *request, HttpResponse *response, Error *err)
{
    ChatMessage message = { .role = S("user"),
                            .text = S("Say in one short sentence that you are working.") };
    ChatRequest chat = {
        .messages = &message, .count = 1, .feature = S("chat"), .output_max = 100
    };
    ChatResult result = { 0 };
    Error why;
    bool good =
        models_chat(request->api->models, request->scope, request->arena, &chat, &result, &why);
    JsonWriter json = put_begin(&response->body);
    (void)err;
    put_bool(&json, "success", good);
    put_text(&json, "response", result.text);
    put_text(&json, "message", good ? S("AI generation test successful") : str(why.message));
    put_text_or_null(&json, "model", result.model);
    put_end(&json);
    return true;
}

static void put_generation(ApiRequest *request, JsonWriter *json)
{
    Provider provider = { 0 };
    StrList names;
    Error why;
    struct Models *models = request->api->models;
    bool is_there = models_provider(models, request->scope, request->arena, &provider, &why);
    bool answers = is_there && models_list(models, request->scope, request->arena, &names, &why);
    put_object(json, "ai_generation");
    put_text(json, "status", answers ? S("healthy") : S("unavailable"));
    put_text(json, "api_connection",
             answers    ? S("successful")
             : is_there ? S("failed")
                        : S("not configured"));
    put_text_or_null(json, "model", provider.model);
    if (!answers)
        put_text(json, "message", str(why.message));
    put_end(json);
}

/* Whether a worker starts and reads. */
static bool read_sample(ApiRequest *request, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(CONVERT_MEMORY_MAX);
    ConvertFile file;
    Extraction found;
    return open_sample(request, &file, err) && read_test(request, arena, &file, &found, err);
}

bool process_status(ApiRequest *request, HttpResponse *response, Error *err)
{
    size_t count;
    Error why;
    bool reads = read_sample(request, &why);
    (void)err;
    (void)library_formats(&count);
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "stage", S("Stage 2 - Performance Heavy Operations"));
    put_text(&json, "status", S("active"));
    put_object(&json, "services");
    put_object(&json, "document_processing");
    put_text(&json, "status", reads ? S("healthy") : S("unavailable"));
    put_text(&json, "text_extraction", reads ? S("working") : S("failed"));
    put_int(&json, "supported_formats", (int64_t)count);
    if (!reads)
        put_text(&json, "message", str(why.message));
    put_end(&json);
    put_generation(request, &json);
    put_end(&json);
    put_end(&json);
    return true;
}
