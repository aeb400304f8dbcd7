#include "store/migrate.h"

extern const Migration migration_0011;

/* Which models a key, a person or a workspace may use, and how often. `models`: a JSON list of
 * patterns; empty: all. Rates are a minute's; 0: none. */
const Migration migration_0011 = {
    .up = { "CREATE TABLE key_limits ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    kind TEXT NOT NULL,"
            "    subject TEXT NOT NULL,"
            "    models TEXT NOT NULL,"
            "    requests INTEGER NOT NULL,"
            "    tokens INTEGER NOT NULL,"
            "    concurrent INTEGER NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, kind, subject)"
            ") STRICT;",
            NULL },
    .down = { "DROP TABLE key_limits;", NULL },
};
