/* library_versions.c - another file in the place of a document's, and what it was before. */
#include "library/library_int.h"

#include "store/audit_store.h"
#include "store/document_versions_store.h"

typedef struct VersionWork {
    Library *library;
    const Scope *scope;
    Arena *arena;
    Str id, password_sealed;
    DocumentVersion version;
    DocumentVersionList list;
} VersionWork;

static bool check_document(const Document *document, Error *err)
{
    if (document->parent.length)
        return fail(err, ERROR_CONFLICT,
                    "it is a member of another document: upload that one's file anew");
    if (document->deleted_at_ms)
        return fail(err, ERROR_CONFLICT, "the document is in the trash; restore it first");
    return document_state_is_over(document->state) ||
           fail(err, ERROR_BUSY, "the document is still being read; try again when it is ready");
}

/* Before its bytes are kept, which nobody would find again. */
static bool room_work(DbTx *tx, void *argument, Error *err)
{
    VersionWork *work = argument;
    Document document;
    return document_find(tx, work->scope, work->arena, work->id, &document, err) &&
           check_document(&document, err) &&
           storage_check(tx, work->scope, work->version.size_bytes, &work->library->options.storage,
                         err);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    VersionWork *work = argument;
    const Scope *scope = work->scope;
    Document document;
    AuditEntry entry = { .action = S("document.version"),
                         .subject_kind = S("document"),
                         .subject = work->id };
    if (!document_find(tx, scope, work->arena, work->id, &document, err) ||
        !check_document(&document, err))
        return false;
    return document_version_add(tx, scope, work->id, &work->version, err) &&
           document_set_password(tx, scope, work->id, work->password_sealed, err) &&
           storage_check(tx, scope, 0, &work->library->options.storage, err) &&
           library_queue(tx, scope, work->arena, JOB_EXTRACT, work->id, err) &&
           audit_add(tx, scope, &entry, err);
}

bool library_add_version(Library *library, const Scope *scope, Arena *arena, Str id,
                         const NewFile *file, Error *err)
{
    BlobItem item = { .sha256 = file->sha256, .temp_path = file->path };
    VersionWork work = { .library = library,
                         .scope = scope,
                         .arena = arena,
                         .id = id,
                         .version = { .name = library_clean_name(arena, file->name),
                                      .blob = file->sha256,
                                      .media_type = file->media_type,
                                      .size_bytes = (int64_t)file->size } };
    if (!library_check_file(library, arena, file, err) ||
        !password_seal(library, arena, file->password, &work.password_sealed, err) ||
        !store_write(library->db, scope, room_work, &work, err) ||
        !library_keep_originals(library, scope, &item, 1, add_work, &work, err))
        return false; /* an original without a row is removed after a day */
    library_tell(library, scope, NEWS_DOCUMENT, id);
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    VersionWork *work = argument;
    return document_version_list(tx, work->scope, work->arena, work->id, &work->list, err);
}

bool library_versions(Library *library, const Scope *scope, Arena *arena, Str id,
                      DocumentVersionList *list_r, Error *err)
{
    VersionWork work = { .library = library, .scope = scope, .arena = arena, .id = id };
    if (!store_read(library->db, scope, list_work, &work, err))
        return false;
    *list_r = work.list;
    return true;
}
