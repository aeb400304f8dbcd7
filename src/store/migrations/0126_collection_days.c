#include "store/migrate.h"

#define COLUMNS(integer)                                                                           \
    "ALTER TABLE collections ADD COLUMN keep_days " integer " NOT NULL DEFAULT 0;"                 \
    "ALTER TABLE collections ADD COLUMN keep_since " integer " NOT NULL DEFAULT 0;"

extern const Migration migration_0126;

/* How many days a collection keeps its documents, 0: until somebody removes them; and since when it
 * does. A program that does not know of it keeps them. */
const Migration migration_0126 = {
    .up = { COLUMNS("INTEGER"), COLUMNS("BIGINT") },
    .down = { "ALTER TABLE collections DROP COLUMN keep_since;"
              "ALTER TABLE collections DROP COLUMN keep_days;",
              NULL },
};
