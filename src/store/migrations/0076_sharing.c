#include "store/migrate.h"

extern const Migration migration_0076;

/* Who sees what: a guard is a collection or a document with a list of its own, and `guard` says
 * whose list counts for a row ('': everybody of the workspace sees it). The same bytes behind
 * another list are a document of their own; down again they are inside the first one. */
const Migration migration_0076 = {
    .up = { "CREATE TABLE guards ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    kind TEXT NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE TABLE grants ("
            "    workspace TEXT NOT NULL,"
            "    guard TEXT NOT NULL,"
            "    subject TEXT NOT NULL,"
            "    kind TEXT NOT NULL,"
            "    level TEXT NOT NULL,"
            "    given_by TEXT NOT NULL,"
            "    given_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, guard, subject),"
            "    FOREIGN KEY (workspace, guard) REFERENCES guards (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX grants_by_subject ON grants (workspace, subject, guard);"
            "ALTER TABLE collections ADD COLUMN guard TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE documents ADD COLUMN guard TEXT NOT NULL DEFAULT '';"
            "CREATE INDEX documents_guarded ON documents (workspace, guard) WHERE guard <> '';"
            "DROP INDEX documents_blob;"
            "CREATE UNIQUE INDEX documents_blob ON documents (workspace, blob, guard)"
            "    WHERE parent IS NULL;",
            NULL },
    .down = { "UPDATE documents SET parent = (SELECT min(o.id) FROM documents o"
              "  WHERE o.workspace = documents.workspace AND o.blob = documents.blob"
              "  AND o.parent IS NULL)"
              " WHERE parent IS NULL AND EXISTS (SELECT 1 FROM documents o"
              "  WHERE o.workspace = documents.workspace AND o.blob = documents.blob"
              "  AND o.parent IS NULL AND o.id < documents.id);"
              "DROP INDEX documents_blob;"
              "CREATE UNIQUE INDEX documents_blob ON documents (workspace, blob)"
              "    WHERE parent IS NULL;"
              "DROP INDEX documents_guarded;"
              "ALTER TABLE documents DROP COLUMN guard;"
              "ALTER TABLE collections DROP COLUMN guard;"
              "DROP TABLE grants; DROP TABLE guards;",
              NULL },
};
