#include "store/migrate.h"

extern const Migration migration_0065;

/* Originals whose bytes are not what their name says, or that are not there: found by the scan. */
const Migration migration_0065 = {
    .up = { "CREATE TABLE damaged_originals ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    blob TEXT NOT NULL,"
            "    reason TEXT NOT NULL,"
            "    found_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, blob)"
            ") STRICT;",
            NULL },
    .down = { "DROP TABLE damaged_originals;", NULL },
};
