/* app_database.c - opens the database of the program, and the master key of what is sealed in it.
 */
#include "cli/app_int.h"

#include "base/file.h"
#include "base/log.h"
#include "base/seal.h"
#include "cli/app_replicas.h"
#include "cli/app_wait.h"
#include "db/db_servers.h"
#include "store/migrate.h"
#include "store/server_key.h"

/* An older database is brought up only beside a copy of what it was. */
static bool bring_up(App *app, Str path, Error *err)
{
    MigrateStatus status;
    if (!migrate_status(app->api.db, &status, err))
        return false;
    bool is_old = status.applied > 0 && status.applied < status.newest;
    if (is_old && db_kind(app->api.db) == DB_SQLITE) {
        char *copy = str_c(
            app->arena, str_format(app->arena, STR_FMT ".before-%d", STR_ARG(path), status.newest));
        if (!file_exists(copy) && !db_copy(app->api.db, copy, err))
            return fail_in(err, "copying the database before its tables change");
        log_info("serve", "the database is brought from migration %d to %d; a copy of it is %s",
                 status.applied, status.newest, copy);
    }
    return migrate_up(app->api.db, err);
}

/* Made at the first start; whoever reads it opens the passwords and keys that are stored. */
bool app_open_master_key(App *app, Str folder, Error *err)
{
    Str path = app->settings->master_key, key;
    if (!path.length)
        path = str(path_join(app->arena, folder, S("master.key")));
    if (!file_exists(str_c(app->arena, path)) &&
        !file_write(str_c(app->arena, path), seal_new_key(app->arena), 0600, err))
        return false;
    if (!file_read(app->arena, str_c(app->arena, path), SEAL_KEY_BYTES, &key, err))
        return fail_in(err, "the master key");
    if (key.length != SEAL_KEY_BYTES)
        return fail(err, ERROR_DAMAGED,
                    STR_FMT " is no master key: it must have %d bytes; put a copy of the right one "
                            "in its place",
                    STR_ARG(path), SEAL_KEY_BYTES);
    server_key_set_master(key);
    return true;
}

/* A folder with a SQLite inside is used by one program: without its old key only secrets are lost,
 * and those can be given again. */
static bool check_master_key(App *app, Error *err)
{
    bool is_new;
    if (!server_key_check(app->api.db, db_kind(app->api.db) == DB_SQLITE, &is_new, err))
        return false;
    if (is_new)
        log_warn("serve", "the master key is another one than before: passwords of files and keys "
                          "of services that were sealed with it have to be given again");
    return true;
}

/* A server waits for a database that is away; a command says so. */
bool app_open_database(App *app, Str folder, bool waits, Error *err)
{
    DbOptions options = { .connection_max = (int)app->settings->database_connections };
    Str path = app->settings->database.length ? app->settings->database
                                              : str(path_join(app->arena, folder, S("lectern.db")));
    const char *url = str_c(app->arena, path);
    bool has_told = false;
    for (;;) {
        if (db_open(url, &options, &app->api.db, err) &&
            db_remember(app->api.db, path_join(app->arena, folder, S("timeline")), err) &&
            bring_up(app, path, err) && check_master_key(app, err)) {
            app_use_replicas(app->arena, app->settings, app->api.db);
            return true;
        }
        db_close(app->api.db);
        app->api.db = NULL;
        if (!waits || !app_wait_for_database(url, &has_told, err))
            return false;
    }
}
