/* person_data_store.h - all that names one person in a workspace: to give it to them, to erase it,
 * and to look for what is left.
 *
 * person_columns.def says which columns name people and what becomes of each. What documents,
 * messages of others and files say about somebody is content: it is not looked into. Writing needs
 * a system scope for PostgreSQL's foreign keys on `users`; every statement names the workspace. */
#pragma once

#include "store/workspace_removals_store.h"

typedef struct PersonNames {
    Str id, email;
    Str pseudonym; /* in the place of the id */
    Str heir;      /* id of whoever takes over what works with somebody's rights; may be empty */
} PersonNames;

typedef struct PersonCount {
    const char *becomes; /* "erased", "handed over", "unnamed"; of a trace: "" */
    Str table, column;
    int64_t rows;
} PersonCount;

typedef struct PersonCountList {
    PersonCount *at;
    size_t count;
} PersonCountList;

/* The columns of person_columns.def, one after the other: what becomes of each, without rows. */
size_t person_column_count(void);
PersonCount person_column(size_t at);
/* Only in the last transaction, and without a limit. */
bool person_column_waits(size_t at);
/* At most `limit` rows of one of them become what they are to become; `tables` as
 * workspace_tables() has them. The removal of originals that go with rows is asked for. */
MUST_CHECK bool person_data_erase(DbTx *tx, const Scope *scope, Arena *arena,
                                  const PersonNames *person, const WorkspaceTableList *tables,
                                  size_t at, int64_t limit, int64_t *rows_r, Error *err);
/* Every text of every table that has the id or the mail address in it still. */
MUST_CHECK bool person_data_traces(DbTx *tx, const Scope *scope, Arena *arena,
                                   const PersonNames *person, PersonCountList *list_r, Error *err);
/* Every row that names the person, as members of a JSON object by table; digests, sealed texts and
 * what is a secret of the server are left out. At most `rows_max` of a table. */
MUST_CHECK bool person_data_print(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                                  int64_t rows_max, Buf *members, Error *err);
/* Whether a column named so must stand in person_columns.def; for the test that keeps it whole. */
bool person_column_is_known(Str table, Str column);
