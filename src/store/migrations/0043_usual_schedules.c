#include "store/migrate.h"

extern const Migration migration_0043;

/* What clears expired workflows up is a schedule of each workspace now (schedule_keep_usual), which
 * can be seen and paused; no more one of the server's own. */
const Migration migration_0043 = {
    .up = { "DELETE FROM schedules WHERE id = 'ai.cleanup_expired_workflows';", NULL },
    .down = { "DELETE FROM schedules WHERE type = 'ai.cleanup_expired_workflows';", NULL },
};
