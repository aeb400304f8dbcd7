/* cmd_migrate.c - the tables of the database, brought up or down, with no server running; and the
 * way out when the master key is lost. */
#include "base/file.h"
#include "cli/app_folder.h"
#include "cli/output.h"
#include "store/migrate.h"
#include "store/server_key.h"

static bool open_database(CommandLine *line, int *lock_r, Db **db_r, Error *err)
{
    Str folder, url = line->settings.database;
    DbOptions options = { 0 };
    if (!url.length) {
        if (!app_data_folder(line->arena, &line->settings, &folder, err) ||
            !app_lock_folder(folder, lock_r, err))
            return false;
        url = str(path_join(line->arena, folder, S("lectern.db")));
    }
    return db_open(str_c(line->arena, url), &options, db_r, err);
}

static bool migrate(CommandLine *line, Db *db, Error *err)
{
    MigrateStatus status;
    Str what = line->word_count ? line->words[0] : S("status");
    int64_t to = 0;
    if (str_is(what, "up")) {
        if (!migrate_up(db, err))
            return false;
    } else if (str_is(what, "down")) {
        if (line->word_count != 2 || !str_to_int(line->words[1], 0, 100000, &to))
            return fail(err, ERROR_INVALID, "use: lectern migrate down NUMBER");
        if (!migrate_down(db, (int)to, err))
            return false;
    } else if (str_is(what, "forget-key")) {
        if (!server_key_forget(db, err))
            return false;
    } else if (!str_is(what, "status")) {
        return fail(err, ERROR_INVALID,
                    "use: lectern migrate status | up | down NUMBER | forget-key");
    }
    if (!migrate_status(db, &status, err))
        return false;
    AUTO_JSON json_t *about =
        json_pack("{s:i, s:i}", "applied", status.applied, "newest", status.newest);
    if (!output_json(line, about))
        printf("migration %d of %d\n", status.applied, status.newest);
    return true;
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLOSE int lock = -1;
    Db *db;
    if (!open_database(line, &lock, &db, err))
        return false;
    bool good = migrate(line, db, err);
    db_close(db);
    return good;
}

const Command command_migrate = {
    .name = "migrate",
    .arguments = "[status | up | down NUMBER | forget-key]",
    .summary = "The tables of the database: which version, up, or down; forget a lost master key",
    .word_max = 2,
    .reads_env = true,
    .run = run,
};
