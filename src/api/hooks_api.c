/* hooks_api.c - addresses that other programs call: adding them, what came, and the calls
 * themselves.
 */
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "library/library.h"
#include "store/audit_store.h"
#include "store/collections_store.h"
#include "webhook/incoming.h"

typedef struct HookWork {
    const ApiRequest *request;
    Str id;
    Hook hook;
    HookList hooks;
    Slice slice;
    HookReceiptList receipts;
    const Str *name, *collection; /* to be changed; NULL: as it is */
    const bool *is_on;
} HookWork;

/* --- Answers --- */

/* Its members, inside an object that is open. */
static void put_hook(const ApiRequest *request, JsonWriter *json, const Hook *hook, Str secret)
{
    Str address = incoming_address(request->arena, request->scope, hook, secret);
    bool is_whole = secret.length || !str_is(hook->scheme, signature_scheme_name(SIGNATURE_path));
    put_text(json, "id", hook->id);
    put_text(json, "name", hook->name);
    put_text(json, "scheme", hook->scheme);
    put_text_or_null(json, "url",
                     is_whole ? str_format(request->arena, "%s/v1/hooks/" STR_FMT,
                                           request->api->public_url, STR_ARG(address))
                              : S(""));
    put_text_or_null(json, "collection", hook->collection);
    put_bool(json, "is_on", hook->is_on);
    put_text_or_null(json, "created_by", hook->created_by);
    put_time(json, "created_at", hook->created_at_ms);
    put_time(json, "last_at", hook->last_at_ms);
}

bool hooks_schemes(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)err;
    JsonWriter json = api_list_begin(response);
    for (SignatureScheme i = 0; i < SIGNATURE_SCHEME_COUNT; i++) {
        put_object(&json, NULL);
        put_text(&json, "scheme", str(signature_scheme_name(i)));
        put_text(&json, "title", str(signature_scheme_title(i)));
        put_end(&json);
    }
    api_list_end(&json, SIGNATURE_SCHEME_COUNT, STR_NONE);
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    return hook_list(tx, work->request->scope, work->request->arena, &work->hooks, err);
}

bool hooks_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.hooks.count; i++) {
        put_object(&json, NULL);
        put_hook(request, &json, &work.hooks.at[i], S(""));
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.hooks.count, STR_NONE);
    return true;
}

/* --- Adding and changing --- */

static bool check_hook(DbTx *tx, const ApiRequest *request, const Hook *hook, Error *err)
{
    Collection collection;
    if (!str_trim(hook->name).length)
        return fail_field(err, "name", "'name' must say something");
    return !hook->collection.length ||
           collection_find(tx, request->scope, request->arena, hook->collection, &collection, err);
}

static bool check_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    return check_hook(tx, work->request, &work->hook, err);
}

bool hooks_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request, .hook = { .scheme = S("standard"), .is_on = true } };
    Hook *hook = &work.hook;
    Str secret = S("");
    if (!api_fields(
            request, err,
            { "name", JSON_STR, &hook->name, .required = true, .length_max = INCOMING_NAME_MAX },
            { "scheme", JSON_STR, &hook->scheme, .length_max = 20 },
            { "secret", JSON_STR, &secret, .length_max = 1000 },
            { "collection", JSON_STR, &hook->collection, .length_max = 64 }) ||
        !store_read(request->api->db, request->scope, check_work, &work, err) ||
        !incoming_add(request->api->webhooks, request->scope, request->arena, hook, secret, hook,
                      &secret, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_hook(request, &json, hook, secret);
    put_text(&json, "secret", secret);
    put_end(&json);
    return true;
}

static bool note(DbTx *tx, const HookWork *work, const char *action, Error *err)
{
    const AuditEntry entry = { .action = str(action),
                               .subject_kind = S("hook"),
                               .subject = work->id };
    return audit_add(tx, work->request->scope, &entry, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    const ApiRequest *request = work->request;
    Hook *hook = &work->hook;
    if (!hook_find(tx, request->scope, request->arena, work->id, hook, err))
        return false;
    if (work->name)
        hook->name = *work->name;
    if (work->collection)
        hook->collection = *work->collection;
    if (work->is_on)
        hook->is_on = *work->is_on;
    return check_hook(tx, request, hook, err) && hook_update(tx, request->scope, hook, err) &&
           note(tx, work, "hook.change", err);
}

static bool is_given(const ApiRequest *request, const char *name)
{
    const json_t *value = json_object_get(request->json, name);
    return value && !json_is_null(value);
}

static bool answer_hooks_change(const void *argument, HttpResponse *response)
{
    const HookWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_hook(work->request, &json, &work->hook, S(""));
    put_end(&json);
    return true;
}

bool hooks_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request, .id = request->params[0] };
    Str name = S(""), collection = S("");
    bool is_on = false;
    if (!api_fields(request, err, { "name", JSON_STR, &name, .length_max = INCOMING_NAME_MAX },
                    { "collection", JSON_STR, &collection, .length_max = 64 },
                    { "is_on", JSON_FLAG, &is_on }))
        return false;
    work.name = is_given(request, "name") ? &name : NULL;
    work.collection = is_given(request, "collection") ? &collection : NULL;
    work.is_on = is_given(request, "is_on") ? &is_on : NULL;
    return api_change(request, response, change_work, answer_hooks_change, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const HookWork *work = argument;
    return hook_remove(tx, work->request->scope, work->id, err) &&
           note(tx, work, "hook.remove", err);
}

bool hooks_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request, .id = request->params[0] };
    return api_change(request, response, remove_work, NULL, &work, err);
}

static bool receipts_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    const ApiRequest *request = work->request;
    return hook_find(tx, request->scope, request->arena, work->id, &work->hook, err) &&
           hook_receipt_list(tx, request->scope, request->arena, work->id, &work->slice,
                             &work->receipts, err);
}

bool hooks_receipts(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request, .id = request->params[0] };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, receipts_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.receipts.count; i++) {
        const HookReceipt *receipt = &work.receipts.at[i];
        put_object(&json, NULL);
        put_text(&json, "id", receipt->id);
        put_int(&json, "size", receipt->size);
        put_text_or_null(&json, "document", receipt->document);
        put_time(&json, "created_at", receipt->created_at_ms);
        put_end(&json);
    }
    api_list_end(&json, -1, work.receipts.next);
    return true;
}

/* --- Calls --- */

/* What the body is called as a document, by what it says it is. */
static Str body_name(Arena *arena, Str name, Str media_type)
{
    static const struct {
        const char *media_type, *extension;
    } kinds[] = { { "application/json", "json" }, { "text/html", "html" },
                  { "text/markdown", "md" },      { "application/xml", "xml" },
                  { "text/xml", "xml" },          { "text/csv", "csv" } };
    char time[TIME_TEXT_SIZE];
    const char *extension = "txt";
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(media_type, kinds[i].media_type))
            extension = kinds[i].extension;
    Str now = time_format(now_ms(), time);
    return str_format(arena, STR_FMT " " STR_FMT ".%s", STR_ARG(name), STR_ARG(now), extension);
}

/* The same bytes again are the document that is there, so a call that is tried again adds none. */
static bool keep_document(const ApiRequest *request, IncomingCall *call, Error *err)
{
    Arena *arena = request->arena;
    Str type = http_header_in(request->http, "Content-Type"), media_type = S("");
    if (!call->hook.collection.length || !call->body.length)
        return true;
    (void)str_next(&type, ';', &media_type);
    media_type = str_lower(arena, str_trim(media_type));
    char *path = path_join(arena, str(request->api->upload_folder), id_new(arena));
    NewFile file = { .path = path,
                     .name = body_name(arena, call->hook.name, media_type),
                     .media_type = media_type,
                     .size = call->body.length,
                     .sha256 = sha256_hex(arena, call->body),
                     .collection = call->hook.collection,
                     .source = S("hook") };
    Document document;
    bool is_new;
    if (!file_write(path, call->body, 0600, err))
        return false;
    bool is_kept =
        library_accepts(path, file.name, media_type, err) &&
        library_add(request->api->library, &call->scope, arena, &file, &document, &is_new, err);
    (void)unlink(path); /* gone when it was taken */
    if (is_kept)
        call->receipt.document = document.id;
    return is_kept;
}

/* Slack asks once, signed as any call, whether the address is ours. */
static bool answer_challenge(const IncomingCall *call, HttpResponse *response)
{
    AUTO_JSON json_t *body = NULL;
    Error ignored;
    if (!str_is(call->hook.scheme, signature_scheme_name(SIGNATURE_slack)) ||
        !json_parse(call->body, INCOMING_BODY_MAX, &body, &ignored) ||
        !str_is(json_member_text(body, "type"), "url_verification"))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "challenge", json_member_text(body, "challenge"));
    put_end(&json);
    return true;
}

bool hooks_receive(ApiRequest *request, HttpResponse *response, Error *err)
{
    HttpRequest *http = request->http;
    const SignedCall signed_call = { .headers = http->headers,
                                     .body = http->body,
                                     .now_ms = now_ms() };
    IncomingCall call;
    bool is_new;
    if (!incoming_open(request->api->webhooks, request->arena, request->params[0], &signed_call,
                       &call, err))
        return false;
    if (answer_challenge(&call, response))
        return true;
    is_new = !call.is_known;
    if (is_new && (!keep_document(request, &call, err) ||
                   !incoming_keep(request->api->webhooks, request->arena, &call, &is_new, err)))
        return false;
    response->status = is_new ? 202 : 200;
    JsonWriter json = put_begin(&response->body);
    put_text_or_null(&json, "id", is_new ? call.receipt.id : S(""));
    put_bool(&json, "duplicate", !is_new);
    put_end(&json);
    return true;
}
