/* counts_store.h - the tables `document_counts` and `tag_counts`: how many documents there are of
 * each kind, and how much of them. Triggers keep them with every change (migration 0074), so
 * nothing else writes them, but for a database that is filled as a whole. In PostgreSQL a count is
 * the sum of several rows. */
#pragma once

#include "db/db.h"

/* Nothing is counted until the end of this transaction (PostgreSQL; SQLite goes on). */
MUST_CHECK bool counts_pause(DbTx *tx, Error *err);
/* Counts everything anew, of all workspaces: the transaction must see them. */
MUST_CHECK bool counts_rebuild(DbTx *tx, Error *err);
