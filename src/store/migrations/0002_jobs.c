/* 0002_jobs.c - the queue of background work and its recurring jobs; see store/jobs_store.h.
 *
 * A job without a workspace is the server's own. The partial indexes hold only what is unfinished,
 * so finished jobs, of which there are most, do not slow the queue. Delayed jobs have a state of
 * their own, because a million of them in the index that is claimed from would be in the way. */
#include "store/migrate.h"

extern const Migration migration_0002;
/* clang-format off */
const Migration migration_0002 = {
    .up = {
        "CREATE TABLE jobs (\n"
        "    id TEXT NOT NULL PRIMARY KEY,\n"
        "    workspace TEXT REFERENCES workspaces (id) ON DELETE CASCADE,\n"
        "    type TEXT NOT NULL,\n"
        "    subject TEXT NOT NULL,\n"
        "    payload TEXT NOT NULL,\n"
        "    priority INTEGER NOT NULL,\n"
        "    state INTEGER NOT NULL,\n"
        "    run_at INTEGER NOT NULL,\n"
        "    attempt INTEGER NOT NULL,\n"
        "    attempt_max INTEGER NOT NULL,\n"
        "    owner TEXT NOT NULL,\n"
        "    token INTEGER NOT NULL,\n"
        "    lease_ms INTEGER NOT NULL,\n"
        "    lease_until INTEGER NOT NULL,\n"
        "    is_cancelled INTEGER NOT NULL,\n"
        "    is_wanted_again INTEGER NOT NULL,\n"
        "    stage TEXT NOT NULL,\n"
        "    stage_at INTEGER NOT NULL,\n"
        "    done INTEGER NOT NULL,\n"
        "    total INTEGER NOT NULL,\n"
        "    error_code TEXT NOT NULL,\n"
        "    error TEXT NOT NULL,\n"
        "    created_at INTEGER NOT NULL,\n"
        "    started_at INTEGER NOT NULL,\n"
        "    finished_at INTEGER NOT NULL\n"
        ") STRICT, WITHOUT ROWID;\n"
        "CREATE UNIQUE INDEX jobs_subject ON jobs (coalesce(workspace, ''), type, subject)\n"
        "    WHERE state IN (0, 1, 5) AND subject <> '';\n"
        "CREATE INDEX jobs_waiting ON jobs (type, priority DESC, id) WHERE state = 0;\n"
        "CREATE INDEX jobs_running ON jobs (owner) WHERE state = 1;\n"
        "CREATE INDEX jobs_delayed ON jobs (run_at) WHERE state = 5;\n"
        "CREATE INDEX jobs_dead ON jobs (workspace, id) WHERE state = 3;\n"
        "CREATE INDEX jobs_of_subject ON jobs (subject, type) WHERE subject <> '';\n"
        "CREATE INDEX jobs_of_workspace ON jobs (workspace, id);\n"

        "CREATE TABLE recurring_jobs (\n"
        "    name TEXT NOT NULL PRIMARY KEY,\n"
        "    workspace TEXT REFERENCES workspaces (id) ON DELETE CASCADE,\n"
        "    type TEXT NOT NULL,\n"
        "    payload TEXT NOT NULL,\n"
        "    every_ms INTEGER NOT NULL,\n"
        "    next_at INTEGER NOT NULL\n"
        ") STRICT;\n"
        "CREATE INDEX recurring_jobs_due ON recurring_jobs (next_at);\n"
        "CREATE INDEX recurring_jobs_of_workspace ON recurring_jobs (workspace);\n",
        NULL,
    },
    .down = { "DROP TABLE recurring_jobs; DROP TABLE jobs;", NULL },
};
