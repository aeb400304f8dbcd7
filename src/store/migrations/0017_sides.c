#include "store/migrate.h"

extern const Migration migration_0017;

/* How the calls of a route went that is tried on a part of the traffic, by the side they were on.
 */
const Migration migration_0017 = {
    .up = { "CREATE TABLE route_sides ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    route TEXT NOT NULL,"
            "    side TEXT NOT NULL,"
            "    day INTEGER NOT NULL,"
            "    calls INTEGER NOT NULL,"
            "    failures INTEGER NOT NULL,"
            "    unpriced INTEGER NOT NULL,"
            "    cost_pico INTEGER NOT NULL,"
            "    took_us INTEGER NOT NULL,"
            "    input_tokens INTEGER NOT NULL,"
            "    output_tokens INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, route, side, day)"
            ") STRICT;",
            NULL },
    .down = { "DROP TABLE route_sides;", NULL },
};
