#include "store/migrate.h"

extern const Migration migration_0007;

/* What people judged: for a query, how good a document is, or a passage of it (end_at 0: the whole
 * document); and what searching measured against it gave. Queries may be longer than a key of an
 * index may, so their digest stands for them. */
const Migration migration_0007 = {
    .up = { "CREATE TABLE judged_sets ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    name TEXT NOT NULL,"
            "    name_fold TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE UNIQUE INDEX judged_sets_by_name ON judged_sets (workspace, name_fold);"
            "CREATE TABLE judgements ("
            "    workspace TEXT NOT NULL,"
            "    judged_set TEXT NOT NULL,"
            "    query_key TEXT NOT NULL,"
            "    document TEXT NOT NULL,"
            "    start_at INTEGER NOT NULL,"
            "    end_at INTEGER NOT NULL,"
            "    query TEXT NOT NULL,"
            "    grade INTEGER NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, judged_set, query_key, document, start_at),"
            "    FOREIGN KEY (workspace, judged_set) REFERENCES judged_sets (workspace, id)"
            "        ON DELETE CASCADE,"
            "    FOREIGN KEY (workspace, document) REFERENCES documents (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX judgements_by_document ON judgements (workspace, document);"
            "CREATE TABLE lab_runs ("
            "    workspace TEXT NOT NULL,"
            "    id TEXT NOT NULL,"
            "    judged_set TEXT NOT NULL,"
            "    job TEXT NOT NULL,"
            "    settings TEXT NOT NULL,"
            "    result TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id),"
            "    FOREIGN KEY (workspace, judged_set) REFERENCES judged_sets (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX lab_runs_by_set ON lab_runs (workspace, judged_set, id);",
            NULL },
    .down = { "DROP TABLE lab_runs; DROP TABLE judgements; DROP TABLE judged_sets;", NULL },
};
