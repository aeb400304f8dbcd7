#include "store/migrate.h"

#define TABLE(text, number, blob, strict)                                                          \
    "CREATE TABLE passkeys ("                                                                      \
    "    id " text " NOT NULL PRIMARY KEY,"                                                        \
    "    user_id " text " NOT NULL REFERENCES users (id) ON DELETE CASCADE,"                       \
    "    credential " text " NOT NULL UNIQUE,"                                                     \
    "    handle " text " NOT NULL,"                                                                \
    "    public_key " blob " NOT NULL,"                                                            \
    "    counter " number " NOT NULL,"                                                             \
    "    may_be_synced " number " NOT NULL,"                                                       \
    "    transports " text " NOT NULL,"                                                            \
    "    name " text " NOT NULL,"                                                                  \
    "    created_at " number " NOT NULL,"                                                          \
    "    last_used_at " number " NOT NULL"                                                         \
    ")" strict ";"                                                                                 \
    "CREATE INDEX passkeys_by_user ON passkeys (user_id);"

extern const Migration migration_0093;

/* Keys that people sign in with. A program that does not know of them yet asks for the password,
 * and for a code only of those who have an app. */
const Migration migration_0093 = {
    .up = { TABLE("TEXT", "INTEGER", "BLOB", " STRICT"),
            TABLE("TEXT COLLATE \"C\"", "BIGINT", "BYTEA",
                  "") "ALTER TABLE passkeys ENABLE ROW LEVEL SECURITY;"
                      "ALTER TABLE passkeys FORCE ROW LEVEL SECURITY;"
                      "CREATE POLICY system_only ON passkeys USING ("
                      "    (SELECT current_setting('lectern.system', true)) = 'on');" },
    .down = { "DROP TABLE passkeys;", NULL },
};
