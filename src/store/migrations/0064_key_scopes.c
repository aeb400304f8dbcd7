#include "store/migrate.h"

extern const Migration migration_0064;

/* What a key is limited to besides its role, and from where it was used last; people who are
 * programs; and what a directory calls people of ours. */
const Migration migration_0064 = {
    .up = { "ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE api_keys ADD COLUMN last_address TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE users ADD COLUMN is_service INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE memberships ADD COLUMN external_id TEXT NOT NULL DEFAULT '';",
            NULL },
    .down = { "ALTER TABLE memberships DROP COLUMN external_id;"
              "ALTER TABLE users DROP COLUMN is_service;"
              "ALTER TABLE api_keys DROP COLUMN last_address;"
              "ALTER TABLE api_keys DROP COLUMN scopes;",
              NULL },
};
