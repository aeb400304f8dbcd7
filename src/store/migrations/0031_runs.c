#include "store/migrate.h"

extern const Migration migration_0031;

/* Many items that one job works through, each result kept as it comes. An item that is a document
 * goes when that is erased. */
const Migration migration_0031 = {
    .up = { "CREATE TABLE runs ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    kind TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    subject TEXT NOT NULL,"
            "    request TEXT NOT NULL,"
            "    job TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE INDEX runs_by_kind ON runs (workspace, kind, id);"
            "CREATE TABLE run_items ("
            "    workspace TEXT NOT NULL,"
            "    run TEXT NOT NULL,"
            "    number INTEGER NOT NULL,"
            "    document TEXT,"
            "    state TEXT NOT NULL,"
            "    result TEXT NOT NULL,"
            "    error_code TEXT NOT NULL,"
            "    error TEXT NOT NULL,"
            "    PRIMARY KEY (workspace, run, number),"
            "    FOREIGN KEY (workspace, run) REFERENCES runs (workspace, id) ON DELETE CASCADE,"
            "    FOREIGN KEY (workspace, document) REFERENCES documents (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX run_items_by_state ON run_items (workspace, run, state, number);"
            "CREATE INDEX run_items_by_document ON run_items (workspace, document);",
            NULL },
    .down = { "DROP TABLE run_items; DROP TABLE runs;", NULL },
};
