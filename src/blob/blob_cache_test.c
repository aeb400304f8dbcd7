#include <criterion/criterion.h>

#include <unistd.h>

#include "base/file.h"
#include "blob/blob_cache.h"

static Arena *arena;
static BlobCache *cache;
static char path[64];

static void begin(void)
{
    Error err;
    arena = arena_new(MB(64));
    snprintf(path, sizeof path, "/tmp/lectern-copies-%d", (int)getpid());
    cr_assert(blob_cache_open(path, 1000, &cache, &err), "%s", err.message);
}

static void end(void)
{
    Error err;
    blob_cache_free(cache);
    cr_assert(folder_remove(path, &err));
    arena_free(arena);
}

TestSuite(blob_cache, .init = begin, .fini = end);

static void take(const char *name, size_t size)
{
    Error err;
    char *file = str_c(arena, str_format(arena, "%s-new", path));
    cr_assert(file_write(file, (Str){ arena_alloc(arena, size), size }, 0600, &err));
    blob_cache_take(cache, S("w"), str(name), file, size);
    cr_expect(!file_exists(file));
}

static bool has(const char *name)
{
    AUTO_CLOSE int fd = -1;
    uint64_t size;
    return blob_cache_find(cache, S("w"), str(name), &fd, &size);
}

Test(blob_cache, what_was_not_read_for_longest_goes_first)
{
    take("a", 300);
    take("b", 300);
    take("c", 300);
    cr_expect(has("a"));
    take("d", 300);
    cr_expect(has("a") && !has("b") && has("c") && has("d"));
    cr_expect_eq(blob_cache_bytes(cache), 900);
}

Test(blob_cache, the_same_again_counts_once_and_too_large_a_file_is_not_kept)
{
    take("a", 300);
    take("a", 300);
    take("large", 600);
    cr_expect(!has("large") && blob_cache_bytes(cache) == 300);
    blob_cache_drop(cache, S("w"), S("a"));
    blob_cache_drop(cache, S("w"), S("a"));
    cr_expect_eq(blob_cache_bytes(cache), 0);
}

Test(blob_cache, copies_outlive_the_program_but_not_a_start_of_the_machine)
{
    Error err;
    take("a", 300);
    blob_cache_free(cache);
    cr_assert(blob_cache_open(path, 1000, &cache, &err));
    cr_expect(has("a") && blob_cache_bytes(cache) == 300);
    blob_cache_free(cache);
    cr_assert(file_write(path_join(arena, str(path), S("boot")), S("another"), 0600, &err));
    cr_assert(blob_cache_open(path, 1000, &cache, &err));
    cr_expect(!has("a") && blob_cache_bytes(cache) == 0);
}

Test(blob_cache, a_workspace_goes_alone)
{
    take("a", 100);
    blob_cache_drop_workspace(cache, S("other"));
    cr_expect(has("a"));
    blob_cache_drop_workspace(cache, S("w"));
    cr_expect(!has("a"));
}
