#include "store/migrate.h"

#define TABLE(text, number, strict)                                                                \
    "CREATE TABLE identities ("                                                                    \
    "    issuer " text " NOT NULL,"                                                                \
    "    subject " text " NOT NULL,"                                                               \
    "    user_id " text " NOT NULL REFERENCES users (id) ON DELETE CASCADE,"                       \
    "    created_at " number " NOT NULL,"                                                          \
    "    last_seen_at " number " NOT NULL,"                                                        \
    "    PRIMARY KEY (issuer, subject)"                                                            \
    ")" strict ";"                                                                                 \
    "CREATE INDEX identities_by_user ON identities (user_id);"

extern const Migration migration_0051;

/* What people are called by those who vouch for them. People stand in one table for the whole
 * database, and so do their names elsewhere. */
const Migration migration_0051 = {
    .up = { TABLE("TEXT", "INTEGER", " STRICT"),
            TABLE("TEXT COLLATE \"C\"", "BIGINT",
                  "") "ALTER TABLE identities ENABLE ROW LEVEL SECURITY;"
                      "ALTER TABLE identities FORCE ROW LEVEL SECURITY;"
                      "CREATE POLICY system_only ON identities USING ("
                      "    (SELECT current_setting('lectern.system', true)) = 'on');" },
    .down = { "DROP TABLE identities;", NULL },
};
