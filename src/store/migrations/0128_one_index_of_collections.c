#include "store/migrate.h"

extern const Migration migration_0128;

/* documents_of_collection (0071) begins with the same columns. */
const Migration migration_0128 = {
    .up = { "DROP INDEX documents_collection;", NULL },
    .down = { "CREATE INDEX documents_collection ON documents (workspace, collection, deleted_at);",
              NULL },
};
