/* db_postgres.c - PostgreSQL. */
#include "db/db_driver.h"

bool db_postgres_open(const char *url, const DbOptions *options, Db **db_r, Error *err)
{
    (void)url;
    (void)options;
    (void)db_r;
    return fail(err, ERROR_UNSUPPORTED, "PostgreSQL is not built in yet");
}
