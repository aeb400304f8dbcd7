/* audit_api.c - the audit log: who did what, by parts or as a file. */
#include "api/api.h"
#include "base/clock.h"
#include "base/csv.h"
#include "store/audit_store.h"
#include "store/read_replica.h"

/* Entries that are read at once. */
#define PART 1000

typedef struct AuditWork {
    ApiRequest *request;
    Arena *arena;
    Slice slice;
    AuditFilter filter;
    AuditList list;
} AuditWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    AuditWork *work = argument;
    return audit_list(tx, work->request->scope, work->arena, &work->filter, &work->slice,
                      &work->list, err);
}

static bool read_filter(AuditWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    work->filter = (AuditFilter){ .user = http_query(request->http, "user"),
                                  .action = http_query(request->http, "action"),
                                  .subject = http_query(request->http, "subject") };
    return api_query_time(request, "from", &work->filter.from_ms, err) &&
           api_query_time(request, "to", &work->filter.to_ms, err);
}

static void put_entry(JsonWriter *json, const AuditEntry *entry)
{
    put_text(json, "id", entry->id);
    put_text_or_null(json, "user", entry->user);
    put_text_or_null(json, "key", entry->key);
    put_text(json, "action", entry->action);
    put_text_or_null(json, "subject_kind", entry->subject_kind);
    put_text_or_null(json, "subject", entry->subject);
    put_raw(json, "changes", entry->details.length ? entry->details : S("{}"));
    put_text_or_null(json, "address", entry->address);
    put_time(json, "created_at", entry->created_at_ms);
    put_end(json);
}

bool audit_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    AuditWork work = { .request = request, .arena = request->arena };
    if (!api_slice(request, &work.slice, err) || !read_filter(&work, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_entry(&json, &work.list.at[i]);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

/* --- As a file --- */

static void add_line(Buf *out, const AuditEntry *entry)
{
    JsonWriter json = put_begin(out);
    put_entry(&json, entry);
    buf_add_char(out, '\n');
}

static void add_row(Buf *out, const AuditEntry *entry)
{
    char time[TIME_TEXT_SIZE];
    Str cells[] = { entry->id,      time_format(entry->created_at_ms, time),
                    entry->user,    entry->key,
                    entry->action,  entry->subject_kind,
                    entry->subject, entry->address,
                    entry->details };
    for (size_t i = 0; i < COUNT(cells); i++)
        csv_cell(out, cells[i], i + 1 == COUNT(cells));
}

static void begin_table(Buf *out)
{
    static const char *const heads[] = { "id",      "created_at", "user",
                                         "key",     "action",     "subject_kind",
                                         "subject", "address",    "changes" };
    for (size_t i = 0; i < COUNT(heads); i++)
        csv_cell(out, str(heads[i]), i + 1 == COUNT(heads));
}

static bool add_parts(AuditWork *work, bool is_table, Buf *out, Error *err)
{
    const ApiRequest *request = work->request;
    work->slice = (Slice){ .limit = PART };
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(256));
        work->arena = arena;
        if (!store_read_replica(request->api->db, request->scope, list_work, work, err))
            return false;
        for (size_t i = 0; i < work->list.count; i++)
            (is_table ? add_row : add_line)(out, &work->list.at[i]);
        work->slice.after = str_copy(request->arena, work->list.next);
    } while (work->slice.after.length && !out->overflowed);
    return !out->overflowed ||
           fail(err, ERROR_TOO_LARGE,
                "the log is too long for one file; take a part of it (from, to)");
}

bool audit_export(ApiRequest *request, HttpResponse *response, Error *err)
{
    AuditWork work = { .request = request };
    Str format = http_query(request->http, "format");
    bool is_table = str_is(format, "csv");
    if (!is_table && format.length && !str_is(format, "jsonl"))
        return fail_field(err, "format", "'format' is jsonl or csv");
    if (!read_filter(&work, err))
        return false;
    response->media_type =
        is_table ? S("text/csv; charset=utf-8") : S("application/x-ndjson; charset=utf-8");
    http_header(response, "Content-Disposition",
                is_table ? S("attachment; filename=\"audit.csv\"")
                         : S("attachment; filename=\"audit.jsonl\""));
    if (is_table)
        begin_table(&response->body);
    return add_parts(&work, is_table, &response->body, err);
}
