#include "store/migrate.h"

extern const Migration migration_0082;

/* The same bytes behind the same list are one document, but for who does not see it: a key that is
 * limited to collections. What it adds is a twin, and names itself (`twin`). Down again twins are
 * inside the first one. */
const Migration migration_0082 = {
    .up = { "ALTER TABLE documents ADD COLUMN twin TEXT NOT NULL DEFAULT '';"
            "DROP INDEX documents_blob;"
            "CREATE UNIQUE INDEX documents_blob ON documents (workspace, blob, guard, twin)"
            "    WHERE parent IS NULL;",
            NULL },
    .down = { "UPDATE documents SET parent = (SELECT min(o.id) FROM documents o"
              "  WHERE o.workspace = documents.workspace AND o.blob = documents.blob"
              "  AND o.guard = documents.guard AND o.parent IS NULL)"
              " WHERE parent IS NULL AND EXISTS (SELECT 1 FROM documents o"
              "  WHERE o.workspace = documents.workspace AND o.blob = documents.blob"
              "  AND o.guard = documents.guard AND o.parent IS NULL AND o.id < documents.id);"
              "DROP INDEX documents_blob;"
              "CREATE UNIQUE INDEX documents_blob ON documents (workspace, blob, guard)"
              "    WHERE parent IS NULL;"
              "ALTER TABLE documents DROP COLUMN twin;",
              NULL },
};
