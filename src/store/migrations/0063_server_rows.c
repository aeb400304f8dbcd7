#include "store/migrate.h"

#define FORCED(table)                                                                              \
    "ALTER TABLE " table " ENABLE ROW LEVEL SECURITY;"                                             \
    "ALTER TABLE " table " FORCE ROW LEVEL SECURITY;"
#define SYSTEM_ONLY(table)                                                                         \
    "CREATE POLICY system_only ON " table                                                          \
    " USING ((SELECT current_setting('lectern.system', true)) = 'on');"
#define OPEN(table)                                                                                \
    "DROP POLICY system_only ON " table ";"                                                        \
    "ALTER TABLE " table " NO FORCE ROW LEVEL SECURITY;"                                           \
    "ALTER TABLE " table " DISABLE ROW LEVEL SECURITY;"

extern const Migration migration_0063;

/* What belongs to the server and to no workspace is the system's alone; of the tables' version
 * everybody reads and the system writes. */
const Migration migration_0063 = {
    .up = { "SELECT 1;", FORCED("facts") SYSTEM_ONLY("facts") FORCED("job_rates")
                             SYSTEM_ONLY("job_rates") FORCED("schema_version") SYSTEM_ONLY(
                                 "schema_version") "CREATE POLICY all_read ON schema_version FOR "
                                                   "SELECT USING (true);" },
    .down = { "SELECT 1;", "DROP POLICY all_read ON schema_version;" OPEN("schema_version")
                               OPEN("job_rates") OPEN("facts") },
};
