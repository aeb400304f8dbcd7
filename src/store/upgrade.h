/* upgrade.h - the second step of an upgrade: what waits until no program of before reads the
 * database any more. Any thread. */
#pragma once

#include "db/db.h"

/* Secrets inside addresses are sealed (sealed_texts.h), and documents may follow their collection
 * (collection_guard.h). What is done already costs a look. */
MUST_CHECK bool upgrade_end(Db *db, Error *err);
