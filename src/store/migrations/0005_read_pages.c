#include "store/migrate.h"

extern const Migration migration_0005;

/* Pages that a slow reader has finished (recognised text), until the whole document is stored: an
 * interrupted reading goes on where it stopped. */
const Migration migration_0005 = {
    .up = { "CREATE TABLE read_pages ("
            "    workspace TEXT NOT NULL,"
            "    document TEXT NOT NULL,"
            "    version INTEGER NOT NULL,"
            "    worker TEXT NOT NULL,"
            "    page INTEGER NOT NULL,"
            "    bytes BLOB NOT NULL,"
            "    PRIMARY KEY (workspace, document, version, worker, page),"
            "    FOREIGN KEY (workspace, document) REFERENCES documents (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;",
            NULL },
    .down = { "DROP TABLE read_pages;", NULL },
};
