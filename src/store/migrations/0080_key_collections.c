#include "store/migrate.h"

extern const Migration migration_0080;

/* Which collections a key is limited to: ids with spaces between, empty: it is not. */
const Migration migration_0080 = {
    .up = { "ALTER TABLE api_keys ADD COLUMN collections TEXT NOT NULL DEFAULT '';", NULL },
    .down = { "ALTER TABLE api_keys DROP COLUMN collections;", NULL },
};
