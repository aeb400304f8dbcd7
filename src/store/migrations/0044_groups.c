#include "store/migrate.h"

extern const Migration migration_0044;

/* Named groups of a workspace's people. Who leaves the workspace leaves its groups. */
const Migration migration_0044 = {
    .up = { "CREATE TABLE workspace_groups ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    name TEXT NOT NULL,"
            "    name_fold TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE UNIQUE INDEX workspace_groups_by_name"
            "    ON workspace_groups (workspace, name_fold);"
            "CREATE TABLE group_members ("
            "    workspace TEXT NOT NULL,"
            "    group_id TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, group_id, user_id),"
            "    FOREIGN KEY (workspace, group_id) REFERENCES workspace_groups (workspace, id)"
            "        ON DELETE CASCADE,"
            "    FOREIGN KEY (workspace, user_id) REFERENCES memberships (workspace, user_id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX group_members_by_user ON group_members (workspace, user_id);",
            NULL },
    .down = { "DROP TABLE group_members; DROP TABLE workspace_groups;", NULL },
};
