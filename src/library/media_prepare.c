/* media_prepare.c - a client's picture or sound becomes what a model service takes: in the sandbox,
 * by the class of worker that reads such files. */
#include <sys/mman.h>

#include "base/file.h"
#include "gateway/media_wish.h"
#include "library/library_int.h"
#include "worker/page_wire.h"
#include "worker/worker.h"

#define TIMEOUT_MS 60000

typedef struct Preparing {
    Arena *arena;
    Str media_type;
    Buf bytes;
} Preparing;

static bool on_frame(void *self, unsigned type, Str payload, Error *err)
{
    Preparing *preparing = self;
    if (type == PREPARED_FRAME_TYPE && payload.length < 100) {
        preparing->media_type = str_copy(preparing->arena, payload);
        return true;
    }
    if (type != PREPARED_FRAME_BYTES)
        return fail(err, ERROR_INTERNAL, "the worker sent frame %u", type);
    buf_add(&preparing->bytes, payload);
    return !preparing->bytes.overflowed || fail(err, ERROR_TOO_LARGE, "it is still too large");
}

bool library_prepare_media(Library *library, Arena *arena, const MediaWish *wish,
                           PreparedMedia *prepared_r, Error *err)
{
    AUTO_CLOSE int fd = memfd_create("media", MFD_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "opening a picture");
    if (!fd_write_all(fd, wish->bytes, err))
        return false;
    const WorkerArguments args = { .bytes_max = (int64_t)wish->bytes_max,
                                   .side_max = wish->side_max,
                                   .pixels_max = wish->pixels_max };
    Preparing preparing = { .arena = arena, .bytes = buf_new(arena, wish->bytes_max) };
    SandboxJob job = { .worker = wish->is_sound ? "speech" : "picture",
                       .service = "prepare",
                       .args = worker_arguments_write(arena, &args),
                       .fds = { fd, -1, -1, -1 },
                       .timeout_ms = TIMEOUT_MS,
                       .output_max = wish->bytes_max + KB(64),
                       .frame = on_frame,
                       .self = &preparing };
    if (!sandbox_run(library->sandbox, &job, err))
        return false;
    *prepared_r = (PreparedMedia){ buf_str(&preparing.bytes), preparing.media_type };
    return prepared_r->bytes.length || fail(err, ERROR_DAMAGED, "nothing is left of it");
}
