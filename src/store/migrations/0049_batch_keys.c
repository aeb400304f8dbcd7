#include "store/migrate.h"

extern const Migration migration_0049;

/* Which key a batch of classifications was made with: it ends with the key. */
const Migration migration_0049 = {
    .up = { "ALTER TABLE classification_batches ADD COLUMN key_id TEXT NOT NULL DEFAULT '';",
            NULL },
    .down = { "ALTER TABLE classification_batches DROP COLUMN key_id;", NULL },
};
