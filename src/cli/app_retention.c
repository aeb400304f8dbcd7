/* app_retention.c - see app_retention.h. */
#include "cli/app_retention.h"

RetentionPlan app_retention(const Settings *settings)
{
    return (RetentionPlan){ .days = {
#define KEPT_FOR(id, table, column, condition, setting, what) [RETENTION_##id] = settings->setting,
#define KEPT_DAYS(id, table, column, condition, days, what) [RETENTION_##id] = days,
#define KEPT_UNTIL(id, table, column, condition, setting, long_, what) [RETENTION_##id] = -1,
#define KEPT_APART(what, long_, setting)
#include "store/retention.def"
#undef KEPT_FOR
#undef KEPT_DAYS
#undef KEPT_UNTIL
#undef KEPT_APART
                            } };
}
