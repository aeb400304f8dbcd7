/* backup_api.c - a copy of the library, whether it is whole, and the server started anew. Only for
 * the machine's owner. */
#include "api/api.h"
#include "library/backup_job.h"
#include "library/integrity.h"
#include "store/damaged_originals_store.h"

static bool backup_by_setting(ApiRequest *request, HttpResponse *response, Error *err)
{
    BackupState state;
    if (!library_backup_keep(request->api->library, request->arena, &state, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "name", state.name);
    put_int(&json, "originals", state.originals);
    put_int(&json, "missing", state.missing);
    put_int(&json, "bytes", state.bytes);
    put_end(&json);
    return true;
}

bool backup_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str path = S("");
    BackupCounts counts;
    if (!api_is_local(request, err) ||
        !api_fields(request, err, { "path", JSON_STR, &path, .length_max = KB(4) }))
        return false;
    if (!path.length)
        return backup_by_setting(request, response, err);
    if (!str_starts(path, S("/")))
        return fail_field(err, "path", "the path must be absolute");
    if (!library_backup(request->api->library, path.at, &counts, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "originals", counts.originals);
    put_int(&json, "missing", counts.missing);
    put_int(&json, "rows", counts.rows);
    put_int(&json, "bytes", counts.bytes);
    put_end(&json);
    return true;
}

bool restart_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    const Api *api = request->api;
    int process;
    if (!api_is_local(request, err) || !api->restart(api->restarter, &process, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "process", process);
    put_end(&json);
    return true;
}

bool check_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    LibraryCheck found;
    if (!library_check(request->api->library, &found, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "originals", found.originals);
    put_int(&json, "missing", found.missing);
    put_int(&json, "spare", found.spare);
    if (found.vector_store) {
        put_object(&json, "vectors");
        put_text(&json, "store", str(found.vector_store));
        put_int(&json, "rows", found.vectors);
        put_int(&json, "lacking", found.vectors_lacking);
        put_int(&json, "different", found.vectors_different);
        put_int(&json, "spare", found.vectors_spare);
        put_end(&json);
    }
    put_end(&json);
    return true;
}

/* --- Whether originals are still what they were --- */

#define DAMAGED_SHOWN_MAX 1000

typedef struct DamagedWork {
    ApiRequest *request;
    DamagedOriginalList list;
} DamagedWork;

static bool list_damaged(DbTx *tx, void *argument, Error *err)
{
    DamagedWork *work = argument;
    return damaged_original_list(tx, work->request->scope, work->request->arena, DAMAGED_SHOWN_MAX,
                                 &work->list, err);
}

static void put_damaged(JsonWriter *json, const DamagedOriginalList *list)
{
    put_array(json, "items");
    for (size_t i = 0; i < list->count; i++) {
        put_object(json, NULL);
        put_text(json, "sha256", list->at[i].blob);
        put_text(json, "reason", list->at[i].reason);
        put_text_or_null(json, "document", list->at[i].document);
        put_text_or_null(json, "name", list->at[i].name);
        put_time(json, "found_at", list->at[i].found_at_ms);
        put_end(json);
    }
    put_end(json);
}

bool integrity_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    IntegrityState state;
    DamagedWork work = { .request = request };
    if (!library_integrity(request->api->library, request->arena, &state, err) ||
        !store_read(request->api->db, request->scope, list_damaged, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "is_running", state.began_at_ms && !state.ended_at_ms);
    put_time(&json, "began_at", state.began_at_ms);
    put_time(&json, "ended_at", state.ended_at_ms);
    put_int(&json, "originals", state.originals);
    put_int(&json, "bytes", state.bytes);
    put_int(&json, "damaged", state.damaged);
    put_int(&json, "repaired", state.repaired);
    put_damaged(&json, &work.list);
    put_end(&json);
    return true;
}

bool integrity_begin(ApiRequest *request, HttpResponse *response, Error *err)
{
    int64_t is_fast;
    if (!api_query_int(request, "fast", 0, 1, 0, &is_fast, err) ||
        (is_fast && !api_is_local(request, err)) ||
        !library_integrity_begin(request->api->library, is_fast, err))
        return false;
    return integrity_show(request, response, err);
}
