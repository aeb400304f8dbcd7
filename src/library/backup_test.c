#include "library/backup.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/file.h"
#include "base/hash.h"
#include "db/fixture_test.h"
#include "store/client_files_store.h"
#include "store/migrate.h"
#include "store/move.h"
#include "store/settings_store.h"
#include "store/workspaces_store.h"

/* --- A database with a workspace and an original --- */

typedef struct Source {
    Arena *arena;
    const char *folder;
    Db *db;
    BlobStore *blobs;
    Scope scope;
    BlobItem item;
    Str a, b;
} Source;

static Error err;

static bool fill(DbTx *tx, void *argument, Error *error)
{
    Source *source = argument;
    Scope system = scope_system();
    Workspace added = { .name = S("Ours"), .settings = S("{}") };
    if (!workspace_add(tx, &system, source->arena, &added, error))
        return false;
    source->scope = (Scope){ .workspace = added.id, .role = ROLE_OWNER };
    ClientFile file = {
        .name = S("a"), .purpose = S("batch"), .blob = source->item.sha256, .size = 6
    };
    return client_file_add(tx, &source->scope, source->arena, 10, &file, error);
}

static void source_open(Source *source, const char *url)
{
    *source = (Source){ .arena = arena_new(GB(1)) };
    source->folder = test_folder(source->arena);
    cr_assert(db_open(url, NULL, &source->db, &err) && migrate_up(source->db, &err), "%s",
              err.message);
    cr_assert(blob_open_folder(path_join(source->arena, str(source->folder), S("blobs")),
                               &source->blobs, &err));
    cr_assert(blob_stage(source->blobs, source->arena, S("kept bytes"), &source->item, &err));
    Scope system = scope_system();
    cr_assert(store_write(source->db, &system, fill, source, &err), "%s", err.message);
    cr_assert(blob_import(source->blobs, source->scope.workspace, &source->item, 1, &err));
}

static void source_close(Source *source)
{
    blob_store_free(source->blobs);
    db_close(source->db);
    arena_free(source->arena);
}

static char *back_up(Source *source)
{
    BackupCounts counts;
    char *path = path_join(source->arena, str(source->folder), S("copy.tar"));
    cr_assert(backup_write(source->db, source->blobs, path, &counts, &err), "%s", err.message);
    cr_expect(counts.originals == 1 && !counts.missing);
    return path;
}

/* Into a folder of this name. */
static bool restore(Source *source, const char *path, const char *name, char **folder_r)
{
    BackupCounts counts;
    char *folder = path_join(source->arena, str(source->folder), str(name));
    BackupTarget target = { .folder = folder };
    cr_assert(folder_make(folder, 0700, &err));
    cr_assert(
        blob_open_folder(path_join(source->arena, str(folder), S("blobs")), &target.blobs, &err));
    bool good = backup_read(path, &target, &counts, &err);
    cr_expect(!good ||
              blob_verify(target.blobs, source->scope.workspace, source->item.sha256, NULL, &err));
    blob_store_free(target.blobs);
    *folder_r = folder;
    return good;
}

/* --- While others write --- */

typedef struct Writer {
    Source *source;
    atomic_bool ends;
    int64_t rounds;
} Writer;

static bool write_both(DbTx *tx, void *argument, Error *error)
{
    const Writer *writer = argument;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str value = str_format(arena, "%" PRId64, writer->rounds);
    return setting_set(tx, &writer->source->scope, S("a"), value, error) &&
           setting_set(tx, &writer->source->scope, S("b"), value, error);
}

static void *write_on(void *argument)
{
    Writer *writer = argument;
    Error why;
    while (!atomic_load(&writer->ends)) {
        writer->rounds++;
        if (!store_write(writer->source->db, &writer->source->scope, write_both, writer, &why))
            return writer;
    }
    return NULL;
}

static bool read_both(DbTx *tx, void *argument, Error *error)
{
    Source *source = argument;
    return setting_find(tx, &source->scope, source->arena, S("a"), &source->a, error) &&
           setting_find(tx, &source->scope, source->arena, S("b"), &source->b, error);
}

TEST_BOTH(backup, what_is_taken_while_others_write_is_of_one_moment)
{
    Source source;
    source_open(&source, url);
    Writer writer = { .source = &source };
    pthread_t thread;
    char *folder;
    void *failed;
    cr_assert(store_write(source.db, &source.scope, write_both, &writer, &err));
    cr_assert(pthread_create(&thread, NULL, write_on, &writer) == 0);
    char *path = back_up(&source);
    atomic_store(&writer.ends, true);
    pthread_join(thread, &failed);
    cr_expect(!failed);
    cr_assert(restore(&source, path, "restored", &folder), "%s", err.message);
    Db *restored;
    cr_assert(db_open(path_join(source.arena, str(folder), S("lectern.db")), NULL, &restored, &err),
              "%s", err.message);
    cr_assert(store_read(restored, &source.scope, read_both, &source, &err), "%s", err.message);
    cr_expect(source.a.length && str_equal(source.a, source.b));
    db_close(restored);
    source_close(&source);
}

TEST_BOTH(backup, a_damaged_original_is_left_out_and_counted)
{
    Source source;
    source_open(&source, url);
    BackupCounts counts;
    cr_assert(blob_stage(source.blobs, source.arena, S("other bytes"), &source.item, &err));
    BlobItem wrong = { .sha256 = sha256_hex(source.arena, S("kept bytes")),
                       .temp_path = source.item.temp_path };
    cr_assert(blob_import(source.blobs, source.scope.workspace, &wrong, 1, &err));
    char *path = path_join(source.arena, str(source.folder), S("copy.tar"));
    cr_assert(backup_write(source.db, source.blobs, path, &counts, &err), "%s", err.message);
    cr_expect(counts.originals == 0 && counts.missing == 1);
    source_close(&source);
}

TEST_BOTH(backup, a_library_is_restored_into_a_database_of_the_other_kind_too)
{
    Source source;
    source_open(&source, url);
    const char *other = test_db_url(source.arena, DB_POSTGRES);
    BackupCounts counts;
    Db *restored;
    if (!other) {
        source_close(&source);
        return;
    }
    BackupTarget target = { .folder = source.folder, .database = other, .blobs = source.blobs };
    cr_assert(backup_read(back_up(&source), &target, &counts, &err), "%s", err.message);
    cr_assert(db_open(other, NULL, &restored, &err), "%s", err.message);
    MoveReport was, is;
    cr_assert(database_tables(source.arena, source.db, &was, &err), "%s", err.message);
    cr_assert(database_tables(source.arena, restored, &is, &err), "%s", err.message);
    cr_assert(was.count == is.count && is.rows == counts.rows);
    for (size_t i = 0; i < is.count; i++)
        cr_expect(strcmp(was.tables[i].sha256, is.tables[i].sha256) == 0, STR_FMT,
                  STR_ARG(is.tables[i].name));
    db_close(restored);
    source_close(&source);
}

/* --- What is refused --- */

static const struct {
    const char *name, *from, *to; /* bytes that are replaced, of the same length */
    const char *says;
} forged[] = {
    { "newer", "\"format\":1", "\"format\":9", "newer than this program" },
    { "hash", "\"sha256\":\"", "\"sha256\":\"!", "is not what its manifest says" },
    { "original", "kept bytes", "lost bytes", "is another file" },
    { "count", "\"originals\":1", "\"originals\":2", "it has 1 of 2 originals" },
    { "row", "Ours", "Hers", "is not what its manifest says" },
};

/* Every place where the text stands; `to` of the same length, or shorter and put over its begin. */
static Str replace_all(Arena *arena, Str bytes, const char *from, const char *to, size_t length)
{
    Str copy = str_copy(arena, bytes);
    for (size_t i = 0; i + strlen(from) <= copy.length; i++)
        if (memcmp(copy.at + i, from, strlen(from)) == 0)
            memcpy((char *)(uintptr_t)copy.at + i, to, length);
    return copy;
}

TEST_BOTH(backup, one_that_was_changed_is_refused_with_its_reason)
{
    Source source;
    source_open(&source, url);
    Str whole;
    char *path = back_up(&source), *folder;
    cr_assert(file_read(source.arena, path, MB(64), &whole, &err));
    for (size_t i = 0; i < COUNT(forged); i++) {
        size_t length = MAX(strlen(forged[i].from), strlen(forged[i].to));
        Str bad = replace_all(source.arena, whole, forged[i].from, forged[i].to, length);
        char *copy = path_join(source.arena, str(source.folder), S("forged.tar"));
        cr_assert(file_write(copy, bad, 0600, &err));
        cr_expect(!restore(&source, copy, forged[i].name, &folder), "%s", forged[i].name);
        cr_expect(str_find(str(err.message), str(forged[i].says)) >= 0, "%s: %s", forged[i].name,
                  err.message);
        cr_expect(!file_exists(path_join(source.arena, str(folder), S("lectern.db"))));
    }
    source_close(&source);
}

TEST_BOTH(backup, one_that_is_torn_anywhere_is_refused)
{
    Source source;
    source_open(&source, url);
    Str whole;
    char *path = back_up(&source), *folder;
    cr_assert(file_read(source.arena, path, MB(64), &whole, &err));
    ptrdiff_t end = str_find(whole, S("end.json"));
    const size_t cuts[] = {
        0, 100, 512, 3000, whole.length / 2, (size_t)end - 1, (size_t)end + 20, (size_t)end + 520
    };
    for (size_t i = 0; i < COUNT(cuts); i++) {
        char *copy = path_join(source.arena, str(source.folder), S("torn.tar"));
        cr_assert(file_write(copy, str_slice(whole, 0, cuts[i]), 0600, &err));
        cr_expect(!restore(&source, copy, "torn", &folder), "%zu bytes", cuts[i]);
        cr_expect(!file_exists(path_join(source.arena, str(folder), S("lectern.db"))));
    }
    source_close(&source);
}
