/* 0001_core.c - everything but jobs: people, documents, passages, conversations, ledgers. */
#include "store/migrate.h"

/* One writer at a time, so a row is enough for what grows. Triggers keep the audit log, which goes
 * only after its workspace. */
#define SQLITE_MORE                                                                                \
    "INSERT INTO facts VALUES ('database', lower(hex(randomblob(16)))), ('index_floor', '0');\n"   \
    "CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, last BIGINT NOT NULL);\n"              \
    "INSERT INTO counters VALUES ('chunk', 0), ('index_change', 0);\n"                             \
    "CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit\n"                                          \
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;\n"                          \
    "CREATE TRIGGER audit_stays BEFORE DELETE ON audit\n"                                          \
    "    WHEN EXISTS (SELECT 1 FROM workspaces WHERE id = OLD.workspace)\n"                        \
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;\n"

/* A transaction sees the rows of the workspace that it says it works for, and the system sees all.
 * Forced, so that it binds the owner of the tables too. Sorted texts must not depend on the locale
 * of the server. The audit log has no policy that would let a row be changed. */
#define MINE                                                                                       \
    "(current_setting('lectern.system', true) = 'on'"                                              \
    " OR workspace = current_setting('lectern.workspace', true))"
#define POSTGRES_MORE                                                                              \
    "INSERT INTO facts VALUES ('database', replace(gen_random_uuid()::text, '-', '')),\n"          \
    "                         ('index_floor', '0');\n"                                             \
    "CREATE SEQUENCE chunk_numbers;\n"                                                             \
    "CREATE SEQUENCE index_sequence;\n"                                                            \
    "ALTER TABLE documents ALTER name_fold TYPE TEXT COLLATE \"C\";\n"                             \
    "ALTER TABLE collections ALTER name_fold TYPE TEXT COLLATE \"C\";\n"                           \
    "DO $$\n"                                                                                      \
    "DECLARE t TEXT;\n"                                                                            \
    "BEGIN\n"                                                                                      \
    "    FOR t IN SELECT table_name FROM information_schema.columns\n"                             \
    "             WHERE table_schema = current_schema() AND column_name = 'workspace'\n"           \
    "               AND table_name <> 'audit' LOOP\n"                                              \
    "        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);\n"                     \
    "        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);\n"                      \
    "        EXECUTE format($f$CREATE POLICY mine ON %I USING " MINE "$f$, t);\n"                  \
    "    END LOOP;\n"                                                                              \
    "END $$;\n"                                                                                    \
    "ALTER TABLE workspaces ENABLE ROW LEVEL SECURITY;\n"                                          \
    "ALTER TABLE workspaces FORCE ROW LEVEL SECURITY;\n"                                           \
    "CREATE POLICY mine ON workspaces USING (current_setting('lectern.system', true) = 'on'\n"     \
    "    OR id = current_setting('lectern.workspace', true));\n"                                   \
    "ALTER TABLE users ENABLE ROW LEVEL SECURITY;\n"                                               \
    "ALTER TABLE users FORCE ROW LEVEL SECURITY;\n"                                                \
    "CREATE POLICY mine ON users USING (current_setting('lectern.system', true) = 'on'\n"          \
    "    OR EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id\n"                      \
    "               AND m.workspace = current_setting('lectern.workspace', true)));\n"             \
    "ALTER TABLE audit ENABLE ROW LEVEL SECURITY;\n"                                               \
    "ALTER TABLE audit FORCE ROW LEVEL SECURITY;\n"                                                \
    "CREATE POLICY seen ON audit FOR SELECT USING " MINE ";\n"                                     \
    "CREATE POLICY added ON audit FOR INSERT WITH CHECK " MINE ";\n"                               \
    "CREATE POLICY ended ON audit FOR DELETE USING (current_setting('lectern.system', true) = "    \
    "'on'\n"                                                                                       \
    "    AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = audit.workspace));\n"

#define DROP_TABLES                                                                                \
    "DROP TABLE uploads; DROP TABLE secrets; DROP TABLE settings; DROP TABLE audit;\n"             \
    "DROP TABLE usage; DROP TABLE searches; DROP TABLE messages; DROP TABLE conversations;\n"      \
    "DROP TABLE index_changes; DROP TABLE vectors; DROP TABLE chunks; DROP TABLE blocks;\n"        \
    "DROP TABLE texts; DROP TABLE document_versions; DROP TABLE documents;\n"                      \
    "DROP TABLE collections; DROP TABLE api_keys; DROP TABLE sessions;\n"                          \
    "DROP TABLE memberships; DROP TABLE users; DROP TABLE workspaces; DROP TABLE facts;\n"

extern const Migration migration_0001;
/* clang-format off */
const Migration migration_0001 = {
    .up = {
#include "store/migrations/0001_core.def"
        SQLITE_MORE,
#include "store/migrations/0001_core.def"
        POSTGRES_MORE,
    },
    .down = {
        DROP_TABLES "DROP TABLE counters;\n",
        DROP_TABLES "DROP SEQUENCE chunk_numbers; DROP SEQUENCE index_sequence;\n",
    },
};
/* clang-format on */
