/* db_servers.c - see db_servers.h. */
#include "db/db_servers.h"

#include "db/db_driver.h"

size_t db_servers(Db *db, Arena *arena, DbServer **servers_r)
{
    return db->driver->servers ? db->driver->servers(db, arena, servers_r) : 0;
}

bool db_remember(Db *db, const char *path, Error *err)
{
    return !db->driver->remember || db->driver->remember(db, path, err);
}
