#include <criterion/criterion.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "blob/blob_store.h"

static Arena *arena;
static char folder[64];
static BlobStore *store;
static Error err;

static void open_store(void)
{
    arena = arena_new(MB(4));
    snprintf(folder, sizeof folder, "/tmp/lectern-blob-XXXXXX");
    cr_assert(mkdtemp(folder));
    cr_assert(blob_open_folder(folder, &store, &err), "%s", err.message);
}

static void close_store(void)
{
    blob_close(store);
    cr_assert(folder_remove(folder, &err));
    arena_free(arena);
}
TestSuite(blob, .init = open_store, .fini = close_store);

static Str add(Str workspace, Str bytes)
{
    Str sha256 = sha256_hex(arena, bytes);
    char *path = path_join(arena, str(blob_temp_folder(store)), sha256);
    cr_assert(file_write(path, bytes, 0600, &err));
    cr_assert(blob_add(store, workspace, sha256, path, &err), "%s", err.message);
    cr_assert(!file_exists(path));
    return sha256;
}

Test(blob, what_was_added_can_be_read)
{
    Str sha256 = add(S("00aa"), S("hello")), bytes;
    int fd;
    uint64_t size;
    cr_assert(blob_open(store, S("00aa"), sha256, &fd, &size, &err));
    cr_assert(fd_read_all(arena, fd, KB(1), &bytes, &err));
    close(fd);
    cr_assert(str_is(bytes, "hello"));
    cr_assert_eq(size, 5);
}

Test(blob, another_workspace_sees_nothing)
{
    Str sha256 = add(S("00aa"), S("hello"));
    int fd;
    cr_assert(!blob_open(store, S("00bb"), sha256, &fd, NULL, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    cr_assert(!blob_exists(store, S("00bb"), sha256));
}

Test(blob, the_same_bytes_twice_are_one_and_removing_is_final)
{
    Str sha256 = add(S("00aa"), S("hello"));
    add(S("00aa"), S("hello"));
    cr_assert(blob_remove(store, S("00aa"), sha256, &err));
    cr_assert(!blob_exists(store, S("00aa"), sha256));
    cr_assert(blob_remove(store, S("00aa"), sha256, &err));
}

Test(blob, names_that_are_paths_are_refused)
{
    static const char *const names[] = { "../../etc/passwd", "", "ABC", "..", "a/b" };
    int fd;
    for (size_t i = 0; i < COUNT(names); i++) {
        cr_assert(!blob_open(store, S("00aa"), str(names[i]), &fd, NULL, &err));
        cr_assert(!blob_open(store, str(names[i]), sha256_hex(arena, S("x")), &fd, NULL, &err));
    }
}

static bool count_blob(void *self, Str workspace, Str sha256, uint64_t size, Error *error)
{
    (void)workspace, (void)error;
    cr_assert_eq(sha256.length, 64);
    *(uint64_t *)self += size;
    return true;
}

Test(blob, a_visit_sees_every_blob_of_every_workspace)
{
    uint64_t bytes = 0;
    add(S("00aa"), S("12345"));
    add(S("00bb"), S("123"));
    cr_assert(blob_visit(store, count_blob, &bytes, &err));
    cr_assert_eq(bytes, 8);
}
