#include "store/migrate.h"

extern const Migration migration_0009;

/* Which results of a search were opened. Searches are forgotten by their age. */
const Migration migration_0009 = {
    .up = { "CREATE TABLE search_openings ("
            "    workspace TEXT NOT NULL,"
            "    search TEXT NOT NULL,"
            "    document TEXT NOT NULL,"
            "    chunk INTEGER NOT NULL,"
            "    place INTEGER NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, search, document, chunk),"
            "    FOREIGN KEY (workspace, search) REFERENCES searches (workspace, id)"
            "        ON DELETE CASCADE,"
            "    FOREIGN KEY (workspace, document) REFERENCES documents (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX search_openings_by_document ON search_openings (workspace, document);"
            "CREATE INDEX searches_by_time ON searches (created_at);",
            NULL },
    .down = { "DROP INDEX searches_by_time; DROP TABLE search_openings;", NULL },
};
