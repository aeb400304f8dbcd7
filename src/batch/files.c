/* files.c - see files.h. */
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "batch/batch_int.h"

Batches *batches_new(const BatchesOptions *options)
{
    Batches *batches = heap_alloc(sizeof *batches);
    batches->options = *options;
    return batches;
}

void batches_free(Batches *batches) { free(batches); }

/* --- Adding --- */

static bool check_purpose(Str purpose, Error *err)
{
    static const char *const known[] = { "assistants", "batch",     "fine-tune",
                                         "vision",     "user_data", "evals" };
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_is(purpose, known[i]))
            return true;
    return fail_field(err, "purpose",
                      "purpose is assistants, batch, fine-tune, vision, user_data or evals, not "
                      "'" STR_FMT "'",
                      STR_ARG(str_slice(purpose, 0, 60)));
}

typedef struct FileWork {
    const Batches *batches;
    const Scope *scope;
    Arena *arena;
    Str id;
    const ClientFileAsk *ask;
    ClientFile file;
    ClientFileList list;
} FileWork;

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    FileWork *work = argument;
    return client_file_add(tx, work->scope, work->arena, work->batches->options.files_sum_max,
                           &work->file, err);
}

bool files_add(Batches *batches, const Scope *scope, Arena *arena, const NewClientFile *file,
               ClientFile *file_r, Error *err)
{
    int64_t seconds = file->expires_after_s, size = (int64_t)file->size;
    FileWork work = { .batches = batches, .scope = scope, .arena = arena };
    BlobItem item = { file->sha256, file->path };
    if (!file->is_voice && !check_purpose(file->purpose, err))
        return false;
    if (seconds && (seconds < FILE_EXPIRES_MIN_S || seconds > FILE_EXPIRES_MAX_S))
        return fail_field(err, "expires_after", "expires_after is %d to %d seconds",
                          FILE_EXPIRES_MIN_S, FILE_EXPIRES_MAX_S);
    if (size > batches->options.file_max)
        return fail(err, ERROR_TOO_LARGE,
                    "the file has %" PRId64 " bytes; %" PRId64 " are taken (setting files_max)",
                    size, batches->options.file_max);
    work.file = (ClientFile){ .user = scope->user,
                              .name = path_name(library_clean_name(arena, file->name)),
                              .media_type = file->media_type,
                              .purpose = file->is_voice ? S(FILE_PURPOSE_VOICE) : file->purpose,
                              .blob = file->sha256,
                              .size = size,
                              .expires_at_ms = seconds ? now_ms() + seconds * 1000 : 0 };
    if (!library_keep_originals(batches->options.library, scope, &item, 1, add_work, &work, err))
        return false;
    *file_r = work.file;
    return true;
}

/* --- Reading --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    FileWork *work = argument;
    return client_file_find(tx, work->scope, work->arena, work->id, &work->file, err);
}

bool files_find(Batches *batches, const Scope *scope, Arena *arena, Str id, ClientFile *file_r,
                Error *err)
{
    FileWork work = { .scope = scope, .arena = arena, .id = id };
    if (!store_read(batches->options.db, scope, find_work, &work, err))
        return false;
    *file_r = work.file;
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    FileWork *work = argument;
    return client_file_list(tx, work->scope, work->arena, work->ask, &work->list, err);
}

bool files_list(Batches *batches, const Scope *scope, Arena *arena, const ClientFileAsk *ask,
                ClientFileList *list_r, Error *err)
{
    FileWork work = { .scope = scope, .arena = arena, .ask = ask };
    if (!store_read(batches->options.db, scope, list_work, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

static bool open_file(Batches *batches, const Scope *scope, ClientFile file, ClientFile *file_r,
                      int *fd_r, Error *err)
{
    uint64_t size;
    if (!library_open_by_digest(batches->options.library, scope, file.blob, fd_r, &size, err))
        return false;
    file.size = (int64_t)size; /* what is there, should it be less */
    *file_r = file;
    return true;
}

bool files_open(Batches *batches, const Scope *scope, Arena *arena, Str id, ClientFile *file_r,
                int *fd_r, Error *err)
{
    ClientFile file;
    return files_find(batches, scope, arena, id, &file, err) &&
           open_file(batches, scope, file, file_r, fd_r, err);
}

static bool voice_work(DbTx *tx, void *argument, Error *err)
{
    FileWork *work = argument;
    return voice_find(tx, work->scope, work->arena, work->id, &work->file, err);
}

bool files_open_voice(Batches *batches, const Scope *scope, Arena *arena, Str id,
                      ClientFile *file_r, int *fd_r, Error *err)
{
    FileWork work = { .scope = scope, .arena = arena, .id = id };
    return store_read(batches->options.db, scope, voice_work, &work, err) &&
           open_file(batches, scope, work.file, file_r, fd_r, err);
}

/* The media type as declared, or as the name's ending says. */
static Str files_media_type(Arena *arena, const ClientFile *file)
{
    static const struct {
        const char *ending, *type;
    } known[] = { { "pdf", "application/pdf" }, { "png", "image/png" },   { "jpg", "image/jpeg" },
                  { "jpeg", "image/jpeg" },     { "gif", "image/gif" },   { "webp", "image/webp" },
                  { "txt", "text/plain" },      { "md", "text/markdown" } };
    Str ending = path_extension(arena, file->name);
    if (file->media_type.length && !str_is(file->media_type, "application/octet-stream"))
        return file->media_type;
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_is(ending, known[i].ending))
            return str(known[i].type);
    return S("application/octet-stream");
}

bool files_load(Batches *batches, Arena *arena, Str workspace, Str id, size_t bytes_max,
                GatewayFile *file_r, Error *err)
{
    Scope scope = { .workspace = workspace, .role = ROLE_READER };
    ClientFile file;
    AUTO_CLOSE int fd = -1;
    Str bytes;
    if (!files_open(batches, &scope, arena, id, &file, &fd, err))
        return false;
    if ((uint64_t)file.size > bytes_max)
        return fail(err, ERROR_TOO_LARGE, "the files of a message have at most %zu bytes together",
                    bytes_max);
    if (!fd_read_all(arena, fd, bytes_max, &bytes, err))
        return false;
    *file_r = (GatewayFile){ .name = file.name,
                             .media_type = files_media_type(arena, &file),
                             .bytes = bytes };
    return true;
}

/* --- Removing --- */

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const FileWork *work = argument;
    return client_file_remove(tx, work->scope, work->file.id, err);
}

bool files_remove(Batches *batches, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    FileWork work = { .scope = scope, .arena = arena };
    if (!files_find(batches, scope, arena, id, &work.file, err))
        return false;
    bool is_own = scope->user.length && str_equal(scope->user, work.file.user);
    return (is_own || scope_needs(scope, ROLE_EDITOR, err)) &&
           library_drop_original(batches->options.library, scope, work.file.blob, remove_work,
                                 &work, err);
}

/* --- Files of our making --- */

bool bytes_begin(Batches *batches, Arena *arena, NewBytes *bytes, Error *err)
{
    const char *folder = library_incoming(batches->options.library);
    char *path = path_join(arena, str(folder), id_new(arena));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "making a file in %s", folder);
    *bytes = (NewBytes){ .path = path, .fd = fd };
    sha256_begin(&bytes->sha);
    return true;
}

bool bytes_add(NewBytes *bytes, Str piece, Error *err)
{
    sha256_add(&bytes->sha, piece);
    bytes->size += piece.length;
    return fd_write_all(bytes->fd, piece, err);
}

void bytes_end(NewBytes *bytes, Arena *arena)
{
    uint8_t digest[SHA256_SIZE];
    sha256_end(&bytes->sha, digest);
    bytes->digest = str_hex(arena, digest, sizeof digest);
}

void bytes_auto(NewBytes *bytes)
{
    if (!bytes->path)
        return;
    close(bytes->fd);
    (void)!unlink(bytes->path); /* it has moved when it was kept */
}
