#include "store/migrate.h"

extern const Migration migration_0110;

/* Sessions and files of a person, searches that tell of news and what has lain in the trash too
 * long are few of many: each is found by an index instead of reading all. */
const Migration migration_0110 = {
    .up = { "CREATE INDEX sessions_of_person ON sessions (user_id);"
            "CREATE INDEX client_files_of_person ON client_files (user_id, workspace);"
            "CREATE INDEX saved_searches_telling ON saved_searches (id) WHERE tells = 1;"
            "CREATE INDEX meetings_over ON meetings (ends_at)"
            "    WHERE calendar IS NOT NULL AND document = '';"
            "CREATE INDEX documents_in_trash ON documents (deleted_at, id) WHERE deleted_at > 0;",
            NULL },
    .down = { "DROP INDEX documents_in_trash; DROP INDEX meetings_over;"
              "DROP INDEX saved_searches_telling;"
              "DROP INDEX client_files_of_person; DROP INDEX sessions_of_person;",
              NULL },
};
