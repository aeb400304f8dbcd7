#include "store/migrate.h"

extern const Migration migration_0013;

/* Model services, models that are told otherwise than the catalogue has them, and routes, as their
 * JSON documents. `sealed` holds the keys of a service, as a sealed JSON list. */
const Migration migration_0013 = {
    .up = { "CREATE TABLE gateway_items ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    kind TEXT NOT NULL,"
            "    name TEXT NOT NULL,"
            "    document TEXT NOT NULL,"
            "    sealed BLOB NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, kind, name)"
            ") STRICT;",
            NULL },
    .down = { "DROP TABLE gateway_items;", NULL },
};
