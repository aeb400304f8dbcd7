/* imports_api.c - rows of an export back into a workspace, for its owners. */
#include "api/api.h"
#include "store/audit_store.h"
#include "store/import_store.h"

static const char *const how_names[] = {
    [IMPORT_ROWS] = "rows",
    [IMPORT_OTHERWISE] = "otherwise",
    [IMPORT_NEVER] = "never",
};

bool imports_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)err;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < import_table_count; i++) {
        const ImportTable *table = &import_tables[i];
        put_object(&json, NULL);
        put_text(&json, "table", str(table->name));
        put_text(&json, "how", str(how_names[table->how]));
        put_text_or_null(&json, "reason", str(table->reason));
        put_end(&json);
    }
    api_list_end(&json, (int64_t)import_table_count, STR_NONE);
    return true;
}

typedef struct ImportWork {
    const ApiRequest *request;
    const json_t *rows;
    ImportResult result;
} ImportWork;

static bool note(DbTx *tx, const ImportWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    Buf details = buf_new(request->arena, KB(4));
    JsonWriter json = put_begin(&details);
    put_int(&json, "added", work->result.added);
    put_int(&json, "there", work->result.there);
    put_int(&json, "left_out", (int64_t)work->result.left.count);
    put_end(&json);
    const AuditEntry entry = { .action = S("import.rows"),
                               .subject_kind = S("table"),
                               .subject = request->params[0],
                               .details = buf_str(&details) };
    return audit_add(tx, request->scope, &entry, err);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    ImportWork *work = argument;
    const ApiRequest *request = work->request;
    return import_rows(tx, request->scope, request->arena, request->params[0], work->rows,
                       &work->result, err) &&
           note(tx, work, err);
}

bool imports_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    json_t *rows = NULL;
    ImportWork work = { .request = request };
    if (!api_fields(request, err, { "rows", JSON_ANY, &rows, .required = true }))
        return false;
    if (!json_is_array(rows))
        return fail_field(err, "rows", "a list is needed");
    work.rows = rows;
    if (!store_write(request->api->db, request->scope, add_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "added", work.result.added);
    put_int(&json, "there", work.result.there);
    put_array(&json, "left_out");
    for (size_t i = 0; i < work.result.left.count; i++) {
        put_object(&json, NULL);
        put_int(&json, "row", (int64_t)work.result.left.at[i].row);
        put_text(&json, "reason", work.result.left.at[i].reason);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}
