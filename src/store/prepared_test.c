/* prepared_test.c - the databases of unit tests have all tables: copies of one that was migrated.
 */
#include "db/fixture_test.h"

#include "store/migrate.h"

static void prepare(const char *url)
{
    Error err = { 0 };
    Db *db;

    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    db_close(db);
}

__attribute__((constructor)) static void be_used(void) { test_db_prepare = prepare; }
