#include "store/migrate.h"

extern const Migration migration_0030;

/* Jobs that people see: who asked for one, what it is about, what it makes; and how much of a stage
 * was done when it began, so that the time left is reckoned from what this run has done. */
const Migration migration_0030 = {
    .up = { "ALTER TABLE jobs ADD COLUMN user_id TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE jobs ADD COLUMN title TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE jobs ADD COLUMN result TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE jobs ADD COLUMN stage_done INTEGER NOT NULL DEFAULT 0;",
            NULL },
    .down = { "ALTER TABLE jobs DROP COLUMN stage_done; ALTER TABLE jobs DROP COLUMN result;"
              "ALTER TABLE jobs DROP COLUMN title; ALTER TABLE jobs DROP COLUMN user_id;",
              NULL },
};
