#include "store/migrate.h"

#define TABLE(text, number, strict)                                                                \
    "CREATE TABLE sign_in_states ("                                                                \
    "    id " text " PRIMARY KEY,"                                                                 \
    "    expires_at " number " NOT NULL"                                                           \
    ")" strict ";"                                                                                 \
    "CREATE INDEX sign_in_states_by_end ON sign_in_states (expires_at);"                           \
    "ALTER TABLE sessions ADD COLUMN provider " text " NOT NULL DEFAULT '';"

extern const Migration migration_0060;

/* Sign-ins by another service: which answers were used already, and who vouched for a session. */
const Migration migration_0060 = {
    .up = { TABLE("TEXT", "INTEGER", " STRICT"),
            TABLE("TEXT COLLATE \"C\"", "BIGINT",
                  "") "ALTER TABLE sign_in_states ENABLE ROW LEVEL SECURITY;"
                      "ALTER TABLE sign_in_states FORCE ROW LEVEL SECURITY;"
                      "CREATE POLICY system_only ON sign_in_states USING ("
                      "    (SELECT current_setting('lectern.system', true)) = 'on');" },
    .down = { "DROP TABLE sign_in_states; ALTER TABLE sessions DROP COLUMN provider;", NULL },
};
