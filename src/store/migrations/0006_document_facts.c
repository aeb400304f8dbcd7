#include "store/migrate.h"

extern const Migration migration_0006;

/* Facts about a document (author, pages, taken ...) to filter by, one row each; and how well it was
 * read. `text` is folded; `number` also holds dates, as UTC milliseconds. */
const Migration migration_0006 = {
    .up = { "ALTER TABLE documents ADD COLUMN quality TEXT NOT NULL DEFAULT '';"
            "CREATE TABLE document_facts ("
            "    workspace TEXT NOT NULL,"
            "    document TEXT NOT NULL,"
            "    key TEXT NOT NULL,"
            "    text TEXT NOT NULL,"
            "    number REAL,"
            "    PRIMARY KEY (workspace, document, key),"
            "    FOREIGN KEY (workspace, document) REFERENCES documents (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX document_facts_numbers ON document_facts (workspace, key, number);",
            NULL },
    .down = { "DROP TABLE document_facts; ALTER TABLE documents DROP COLUMN quality;", NULL },
};
