/* prompt_logs_api.c - what was asked of models and answered, for those who administer a workspace.
 */
#include "api/api.h"
#include "store/audit_store.h"
#include "store/prompt_logs_store.h"

typedef struct LogsWork {
    ApiRequest *request;
    Slice slice;
    PromptLogList list;
} LogsWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    LogsWork *work = argument;
    ApiRequest *request = work->request;
    return prompt_log_list(tx, request->scope, request->arena, http_query(request->http, "user"),
                           &work->slice, &work->list, err);
}

bool prompt_logs_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    LogsWork work = { .request = request };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        const PromptLog *log = &work.list.at[i];
        put_object(&json, NULL);
        put_text(&json, "id", log->id);
        put_text_or_null(&json, "user", log->user);
        put_text_or_null(&json, "key", log->key);
        put_text(&json, "model", log->model);
        put_text(&json, "feature", log->feature);
        put_text(&json, "status", log->status);
        put_bool(&json, "hashed", log->is_hashed);
        put_text(&json, "prompt", log->prompt);
        put_text(&json, "reply", log->reply);
        put_time(&json, "created_at", log->created_at_ms);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool clear_work(DbTx *tx, void *argument, Error *err)
{
    const ApiRequest *request = argument;
    AuditEntry entry = { .action = S("gateway.prompts.clear"),
                         .subject_kind = S("settings"),
                         .subject = S("prompt-logs") };
    return prompt_log_clear(tx, request->scope, err) && audit_add(tx, request->scope, &entry, err);
}

bool prompt_logs_clear(ApiRequest *request, HttpResponse *response, Error *err)
{
    return store_write(request->api->db, request->scope, clear_work, request, err) &&
           api_done(response);
}
