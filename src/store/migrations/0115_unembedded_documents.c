#include "store/migrate.h"

extern const Migration migration_0115;

/* Documents that lack vectors, few or none as a rule: see document_list_unembedded(). */
const Migration migration_0115 = {
    .up = { "CREATE INDEX documents_unembedded ON documents (workspace)"
            " WHERE state = 'ready' AND deleted_at = 0 AND vector_count < chunk_count;",
            NULL },
    .down = { "DROP INDEX documents_unembedded;", NULL },
};
