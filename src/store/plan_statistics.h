/* plan_statistics.h - what SQLite's planner is told of the tables: about how many rows they have,
 * and how many of them share a value.
 *
 * Without statistics SQLite believes that ten rows of a table share a workspace, and takes any
 * index that begins with it; it is millions. Measured ones (ANALYZE) would differ from library to
 * library, and a plan with them, from one day to the next. So the same numbers are written to every
 * database: those of a large library (plan_statistics.def), whose plans serve a small one as well.
 * They are worked out from the indexes that are there, so a new index needs no line. */
#pragma once

#include "db/db.h"

/* Writes them where they are missing or others; part of migrate_up(). PostgreSQL has its own. */
MUST_CHECK bool plan_statistics_update(DbTx *tx, Error *err);
