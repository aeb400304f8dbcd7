#include "store/migrate.h"

extern const Migration migration_0055;

/* Originals whose last row may be gone, and how often each was removed lately. */
const Migration migration_0055 = {
    .up = { "CREATE TABLE blob_removals ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    blob TEXT NOT NULL,"
            "    is_wanted INTEGER NOT NULL,"
            "    removals INTEGER NOT NULL,"
            "    changed_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, blob)"
            ") STRICT;"
            "CREATE INDEX blob_removals_by_change ON blob_removals (is_wanted, changed_at);",
            NULL },
    .down = { "DROP TABLE blob_removals;", NULL },
};
