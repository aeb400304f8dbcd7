#include "store/migrate.h"

extern const Migration migration_0068;

/* What a job was added for, as W3C Trace Context: its spans go on with that trace. Nodes of before
 * add jobs without one. */
const Migration migration_0068 = {
    .up = { "ALTER TABLE jobs ADD COLUMN trace TEXT NOT NULL DEFAULT '';", NULL },
    .down = { "ALTER TABLE jobs DROP COLUMN trace;", NULL },
};
