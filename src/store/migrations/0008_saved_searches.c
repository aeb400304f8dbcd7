#include "store/migrate.h"

extern const Migration migration_0008;

/* Searches that a person keeps. `seen_number` is the number of the newest chunk there was when it
 * was last looked at: what is new since then has a higher one. */
const Migration migration_0008 = {
    .up = { "CREATE TABLE saved_searches ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    name TEXT NOT NULL,"
            "    name_fold TEXT NOT NULL,"
            "    query TEXT NOT NULL,"
            "    mode TEXT NOT NULL,"
            "    filters TEXT NOT NULL,"
            "    seen_number INTEGER NOT NULL,"
            "    last_run_at INTEGER NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE UNIQUE INDEX saved_searches_by_name"
            "    ON saved_searches (workspace, user_id, name_fold);",
            NULL },
    .down = { "DROP TABLE saved_searches;", NULL },
};
