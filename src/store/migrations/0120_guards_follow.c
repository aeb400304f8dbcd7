#include "store/migrate.h"

extern const Migration migration_0120;

/* A collection is restricted or opened by its own row; where guard_follows is not 0, what its
 * documents say of their guard follows (collection_guard.h). Only workspaces with guards_follow let
 * it: none does before collection_guards_may_follow() says that no program of before reads the
 * documents. Down again all has followed. */
#define FOLLOWED                                                                                   \
    "UPDATE documents SET guard = (SELECT c.guard FROM collections c"                              \
    "  WHERE c.workspace = documents.workspace AND c.id = documents.collection)"                   \
    " WHERE guard IN ('', collection) AND EXISTS (SELECT 1 FROM collections c"                     \
    "  WHERE c.workspace = documents.workspace AND c.id = documents.collection"                    \
    "  AND c.guard_follows > 0 AND c.guard <> documents.guard);"

const Migration migration_0120 = {
    .up = { "ALTER TABLE collections ADD COLUMN guard_follows INTEGER NOT NULL DEFAULT 0;"
            "CREATE INDEX collections_followed ON collections (workspace)"
            " WHERE guard_follows > 0;"
            "ALTER TABLE workspaces ADD COLUMN guards_follow INTEGER NOT NULL DEFAULT 0;",
            NULL },
    .down = { FOLLOWED "DROP INDEX collections_followed;"
                       "ALTER TABLE collections DROP COLUMN guard_follows;"
                       "ALTER TABLE workspaces DROP COLUMN guards_follow;"
                       "DELETE FROM settings WHERE workspace = '' AND name = 'guards_follow';",
              NULL },
};
