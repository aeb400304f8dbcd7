/* migrate.h - bring a database's tables up to what this program needs, or back down.
 *
 * Migrations are numbered (migrations.def); each runs in a transaction of its own together with its
 * row in schema_version. Several nodes may start at once: one migrates, the others wait. In
 * PostgreSQL every table with a column `workspace` gets forced row-level security in the migration
 * that makes it, without being asked: a row is visible when its workspace is the transaction's
 * (lectern.workspace) or the work is the system's (lectern.system = on). When the login role
 * would pass that (a superuser, or BYPASSRLS), the role lectern_app is made, granted the tables,
 * and taken on by every connection that does work; see db_write_schema(). */
#pragma once

#include "db/db.h"

/* How one migration changes the tables. Written once for SQLite; see migrations.def. */
typedef struct Migration {
    DbSql up, down; /* postgres NULL: derived from the SQLite text */
    /* What no SQL can do to the rows, in the same transaction before `down`; NULL: nothing. */
    bool (*down_rows)(DbTx *tx, Error *err);
} Migration;

typedef struct MigrateStatus {
    int applied; /* the newest migration in the database; 0: it is empty */
    int newest;  /* the newest this program knows */
} MigrateStatus;

/* Applies what is missing. Refuses, in one sentence, a database that says it needs a newer
 * program, or that is not ours. */
MUST_CHECK bool migrate_up(Db *db, Error *err);
/* Undoes every migration above number `to`, newest first. Loses what only they hold. */
MUST_CHECK bool migrate_down(Db *db, int to, Error *err);
MUST_CHECK bool migrate_status(Db *db, MigrateStatus *status_r, Error *err);

/* Forced row-level security and the role's grants for tables that have none yet, inside
 * db_write_schema(). For tables that no migration makes. */
MUST_CHECK bool migrate_guard(DbTx *tx, Error *err);

/* The PostgreSQL form of a migration's text; see migrations.def. */
Str migrate_postgres_text(Arena *arena, Str sqlite);
