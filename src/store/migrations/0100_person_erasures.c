#include "store/migrate.h"

#define SYSTEM "(SELECT current_setting('lectern.system', true)) = 'on'"
#define WORKSPACE "(SELECT current_setting('lectern.workspace', true))"
#define TABLE(text, integer, strict)                                                               \
    "CREATE TABLE person_erasures ("                                                               \
    "    id " text " NOT NULL PRIMARY KEY,"                                                        \
    "    workspace " text " NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"                \
    "    user_id " text " NOT NULL,"                                                               \
    "    asked_by " text " NOT NULL,"                                                              \
    "    job " text " NOT NULL,"                                                                   \
    "    asked_at " integer " NOT NULL,"                                                           \
    "    due_at " integer " NOT NULL,"                                                             \
    "    began_at " integer " NOT NULL,"                                                           \
    "    ended_at " integer " NOT NULL,"                                                           \
    "    removed " text " NOT NULL,"                                                               \
    "    proof " text " NOT NULL"                                                                  \
    ")" strict ";"                                                                                 \
    "CREATE UNIQUE INDEX person_erasures_open ON person_erasures (workspace, user_id)"             \
    "    WHERE user_id <> '';"                                                                     \
    "CREATE INDEX person_erasures_by_time ON person_erasures (workspace, asked_at);"

extern const Migration migration_0100;

/* People whose data is to be erased, and the proof of what was. */
const Migration migration_0100 = {
    .up = { TABLE("TEXT", "INTEGER", " STRICT"),
            TABLE("TEXT COLLATE \"C\"", "BIGINT",
                  "") "ALTER TABLE person_erasures ENABLE ROW LEVEL SECURITY;"
                      "ALTER TABLE person_erasures FORCE ROW LEVEL SECURITY;"
                      "CREATE POLICY workspace_only ON person_erasures"
                      " USING (workspace = " WORKSPACE " OR " SYSTEM ");" },
    .down = { "DROP TABLE person_erasures;", NULL },
};
