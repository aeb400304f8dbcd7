#include "store/migrate.h"

extern const Migration migration_0027;

/* Values of a schema that were read from a document and kept, one row for each schema. The schema
 * stands beside them: a ready-made one may change with the program. */
const Migration migration_0027 = {
    .up = { "CREATE TABLE document_fields ("
            "    workspace TEXT NOT NULL,"
            "    document TEXT NOT NULL,"
            "    name TEXT NOT NULL,"
            "    schema_json TEXT NOT NULL,"
            "    result TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, document, name),"
            "    FOREIGN KEY (workspace, document) REFERENCES documents (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX document_fields_by_name ON document_fields (workspace, name, document);",
            NULL },
    .down = { "DROP TABLE document_fields;", NULL },
};
