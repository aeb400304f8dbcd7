/* app_database.c - opens the database of the program, and the master key of what is sealed in it.
 */
#include "cli/app_folder.h"
#include "cli/app_int.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/seal.h"
#include "cli/app_replicas.h"
#include "cli/app_wait.h"
#include "db/db_servers.h"
#include "store/migrate.h"
#include "store/server_key.h"
#include "store/upgrade.h"

/* An older database is brought up only beside a copy of what it was. */
static bool bring_up(App *app, Str path, bool *is_fresh_r, Error *err)
{
    MigrateStatus status;
    if (!migrate_status(app->api.db, &status, err))
        return false;
    *is_fresh_r = status.applied == 0;
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

const char *app_master_key_path(Arena *arena, const Settings *settings, Str folder)
{
    return settings->master_key.length ? str_c(arena, settings->master_key)
                                       : path_join(arena, folder, S("master.key"));
}

bool app_open_master_key(Arena *arena, const char *path, Error *err)
{
    Str key;
    if (!file_exists(path) && !file_write(path, seal_new_key(arena), 0600, err))
        return false;
    if (!file_read(arena, path, SEAL_KEY_BYTES, &key, err))
        return fail_in(err, "the master key");
    if (key.length != SEAL_KEY_BYTES)
        return fail(
            err, ERROR_DAMAGED,
            "%s is no master key: it must have %d bytes; put a copy of the right one in its "
            "place",
            path, SEAL_KEY_BYTES);
    server_key_set_master(key);
    return true;
}

/* The new key lies beside the old one before the database knows it: whatever happens between, what
 * opens the database is there. */
static const char *next_path(Arena *arena, const char *path)
{
    return str_c(arena, str_format(arena, "%s.new", path));
}

static bool take_place(const char *path, const char *next, Str key, Error *err)
{
    return file_write(path, key, 0600, err) &&
           (unlink(next) == 0 || errno == ENOENT ||
            fail(err, ERROR_IO, "removing %s: %s", next, strerror(errno)));
}

bool app_new_master_key(Arena *arena, Db *db, const char *path, Error *err)
{
    const char *next = next_path(arena, path);
    Str key = seal_new_key(arena);
    return app_open_master_key(arena, path, err) && app_settle_master_key(arena, db, path, err) &&
           file_write(next, key, 0600, err) && server_key_rotate(db, key, err) &&
           take_place(path, next, key, err);
}

bool app_settle_master_key(Arena *arena, Db *db, const char *path, Error *err)
{
    const char *next = next_path(arena, path);
    bool fits;
    Str key;
    if (!file_exists(next))
        return true;
    if (!file_read(arena, next, SEAL_KEY_BYTES, &key, err) || !server_key_fits(db, key, &fits, err))
        return fail_in(err, "the master key that was to come");
    if (!fits)
        return unlink(next) == 0 || fail(err, ERROR_IO, "removing %s: %s", next, strerror(errno));
    if (!take_place(path, next, key, err))
        return false;
    server_key_set_master(key);
    return true;
}

/* A folder with a SQLite inside is used by one program: without its old key only secrets are lost,
 * and those can be given again. */
static bool check_master_key(App *app, Str folder, Error *err)
{
    const char *path = app_master_key_path(app->arena, app->settings, folder);
    bool is_new;
    if (!app_settle_master_key(app->arena, app->api.db, path, err) ||
        !server_key_check(app->api.db, db_kind(app->api.db) == DB_SQLITE, &is_new, err))
        return false;
    if (is_new)
        log_warn("serve", "the master key is another one than before: passwords of files and keys "
                          "of services that were sealed with it have to be given again");
    return true;
}

/* Where no program of before can use the database too, nothing has to lie open for it, or to be
 * written as it reads it. The one whose place this takes may be such a program, and goes on when
 * that comes to nothing: it is waited for (app_restart.c). */
static bool seal_texts(App *app, bool is_fresh, Error *err)
{
    Db *db = app->api.db;
    bool is_alone = db_kind(db) == DB_SQLITE ? !app->restart.take : is_fresh;
    return !is_alone || upgrade_end(db, err);
}

/* A server waits for a database that is away; a command says so. */
bool app_open_database(App *app, Str folder, bool waits, Error *err)
{
    DbOptions options = { .connection_max = (int)app->settings->database_connections };
    Str path = app->settings->database.length ? app->settings->database
                                              : str(path_join(app->arena, folder, S("lectern.db")));
    const char *url = str_c(app->arena, path);
    bool has_told = false, is_fresh;
    for (;;) {
        if (db_open(url, &options, &app->api.db, err) &&
            db_remember(app->api.db, path_join(app->arena, folder, S("timeline")), err) &&
            bring_up(app, path, &is_fresh, err) && check_master_key(app, folder, err) &&
            seal_texts(app, is_fresh, err)) {
            app_use_replicas(app->arena, app->settings, app->api.db);
            return true;
        }
        db_close(app->api.db);
        app->api.db = NULL;
        if (!waits || !app_wait_for_database(url, &has_told, err))
            return false;
    }
}
