/* 0002_jobs.c - the queue of background work and its recurring jobs; see store/jobs_store.h. */
#include "store/migrate.h"

extern const Migration migration_0002;
const Migration migration_0002 = {
    .up = { "CREATE TABLE jobs ("
            "    id TEXT PRIMARY KEY,"
            "    workspace TEXT NOT NULL,"
            "    type TEXT NOT NULL"
            ") STRICT, WITHOUT ROWID;",
            NULL },
    .down = { "DROP TABLE jobs;", NULL },
};
