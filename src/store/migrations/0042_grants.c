#include "store/migrate.h"

extern const Migration migration_0042;

/* What services have granted connections by OAuth 2; what programs a webhook speaks to; and saved
 * searches whose owners want to be told. */
const Migration migration_0042 = {
    .up = { "CREATE TABLE connection_grants ("
            "    workspace TEXT NOT NULL,"
            "    connection TEXT NOT NULL,"
            "    settings TEXT NOT NULL,"
            "    sealed BLOB NOT NULL,"
            "    state_digest TEXT NOT NULL,"
            "    state_until INTEGER NOT NULL,"
            "    expires_at INTEGER NOT NULL,"
            "    refreshing_until INTEGER NOT NULL,"
            "    version INTEGER NOT NULL,"
            "    error TEXT NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, connection),"
            "    FOREIGN KEY (workspace, connection) REFERENCES connections (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "ALTER TABLE webhooks ADD COLUMN form TEXT NOT NULL DEFAULT 'standard';"
            "ALTER TABLE saved_searches ADD COLUMN tells INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE saved_searches ADD COLUMN told_number INTEGER NOT NULL DEFAULT 0;",
            NULL },
    .down = { "ALTER TABLE saved_searches DROP COLUMN told_number;"
              "ALTER TABLE saved_searches DROP COLUMN tells;"
              "ALTER TABLE webhooks DROP COLUMN form;"
              "DROP TABLE connection_grants;",
              NULL },
};
