#include "store/migrate.h"

extern const Migration migration_0116;

/* What opens the proof of an erasure for whoever has asked for it of themselves and has no account
 * any more; empty: nothing. */
const Migration migration_0116 = {
    .up = { "ALTER TABLE person_erasures ADD COLUMN hash TEXT NOT NULL DEFAULT '';"
            "CREATE INDEX person_erasures_by_hash ON person_erasures (hash) WHERE hash <> '';",
            NULL },
    .down = { "DROP INDEX person_erasures_by_hash;"
              "ALTER TABLE person_erasures DROP COLUMN hash;",
              NULL },
};
