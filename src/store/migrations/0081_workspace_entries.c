#include "store/migrate.h"

extern const Migration migration_0081;

/* When somebody last entered the workspace by signing in or changing to it; 0: not yet. */
const Migration migration_0081 = {
    .up = { "ALTER TABLE memberships ADD COLUMN entered_at INTEGER NOT NULL DEFAULT 0;", NULL },
    .down = { "ALTER TABLE memberships DROP COLUMN entered_at;", NULL },
};
