#include "store/migrate.h"

extern const Migration migration_0026;

/* Study content that was made for a person; what was made from one document goes with it, because
 * it quotes it. */
const Migration migration_0026 = {
    .up = { "CREATE TABLE study_made ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    kind TEXT NOT NULL,"
            "    title TEXT NOT NULL,"
            "    document TEXT,"
            "    key TEXT NOT NULL,"
            "    wish TEXT NOT NULL,"
            "    result TEXT NOT NULL,"
            "    made_by TEXT NOT NULL,"
            "    job TEXT NOT NULL,"
            "    done TEXT NOT NULL,"
            "    item_count INTEGER NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id),"
            "    FOREIGN KEY (workspace, document) REFERENCES documents (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX study_made_by_key ON study_made (workspace, user_id, key);"
            "CREATE INDEX study_made_by_document ON study_made (workspace, document);",
            NULL },
    .down = { "DROP TABLE study_made;", NULL },
};
