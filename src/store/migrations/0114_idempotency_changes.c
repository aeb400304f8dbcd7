#include "store/migrate.h"

extern const Migration migration_0114;

/* How many transactions a request with an Idempotency-Key has made: one that has made some is not
 * done again. What a program that does not know of it does is counted by nobody, as before. */
const Migration migration_0114 = {
    .up = { "ALTER TABLE idempotency_keys ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;", NULL },
    .down = { "ALTER TABLE idempotency_keys DROP COLUMN changes;", NULL },
};
