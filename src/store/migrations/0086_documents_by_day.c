#include "store/migrate.h"

extern const Migration migration_0086;

#define DAY "(CASE WHEN document_date = 0 THEN created_at ELSE document_date END)"

/* SQLite reads the documents of a month from the index alone, whatever else lists filter and order
 * them by. */
const Migration migration_0086 = {
    .up = { "DROP INDEX documents_by_day;"
            "CREATE INDEX documents_by_day ON documents (workspace, deleted_at, " DAY
            ", created_at,"
            "    id, document_date, updated_at, size_bytes, format, collection, state, guard,"
            "    name_fold);",
            "SELECT 1;" },
    .down = { "DROP INDEX documents_by_day;"
              "CREATE INDEX documents_by_day ON documents (workspace, deleted_at, " DAY ","
              "    created_at, id, document_date);",
              "SELECT 1;" },
};
