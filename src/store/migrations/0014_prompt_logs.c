#include "store/migrate.h"

extern const Migration migration_0014;

/* What was asked of models and what they answered, where a workspace wants that kept. */
const Migration migration_0014 = {
    .up = { "CREATE TABLE prompt_logs ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    key_id TEXT NOT NULL,"
            "    model TEXT NOT NULL,"
            "    feature TEXT NOT NULL,"
            "    status TEXT NOT NULL,"
            "    is_hashed INTEGER NOT NULL,"
            "    prompt TEXT NOT NULL,"
            "    reply TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE INDEX prompt_logs_by_user ON prompt_logs (user_id);"
            "CREATE INDEX prompt_logs_by_age ON prompt_logs (created_at);",
            NULL },
    .down = { "DROP TABLE prompt_logs;", NULL },
};
