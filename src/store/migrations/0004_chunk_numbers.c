#include "store/migrate.h"

extern const Migration migration_0004;

/* A filter turns documents into numbers of chunks: this index has them, so that the rows with their
 * texts stay where they are. */
const Migration migration_0004 = {
    .up = { "CREATE INDEX chunks_numbers ON chunks (workspace, document, version, number);", NULL },
    .down = { "DROP INDEX chunks_numbers;", NULL },
};
