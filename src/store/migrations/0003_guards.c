/* 0003_guards.c - what the two databases need each in its own way: numbers that only grow, an audit
 * log that is only added to, and row-level security of the tables without a column `workspace`.
 *
 * SQLite has one writer at a time, so a row is enough for what grows; PostgreSQL uses a sequence.
 * In SQLite triggers keep the audit log. In PostgreSQL it has no policy that would let a row be
 * changed. In both an entry goes only after its workspace. */
#include "store/migrate.h"

#define SYSTEM "(SELECT current_setting('lectern.system', true)) = 'on'"
#define WORKSPACE "(SELECT current_setting('lectern.workspace', true))"
#define GUARD(table)                                                                               \
    "ALTER TABLE " table " ENABLE ROW LEVEL SECURITY;\n"                                           \
    "ALTER TABLE " table " FORCE ROW LEVEL SECURITY;\n"

extern const Migration migration_0003;
/* clang-format off */
const Migration migration_0003 = {
    .up = {
        "INSERT INTO facts VALUES ('database', lower(hex(randomblob(16)))), ('index_floor', '0');\n"
        "CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, last INTEGER NOT NULL) STRICT;\n"
        "INSERT INTO counters VALUES ('chunk', 0);\n"
        "CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit\n"
        "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;\n"
        "CREATE TRIGGER audit_stays BEFORE DELETE ON audit\n"
        "    WHEN EXISTS (SELECT 1 FROM workspaces WHERE id = OLD.workspace)\n"
        "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;\n",

        "INSERT INTO facts VALUES ('database', replace(gen_random_uuid()::text, '-', '')),\n"
        "    ('index_floor', '0');\n"
        "CREATE SEQUENCE chunk_numbers;\n"
        GUARD("workspaces")
        "CREATE POLICY workspace_only ON workspaces USING (id = " WORKSPACE " OR " SYSTEM ");\n"
        GUARD("users")
        "CREATE POLICY workspace_only ON users USING (" SYSTEM " OR EXISTS (\n"
        "    SELECT 1 FROM memberships m\n"
        "    WHERE m.user_id = users.id AND m.workspace = " WORKSPACE "));\n"
        "DROP POLICY workspace_only ON audit;\n"
        "CREATE POLICY audit_seen ON audit FOR SELECT\n"
        "    USING (workspace = " WORKSPACE " OR " SYSTEM ");\n"
        "CREATE POLICY audit_added ON audit FOR INSERT\n"
        "    WITH CHECK (workspace = " WORKSPACE " OR " SYSTEM ");\n"
        "CREATE POLICY audit_ended ON audit FOR DELETE USING (" SYSTEM " AND NOT EXISTS (\n"
        "    SELECT 1 FROM workspaces w WHERE w.id = audit.workspace));\n",
    },
    .down = {
        "DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays; DROP TABLE counters;\n"
        "DELETE FROM facts;\n",

        "DROP POLICY audit_seen ON audit; DROP POLICY audit_added ON audit;\n"
        "DROP POLICY audit_ended ON audit;\n"
        "CREATE POLICY workspace_only ON audit USING (workspace = " WORKSPACE " OR " SYSTEM ");\n"
        "DROP POLICY workspace_only ON users;\n"
        "ALTER TABLE users NO FORCE ROW LEVEL SECURITY;\n"
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY;\n"
        "DROP POLICY workspace_only ON workspaces;\n"
        "ALTER TABLE workspaces NO FORCE ROW LEVEL SECURITY;\n"
        "ALTER TABLE workspaces DISABLE ROW LEVEL SECURITY;\n"
        "DROP SEQUENCE chunk_numbers; DELETE FROM facts;\n",
    },
};
/* clang-format on */
