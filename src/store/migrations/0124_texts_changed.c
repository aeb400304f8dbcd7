/* 0124_texts_changed.c - a text that is saved without its sealed part loses it.
 *
 * Programs of before 0119 write the first column alone. What was sealed with the text that stood
 * there would go on to take the place of theirs, and what they saved would have no effect. What
 * they wrote holds then; where it has a password it lies open, which `lectern doctor` tells. */
#include "store/migrate.h"

extern const Migration migration_0124;

#define IS_FORGOTTEN(text)                                                                         \
    "OLD." text " <> NEW." text " AND length(OLD.whole) > 0 AND OLD.whole = NEW.whole"
#define SQLITE(table, text, and)                                                                   \
    "CREATE TRIGGER " table "_whole_forgotten AFTER UPDATE OF " text " ON " table                  \
    " WHEN " IS_FORGOTTEN(text) " BEGIN UPDATE " table " SET whole = NULL"                         \
                                " WHERE workspace = NEW.workspace AND " and                        \
        "; END;"
#define BY_ID "id = NEW.id"
#define BY_NAME "kind = NEW.kind AND name = NEW.name"
#define POSTGRES(table, text)                                                                      \
    "CREATE TRIGGER " table "_whole_forgotten BEFORE UPDATE OF " text " ON " table                 \
    " FOR EACH ROW WHEN (" IS_FORGOTTEN(text) ") EXECUTE FUNCTION forget_whole();"

const Migration migration_0124 = {
    .up = { SQLITE("bot_services", "url", BY_ID) SQLITE("calendars", "url", BY_ID)
                SQLITE("connections", "settings", BY_ID)
                    SQLITE("gateway_items", "document", BY_NAME) SQLITE("webhooks", "url", BY_ID),
            "CREATE FUNCTION forget_whole() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN"
            " NEW.whole := NULL; RETURN NEW; END $f$;" POSTGRES("bot_services", "url")
                POSTGRES("calendars", "url") POSTGRES("connections", "settings")
                    POSTGRES("gateway_items", "document") POSTGRES("webhooks", "url") },
    .down = { "DROP TRIGGER webhooks_whole_forgotten; DROP TRIGGER gateway_items_whole_forgotten;"
              " DROP TRIGGER connections_whole_forgotten; DROP TRIGGER calendars_whole_forgotten;"
              " DROP TRIGGER bot_services_whole_forgotten;",
              "DROP FUNCTION forget_whole CASCADE;" },
};
