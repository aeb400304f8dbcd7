/* app_replicas.c - see app_replicas.h. */
#include "cli/app_replicas.h"

#include "db/db_servers.h"

/* Connections to each: few read from a replica at the same time. */
#define REPLICA_CONNECTIONS 4

/* The next address of a list with spaces between. */
static bool next_address(Str *rest, Str *address_r)
{
    Str piece;
    while (str_next(rest, ' ', &piece))
        if (str_trim(piece).length) {
            *address_r = str_trim(piece);
            return true;
        }
    return false;
}

bool replicas_check(const Settings *settings, Error *err)
{
    Str rest = settings->database_replicas, address;
    size_t count = 0;
    while (next_address(&rest, &address)) {
        if (!str_starts(address, S("postgresql://")) && !str_starts(address, S("postgres://")))
            return fail_field(err, "database_replicas",
                              "each address begins with postgresql://; they stand with spaces "
                              "between");
        if (++count > DB_REPLICAS_MAX)
            return fail_field(err, "database_replicas", "at most %d replicas are read from",
                              DB_REPLICAS_MAX);
    }
    return !count || settings->database.length ||
           fail_field(err, "database_replicas",
                      "replicas are of a PostgreSQL, and the setting database names none");
}

void app_use_replicas(Arena *arena, const Settings *settings, Db *db)
{
    DbReplicaOptions options = { .connection_max = REPLICA_CONNECTIONS,
                                 .wait_ms = settings->database_replica_wait };
    Str rest = settings->database_replicas, address;
    while (options.count < DB_REPLICAS_MAX && next_address(&rest, &address))
        options.urls[options.count++] = str_c(arena, address);
    db_use_replicas(db, &options);
}
