#include "store/migrate.h"

extern const Migration migration_0091;

/* An alert holds for a while before it is told (fired_at 0: not yet), is told again at intervals,
 * and not while a silence holds. What is open was told when it opened. */
const Migration migration_0091 = {
    .up = { "ALTER TABLE alerts ADD COLUMN fired_at INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE alerts ADD COLUMN told_at INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE alerts ADD COLUMN told_count INTEGER NOT NULL DEFAULT 0;"
            "UPDATE alerts SET fired_at = opened_at, told_at = opened_at, told_count = 1;"
            "CREATE TABLE alert_silences ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    rule TEXT NOT NULL,"
            "    subject TEXT NOT NULL,"
            "    reason TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    ends_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;",
            NULL },
    .down = { "DROP TABLE alert_silences;"
              "DELETE FROM alerts WHERE fired_at = 0;"
              "ALTER TABLE alerts DROP COLUMN told_count;"
              "ALTER TABLE alerts DROP COLUMN told_at;"
              "ALTER TABLE alerts DROP COLUMN fired_at;",
              NULL },
};
