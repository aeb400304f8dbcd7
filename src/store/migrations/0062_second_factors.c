#include "store/migrate.h"

#define TABLES(text, number, blob, strict)                                                         \
    "CREATE TABLE second_factors ("                                                                \
    "    user_id " text " NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,"           \
    "    sealed " blob " NOT NULL,"                                                                \
    "    created_at " number " NOT NULL,"                                                          \
    "    confirmed_at " number " NOT NULL,"                                                        \
    "    last_step " number " NOT NULL,"                                                           \
    "    failures " number " NOT NULL,"                                                            \
    "    wait_until " number " NOT NULL"                                                           \
    ")" strict ";"                                                                                 \
    "CREATE TABLE recovery_codes ("                                                                \
    "    user_id " text " NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,"         \
    "    hash " text " NOT NULL,"                                                                  \
    "    PRIMARY KEY (user_id, hash)"                                                              \
    ")" strict ";"                                                                                 \
    "CREATE TABLE half_sign_ins ("                                                                 \
    "    id " text " NOT NULL PRIMARY KEY,"                                                        \
    "    user_id " text " NOT NULL REFERENCES users (id) ON DELETE CASCADE,"                       \
    "    expires_at " number " NOT NULL"                                                           \
    ")" strict ";"                                                                                 \
    "CREATE INDEX half_sign_ins_by_user ON half_sign_ins (user_id);"                               \
    "CREATE INDEX half_sign_ins_by_end ON half_sign_ins (expires_at);"

#define SYSTEM_ONLY(table)                                                                         \
    "ALTER TABLE " table " ENABLE ROW LEVEL SECURITY;"                                             \
    "ALTER TABLE " table " FORCE ROW LEVEL SECURITY;"                                              \
    "CREATE POLICY system_only ON " table " USING ("                                               \
    "    (SELECT current_setting('lectern.system', true)) = 'on');"

extern const Migration migration_0062;

/* What people show besides their password. A sign-in that waits for it is no session: a program
 * that does not know of it yet lets nobody in by one. */
const Migration migration_0062 = {
    .up = { TABLES("TEXT", "INTEGER", "BLOB", " STRICT"),
            TABLES("TEXT COLLATE \"C\"", "BIGINT", "BYTEA", "") SYSTEM_ONLY("second_factors")
                SYSTEM_ONLY("recovery_codes") SYSTEM_ONLY("half_sign_ins") },
    .down = { "DROP TABLE half_sign_ins; DROP TABLE recovery_codes; DROP TABLE second_factors;",
              NULL },
};
