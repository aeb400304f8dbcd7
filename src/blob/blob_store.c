/* blob_store.c - what is the same for every driver: names are checked before they become paths. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "blob/blob_private.h"

struct BlobStore {
    const BlobDriver *driver;
    void *self;
};

BlobStore *blob_store_new(const BlobDriver *driver, void *self)
{
    BlobStore *store = heap_alloc(sizeof *store);
    *store = (BlobStore){ driver, self };
    return store;
}

void blob_store_free(BlobStore *store)
{
    if (!store)
        return;
    store->driver->free(store->self);
    free(store);
}

static bool is_made_of(Str text, const char *set)
{
    for (size_t i = 0; i < text.length; i++)
        if (!HAS_CHAR(text.at[i], set))
            return false;
    return true;
}

static bool check_workspace(Str workspace, Error *err)
{
    if (!workspace.length || workspace.length > 64 ||
        !is_made_of(workspace, "0123456789abcdefghijklmnopqrstuvwxyz-"))
        return fail(err, ERROR_INTERNAL, "'" STR_FMT "' is not the id of a workspace",
                    STR_ARG(workspace));
    return true;
}

static bool check_names(Str workspace, Str sha256, Error *err)
{
    if (sha256.length != 64 || !is_made_of(sha256, "0123456789abcdef"))
        return fail(err, ERROR_INTERNAL, "'" STR_FMT "' is not a SHA-256", STR_ARG(sha256));
    return check_workspace(workspace, err);
}

const char *blob_incoming(BlobStore *store) { return store->driver->incoming(store->self); }

bool blob_import(BlobStore *store, Str workspace, const BlobItem *items, size_t count, Error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!check_names(workspace, items[i].sha256, err))
            return false;
    return !count || store->driver->import(store->self, workspace, items, count, err);
}

bool blob_stage(BlobStore *store, Arena *arena, Str bytes, BlobItem *item_r, Error *err)
{
    char *path = path_join(arena, str(blob_incoming(store)), S("stage-XXXXXX"));
    AUTO_CLOSE int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "storing a file");
    if (!fd_write_all(fd, bytes, err)) {
        (void)unlink(path);
        return fail_in(err, "storing a file");
    }
    *item_r = (BlobItem){ .sha256 = sha256_hex(arena, bytes), .temp_path = path };
    return true;
}

bool blob_open(BlobStore *store, Str workspace, Str sha256, int *fd_r, uint64_t *size_r, Error *err)
{
    return check_names(workspace, sha256, err) &&
           store->driver->open(store->self, workspace, sha256, fd_r, size_r, err);
}

/* Who goes through a file in large parts wants most of it: it comes whole, once. */
#define PART_MAX MB(16)

bool blob_open_part(BlobStore *store, Str workspace, Str sha256, const BlobPart *part,
                    uint64_t size, int *fd_r, uint64_t *from_r, Error *err)
{
    if (store->driver->open_part && size > PART_MAX && part->length <= PART_MAX)
        return check_names(workspace, sha256, err) &&
               store->driver->open_part(store->self, workspace, sha256, part, fd_r, from_r, err);
    *from_r = 0;
    return blob_open(store, workspace, sha256, fd_r, &size, err);
}

bool blob_remove(BlobStore *store, Str workspace, Str sha256, Error *err)
{
    return check_names(workspace, sha256, err) &&
           store->driver->remove(store->self, workspace, sha256, err);
}

bool blob_remove_workspace(BlobStore *store, Str workspace, Error *err)
{
    return check_workspace(workspace, err) &&
           store->driver->remove_workspace(store->self, workspace, err);
}

void blob_forget_workspace(BlobStore *store, Str workspace)
{
    Error ignored;
    if (store->driver->forget_workspace && check_workspace(workspace, &ignored))
        store->driver->forget_workspace(store->self, workspace);
}

bool blob_list(BlobStore *store, BlobVisit *visit, void *self, Error *err)
{
    return store->driver->list(store->self, visit, self, err);
}

bool blob_verify(BlobStore *store, Str workspace, Str sha256, const BlobReading *reading,
                 Error *err)
{
    return check_names(workspace, sha256, err) &&
           store->driver->verify(store->self, workspace, sha256, reading, err);
}

/* Writes what `in` still has to `out`. */
static bool copy_all(int in, int out, Str sha256, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    char *bytes = arena_alloc(arena, KB(64));
    uint8_t digest[SHA256_SIZE];
    Sha256 sha;
    sha256_begin(&sha);
    for (ssize_t got; (got = read(in, bytes, KB(64))) != 0;) {
        if (got < 0)
            return fail_errno(err, "reading blob " STR_FMT, STR_ARG(sha256));
        if (!fd_write_all(out, (Str){ bytes, (size_t)got }, err))
            return false;
        sha256_add(&sha, (Str){ bytes, (size_t)got });
    }
    sha256_end(&sha, digest);
    return str_equal(str_hex(arena, digest, sizeof digest), sha256) ||
           fail(err, ERROR_DAMAGED, "blob " STR_FMT " does not hold the bytes it is named for",
                STR_ARG(sha256));
}

bool blob_fetch(BlobStore *from, BlobStore *to, Arena *arena, Str workspace, Str sha256,
                BlobItem *item_r, Error *err)
{
    AUTO_CLOSE int in = -1;
    uint64_t size;
    if (!blob_open(from, workspace, sha256, &in, &size, err))
        return false;
    char *path = path_join(arena, str(blob_incoming(to)), S("fetch-XXXXXX"));
    AUTO_CLOSE int out = mkostemp(path, O_CLOEXEC);
    if (out < 0)
        return fail_errno(err, "storing a file");
    if (!copy_all(in, out, sha256, err)) {
        (void)unlink(path);
        return false;
    }
    *item_r = (BlobItem){ .sha256 = str_copy(arena, sha256), .temp_path = path };
    return true;
}

bool blob_url(BlobStore *store, Arena *arena, Str workspace, Str sha256, const BlobUrl *wanted,
              Str *url_r, Error *err)
{
    if (!check_names(workspace, sha256, err))
        return false;
    if (store->driver->url)
        return store->driver->url(store->self, arena, workspace, sha256, wanted, url_r, err);
    *url_r = S("");
    return true;
}

bool blob_tidy(BlobStore *store, Error *err)
{
    return !store->driver->tidy || store->driver->tidy(store->self, err);
}

bool blob_probe(BlobStore *store, Error *err)
{
    return !store->driver->probe || store->driver->probe(store->self, err);
}

int64_t blob_failing_ms(BlobStore *store)
{
    return store->driver->failing_ms ? store->driver->failing_ms(store->self) : 0;
}

bool blob_room(BlobStore *store, uint64_t *bytes_r, Error *err)
{
    return store->driver->room(store->self, bytes_r, err);
}

/* --- Trying --- */

#define TRIAL_BYTES KB(64)

typedef struct Trial {
    Str workspace; /* of its own: nodes may try at the same time */
    BlobItem item;
} Trial;

/* Bytes that were never there before, so that no copy of before can answer for them. */
static bool stage_trial(BlobStore *store, Arena *arena, Trial *trial, Error *err)
{
    char *bytes = arena_alloc(arena, TRIAL_BYTES);
    random_bytes(bytes, TRIAL_BYTES);
    Str number = str_hex(arena, bytes, 8);
    trial->workspace = str_format(arena, "trial-" STR_FMT, STR_ARG(number));
    return blob_stage(store, arena, (Str){ bytes, TRIAL_BYTES }, &trial->item, err);
}

static bool look_at_trial(BlobStore *store, Arena *arena, const Trial *trial, BlobFacts *facts_r,
                          Error *err)
{
    *facts_r = (BlobFacts){ 0 };
    return (blob_verify(store, trial->workspace, trial->item.sha256, NULL, err) ||
            fail_in(err, "reading")) &&
           (!store->driver->facts || store->driver->facts(store->self, arena, trial->workspace,
                                                          trial->item.sha256, facts_r, err));
}

bool blob_try(BlobStore *store, Arena *arena, BlobFacts *facts_r, Error *err)
{
    BlobFacts facts;
    Trial trial;
    Error why = { 0 };
    if (!stage_trial(store, arena, &trial, err))
        return false;
    bool is_good =
        blob_import(store, trial.workspace, &trial.item, 1, &why) || fail_in(&why, "writing");
    if (!is_good)
        (void)unlink(trial.item.temp_path);
    is_good = is_good && look_at_trial(store, arena, &trial, &facts, &why);
    bool is_gone = blob_remove_workspace(store, trial.workspace, err) || fail_in(err, "removing");
    if (is_good && is_gone)
        *facts_r = facts;
    else if (!is_good)
        *err = why; /* what came first */
    return is_good && is_gone;
}
