#include "store/migrate.h"

#define SYSTEM "(SELECT current_setting('lectern.system', true)) = 'on'"
#define WORKSPACE "(SELECT current_setting('lectern.workspace', true))"
#define TABLE(text, integer, end)                                                                  \
    "CREATE TABLE workspace_removals ("                                                            \
    "    id " text " NOT NULL PRIMARY KEY,"                                                        \
    "    asker " text " NOT NULL,"                                                                 \
    "    asked_at " integer " NOT NULL,"                                                           \
    "    due_at " integer " NOT NULL,"                                                             \
    "    began_at " integer " NOT NULL,"                                                           \
    "    ended_at " integer " NOT NULL,"                                                           \
    "    removed " text " NOT NULL,"                                                               \
    "    proof " text " NOT NULL"                                                                  \
    ")" end ";"                                                                                    \
    "CREATE INDEX workspace_removals_by_end ON workspace_removals (ended_at, due_at);"

/* What an entry of the audit log outlives. */
#define IS_THERE(row)                                                                              \
    "EXISTS (SELECT 1 FROM workspaces w WHERE w.id = " row ".workspace)"                           \
    " AND NOT EXISTS (SELECT 1 FROM workspace_removals r"                                          \
    "                 WHERE r.id = " row ".workspace AND r.began_at > 0)"
#define ONLY_ADDED_TO " BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;"

extern const Migration migration_0088;

/* Workspaces that are to go or have gone, with the proof; a row outlives its workspace. From the
 * moment a removal begins the audit log of that workspace may go, too. */
const Migration migration_0088 = {
    .up = { TABLE("TEXT", "INTEGER", " STRICT") "DROP TRIGGER audit_stays;"
                                                "CREATE TRIGGER audit_stays BEFORE DELETE ON audit"
                                                " WHEN " IS_THERE("OLD") ONLY_ADDED_TO,
            TABLE("TEXT COLLATE \"C\"", "BIGINT",
                  "") "ALTER TABLE workspace_removals ENABLE ROW LEVEL SECURITY;"
                      "ALTER TABLE workspace_removals FORCE ROW LEVEL SECURITY;"
                      "CREATE POLICY workspace_only ON workspace_removals"
                      " USING (id = " WORKSPACE " OR " SYSTEM ");"
                      "DROP POLICY audit_ended ON audit;"
                      "CREATE POLICY audit_ended ON audit FOR DELETE USING (" SYSTEM
                      " AND NOT (" IS_THERE("audit") "));" },
    .down = { "DROP TRIGGER audit_stays;"
              "CREATE TRIGGER audit_stays BEFORE DELETE ON audit\n"
              "    WHEN EXISTS (SELECT 1 FROM workspaces WHERE id = OLD.workspace)\n"
              "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;"
              "DROP TABLE workspace_removals;",
              "DROP POLICY audit_ended ON audit;"
              "CREATE POLICY audit_ended ON audit FOR DELETE USING (" SYSTEM
              " AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = audit.workspace));"
              "DROP TABLE workspace_removals;" },
};
