#include "store/migrate.h"

extern const Migration migration_0112;

/* A program of before 0106 that still runs on a SQLite tells its index of names to tidy up whenever
 * something is erased, and without the table the erasing would not end. What it
 * asks of the index fails as without the view, so that nobody takes an empty list for an answer. */
const Migration migration_0112 = {
    .up = { "CREATE VIEW document_name_parts AS SELECT '' AS document_name_parts, 0 AS rank;"
            "CREATE TRIGGER document_name_parts_said INSTEAD OF INSERT ON document_name_parts"
            " BEGIN SELECT 1; END;",
            "SELECT 1;" },
    .down = { "DROP VIEW document_name_parts;", "SELECT 1;" },
};
