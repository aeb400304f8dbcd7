#include "store/migrate.h"

extern const Migration migration_0079;

/* What requests with an Idempotency-Key came to. The table before it knew uploads alone, for a day.
 */
const Migration migration_0079 = {
    .up = { "DROP TABLE uploads;"
            "CREATE TABLE idempotency_keys ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    key_hash TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    fingerprint TEXT NOT NULL,"
            "    holder TEXT NOT NULL,"
            "    held_until INTEGER NOT NULL,"
            "    status INTEGER NOT NULL,"
            "    answer BLOB NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    expires_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, key_hash)"
            ") STRICT;"
            "CREATE INDEX idempotency_keys_by_end ON idempotency_keys (expires_at);",
            NULL },
    .down = { "DROP TABLE idempotency_keys;"
              "CREATE TABLE uploads (\n"
              "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,\n"
              "    key_text TEXT NOT NULL,\n"
              "    fingerprint TEXT NOT NULL,\n"
              "    document TEXT NOT NULL,\n"
              "    response TEXT NOT NULL,\n"
              "    created_at INTEGER NOT NULL,\n"
              "    expires_at INTEGER NOT NULL,\n"
              "    PRIMARY KEY (workspace, key_text)\n"
              ") STRICT;\n"
              "CREATE INDEX uploads_end ON uploads (workspace, expires_at);\n",
              NULL },
};
