#include <criterion/criterion.h>

#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "blob/blob_store.h"

static Arena *arena;
static BlobStore *store;
static char path[64];

static void open_store(void)
{
    Error err;
    arena = arena_new(MB(64));
    snprintf(path, sizeof path, "/tmp/lectern-blob-%d", (int)getpid());
    cr_assert(blob_open_folder(path, &store, &err), "%s", err.message);
}

static void close_store(void)
{
    Error err;
    blob_store_free(store);
    cr_assert(folder_remove(path, &err));
    arena_free(arena);
}

TestSuite(blob, .init = open_store, .fini = close_store);

static BlobItem put(Str workspace, Str bytes)
{
    BlobItem item;
    Error err;
    cr_assert(blob_stage(store, arena, bytes, &item, &err), "%s", err.message);
    cr_assert(blob_import(store, workspace, &item, 1, &err), "%s", err.message);
    return item;
}

Test(blob, what_is_stored_can_be_read_and_is_moved_not_copied)
{
    Error err;
    AUTO_CLOSE int fd = -1;
    uint64_t size;
    Str bytes;
    BlobItem item = put(S("w1"), S("hello"));
    cr_assert(!file_exists(item.temp_path));
    cr_assert(blob_open(store, S("w1"), item.sha256, &fd, &size, &err) && size == 5);
    cr_assert(fd_read_all(arena, fd, 100, &bytes, &err) && str_is(bytes, "hello"));
    cr_assert(blob_verify(store, S("w1"), item.sha256, NULL, &err));
    put(S("w1"), S("hello"));
}

Test(blob, workspaces_see_nothing_of_each_other)
{
    Error err;
    int fd;
    uint64_t size;
    BlobItem item = put(S("w1"), S("secret"));
    cr_assert(!blob_open(store, S("w2"), item.sha256, &fd, &size, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    put(S("w2"), S("secret"));
    cr_assert(blob_remove(store, S("w1"), item.sha256, &err));
    cr_assert(blob_verify(store, S("w2"), item.sha256, NULL, &err));
    cr_assert(blob_remove(store, S("w1"), item.sha256, &err));
    cr_assert(blob_remove_workspace(store, S("w2"), &err));
    cr_assert(!blob_verify(store, S("w2"), item.sha256, NULL, &err));
}

Test(blob, names_that_are_paths_are_refused)
{
    static const char *const workspaces[] = { "", "../w", "w/x", ".", "W" };
    Error err;
    int fd;
    uint64_t size;
    Str sha256 = sha256_hex(arena, S("x"));
    for (size_t i = 0; i < COUNT(workspaces); i++)
        cr_expect(!blob_open(store, str(workspaces[i]), sha256, &fd, &size, &err) &&
                  err.code == ERROR_INTERNAL);
    cr_assert(!blob_open(store, S("w"), S("../../etc/passwd"), &fd, &size, &err));
}

Test(blob, a_damaged_blob_is_noticed)
{
    Error err;
    BlobItem item = put(S("w1"), S("hello"));
    char *file = path_join(
        arena, str(path),
        str_format(arena, "w1/%.2s/" STR_FMT, item.sha256.at, STR_ARG(str_from(item.sha256, 2))));
    cr_assert(file_write(file, S("hellO"), 0600, &err));
    cr_assert(!blob_verify(store, S("w1"), item.sha256, NULL, &err) && err.code == ERROR_DAMAGED);
}

static bool count_blob(void *self, const BlobFound *found, Error *err)
{
    (void)err;
    *(size_t *)self += str_is(found->workspace, "w1") && found->sha256.length == 64 &&
                       found->size > 0 && found->changed_ms > now_ms() - 600000;
    return true;
}

Test(blob, two_thousand_children_are_stored_together)
{
    BlobItem *items = arena_new_array(arena, BlobItem, 2000);
    Error err;
    size_t count = 0;
    int64_t start = monotonic_ms();
    for (size_t i = 0; i < 2000; i++)
        cr_assert(blob_stage(store, arena, str_format(arena, "child %zu", i), &items[i], &err));
    cr_assert(blob_import(store, S("w1"), items, 2000, &err), "%s", err.message);
    int64_t took_ms = monotonic_ms() - start;
    cr_log_info("2,000 children in %d ms", (int)took_ms);
    cr_assert(blob_list(store, count_blob, &count, &err));
    cr_assert_eq(count, 2000);
}

Test(blob, another_server_on_the_same_folder_leaves_uploads_that_are_on_their_way)
{
    Error err;
    BlobStore *other;
    BlobItem item, theirs;
    cr_assert(blob_stage(store, arena, S("half"), &item, &err));
    cr_assert(blob_open_folder(path, &other, &err), "%s", err.message);
    cr_expect(file_exists(item.temp_path), "it is not the other one's to remove");
    cr_assert(blob_stage(other, arena, S("other"), &theirs, &err));
    const char *folder = str_c(arena, str(blob_incoming(other)));
    const char *lock = str_c(arena, str_format(arena, "%s.lock", folder));
    cr_assert(blob_import(store, S("w1"), &item, 1, &err), "%s", err.message);
    cr_expect(file_exists(lock));
    blob_store_free(other);
    cr_assert(blob_open_folder(path, &other, &err), "%s", err.message);
    cr_expect(!file_exists(folder) && !file_exists(lock), "nobody holds it");
    blob_store_free(other);
}

Test(blob, uploads_that_were_never_finished_are_gone_after_a_restart)
{
    Error err;
    BlobItem item;
    uint64_t room;
    cr_assert(blob_stage(store, arena, S("half"), &item, &err));
    BlobItem kept = put(S("w1"), S("whole"));
    blob_store_free(store);
    cr_assert(blob_open_folder(path, &store, &err));
    cr_assert(!file_exists(item.temp_path));
    cr_assert(blob_verify(store, S("w1"), kept.sha256, NULL, &err));
    cr_assert(blob_room(store, &room, &err) && room > 0);
}

static bool never(void *self, const BlobFound *found, Error *err)
{
    (void)self;
    return fail(err, ERROR_INTERNAL, "left: " STR_FMT, STR_ARG(found->workspace));
}

Test(blob, a_trial_leaves_nothing_behind)
{
    BlobFacts facts;
    Error err;
    cr_assert(blob_try(store, arena, &facts, &err), "%s", err.message);
    cr_expect(!facts.is_bucket && !facts.versioning.length);
    cr_expect(blob_list(store, never, NULL, &err), "%s", err.message);
}

Test(blob, a_trial_tells_that_nothing_can_be_written)
{
    BlobFacts facts;
    Error err;
    cr_assert(folder_remove(path, &err));
    cr_expect(!blob_try(store, arena, &facts, &err) && strstr(err.message, "stor"), "%s",
              err.message);
}
