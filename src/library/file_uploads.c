/* file_uploads.c - see file_uploads.h. */
#include "library/file_uploads.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "library/library_int.h"

#define COPY_BYTES KB(256)
#define STALE_AT_ONCE 100
/* Parts of larger files are left to the job: each is a transaction, and the client waits. */
#define DROPPED_AT_ONCE (4 * UPLOAD_CHUNK_SIZE)

typedef struct UploadWork {
    Library *library;
    const Scope *scope;
    Arena *arena;
    Str id;
    FileUpload upload;
    FileUploadPart part;
    FileUploadPartList parts;
} UploadWork;

static int64_t expiry(const Library *library)
{
    return now_ms() + library->options.upload_hours * 3600 * 1000;
}

/* --- Finding --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    UploadWork *work = argument;
    return file_upload_find(tx, work->scope, work->arena, work->id, &work->upload, err);
}

bool library_upload_find(Library *library, const Scope *scope, Arena *arena, Str id,
                         FileUpload *upload_r, Error *err)
{
    UploadWork work = { .scope = scope, .arena = arena, .id = id };
    if (!store_read(library->db, scope, find_work, &work, err))
        return false;
    *upload_r = work.upload;
    return true;
}

static bool parts_work(DbTx *tx, void *argument, Error *err)
{
    UploadWork *work = argument;
    return file_upload_parts(tx, work->scope, work->arena, work->id, &work->parts, err);
}

bool library_upload_parts(Library *library, const Scope *scope, Arena *arena, Str id,
                          FileUploadPartList *list_r, Error *err)
{
    UploadWork work = { .scope = scope, .arena = arena, .id = id };
    if (!store_read(library->db, scope, parts_work, &work, err))
        return false;
    *list_r = work.parts;
    return true;
}

/* --- Removing --- */

static bool part_gone_work(DbTx *tx, void *argument, Error *err)
{
    const UploadWork *work = argument;
    return file_upload_part_remove(tx, work->scope, work->id, work->part.start, err);
}

static bool drop_parts(Library *library, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    UploadWork work = { .scope = scope, .arena = arena, .id = id };
    if (!library_upload_parts(library, scope, arena, id, &work.parts, err))
        return false;
    for (size_t i = 0; i < work.parts.count; i++) {
        work.part = work.parts.at[i];
        if (!library_drop_original(library, scope, work.part.blob, part_gone_work, &work, err))
            return false;
    }
    return true;
}

static bool gone_work(DbTx *tx, void *argument, Error *err)
{
    const UploadWork *work = argument;
    return file_upload_remove(tx, work->scope, work->id, err);
}

static bool remove_upload(Library *library, const Scope *scope, Str id, Error *err)
{
    UploadWork work = { .scope = scope, .id = id };
    return drop_parts(library, scope, id, err) &&
           store_write(library->db, scope, gone_work, &work, err);
}

bool library_upload_remove(Library *library, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    FileUpload upload;
    return library_upload_find(library, scope, arena, id, &upload, err) &&
           remove_upload(library, scope, id, err);
}

/* --- The whole file --- */

typedef struct Whole {
    char *path;
    int fd;
    Sha256 sha;
    uint64_t size;
} Whole;

static void whole_auto(Whole *whole)
{
    if (!whole->path)
        return;
    close(whole->fd);
    (void)!unlink(whole->path); /* it has moved when it was kept */
}

static bool whole_open(Library *library, Arena *arena, Whole *whole, Error *err)
{
    char *path = path_join(arena, str(library_incoming(library)), id_new(arena));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "making a file in %s", library_incoming(library));
    *whole = (Whole){ .path = path, .fd = fd };
    sha256_begin(&whole->sha);
    return true;
}

static bool add_part(Library *library, const Scope *scope, const FileUploadPart *part, char *buffer,
                     Whole *whole, Error *err)
{
    AUTO_CLOSE int fd = -1;
    uint64_t size;
    if (!blob_open(library->blobs, scope->workspace, part->blob, &fd, &size, err))
        return false;
    for (ssize_t got; (got = read(fd, buffer, COPY_BYTES)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(err, "reading a part of an upload");
        Str bytes = { buffer, (size_t)got };
        sha256_add(&whole->sha, bytes);
        whole->size += bytes.length;
        if (!fd_write_all(whole->fd, bytes, err))
            return fail_in(err, "putting an upload together");
    }
    return true;
}

static bool check_room(Library *library, int64_t size, Error *err)
{
    uint64_t room;
    uint64_t wanted = (uint64_t)size + (uint64_t)library->options.disk_reserve;
    return blob_room(library->blobs, &room, err) &&
           (room >= wanted || fail(err, ERROR_FULL,
                                   "the disk is nearly full: %" PRIu64 " MiB are free and %" PRIu64
                                   " MiB are needed; make room and send the last part again",
                                   room >> 20, wanted >> 20));
}

static bool put_together(Library *library, const Scope *scope, Arena *arena,
                         const FileUploadPartList *parts, Whole *whole, Error *err)
{
    char *buffer = arena_alloc(arena, COPY_BYTES);
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->at[i].start != (int64_t)whole->size)
            return fail(err, ERROR_INTERNAL, "an upload has a gap at byte %" PRIu64, whole->size);
        if (!add_part(library, scope, &parts->at[i], buffer, whole, err))
            return false;
    }
    return true;
}

static bool make_document(Library *library, const Scope *scope, Arena *arena,
                          const FileUpload *upload, Document *document_r, Error *err)
{
    AUTO(whole_auto) Whole whole = { 0 };
    FileUploadPartList parts;
    uint8_t digest[SHA256_SIZE];
    bool is_new;
    if (!library_upload_parts(library, scope, arena, upload->id, &parts, err) ||
        !check_room(library, upload->size, err) || !whole_open(library, arena, &whole, err) ||
        !put_together(library, scope, arena, &parts, &whole, err))
        return false;
    sha256_end(&whole.sha, digest);
    NewFile file = { .path = whole.path,
                     .name = upload->name,
                     .media_type = upload->media_type,
                     .collection = upload->collection,
                     .size = whole.size,
                     .sha256 = str_hex(arena, digest, sizeof digest),
                     .has_room = true };
    if (upload->sha256.length && !str_equal(upload->sha256, file.sha256))
        return fail(err, ERROR_DAMAGED,
                    "the whole file has the SHA-256 " STR_FMT ", not " STR_FMT
                    " as was said; send it again as a new upload",
                    STR_ARG(file.sha256), STR_ARG(upload->sha256));
    return library_accepts(whole.path, upload->name, upload->media_type, err) &&
           library_add(library, scope, arena, &file, document_r, &is_new, err);
}

static bool end_work(DbTx *tx, void *argument, Error *err)
{
    const UploadWork *work = argument;
    return file_upload_end(tx, work->scope, work->id, work->upload.document, err);
}

static bool is_for_good(ErrorCode code)
{
    return code == ERROR_DAMAGED || code == ERROR_UNSUPPORTED || code == ERROR_INVALID ||
           code == ERROR_TOO_LARGE || code == ERROR_DENIED;
}

static bool hold_work(DbTx *tx, void *argument, Error *err)
{
    UploadWork *work = argument;
    return file_upload_hold(tx, work->scope, work->arena, work->id, &work->upload, err);
}

/* Of two that send the last parts at once, both may come here; the later finds what the first has
 * made. It is looked for as a write: whoever only reads sees nothing of what is being written. */
static bool made_by_another(Library *library, const Scope *scope, Arena *arena, FileUpload *upload,
                            const Error *why)
{
    UploadWork work = { .scope = scope, .arena = arena, .id = upload->id };
    Error ignored;
    if (!store_write(library->db, scope, hold_work, &work, &ignored))
        return false;
    if (work.upload.document.length) {
        *upload = work.upload;
        return true;
    }
    if (is_for_good(why->code))
        (void)!remove_upload(library, scope, upload->id, &ignored);
    return false;
}

static bool finish(Library *library, const Scope *scope, Arena *arena, FileUpload *upload,
                   Error *err)
{
    UploadWork work = { .scope = scope, .arena = arena, .id = upload->id };
    Document document;
    Error ignored;
    if (!make_document(library, scope, arena, upload, &document, err))
        return made_by_another(library, scope, arena, upload, err);
    work.upload.document = document.id;
    if (!store_write(library->db, scope, end_work, &work, err))
        return false;
    upload->document = document.id;
    upload->expires_at_ms = 0;
    /* The document is there; parts that are left go with the next run of the job. */
    if (upload->size <= DROPPED_AT_ONCE)
        (void)!drop_parts(library, scope, upload->id, &ignored);
    return true;
}

/* --- Beginning --- */

static bool is_digest(Str text)
{
    bool good = text.length == SHA256_SIZE * 2;
    for (size_t i = 0; good && i < text.length; i++)
        good = (text.at[i] >= '0' && text.at[i] <= '9') || (text.at[i] >= 'a' && text.at[i] <= 'f');
    return good;
}

static bool check_size(const Library *library, int64_t size, Error *err)
{
    return size <= library->options.upload_max ||
           fail(err, ERROR_TOO_LARGE,
                "the file has %" PRId64 " bytes; %" PRId64 " are taken (setting upload_max)", size,
                library->options.upload_max);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    UploadWork *work = argument;
    return file_upload_add(tx, work->scope, work->arena, &work->library->options.storage,
                           &work->upload, err);
}

bool library_upload_begin(Library *library, const Scope *scope, Arena *arena,
                          const FileUpload *wish, FileUpload *upload_r, Error *err)
{
    UploadWork work = { .library = library, .scope = scope, .arena = arena, .upload = *wish };
    work.upload.name = library_clean_name(arena, wish->name);
    work.upload.expires_at_ms = expiry(library);
    if (wish->sha256.length && !is_digest(wish->sha256))
        return fail_field(err, "checksum", "a checksum is the SHA-256 as 64 lower-case hex digits");
    if (!scope_landing(scope, &work.upload.collection, err) ||
        !check_size(library, wish->size, err) ||
        (wish->size > 0 && !check_room(library, wish->size, err)) ||
        !store_write(library->db, scope, add_work, &work, err))
        return false;
    *upload_r = work.upload;
    return wish->size || str_is(wish->joined, "partial") ||
           finish(library, scope, arena, upload_r, err);
}

static bool size_work(DbTx *tx, void *argument, Error *err)
{
    const UploadWork *work = argument;
    return file_upload_set_size(tx, work->scope, work->id, work->upload.size, err);
}

bool library_upload_set_size(Library *library, const Scope *scope, Arena *arena, FileUpload *upload,
                             int64_t size, Error *err)
{
    UploadWork work = { .scope = scope, .arena = arena, .id = upload->id, .upload.size = size };
    if (size < upload->received)
        return fail(err, ERROR_INVALID, "more bytes than that are there already: %" PRId64,
                    upload->received);
    if (!check_size(library, size, err) || !store_write(library->db, scope, size_work, &work, err))
        return false;
    upload->size = size;
    return true;
}

/* --- Parts --- */

static bool check_part(const Library *library, const FileUpload *upload, const UploadPart *part,
                       Error *err)
{
    int64_t most = upload->size < 0 ? library->options.upload_max : upload->size;
    if (part->start < 0 || part->start > most || part->size > most - part->start)
        return fail(err, ERROR_TOO_LARGE,
                    "the upload has %" PRId64 " bytes; bytes %" PRId64 " to %" PRId64
                    " are not all of it",
                    most, part->start, part->start + part->size);
    if (upload->chunk_size && part->size != MIN(upload->chunk_size, upload->size - part->start))
        return fail(err, ERROR_INVALID,
                    "this chunk has %" PRId64 " bytes and not %" PRId64 ", as it came in full",
                    part->size, MIN(upload->chunk_size, upload->size - part->start));
    return true;
}

/* A part that came once more while the upload became its document is no other than the first. This
 * is looked for here, since others see nothing of a transaction before all of it is kept. */
static bool take_work(DbTx *tx, void *argument, Error *err)
{
    UploadWork *work = argument;
    Error refused = { 0 };
    bool is_taken = file_upload_part_add(tx, work->scope, work->arena, &work->upload, &work->part,
                                         expiry(work->library), &refused);
    *err = refused;
    if (!is_taken && refused.code != ERROR_CONFLICT)
        return false;
    if (!file_upload_find(tx, work->scope, work->arena, work->upload.id, &work->upload, err))
        return false;
    if (is_taken || work->upload.document.length)
        return true;
    *err = refused;
    return false;
}

static bool is_whole(const FileUpload *upload)
{
    return upload->received == upload->size && !upload->document.length &&
           !str_is(upload->joined, "partial");
}

bool library_upload_take(Library *library, const Scope *scope, Arena *arena, FileUpload *upload,
                         const UploadPart *part, Error *err)
{
    UploadWork work = { .library = library,
                        .scope = scope,
                        .arena = arena,
                        .upload = *upload,
                        .part = { part->start, part->size, part->sha256 } };
    BlobItem item = { .sha256 = part->sha256, .temp_path = part->path };
    if (upload->document.length) /* the answer to its last part was lost */
        return true;
    if (!check_part(library, upload, part, err))
        return false;
    if (part->size) {
        if (!library_keep_originals(library, scope, &item, 1, take_work, &work, err))
            return false;
        *upload = work.upload;
    }
    return !is_whole(upload) || finish(library, scope, arena, upload, err);
}

/* --- Joining --- */

typedef struct JoinWork {
    UploadWork base;
    StrList pieces;
} JoinWork;

/* The parts as they are while nobody removes their bytes. */
static bool hold_parts(DbTx *tx, UploadWork *work, Str id, FileUploadPartList *parts_r, Error *err)
{
    if (!file_upload_parts(tx, work->scope, work->arena, id, parts_r, err))
        return false;
    Str *blobs = arena_new_array(work->arena, Str, parts_r->count);
    StrList held = { blobs, parts_r->count };
    for (size_t i = 0; i < parts_r->count; i++)
        blobs[i] = parts_r->at[i].blob;
    return blobs_lock(tx, work->scope, work->arena, &held, false, err) &&
           file_upload_parts(tx, work->scope, work->arena, id, parts_r, err);
}

static bool join_piece(DbTx *tx, UploadWork *work, Str id, Error *err)
{
    FileUpload piece;
    FileUploadPartList parts;
    if (!hold_parts(tx, work, id, &parts, err) ||
        !file_upload_find(tx, work->scope, work->arena, id, &piece, err))
        return false;
    if (!str_is(piece.joined, "partial") || piece.received != piece.size)
        return fail(err, ERROR_INVALID, "the upload " STR_FMT " is not a partial one that is done",
                    STR_ARG(id));
    for (size_t i = 0; i < parts.count; i++) {
        FileUploadPart part = parts.at[i];
        part.start = work->upload.received;
        if (!file_upload_part_add(tx, work->scope, work->arena, &work->upload, &part,
                                  work->upload.expires_at_ms, err))
            return false;
        work->upload.received += part.size;
        piece.received -= part.size;
    }
    return !piece.received ||
           fail(err, ERROR_CONFLICT, "the upload " STR_FMT " is being removed", STR_ARG(id));
}

static bool join_work(DbTx *tx, void *argument, Error *err)
{
    JoinWork *join = argument;
    UploadWork *work = &join->base;
    work->upload.received = 0;
    work->upload.size = UPLOAD_SIZE_UNKNOWN;
    if (!add_work(tx, work, err))
        return false;
    for (size_t i = 0; i < join->pieces.count; i++)
        if (!join_piece(tx, work, join->pieces.at[i], err))
            return false;
    work->upload.size = work->upload.received;
    return check_size(work->library, work->upload.size, err) &&
           storage_check(tx, work->scope, work->upload.size, &work->library->options.storage,
                         err) &&
           file_upload_set_size(tx, work->scope, work->upload.id, work->upload.size, err);
}

bool library_upload_join(Library *library, const Scope *scope, Arena *arena, const FileUpload *wish,
                         StrList pieces, FileUpload *upload_r, Error *err)
{
    JoinWork join = { .base = { .library = library, .scope = scope, .arena = arena }, pieces };
    join.base.upload = *wish;
    join.base.upload.name = library_clean_name(arena, wish->name);
    join.base.upload.expires_at_ms = expiry(library);
    if (!scope_landing(scope, &join.base.upload.collection, err) ||
        !library_keep_originals(library, scope, NULL, 0, join_work, &join, err))
        return false;
    *upload_r = join.base.upload;
    return finish(library, scope, arena, upload_r, err);
}

/* --- Cleaning up --- */

typedef struct StaleWork {
    Job *job;
    StaleUploadList list;
} StaleWork;

static bool stale_work(DbTx *tx, void *argument, Error *err)
{
    StaleWork *work = argument;
    return file_upload_list_stale(tx, &work->job->scope, work->job->arena, now_ms(), STALE_AT_ONCE,
                                  &work->list, err);
}

static bool clean_up(Job *job, const StaleUploadList *list, Error *err)
{
    Library *library = job->argument;
    for (size_t i = 0; i < list->count; i++) {
        const StaleUpload *stale = &list->at[i];
        Scope scope = { .workspace = stale->workspace, .role = ROLE_OWNER };
        if (job_is_stopped(job))
            return job_stopped(job, err);
        bool good = stale->is_finished ? drop_parts(library, &scope, stale->id, err)
                                       : remove_upload(library, &scope, stale->id, err);
        if (!good && err->code != ERROR_NOT_FOUND) /* somebody has just removed it */
            return false;
    }
    return true;
}

bool library_uploads_job(Job *job, Error *err)
{
    const Library *library = job->argument;
    StaleWork work = { .job = job };
    do {
        if (!store_read(library->db, &job->scope, stale_work, &work, err) ||
            !clean_up(job, &work.list, err))
            return false;
    } while (work.list.count == STALE_AT_ONCE);
    return true;
}
