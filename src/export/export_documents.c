/* export_documents.c - documents: originals by collection, texts as Markdown, and a line for each
 * that says where they are. */
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "export/export_int.h"
#include "store/document_versions_store.h"
#include "store/read_replica.h"

#define LINE_MAX MB(16)
#define EARLIER_MAX 5000 /* versions that a line tells of: the newest */
#define TEXT_MAX MB(512)
#define COPY_BYTES KB(256)

typedef struct DocumentExport {
    ExportWork *work;
    Str id;
    Document document;
    DocumentVersionList versions;
    Str original, text; /* names of files in the export; empty: there is none */
    Str *earlier;       /* of the originals of `versions`; of the newest none */
} DocumentExport;

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    DocumentExport *in = argument;
    ExportWork *work = in->work;
    return document_find(tx, &work->scope, work->arena, in->id, &in->document, err) &&
           document_version_list(tx, &work->scope, work->arena, in->id, &in->versions, err);
}

static void note_missing(ExportWork *work, Str name, const Error *why)
{
    work->missing_count++;
    if (work->missing.count < EXPORT_MISSING_MAX)
        *vec_push(work->job->arena, &work->missing) =
            (ExportMissing){ str_copy(work->job->arena, name), error_name(why->code) };
}

/* --- Originals --- */

static bool copy_bytes(ExportWork *work, int fd, Error *err)
{
    char *buffer = arena_alloc(work->arena, COPY_BYTES);
    ssize_t got;
    while ((got = read(fd, buffer, COPY_BYTES)) > 0) {
        if (!export_out_write(&work->out, (Str){ buffer, (size_t)got }, err))
            return false;
        if (job_is_stopped(work->job))
            return job_stopped(work->job, err);
    }
    return got == 0 || fail_errno(err, "reading an original");
}

/* Into `folder`; *name_r is empty when the store does not have it, or has other bytes. */
static bool write_blob(ExportWork *work, ExportOf kind, Str path, Str blob, int64_t size,
                       Str *name_r, Error *err)
{
    AUTO_CLOSE int fd = -1;
    uint64_t stored;
    Error why = { 0 };
    Str name = export_names_take(&work->out.names, work->arena, export_kind_name(kind), path, "");
    *name_r = S("");
    if (!export_out_has(&work->out, kind, name, blob, (uint64_t)size)) {
        if (!library_open_by_digest(work->exports->options.library, &work->scope, blob, &fd,
                                    &stored, &why)) {
            note_missing(work, name, &why);
            if (why.code == ERROR_NOT_FOUND || why.code == ERROR_DAMAGED)
                return true;
            *err = why;
            return false;
        }
        if (!export_out_begin(&work->out, kind, name, err) || !copy_bytes(work, fd, err) ||
            !export_out_end(&work->out, err))
            return false;
    }
    *name_r = name;
    return true;
}

static Str collection_name(const ExportWork *work, Str id)
{
    for (size_t i = 0; i < work->collections.count; i++)
        if (str_equal(work->collections.at[i].id, id))
            return work->collections.at[i].name;
    return S("");
}

/* "COLLECTION/folders/name.pdf" */
static Str path_of(const DocumentExport *in)
{
    Arena *arena = in->work->arena;
    Str collection = collection_name(in->work, in->document.collection);
    Str folder = collection.length ? export_safe_name(arena, collection) : S("No collection");
    Str name = export_safe_path(arena, in->document.name);
    return str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(name));
}

/* Members of archives are inside the original of their parent. */
static bool write_original(DocumentExport *in, Str path, Error *err)
{
    ExportWork *work = in->work;
    const Document *document = &in->document;
    if (document->parent.length)
        return true;
    if (!write_blob(work, EXPORT_OF_ORIGINALS, path, document->blob, document->size_bytes,
                    &in->original, err))
        return false;
    in->earlier = arena_new_array(work->arena, Str, in->versions.count + 1);
    for (size_t i = 0; i < in->versions.count; i++) {
        const DocumentVersion *version = &in->versions.at[i];
        Str safe = export_safe_name(work->arena, path_name(version->name));
        Str name = str_format(work->arena, STR_FMT "/%" PRId64 " " STR_FMT, STR_ARG(document->id),
                              version->version, STR_ARG(safe));
        if (version->version < document->version &&
            !write_blob(work, EXPORT_OF_VERSIONS, name, version->blob, version->size_bytes,
                        &in->earlier[i], err))
            return false;
    }
    return true;
}

/* --- Texts --- */

static bool write_text(DocumentExport *in, Str path, Error *err)
{
    ExportWork *work = in->work;
    Buf text = buf_new(work->arena, TEXT_MAX);
    Error why = { 0 };
    if (!in->document.text_bytes)
        return true;
    if (!library_print(work->exports->options.library, &work->scope, work->arena, in->document.id,
                       0, TEXT_MARKDOWN, &text, &why) ||
        text.overflowed) {
        note_missing(work, path, &why);
        return true;
    }
    in->text = export_names_take(&work->out.names, work->arena, export_kind_name(EXPORT_OF_TEXTS),
                                 path, ".md");
    return export_out_text(&work->out, EXPORT_OF_TEXTS, in->text, buf_str(&text), err);
}

/* --- The list --- */

/* Oldest first, as they came. */
static void put_earlier(JsonWriter *json, const DocumentExport *in)
{
    put_array(json, "earlier");
    for (size_t i = in->earlier ? MIN(in->versions.count, EARLIER_MAX) : 0; i-- > 0;) {
        const DocumentVersion *version = &in->versions.at[i];
        if (version->version >= in->document.version)
            continue;
        put_object(json, NULL);
        put_int(json, "version", version->version);
        put_text(json, "name", version->name);
        put_text(json, "sha256", version->blob);
        put_text_or_null(json, "original", in->earlier[i]);
        put_end(json);
    }
    put_end(json);
}

static bool write_line(DocumentExport *in, Error *err)
{
    ExportWork *work = in->work;
    const Document *document = &in->document;
    Buf line = buf_new(work->arena, LINE_MAX);
    JsonWriter json = put_begin(&line);
    put_text(&json, "id", document->id);
    put_text(&json, "name", document->name);
    put_text(&json, "title", document->title);
    put_text_or_null(&json, "parent", document->parent);
    put_text_or_null(&json, "collection", collection_name(work, document->collection));
    put_texts(&json, "tags", document->tags);
    put_text(&json, "media_type", document->media_type);
    put_text(&json, "format", document->format);
    put_text_or_null(&json, "language", document->language);
    put_text(&json, "state", str(document_state_name(document->state)));
    put_int(&json, "bytes", document->size_bytes);
    put_text(&json, "sha256", document->blob);
    put_text_or_null(&json, "original", in->original);
    put_text_or_null(&json, "text", in->text);
    put_raw(&json, "metadata", document->metadata.length ? document->metadata : S("null"));
    put_int(&json, "version", document->version);
    put_earlier(&json, in);
    put_text_or_null(&json, "created_by", document->created_by);
    put_time(&json, "created_at", document->created_at_ms);
    put_time(&json, "updated_at", document->updated_at_ms);
    put_time(&json, "deleted_at", document->deleted_at_ms);
    put_end(&json);
    buf_add_char(&line, '\n');
    return !line.overflowed ? fd_write_all(work->lines_fd, buf_str(&line), err)
                            : fail(err, ERROR_TOO_LARGE, "a document's line is too long");
}

static bool export_document(ExportWork *work, const ExportOwned *owned, Error *err)
{
    DocumentExport in = { .work = work, .id = owned->id };
    if (!job_progress(work->job, "documents", work->documents++, work->size.documents))
        return job_stopped(work->job, err);
    if (!store_read_replica(work->job->db, &work->scope, find_work, &in, err))
        return err->code == ERROR_NOT_FOUND; /* erased meanwhile */
    Str path = path_of(&in);
    return write_original(&in, path, err) && write_text(&in, path, err) && write_line(&in, err);
}

static bool collections_work(DbTx *tx, void *argument, Error *err)
{
    ExportWork *work = argument;
    return collection_list(tx, &work->scope, work->job->arena, &work->collections, err);
}

static bool write_list(ExportWork *work, Error *err)
{
    Str name = export_names_take(&work->out.names, work->arena, "",
                                 str(export_kind_name(EXPORT_OF_DOCUMENTS)), "");
    return (lseek(work->lines_fd, 0, SEEK_SET) == 0 || fail_errno(err, "reading the list")) &&
           export_out_begin(&work->out, EXPORT_OF_DOCUMENTS, name, err) &&
           copy_bytes(work, work->lines_fd, err) && export_out_end(&work->out, err);
}

bool export_documents(ExportWork *work, Error *err)
{
    const char *folder = library_incoming(work->exports->options.library);
    work->lines_fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (work->lines_fd < 0)
        return fail_errno(err, "making a temporary file in %s", folder);
    return store_read_replica(work->job->db, &work->scope, collections_work, work, err) &&
           export_each(work, EXPORT_ALL_DOCUMENTS, export_document, err) && write_list(work, err);
}
