#include "store/migrate.h"

extern const Migration migration_0095;

/* The few documents that lists do not find in memory: see document_keys.h. */
const Migration migration_0095 = {
    .up = { "CREATE INDEX documents_unsettled ON documents (workspace, id)"
            " WHERE deleted_at = 0 AND (chunk_count = 0 OR state <> 'ready');",
            NULL },
    .down = { "DROP INDEX documents_unsettled;", NULL },
};
