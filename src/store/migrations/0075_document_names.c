#include "store/migrate.h"

extern const Migration migration_0075;

/* SQLite reads what a part of a name matches, and the newest of a month, from the index alone: a
 * row has its whole metadata, and reading a million of them takes seconds. In PostgreSQL a title
 * may be longer than an entry of an index can be, and rows are found in the order they lie in. */
const Migration migration_0075 = {
    .up = { "DROP INDEX documents_name; DROP INDEX documents_by_day;"
            "CREATE INDEX documents_by_name ON documents (workspace, deleted_at, name_fold, id,"
            "    title);"
            "CREATE INDEX documents_by_day ON documents (workspace, deleted_at,"
            "    (CASE WHEN document_date = 0 THEN created_at ELSE document_date END), created_at,"
            "    id, document_date);",
            "SELECT 1;" },
    .down = { "DROP INDEX documents_by_name; DROP INDEX documents_by_day;"
              "CREATE INDEX documents_name ON documents (workspace, name_fold, id);"
              "CREATE INDEX documents_by_day ON documents (workspace, deleted_at,"
              "    (CASE WHEN document_date = 0 THEN created_at ELSE document_date END));",
              "SELECT 1;" },
};
