#include "store/migrate.h"

#define TABLE(text, number, strict)                                                                \
    "CREATE TABLE account_links ("                                                                 \
    "    id " text " PRIMARY KEY,"                                                                 \
    "    kind " text " NOT NULL,"                                                                  \
    "    user_id " text " NOT NULL REFERENCES users (id) ON DELETE CASCADE,"                       \
    "    email " text " NOT NULL,"                                                                 \
    "    created_at " number " NOT NULL,"                                                          \
    "    expires_at " number " NOT NULL,"                                                          \
    "    UNIQUE (user_id, kind)"                                                                   \
    ")" strict ";"                                                                                 \
    "CREATE INDEX account_links_by_end ON account_links (expires_at);"

extern const Migration migration_0061;

/* Links of mails with which people show that an address is theirs. */
const Migration migration_0061 = {
    .up = { TABLE("TEXT", "INTEGER", " STRICT"),
            TABLE("TEXT COLLATE \"C\"", "BIGINT",
                  "") "ALTER TABLE account_links ENABLE ROW LEVEL SECURITY;"
                      "ALTER TABLE account_links FORCE ROW LEVEL SECURITY;"
                      "CREATE POLICY system_only ON account_links USING ("
                      "    (SELECT current_setting('lectern.system', true)) = 'on');" },
    .down = { "DROP TABLE account_links;", NULL },
};
