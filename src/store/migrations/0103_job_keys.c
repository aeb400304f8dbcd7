#include "store/migrate.h"

extern const Migration migration_0103;

/* The API key that something was begun with, so that its jobs see what the key sees. What a program
 * that does not know of it adds is done for the key's person, as before. */
const Migration migration_0103 = {
    .up = { "ALTER TABLE jobs ADD COLUMN api_key TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE schedules ADD COLUMN api_key TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE workflow_executions ADD COLUMN api_key TEXT NOT NULL DEFAULT '';",
            NULL },
    .down = { "ALTER TABLE workflow_executions DROP COLUMN api_key;"
              "ALTER TABLE schedules DROP COLUMN api_key;"
              "ALTER TABLE jobs DROP COLUMN api_key;",
              NULL },
};
