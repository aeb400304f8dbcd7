#include "store/migrate.h"

extern const Migration migration_0029;

/* Collections whose new documents are read for tasks, since when (0: not), and which documents have
 * been. */
const Migration migration_0029 = {
    .up = { "ALTER TABLE collections ADD COLUMN draws_tasks_since INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE documents ADD COLUMN tasks_drawn INTEGER NOT NULL DEFAULT 0;"
            "CREATE INDEX documents_to_draw ON documents (workspace, collection, created_at)"
            " WHERE tasks_drawn = 0;",
            NULL },
    .down = { "DROP INDEX documents_to_draw; ALTER TABLE documents DROP COLUMN tasks_drawn;"
              "ALTER TABLE collections DROP COLUMN draws_tasks_since;",
              NULL },
};
