/* read_replica.c - see read_replica.h. */
#include "store/read_replica.h"

bool store_read_replica(Db *db, const Scope *scope, DbWork *work, void *argument, Error *err)
{
    DbWho who = scope_who(scope);
    return db_read_replica(db, &who, work, argument, err);
}
