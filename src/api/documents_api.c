/* documents_api.c - documents: upload, list, change, trash. */
#include "api/convert.h"
#include "api/document_json.h"
#include "base/clock.h"
#include "base/file.h"
#include "library/facts.h"
#include "library/samples.h"
#include "models/models.h"
#include "search/document_lists.h"

/* Auditors see names and metadata, and no word of a text: warnings and failures may quote some. */
static void put_seen(JsonWriter *json, const ApiRequest *request, const DocumentView *view)
{
    DocumentView seen = *view;
    if (request->scope->role == ROLE_AUDITOR) {
        seen.document.warnings = STR_NONE;
        seen.document.error_message = S("what went wrong is told to those who may read it");
    }
    put_document(json, &seen);
}

static bool respond_document(ApiRequest *request, HttpResponse *response, Str id, Error *err)
{
    DocumentView view;
    if (!library_find(request->api->library, request->scope, request->arena, id, &view, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_seen(&json, request, &view);
    put_end(&json);
    return true;
}

/* --- Upload --- */

typedef struct UploadState {
    ApiRequest *request;
    JsonWriter json;  /* of the documents */
    Buf refused_text; /* JSON of what was refused */
    JsonWriter refused;
    size_t taken_count, refused_count;
    Error last;
    NewFile fields; /* what all files share */
} UploadState;

/* "pdf,docx" */
static StrList split_names(Arena *arena, Str text)
{
    VEC(Str) names = { 0 };
    for (Str name; str_next(&text, ',', &name);)
        if (str_trim(name).length)
            *vec_push(arena, &names) = str_trim(name);
    return (StrList){ names.at, names.count };
}

static void read_upload_fields(UploadState *state)
{
    const HttpRequest *http = state->request->http;
    const HttpPart *part;
    if ((part = http_part(http, "collection")))
        state->fields.collection = part->text;
    if ((part = http_part(http, "password")))
        state->fields.password = part->text;
    if ((part = http_part(http, "tags")))
        state->fields.tags = split_names(state->request->arena, part->text);
}

static void refuse_part(UploadState *state, Str name, const Error *err)
{
    state->last = *err;
    state->refused_count++;
    put_object(&state->refused, NULL);
    put_text(&state->refused, "name", name);
    put_error(&state->refused, "error", err);
    put_end(&state->refused);
}

/* Browsers write a quote in a file's name as %22 and nothing else so (HTML, "multipart form data").
 */
static Str file_name_of(Arena *arena, Str sent)
{
    Buf name = buf_new(arena, sent.length);
    ptrdiff_t at;
    while ((at = str_find(sent, S("%22"))) >= 0) {
        buf_add(&name, str_slice(sent, 0, (size_t)at));
        buf_add_char(&name, '"');
        sent = str_from(sent, (size_t)at + 3);
    }
    buf_add(&name, sent);
    return buf_str(&name);
}

static bool take_part(UploadState *state, const HttpPart *part, Error *err)
{
    const ApiRequest *request = state->request;
    NewFile file = state->fields;
    DocumentView view;
    Document document;
    bool is_new;
    file.path = part->temp_path;
    file.name = file_name_of(request->arena, part->file_path);
    file.media_type = part->media_type;
    file.size = part->size;
    file.sha256 = str(part->sha256);
    if (!library_accepts(part->temp_path, part->file_name, part->media_type, err) ||
        !library_add(request->api->library, request->scope, request->arena, &file, &document,
                     &is_new, err) ||
        !library_find(request->api->library, request->scope, request->arena, document.id, &view,
                      err))
        return false;
    state->taken_count++;
    put_object(&state->json, NULL);
    put_document(&state->json, &view);
    if (!is_new)
        put_bool(&state->json, "duplicate", true);
    put_end(&state->json);
    return true;
}

static bool take_parts(UploadState *state, Error *err)
{
    const HttpRequest *http = state->request->http;
    for (size_t i = 0; i < http->part_count; i++) {
        const HttpPart *part = &http->parts[i];
        Error why = { 0 };
        if (part->temp_path && !take_part(state, part, &why))
            refuse_part(state, part->file_name, &why);
    }
    if (!state->taken_count && !state->refused_count)
        return fail_field(err, "file", "the upload has no part named 'file' with a file name");
    if (!state->taken_count) {
        *err = state->last;
        return false;
    }
    return true;
}

bool documents_upload(ApiRequest *request, HttpResponse *response, Error *err)
{
    UploadState state = { .request = request, .refused_text = buf_new(request->arena, MB(4)) };
    read_upload_fields(&state);
    state.json = put_begin(&response->body);
    put_array(&state.json, "documents");
    state.refused = put_begin_array(&state.refused_text);
    if (!take_parts(&state, err))
        return false;
    put_end(&state.json);
    put_end(&state.refused);
    put_raw(&state.json, "refused", buf_str(&state.refused_text));
    put_end(&state.json);
    response->status = 202;
    return true;
}

bool documents_sample(ApiRequest *request, HttpResponse *response, Error *err)
{
    StrList ids;
    if (!library_add_samples(request->api->library, request->scope, request->arena,
                             request->api->upload_folder, &ids, err))
        return false;
    response->status = 202;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "documents");
    for (size_t i = 0; i < ids.count; i++) {
        DocumentView view;
        if (!library_find(request->api->library, request->scope, request->arena, ids.at[i], &view,
                          err))
            return false;
        put_object(&json, NULL);
        put_document(&json, &view);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

/* --- Versions --- */

/* The file of a form, or the body as it is, which the header File-Name may name. */
static bool read_new_file(const ApiRequest *request, NewFile *file_r, Error *err)
{
    const HttpRequest *http = request->http;
    const HttpPart *file = NULL, *password = http_part(http, "password");
    for (size_t i = 0; i < http->part_count && !file; i++)
        file = http->parts[i].temp_path ? &http->parts[i] : NULL;
    if (!file)
        return fail_field(err, "file", "there is no file: send it as the body, or in a form");
    bool is_body = str_is(file->field, "body") && str_is(file->file_name, "body");
    *file_r = (NewFile){ .path = file->temp_path,
                         .name = is_body ? http_header_in(http, "File-Name")
                                         : file_name_of(request->arena, file->file_path),
                         .media_type = convert_media_hint(file->media_type),
                         .size = file->size,
                         .sha256 = str(file->sha256),
                         .password = password && !password->temp_path ? password->text : STR_NONE };
    return true;
}

bool documents_replace(ApiRequest *request, HttpResponse *response, Error *err)
{
    Library *library = request->api->library;
    Str id = request->params[0];
    DocumentView view;
    NewFile file;
    if (!library_find(library, request->scope, request->arena, id, &view, err) ||
        !read_new_file(request, &file, err))
        return false;
    file.name = file.name.length ? file.name : view.document.name;
    response->status = 202;
    return library_accepts(file.path, file.name, file.media_type, err) &&
           library_add_version(library, request->scope, request->arena, id, &file, err) &&
           respond_document(request, response, id, err);
}

bool documents_versions(ApiRequest *request, HttpResponse *response, Error *err)
{
    DocumentVersionList list;
    if (!library_versions(request->api->library, request->scope, request->arena, request->params[0],
                          &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        const DocumentVersion *version = &list.at[i];
        put_object(&json, NULL);
        put_int(&json, "version", version->version);
        put_text(&json, "name", version->name);
        put_text_or_null(&json, "media_type", version->media_type);
        put_int(&json, "size", version->size_bytes);
        put_text(&json, "sha256", version->blob);
        put_time(&json, "created_at", version->created_at_ms);
        put_text_or_null(&json, "created_by", version->created_by);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)list.count, STR_NONE);
    return true;
}

/* --- Listing --- */

static bool read_order(const ApiRequest *request, DocumentOrder *order_r, bool *descending_r,
                       Error *err)
{
    static const char *const names[] = { "created", "updated", "name", "size", "date" };
    Str text = http_query(request->http, "order");
    *order_r = DOCUMENT_BY_CREATED;
    *descending_r = true;
    if (!text.length)
        return true;
    *descending_r = text.at[0] == '-';
    Str name = *descending_r ? str_from(text, 1) : text;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i])) {
            *order_r = (DocumentOrder)i;
            return true;
        }
    return fail_field(err, "order",
                      "'order' is created, updated, name, size or date, with - before "
                      "it to begin with the last");
}

static bool read_formats(const ApiRequest *request, DocumentFilter *filter, Error *err)
{
    Arena *arena = request->arena;
    return api_query_time(request, "since", &filter->date_from_ms, err) &&
           api_query_time(request, "until", &filter->date_to_ms, err) &&
           library_formats_of(arena, split_names(arena, http_query(request->http, "format")),
                              split_names(arena, http_query(request->http, "family")),
                              &filter->formats, err);
}

/* Operators are conditions; what is left is part of a name. While it is typed, what is no operator
 * yet is words. */
static bool read_words(const ApiRequest *request, QueryReading *reading, DocumentFilter *filter,
                       Error *err)
{
    bool is_typing = str_is(http_query(request->http, "typing"), "1");
    if (!query_language_read(request->arena, http_query(request->http, "q"),
                             is_typing ? QUERY_LENIENT : QUERY_STRICT, reading, err))
        return false;
    filter->name_has = query_language_plain(request->arena, reading);
    filter->clauses = reading->clauses.at;
    filter->clause_count = reading->clauses.count;
    return true;
}

static bool read_filter(const ApiRequest *request, QueryReading *reading, DocumentFilter *filter_r,
                        Error *err)
{
    const HttpRequest *http = request->http;
    Str state = http_query(http, "state"), parent = http_query(http, "parent");
    DocumentFilter filter = { .collection = http_query(http, "collection"),
                              .tag = http_query(http, "tag"),
                              .blob = http_query(http, "sha256") };
    if (state.length) {
        DocumentState known = document_state_named(state);
        if (known == DOCUMENT_STATE_COUNT)
            return fail_field(err, "state", "there is no state '" STR_FMT "'", STR_ARG(state));
        filter.states = 1u << known;
    }
    if (str_is(parent, "none"))
        filter.only_roots = true;
    else
        filter.parent = parent;
    if (str_is(http_query(http, "trash"), "1"))
        filter.trash = TRASH_INSIDE;
    StrList conditions = fact_conditions_split(request->arena, http_query(http, "metadata"));
    filter.fact_count = conditions.count;
    if (!fact_conditions_read(request->arena, conditions, &filter.facts, err) ||
        !read_words(request, reading, &filter, err) || !read_formats(request, &filter, err))
        return false;
    *filter_r = filter;
    return true;
}

bool documents_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    QueryReading reading;
    DocumentFilter filter;
    DocumentOrder order;
    bool descending;
    Slice slice;
    DocumentViewList list;
    if (!read_filter(request, &reading, &filter, err) ||
        !read_order(request, &order, &descending, err) || !api_slice_by_key(request, &slice, err) ||
        !search_documents(request->api->searcher, request->scope, request->arena, &filter, order,
                          descending, &slice, &list, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_understood(&json, &reading);
    put_array(&json, "items");
    for (size_t i = 0; i < list.count; i++) {
        put_object(&json, NULL);
        put_seen(&json, request, &list.at[i]);
        put_end(&json);
    }
    put_end(&json);
    put_int(&json, "total", list.total);
    put_bool(&json, "total_is_exact", !list.has_more);
    put_text_or_null(&json, "next", list.next);
    put_end(&json);
    return true;
}

bool documents_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    return respond_document(request, response, request->params[0], err);
}

bool documents_status(ApiRequest *request, HttpResponse *response, Error *err)
{
    DocumentView view;
    if (!library_find(request->api->library, request->scope, request->arena, request->params[0],
                      &view, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_document_brief(&json, &view);
    put_end(&json);
    return true;
}

/* --- Changing --- */

bool documents_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str name = STR_NONE, title = STR_NONE, collection = STR_NONE;
    StrList tags = { 0 };
    if (!api_fields(request, err, { "name", JSON_STR, &name, .length_max = 1000 },
                    { "title", JSON_STR, &title, .length_max = 1000 },
                    { "collection", JSON_STR, &collection, .length_max = 64 },
                    { "tags", JSON_STRS, &tags, .length_max = 100 }))
        return false;
    const json_t *body = request->json;
    if (json_object_get(body, "name") && !str_trim(name).length)
        return fail_field(err, "name", "a document needs a name");
    name = library_clean_name(request->arena, name);
    DocumentChange change = { .name = json_object_get(body, "name") ? &name : NULL,
                              .title = json_object_get(body, "title") ? &title : NULL,
                              .collection =
                                  json_object_get(body, "collection") ? &collection : NULL,
                              .tags = json_object_get(body, "tags") ? &tags : NULL };
    return library_change(request->api->library, request->scope, request->params[0], &change,
                          err) &&
           respond_document(request, response, request->params[0], err);
}

bool documents_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    Library *library = request->api->library;
    bool erases = str_is(http_query(request->http, "erase"), "1");
    bool good = erases ? library_erase(library, request->scope, request->params[0], err)
                       : library_trash(library, request->scope, request->params[0], err);
    if (good && erases) /* its words may stand in answers */
        gateway_forget_answers(models_gateway(request->api->models), request->scope->workspace);
    return good && api_done(response);
}

bool documents_restore(ApiRequest *request, HttpResponse *response, Error *err)
{
    return library_restore(request->api->library, request->scope, request->params[0], err) &&
           respond_document(request, response, request->params[0], err);
}

bool documents_retry(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str password = STR_NONE;
    if (!api_fields(request, err, { "password", JSON_STR, &password, .length_max = 1000 }) ||
        !library_retry(request->api->library, request->scope, request->params[0], password, err))
        return false;
    response->status = 202;
    return respond_document(request, response, request->params[0], err);
}

bool documents_cancel(ApiRequest *request, HttpResponse *response, Error *err)
{
    return library_cancel(request->api->library, request->scope, request->params[0], err) &&
           respond_document(request, response, request->params[0], err);
}
