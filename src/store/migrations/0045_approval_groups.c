#include "store/migrate.h"

extern const Migration migration_0045;

/* Groups whose people may decide, with how many of each have to approve (0: any), and the name that
 * a group had, for one that is gone; for which of them a decision, or somebody who stands in for
 * another, counts (ids with commas between). And when each one that waits is looked at again: 0 is
 * at once, so what older programs write is looked at, too. */
const Migration migration_0045 = {
    .up = { "CREATE TABLE approval_groups ("
            "    workspace TEXT NOT NULL,"
            "    approval TEXT NOT NULL,"
            "    group_id TEXT NOT NULL,"
            "    name TEXT NOT NULL,"
            "    quorum INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, approval, group_id),"
            "    FOREIGN KEY (workspace, approval) REFERENCES approvals (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX approval_groups_by_group ON approval_groups (workspace, group_id);"
            "ALTER TABLE approval_candidates ADD COLUMN for_groups TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE approval_decisions ADD COLUMN for_groups TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE approvals ADD COLUMN look_at INTEGER NOT NULL DEFAULT 0;"
            "DROP INDEX approvals_waiting;"
            "CREATE INDEX approvals_due ON approvals (look_at, id) WHERE state = 'waiting';"
            "CREATE INDEX approvals_ended ON approvals (ended_at) WHERE ended_at > 0;",
            NULL },
    .down = { "DROP INDEX approvals_ended; DROP INDEX approvals_due;"
              "CREATE INDEX approvals_waiting ON approvals (id) WHERE state = 'waiting';"
              "ALTER TABLE approvals DROP COLUMN look_at;"
              "ALTER TABLE approval_decisions DROP COLUMN for_groups;"
              "ALTER TABLE approval_candidates DROP COLUMN for_groups;"
              "DROP TABLE approval_groups;",
              NULL },
};
