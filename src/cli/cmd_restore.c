/* cmd_restore.c - a library out of a backup, into an empty data folder. */
#include <unistd.h>

#include "base/file.h"
#include "cli/app_blobs.h"
#include "cli/app_folder.h"
#include "cli/output.h"
#include "library/backup.h"

/* "s3://BUCKET/PREFIX/NAME.tar" is fetched first; *fetched_r is the file to be removed again. */
static bool find_file(CommandLine *line, Str folder, char **path_r, bool *fetched_r, Error *err)
{
    Str word = line->words[0];
    FilePlace *place;
    *fetched_r = str_starts(word, S("s3://"));
    *path_r = str_c(line->arena, word);
    if (!*fetched_r)
        return true;
    Str where = str_slice(word, 0, word.length - path_name(word).length - 1);
    *path_r = path_join(line->arena, folder, S("fetched.tar"));
    if (!app_open_backup_place(line->arena, &line->settings, where, &place, err))
        return false;
    bool good = file_place_get(place, path_name(word), *path_r, err);
    file_place_free(place);
    return good;
}

static bool read_into(CommandLine *line, Str folder, BackupCounts *counts_r, Error *err)
{
    char *path;
    bool is_fetched;
    BlobStore *blobs;
    if (!app_open_blobs(line->arena, &line->settings, folder, &blobs, err))
        return false;
    BackupTarget target = { .folder = str_c(line->arena, folder), .blobs = blobs };
    if (line->settings.database.length)
        target.database = str_c(line->arena, line->settings.database);
    bool good = find_file(line, folder, &path, &is_fetched, err) &&
                backup_read(path, &target, counts_r, err);
    if (good && is_fetched)
        (void)unlink(path);
    blob_store_free(blobs);
    return good;
}

/* What a restore makes in the data folder, and whether it was there before. */
typedef struct Made {
    const char *path;
    bool was_there;
} Made;

/* A restore that fails leaves a folder as it was. */
static void take_away(const Made *made, size_t count)
{
    Error ignored;
    for (size_t i = 0; i < count; i++)
        if (!made[i].was_there)
            (void)!folder_remove(made[i].path, &ignored);
}

static bool restore(CommandLine *line, Str folder, BackupCounts *counts_r, Error *err)
{
    Made made[] = { { .path = path_join(line->arena, folder, S("blobs")) },
                    { .path = path_join(line->arena, folder, S("s3")) },
                    { .path = path_join(line->arena, folder, S("fetched.tar")) },
                    { .path = path_join(line->arena, folder, S("lock")) } };
    AUTO_CLOSE int lock = -1;
    for (size_t i = 0; i < COUNT(made); i++)
        made[i].was_there = file_exists(made[i].path);
    if (!app_lock_folder(folder, &lock, err))
        return false;
    if (file_exists(path_join(line->arena, folder, S("lectern.db"))))
        return fail(err, ERROR_CONFLICT,
                    STR_FMT " holds a library already; restore into an empty folder",
                    STR_ARG(folder));
    if (read_into(line, folder, counts_r, err))
        return true;
    take_away(made, COUNT(made));
    return false;
}

static bool run(CommandLine *line, Error *err)
{
    Str folder, path;
    BackupCounts counts;
    if (!app_data_path(line->arena, &line->settings, &path, err))
        return false;
    bool was_there = file_exists(str_c(line->arena, path));
    if (!app_data_folder(line->arena, &line->settings, &folder, err))
        return false;
    if (!restore(line, folder, &counts, err)) {
        if (!was_there)
            (void)rmdir(str_c(line->arena, folder));
        return false;
    }
    AUTO_JSON json_t *about =
        json_pack("{s:I, s:I, s:I}", "files", (json_int_t)counts.originals, "missing",
                  (json_int_t)counts.missing, "rows", (json_int_t)counts.rows);
    if (output_json(line, about) || line->quiet)
        return true;
    fprintf(stderr,
            "%" PRId64 " originals and %" PRId64 " rows restored into " STR_FMT
            ", the same by their hashes\n",
            counts.originals, counts.rows, STR_ARG(folder));
    if (counts.missing)
        fprintf(stderr, "%" PRId64 " originals were missing or damaged when the backup was made\n",
                counts.missing);
    return true;
}

const Command command_restore = {
    .name = "restore",
    .arguments = "FILE.tar | s3://BUCKET/PREFIX/NAME.tar",
    .summary = "Bring a library back from a backup",
    .word_min = 1,
    .word_max = 1,
    .reads_env = true,
    .run = run,
};
