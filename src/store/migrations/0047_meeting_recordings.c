#include "store/migrate.h"

extern const Migration migration_0047;

/* Recordings of bots as documents, where a service's workspace wants them; which steps after a
 * meeting have been taken; and what a bot's reason was said of, so that news in another order lead
 * to the same one. */
const Migration migration_0047 = {
    .up = { "ALTER TABLE bot_services ADD COLUMN keeps_recordings INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE meeting_bots ADD COLUMN reason_state TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE meeting_bots ADD COLUMN reason_at INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE meeting_bots ADD COLUMN transcript_settled INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE meeting_bots ADD COLUMN recording_settled INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE meeting_bots ADD COLUMN recording TEXT NOT NULL DEFAULT '';"
            "UPDATE meeting_bots SET transcript_settled = 1 WHERE document <> '';",
            NULL },
    .down = { "ALTER TABLE meeting_bots DROP COLUMN recording;"
              "ALTER TABLE meeting_bots DROP COLUMN recording_settled;"
              "ALTER TABLE meeting_bots DROP COLUMN transcript_settled;"
              "ALTER TABLE meeting_bots DROP COLUMN reason_at;"
              "ALTER TABLE meeting_bots DROP COLUMN reason_state;"
              "ALTER TABLE bot_services DROP COLUMN keeps_recordings;",
              NULL },
};
