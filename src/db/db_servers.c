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

void db_use_replicas(Db *db, const DbReplicaOptions *options)
{
    if (db->driver->use_replicas && options->count)
        db->driver->use_replicas(db, options);
}

bool db_read_replica(Db *db, const DbWho *who, DbWork *work, void *argument, Error *err)
{
    return db->driver->read_replica ? db->driver->read_replica(db, who, work, argument, err)
                                    : db_read(db, who, work, argument, err);
}

size_t db_replica_counts(Db *db, DbReplicaCounts counts_r[DB_REPLICAS_MAX])
{
    return db->driver->replica_counts ? db->driver->replica_counts(db, counts_r) : 0;
}
