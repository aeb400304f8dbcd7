/* connect_run.c - what every connector is given: settings, what it has found, bytes on their way to
 * the library. */
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "connect/connect_int.h"

#define KEPT_MAX MB(64)

void connect_run_begin(ConnectRun *run, Connect *connect, const Scope *scope,
                       const ConnectorKind *kind, const Connection *connection, json_t *settings)
{
    *run = (ConnectRun){ .connect = connect,
                         .options = &connect->options,
                         .kind = kind,
                         .connector = kind->connector,
                         .scope = scope,
                         .connection = *connection,
                         .settings = settings,
                         .arena = arena_new(CONNECT_MEMORY),
                         .kept = arena_new(KEPT_MAX) };
}

void connect_run_end(ConnectRun *run)
{
    if (run->connector->close)
        run->connector->close(run);
    arena_free(run->arena);
    arena_free(run->kept);
}

Str connect_text(const ConnectRun *run, const char *name)
{
    return json_member_text(run->settings, name);
}

int64_t connect_number(const ConnectRun *run, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(run->settings, name);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool connect_is_on(const ConnectRun *run, const char *name, bool otherwise)
{
    const json_t *value = json_object_get(run->settings, name);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

bool connect_is_stopped(const ConnectRun *run) { return run->job && job_is_stopped(run->job); }

void connect_found(ConnectRun *run, FoundItems *found, ConnectionItem item)
{
    if (item.remote.length)
        *vec_push(run->arena, &found->all) = item;
}

/* --- Bytes --- */

struct ConnectBytes {
    int fd;
    char *path;
    uint64_t size;
    Sha256 sha;
};

static bool begin(ConnectRun *run, ConnectFile *file, Error *err)
{
    ConnectBytes *bytes = arena_new_one(run->arena, ConnectBytes);
    bytes->path =
        path_join(run->arena, str(library_incoming(run->options->library)), S("connect-XXXXXX"));
    bytes->fd = mkostemp(bytes->path, O_CLOEXEC);
    if (bytes->fd < 0)
        return fail_errno(err, "storing what came");
    sha256_begin(&bytes->sha);
    file->bytes = bytes;
    return true;
}

bool connect_file_add(ConnectRun *run, ConnectFile *file, Str bytes, Error *err)
{
    if (!file->bytes && !begin(run, file, err))
        return false;
    ConnectBytes *into = file->bytes;
    into->size += bytes.length;
    if (into->size > (uint64_t)run->options->file_max)
        return fail(err, ERROR_TOO_LARGE,
                    "it has more than the %" PRId64 " bytes that upload_max allows",
                    run->options->file_max);
    sha256_add(&into->sha, bytes);
    return fd_write_all(into->fd, bytes, err);
}

bool connect_file_read(ConnectRun *run, const ConnectFile *file, size_t most, Str *bytes_r,
                       Error *err)
{
    size_t wanted = file->bytes ? (size_t)MIN(file->bytes->size, (uint64_t)most) : 0, got = 0;
    char *bytes = arena_alloc_raw(run->arena, wanted + 1);
    while (got < wanted) {
        ssize_t step = pread(file->bytes->fd, bytes + got, wanted - got, (off_t)got);
        if (step <= 0)
            return fail_errno(err, "reading what came");
        got += (size_t)step;
    }
    *bytes_r = (Str){ bytes, got };
    return true;
}

bool connect_receive(void *take, Str bytes, Error *err)
{
    const ConnectTake *into = take;
    if (connect_is_stopped(into->run))
        return job_stopped(into->run->job, err);
    return connect_file_add(into->run, into->file, bytes, err);
}

bool connect_bytes_end(ConnectFile *file, Arena *arena, const char **path_r, uint64_t *size_r,
                       Str *sha256_r, Error *err)
{
    uint8_t digest[SHA256_SIZE];
    ConnectBytes *bytes = file->bytes;
    if (!bytes || !bytes->size)
        return fail(err, ERROR_INVALID, "it is empty");
    sha256_end(&bytes->sha, digest);
    *path_r = bytes->path;
    *size_r = bytes->size;
    *sha256_r = str_hex(arena, digest, sizeof digest);
    return true;
}

void connect_bytes_free(ConnectFile *file)
{
    if (!file->bytes)
        return;
    close(file->bytes->fd);
    (void)unlink(file->bytes->path); /* not there when it was taken */
    file->bytes = NULL;
}
