#include "store/migrate.h"

extern const Migration migration_0094;

/* How somebody came in; empty of sessions that began before it was noted. */
const Migration migration_0094 = {
    .up = { "ALTER TABLE sessions ADD COLUMN way TEXT NOT NULL DEFAULT '';",
            "ALTER TABLE sessions ADD COLUMN way TEXT COLLATE \"C\" NOT NULL DEFAULT '';" },
    .down = { "ALTER TABLE sessions DROP COLUMN way;", NULL },
};
