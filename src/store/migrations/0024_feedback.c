#include "store/migrate.h"

extern const Migration migration_0024;

/* What people thought of what was made for them, what was learned of it, and how they like things
 * to be. A person has one opinion of an item: the last. */
const Migration migration_0024 = {
    .up = { "CREATE TABLE feedback ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    kind TEXT NOT NULL,"
            "    item TEXT NOT NULL,"
            "    rating INTEGER NOT NULL,"
            "    reason TEXT NOT NULL,"
            "    reason_fold TEXT NOT NULL,"
            "    collection TEXT NOT NULL,"
            "    persona TEXT NOT NULL,"
            "    model TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE UNIQUE INDEX feedback_by_item ON feedback (workspace, user_id, kind, item);"
            "CREATE INDEX feedback_by_time ON feedback (workspace, updated_at);"
            "CREATE TABLE feedback_reports ("
            "    workspace TEXT PRIMARY KEY NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    report TEXT NOT NULL,"
            "    made_at INTEGER NOT NULL"
            ") STRICT;"
            "CREATE TABLE preferences ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    user_id TEXT NOT NULL,"
            "    language TEXT NOT NULL,"
            "    tone TEXT NOT NULL,"
            "    time_zone TEXT NOT NULL,"
            "    search_mode TEXT NOT NULL,"
            "    chat_direction INTEGER NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, user_id)"
            ") STRICT;",
            NULL },
    .down = { "DROP TABLE preferences; DROP TABLE feedback_reports; DROP TABLE feedback;", NULL },
};
