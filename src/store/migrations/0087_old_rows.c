#include "store/migrate.h"

extern const Migration migration_0087;

/* What goes when its time is over is found by it (retention.def), not by reading the table every
 * ten minutes; of tasks only those in the trash are listed. */
const Migration migration_0087 = {
    .up = { "CREATE INDEX tasks_by_trash ON tasks (deleted_at) WHERE deleted_at > 0;"
            "CREATE INDEX bot_scheduling_logs_by_age ON bot_scheduling_logs (created_at);",
            NULL },
    .down = { "DROP INDEX bot_scheduling_logs_by_age; DROP INDEX tasks_by_trash;", NULL },
};
