/* cmd_restore.c - a library out of a backup, into an empty data folder. */
#include "base/file.h"
#include "cli/app.h"
#include "cli/app_blobs.h"
#include "cli/output.h"
#include "library/backup.h"

static bool run(CommandLine *line, Error *err)
{
    Str folder;
    BackupCounts counts;
    AUTO_CLOSE int lock = -1;
    if (!app_data_folder(line->arena, &line->settings, &folder, err) ||
        !app_lock_folder(folder, &lock, err))
        return false;
    if (file_exists(path_join(line->arena, folder, S("lectern.db"))))
        return fail(err, ERROR_CONFLICT,
                    STR_FMT " holds a library already; restore into an empty folder",
                    STR_ARG(folder));
    BlobStore *blobs;
    if (!app_open_blobs(line->arena, &line->settings, folder, &blobs, err))
        return false;
    BackupTarget target = { .folder = str_c(line->arena, folder), .blobs = blobs };
    if (line->settings.database.length)
        target.database = str_c(line->arena, line->settings.database);
    bool good = backup_read(str_c(line->arena, line->words[0]), &target, &counts, err);
    blob_store_free(blobs);
    if (!good)
        return false;
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
    .arguments = "FILE.tar",
    .summary = "Bring a library back from a backup",
    .word_min = 1,
    .word_max = 1,
    .reads_env = true,
    .run = run,
};
