#include "store/migrate.h"

extern const Migration migration_0036;

/* Each job leaves two or three dead rows behind. By default PostgreSQL clears them away when they
 * are a fifth of the table: of ten million kept jobs that is two million, which every claim would
 * walk over. */
const Migration migration_0036 = {
    .up = { "SELECT 1;", "ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.01,"
                         " autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0,"
                         " autovacuum_analyze_scale_factor = 0.05);" },
    .down = { "SELECT 1;", "ALTER TABLE jobs RESET (autovacuum_vacuum_scale_factor,"
                           " autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay,"
                           " autovacuum_analyze_scale_factor);" },
};
