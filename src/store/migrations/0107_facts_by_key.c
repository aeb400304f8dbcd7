#include "store/migrate.h"

extern const Migration migration_0107;

/* Which documents have a fact is read from the index alone. */
const Migration migration_0107 = {
    .up = { "CREATE INDEX document_facts_by_key ON document_facts"
            " (workspace, key, number, text, document);"
            "DROP INDEX document_facts_numbers;",
            NULL },
    .down = { "CREATE INDEX document_facts_numbers ON document_facts (workspace, key, number);"
              "DROP INDEX document_facts_by_key;",
              NULL },
};
