/* importing.h - what the files of `lectern import` share.
 *
 * What gets another id here (people, groups, collections, documents) is kept in a table from the
 * old id to the new one; in the rows of other tables each such id is replaced wherever it stands.
 * Nobody trusts the folder: files are read below it alone, never through links, and the server
 * checks every row (src/store/import_store.h). */
#pragma once

#include "base/file.h"
#include "base/map.h"
#include "cli/adding.h"

#define IMPORT_LINE_MAX MB(16)

typedef struct Importing {
    CommandLine *line;
    Client *client;
    Str folder;       /* its real path */
    Map ids;          /* old id -> new id, as a Str */
    json_t *guards;   /* old id of what is restricted -> array of grants */
    json_t *people;   /* those who belong to the workspace */
    json_t *limits;   /* path of PUT -> its body */
    Map trash;        /* SHA-256 of what lies in the trash here -> id, as a Str */
    VEC(Str) trashed; /* ids of documents that go there at the end */
    bool makes_people;
    Map collections; /* name -> id, as a Str */
    Adding adding;
    VEC(Str) titles; /* of adding.documents */
    int64_t damaged; /* originals that are missing, or have other bytes */
    char parent[40]; /* whose members those are: */
    json_t *members;
    json_t *tables; /* what came of each: name, added, there, left_out, reasons */
} Importing;

/* The path of a regular file below the folder; ERROR_INVALID when it leads elsewhere,
 * ERROR_NOT_FOUND when there is none. */
MUST_CHECK bool importing_path(Importing *in, Str name, char **path_r, Error *err);
/* Maps it; without the file it has no bytes. */
MUST_CHECK bool importing_map(Importing *in, Str name, FileMap *map_r, Error *err);
void importing_know(Importing *in, Str old_id, Str new_id);
/* STR_NONE: it has no other id here. */
Str importing_id(const Importing *in, Str old_id);
/* Puts the new ids in the place of the old ones in `text`, which is changed. */
void importing_replace_ids(const Importing *in, char *text, size_t length);
/* Called for each line of a file that is a JSON object; others are left out, as is a file that is
 * not there. */
typedef bool ImportVisit(Importing *in, const json_t *row, Error *err);
MUST_CHECK bool importing_each(Importing *in, const char *table, const char *file,
                               ImportVisit *visit, Error *err);
/* Counts under the table's name, and keeps some of the reasons. */
void importing_count(Importing *in, const char *table, int64_t added, int64_t there);
void importing_leave(Importing *in, const char *table, Str reason);
/* What the server refuses is left out; a connection that broke ends the import: false. */
MUST_CHECK bool importing_refused(Importing *in, const char *table, const Error *why, Error *err);

/* --- Parts, in their order --- */

MUST_CHECK bool import_people(Importing *in, Error *err);
MUST_CHECK bool import_groups(Importing *in, Error *err);
MUST_CHECK bool import_limits(Importing *in, Error *err);
MUST_CHECK bool import_guards(Importing *in, Error *err);
/* Restricts the collection or document (`folder`: "/v1/collections") as the export says, unless it
 * is restricted already. */
MUST_CHECK bool import_access(Importing *in, const char *folder, Str old_id, Str new_id,
                              Error *err);
/* Brings what the document was before: *id_r is then the document here, whose next version the
 * newest is; empty: the newest is a document of its own, or is here already. */
MUST_CHECK bool import_earlier(Importing *in, const json_t *document, Str *id_r, Error *err);
MUST_CHECK bool import_tables_of_rows(Importing *in, Error *err);
MUST_CHECK bool import_settings(Importing *in, Error *err);
