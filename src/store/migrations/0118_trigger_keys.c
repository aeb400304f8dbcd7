#include "store/migrate.h"

extern const Migration migration_0118;

/* The API key that a trigger was saved with, so that what it starts sees what the key sees. What a
 * program that does not know of it saves is started for the key's person, as before. */
const Migration migration_0118 = {
    .up = { "ALTER TABLE workflow_triggers ADD COLUMN api_key TEXT NOT NULL DEFAULT '';", NULL },
    .down = { "ALTER TABLE workflow_triggers DROP COLUMN api_key;", NULL },
};
