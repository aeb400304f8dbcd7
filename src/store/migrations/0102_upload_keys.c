#include "store/migrate.h"

extern const Migration migration_0102;

/* The API key that began an upload: one that is limited to collections goes on with no other. */
const Migration migration_0102 = {
    .up = { "ALTER TABLE file_uploads ADD COLUMN api_key TEXT NOT NULL DEFAULT '';", NULL },
    .down = { "ALTER TABLE file_uploads DROP COLUMN api_key;", NULL },
};
