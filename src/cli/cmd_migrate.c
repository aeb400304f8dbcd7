/* cmd_migrate.c - the tables of the database, brought up or down, with no server running; a new
 * master key, and the way out when it is lost. */
#include "base/file.h"
#include "cli/app_folder.h"
#include "cli/output.h"
#include "store/migrate.h"
#include "store/server_key.h"
#include "store/upgrade.h"

typedef struct Opened {
    Db *db;
    const char *key_path; /* of the master key; NULL: nothing asks for it */
} Opened;

/* What opens or seals something; the rest is done where no data folder is. */
static bool needs_key(const CommandLine *line)
{
    Str what = line->word_count ? line->words[0] : S("status");
    return str_is(what, "down") || str_is(what, "seal") || str_is(what, "new-key");
}

static bool open_database(CommandLine *line, int *lock_r, Opened *opened_r, Error *err)
{
    Arena *arena = line->arena;
    Str folder = STR_NONE, url = line->settings.database;
    DbOptions options = { 0 };
    bool is_inside = !url.length;
    if ((is_inside || needs_key(line)) && !app_data_folder(arena, &line->settings, &folder, err))
        return false;
    if (is_inside && !app_lock_folder(folder, lock_r, err))
        return false;
    if (is_inside)
        url = str(path_join(arena, folder, S("lectern.db")));
    if (folder.length)
        opened_r->key_path = app_master_key_path(arena, &line->settings, folder);
    return db_open(str_c(arena, url), &options, &opened_r->db, err);
}

/* For a database that several servers use: when none of before is left. What those read need not
 * be written for them any more, either. */
static bool seal_texts(CommandLine *line, const Opened *opened, Error *err)
{
    return app_open_master_key(line->arena, opened->key_path, err) &&
           app_settle_master_key(line->arena, opened->db, opened->key_path, err) &&
           upgrade_end(opened->db, err);
}

/* No older program knows the tables of a new database: nothing has to lie open for it. */
static bool bring_up(Db *db, Error *err)
{
    MigrateStatus status;
    return migrate_status(db, &status, err) && migrate_up(db, err) &&
           (status.applied || upgrade_end(db, err));
}

/* Some migrations open on the way back what was sealed. */
static bool take_down(CommandLine *line, const Opened *opened, Error *err)
{
    int64_t to = 0;
    if (line->word_count != 2 || !str_to_int(line->words[1], 0, 100000, &to))
        return fail(err, ERROR_INVALID, "use: lectern migrate down NUMBER");
    return app_open_master_key(line->arena, opened->key_path, err) &&
           app_settle_master_key(line->arena, opened->db, opened->key_path, err) &&
           migrate_down(opened->db, (int)to, err);
}

static bool migrate(CommandLine *line, const Opened *opened, Error *err)
{
    MigrateStatus status;
    Str what = line->word_count ? line->words[0] : S("status");
    if (str_is(what, "up")) {
        if (!bring_up(opened->db, err))
            return false;
    } else if (str_is(what, "down")) {
        if (!take_down(line, opened, err))
            return false;
    } else if (str_is(what, "new-key")) {
        if (!app_new_master_key(line->arena, opened->db, opened->key_path, err))
            return false;
    } else if (str_is(what, "seal")) {
        if (!seal_texts(line, opened, err))
            return false;
    } else if (str_is(what, "forget-key")) {
        if (!server_key_forget(opened->db, err))
            return false;
    } else if (!str_is(what, "status")) {
        return fail(err, ERROR_INVALID,
                    "use: lectern migrate status | up | down NUMBER | seal | new-key | forget-key");
    }
    if (!migrate_status(opened->db, &status, err))
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
    Opened opened = { 0 };
    if (!open_database(line, &lock, &opened, err))
        return false;
    bool good = migrate(line, &opened, err);
    db_close(opened.db);
    return good;
}

const Command command_migrate = {
    .name = "migrate",
    .arguments = "[status | up | down NUMBER | seal | new-key | forget-key]",
    .summary =
        "The tables of the database: which version, up, or down; seal the secrets in addresses, "
        "and share large collections by one row, once all servers are of this version; another "
        "master key, or forget a lost one",
    .word_max = 2,
    .reads_env = true,
    .run = run,
};
