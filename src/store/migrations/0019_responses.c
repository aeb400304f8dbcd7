#include "store/migrate.h"

extern const Migration migration_0019;

/* Answers of /v1/responses that their clients go on from or ask for again, sealed. One that is
 * still being made is so until alive_until, which the server that makes it moves on. */
const Migration migration_0019 = {
    .up = { "CREATE TABLE responses ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    user_id TEXT NOT NULL," /* empty: of a key that is nobody's */
            "    is_running INTEGER NOT NULL,"
            "    is_cancelled INTEGER NOT NULL,"
            "    alive_until INTEGER NOT NULL,"
            "    reply BLOB NOT NULL,"
            "    items BLOB NOT NULL,"
            "    asked INTEGER NOT NULL," /* bytes of items that were there before the answer */
            "    expires_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE INDEX responses_by_user ON responses (user_id);"
            "CREATE INDEX responses_by_expiry ON responses (expires_at);",
            NULL },
    .down = { "DROP TABLE responses;", NULL },
};
