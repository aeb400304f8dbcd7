#include "store/migrate.h"

extern const Migration migration_0083;

/* Which node writes a model's vectors to a store that all nodes share, and how far it has come. Of
 * the server and of no workspace. */
const Migration migration_0083 = {
    .up = { "CREATE TABLE vector_leases ("
            "    store TEXT NOT NULL,"
            "    model TEXT NOT NULL,"
            "    dims INTEGER NOT NULL,"
            "    holder TEXT NOT NULL,"
            "    epoch INTEGER NOT NULL,"
            "    beat INTEGER NOT NULL,"
            "    sequence INTEGER NOT NULL,"
            "    PRIMARY KEY (store, model, dims)"
            ") STRICT;",
            "CREATE TABLE vector_leases ("
            "    store TEXT NOT NULL,"
            "    model TEXT NOT NULL,"
            "    dims BIGINT NOT NULL,"
            "    holder TEXT NOT NULL,"
            "    epoch BIGINT NOT NULL,"
            "    beat BIGINT NOT NULL,"
            "    sequence BIGINT NOT NULL,"
            "    PRIMARY KEY (store, model, dims)"
            ");"
            "ALTER TABLE vector_leases ENABLE ROW LEVEL SECURITY;"
            "ALTER TABLE vector_leases FORCE ROW LEVEL SECURITY;"
            "CREATE POLICY system_only ON vector_leases"
            " USING ((SELECT current_setting('lectern.system', true)) = 'on');" },
    .down = { "DROP TABLE vector_leases;", NULL },
};
