/* export_job.c - see export.h: asking for an export, writing it, keeping it. */
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "export/export_int.h"
#include "store/audit_store.h"
#include "store/read_replica.h"
#include "store/workspaces_store.h"

#define KEPT_MS (7 * INT64_C(86400000))
#define PATH_MAX_BYTES KB(4)
#define ITEM_MEMORY_MAX GB(2)
#define MANIFEST_FORMAT 1

Exports *exports_new(const ExportsOptions *options)
{
    Exports *exports = heap_alloc(sizeof *exports);
    exports->options = *options;
    return exports;
}

void exports_free(Exports *exports) { free(exports); }

/* --- Asking for one --- */

typedef struct BeginWork {
    const Scope *scope;
    Arena *arena;
    Str path, job;
} BeginWork;

static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    BeginWork *work = argument;
    Buf payload = buf_new(work->arena, KB(16));
    JsonWriter json = put_begin(&payload);
    put_text(&json, "path", work->path);
    put_end(&json);
    /* Two into one place would write over each other; two at once help nobody. */
    NewJob job = { .type = S(JOB_EXPORT),
                   .subject = S(JOB_EXPORT),
                   .payload = buf_str(&payload),
                   .title = work->path.length ? work->path : S("ZIP") };
    AuditEntry entry = { .action = S("export.begin"),
                         .subject_kind = S("export"),
                         .subject = work->path };
    return job_add(tx, work->scope, work->arena, &job, &work->job, err) &&
           audit_add(tx, work->scope, &entry, err);
}

bool export_begin(Exports *exports, const Scope *scope, Arena *arena, Str path, Str *job_r,
                  Error *err)
{
    BeginWork work = { .scope = scope, .arena = arena, .path = path };
    if (!scope_needs(scope, ROLE_OWNER, err))
        return false;
    if (path.length && path.at[0] != '/')
        return fail_field(err, "path", "the path must be absolute");
    if (!store_write(exports->options.db, scope, begin_work, &work, err))
        return false;
    *job_r = work.job;
    return true;
}

/* --- Writing it --- */

static bool size_work(DbTx *tx, void *argument, Error *err)
{
    ExportWork *work = argument;
    return export_size(tx, &work->scope, &work->size, err);
}

/* A third more than is known of: versions, rows and views. */
static bool check_room(ExportWork *work, const char *path, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    struct statvfs about;
    Str folder = str(path);
    while (folder.length > 1 && statvfs(str_c(arena, folder), &about) != 0)
        folder = str_slice(folder, 0, folder.length - 1);
    uint64_t wanted = (uint64_t)(work->size.bytes + work->size.bytes / 3) +
                      (uint64_t)work->exports->options.disk_reserve;
    if (statvfs(str_c(arena, folder), &about) != 0)
        return fail_errno(err, "looking at the disk of %s", path);
    uint64_t room = (uint64_t)about.f_bavail * about.f_frsize;
    return room >= wanted ||
           fail(err, ERROR_FULL,
                "an export needs %" PRIu64 " MiB on the disk of %s, of which %" PRIu64
                " MiB are free; make room, or name another place",
                wanted >> 20, path, room >> 20);
}

static bool write_parts(ExportWork *work, Error *err)
{
    static bool (*const parts[])(ExportWork *, Error *) = {
        export_documents, export_conversations, export_tasks,  export_cards,
        export_recipes,   export_meetings,      export_people, export_all_tables,
    };
    for (size_t i = 0; i < COUNT(parts); i++) {
        arena_reset(work->arena);
        if (!parts[i](work, err))
            return false;
    }
    return true;
}

typedef struct NameWork {
    ExportWork *work;
    Workspace workspace;
} NameWork;

static bool name_work(DbTx *tx, void *argument, Error *err)
{
    NameWork *name = argument;
    ExportWork *work = name->work;
    return workspace_find(tx, &work->scope, work->job->arena, work->scope.workspace,
                          &name->workspace, err);
}

static void put_counts(JsonWriter *json, const ExportWork *work)
{
    put_array(json, "kinds");
    for (ExportOf kind = 0; kind < EXPORT_OF_COUNT; kind++) {
        put_object(json, NULL);
        put_text(json, "name", str(export_kind_name(kind)));
        put_text(json, "what", str(export_kind_what(kind)));
        put_int(json, "files", work->out.counts[kind].files);
        put_int(json, "bytes", work->out.counts[kind].bytes);
        put_end(json);
    }
    put_end(json);
    put_int(json, "missing", work->missing_count);
}

Str export_manifest(ExportWork *work, Str workspace_name)
{
    Buf out = buf_new(work->arena, MB(4));
    JsonWriter json = put_begin(&out);
    put_int(&json, "format", MANIFEST_FORMAT);
    put_text(&json, "program", S(VERSION));
    put_text(&json, "workspace", work->scope.workspace);
    put_text(&json, "name", workspace_name);
    put_time(&json, "created_at", now_ms());
    put_counts(&json, work);
    put_array(&json, "missing_files");
    for (size_t i = 0; i < work->missing.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", work->missing.at[i].name);
        put_text(&json, "reason", str(work->missing.at[i].reason));
        put_end(&json);
    }
    put_end(&json);
    put_array(&json, "left_out");
    for (size_t i = 0; i < export_table_count; i++) {
        if (export_tables[i].is_written)
            continue;
        put_object(&json, NULL);
        put_text(&json, "table", str(export_tables[i].name));
        put_text(&json, "reason", str(export_tables[i].reason));
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    buf_add_char(&out, '\n');
    return buf_str(&out);
}

static bool write_export(ExportWork *work, const char *path, bool is_zip, Error *err)
{
    NameWork name = { .work = work };
    if (!store_read_replica(work->job->db, &work->scope, size_work, work, err) ||
        !store_read_replica(work->job->db, &work->scope, name_work, &name, err) ||
        !check_room(work, path, err) ||
        !export_out_open(&work->out, path, is_zip, work->scope.workspace, err) ||
        !write_parts(work, err))
        return false;
    arena_reset(work->arena);
    return export_out_finish(&work->out, export_manifest(work, name.workspace.name), err);
}

/* --- Keeping it --- */

typedef struct KeepWork {
    ExportWork *export;
    ClientFile file;
    Str path; /* empty: a file is kept */
} KeepWork;

/* With the job's end, so that a job that runs twice keeps one file. */
static bool keep_work(DbTx *tx, void *argument, Error *err)
{
    KeepWork *keep = argument;
    ExportWork *work = keep->export;
    Buf result = buf_new(work->arena, MB(1));
    JsonWriter json = put_begin(&result);
    if (keep->file.blob.length &&
        !client_file_add(tx, &work->scope, work->arena, INT64_MAX, &keep->file, err))
        return false;
    put_text_or_null(&json, "path", keep->path);
    put_text_or_null(&json, "file", keep->file.id);
    put_counts(&json, work);
    put_end(&json);
    return job_set_result(tx, work->job, buf_str(&result), err) && job_done_in(tx, work->job, err);
}

static bool keep_file(ExportWork *work, const char *path, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    char day[TIME_TEXT_SIZE];
    BlobItem item = { .temp_path = path };
    KeepWork keep = { .export = work };
    if (!export_file_digest(arena, path, &item.sha256, &keep.file.size, err))
        return false;
    time_format(now_ms(), day);
    keep.file.user = work->job->user;
    keep.file.name = str_format(arena, "lectern-%.10s.zip", day);
    keep.file.media_type = S("application/zip");
    keep.file.purpose = S(FILE_PURPOSE_EXPORT);
    keep.file.blob = item.sha256;
    keep.file.expires_at_ms = now_ms() + KEPT_MS;
    return library_keep_originals(work->exports->options.library, &work->scope, &item, 1, keep_work,
                                  &keep, err);
}

/* A half-written ZIP file is of no use to the next try. */
static bool export_to(ExportWork *work, Str path, Error *err)
{
    KeepWork keep = { .export = work, .path = path };
    bool is_zip = !path.length || str_ends(path, S(".zip"));
    Str id = id_new(work->job->arena);
    const char *to =
        path.length
            ? str_c(work->job->arena, path)
            : path_join(work->job->arena, str(library_incoming(work->exports->options.library)),
                        str_format(work->job->arena, "export-" STR_FMT, STR_ARG(id)));
    bool good = write_export(work, to, is_zip, err);
    bool is_new = work->out.zip != NULL;
    ExportOut written = work->out; /* its counts */
    export_out_close(&work->out);
    memcpy(work->out.counts, written.counts, sizeof written.counts);
    arena_reset(work->arena);
    if (good)
        good = path.length ? store_write(work->job->db, &work->scope, keep_work, &keep, err)
                           : keep_file(work, to, err);
    if (is_new && (!good || !path.length))
        (void)unlink(to);
    return good;
}

bool export_job(Job *job, Error *err)
{
    Exports *exports = job->argument;
    AUTO_ARENA Arena *arena = arena_new(ITEM_MEMORY_MAX);
    AUTO_JSON json_t *payload = NULL;
    Str path = S("");
    ExportWork work = {
        .exports = exports,
        .job = job,
        .arena = arena,
        .lines_fd = -1,
        .out = { .zip_fd = -1, .sums_fd = -1, .file_fd = -1 },
        .scope = { .workspace = job->scope.workspace, .user = job->user, .role = ROLE_OWNER }
    };
    if (!json_parse(job->payload, KB(16), &payload, err) ||
        !json_read(payload, job->arena,
                   JSON_FIELDS({ "path", JSON_STR, &path, .length_max = PATH_MAX_BYTES }), err))
        return false;
    bool good = export_to(&work, path, err);
    if (work.lines_fd >= 0)
        close(work.lines_fd);
    return good || fail_in(err, "the export");
}

/* --- What is kept --- */

typedef struct FileWork {
    const Scope *scope;
    Arena *arena;
    Str id;
    ClientFile file;
    ClientFileList list;
} FileWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    FileWork *work = argument;
    return export_file_list(tx, work->scope, work->arena, &work->list, err);
}

bool export_files(Exports *exports, const Scope *scope, Arena *arena, ClientFileList *list_r,
                  Error *err)
{
    FileWork work = { .scope = scope, .arena = arena };
    if (!store_read(exports->options.db, scope, list_work, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

/* Who fetches everything stands in the audit log. */
static bool find_work(DbTx *tx, void *argument, Error *err)
{
    FileWork *work = argument;
    AuditEntry entry = { .action = S("export.fetch"),
                         .subject_kind = S("export"),
                         .subject = work->id };
    return export_file_find(tx, work->scope, work->arena, work->id, &work->file, err) &&
           audit_add(tx, work->scope, &entry, err);
}

bool export_open(Exports *exports, const Scope *scope, Arena *arena, Str id, ClientFile *file_r,
                 int *fd_r, Error *err)
{
    FileWork work = { .scope = scope, .arena = arena, .id = id };
    uint64_t size;
    if (!store_write(exports->options.db, scope, find_work, &work, err) ||
        !library_open_by_digest(exports->options.library, scope, work.file.blob, fd_r, &size, err))
        return false;
    *file_r = work.file;
    return true;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    FileWork *work = argument;
    return client_file_remove(tx, work->scope, work->id, err);
}

static bool found_work(DbTx *tx, void *argument, Error *err)
{
    FileWork *work = argument;
    return export_file_find(tx, work->scope, work->arena, work->id, &work->file, err);
}

bool export_remove(Exports *exports, const Scope *scope, Arena *arena, Str id, Error *err)
{
    FileWork work = { .scope = scope, .arena = arena, .id = id };
    return store_read(exports->options.db, scope, found_work, &work, err) &&
           library_drop_original(exports->options.library, scope, work.file.blob, remove_work,
                                 &work, err);
}
