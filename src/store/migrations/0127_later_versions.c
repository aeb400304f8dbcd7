#include "store/migrate.h"

extern const Migration migration_0127;

/* Documents that have had another file before: what those weigh counts too. */
const Migration migration_0127 = {
    .up = { "CREATE INDEX document_versions_later ON document_versions (workspace, document)"
            " WHERE version > 1;",
            NULL },
    .down = { "DROP INDEX document_versions_later;", NULL },
};
