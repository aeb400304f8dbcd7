/* db_copy.c - a consistent copy of a SQLite database while it is used (its online backup). */
#include <sqlite3.h>
#include <unistd.h>

#include "db/db_driver.h"

/* Pages at a time, so that writers get their turn in between. */
#define PAGES_AT_ONCE 2000

static bool copy_pages(sqlite3 *from, sqlite3 *to, const char *path, Error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int status = SQLITE_ERROR;
    if (backup) {
        do {
            status = sqlite3_backup_step(backup, PAGES_AT_ONCE);
            if (status == SQLITE_BUSY || status == SQLITE_LOCKED)
                sqlite3_sleep(20);
        } while (status == SQLITE_OK || status == SQLITE_BUSY || status == SQLITE_LOCKED);
        sqlite3_backup_finish(backup);
    }
    if (status == SQLITE_DONE)
        return true;
    return fail(err, status == SQLITE_FULL ? ERROR_FULL : ERROR_IO, "writing %s: %s", path,
                sqlite3_errstr(status));
}

bool db_copy_file(const char *from_path, const char *to_path, Error *err)
{
    sqlite3 *from = NULL, *to = NULL;
    int status = sqlite3_open_v2(from_path, &from, SQLITE_OPEN_READONLY, NULL);
    if (status == SQLITE_OK)
        status = sqlite3_open_v2(to_path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    bool good = status == SQLITE_OK
                    ? copy_pages(from, to, to_path, err)
                    : fail(err, ERROR_IO, "copying the database: %s", sqlite3_errstr(status));
    sqlite3_close(from);
    sqlite3_close(to);
    if (!good)
        unlink(to_path);
    return good;
}
