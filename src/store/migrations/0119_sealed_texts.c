#include "store/migrate.h"
#include "store/sealed_texts.h"

extern const Migration migration_0119;

/* Texts that may have secrets inside keep them sealed. Nothing is sealed here: a program that does
 * not know of it goes on beside a newer one until texts_seal_all(). */
const Migration migration_0119 = {
    .up = { "ALTER TABLE bot_services ADD COLUMN whole BLOB;"
            "ALTER TABLE calendars ADD COLUMN whole BLOB;"
            "ALTER TABLE connections ADD COLUMN whole BLOB;"
            "ALTER TABLE gateway_items ADD COLUMN whole BLOB;"
            "ALTER TABLE webhooks ADD COLUMN whole BLOB;",
            NULL },
    .down_rows = texts_open_rows,
    .down = { "ALTER TABLE webhooks DROP COLUMN whole;"
              "ALTER TABLE gateway_items DROP COLUMN whole;"
              "ALTER TABLE connections DROP COLUMN whole;"
              "ALTER TABLE calendars DROP COLUMN whole;"
              "ALTER TABLE bot_services DROP COLUMN whole;",
              NULL },
};
