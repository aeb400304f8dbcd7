#include "store/migrate.h"

extern const Migration migration_0025;

/* Summaries that took a model's time, digests, and which collections want one each week. A summary
 * quotes documents, so it goes with them (erase_store.c). */
const Migration migration_0025 = {
    .up = { "CREATE TABLE summaries ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    kind TEXT NOT NULL,"
            "    subject TEXT NOT NULL,"
            "    request TEXT NOT NULL,"
            "    request_key TEXT NOT NULL,"
            "    result TEXT NOT NULL,"
            "    job TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE UNIQUE INDEX summaries_by_key ON summaries (workspace, kind, request_key);"
            "CREATE INDEX summaries_by_subject"
            "    ON summaries (workspace, kind, subject, created_at);"
            "CREATE TABLE digest_plans ("
            "    workspace TEXT NOT NULL,"
            "    collection TEXT NOT NULL,"
            "    every_days INTEGER NOT NULL,"
            "    last_at INTEGER NOT NULL,"
            "    created_by TEXT NOT NULL,"
            "    PRIMARY KEY (workspace, collection),"
            "    FOREIGN KEY (workspace, collection) REFERENCES collections (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;",
            NULL },
    .down = { "DROP TABLE digest_plans; DROP TABLE summaries;", NULL },
};
