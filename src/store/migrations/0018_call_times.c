#include "store/migrate.h"

extern const Migration migration_0018;

#define ADD(column) "ALTER TABLE call_sums ADD COLUMN " column " INTEGER NOT NULL DEFAULT 0;"
#define DROP(column) "ALTER TABLE call_sums DROP COLUMN " column ";"

/* How many of the calls of a sum took how long. */
const Migration migration_0018 = {
    .up = { ADD("took_500ms") ADD("took_1s") ADD("took_2s") ADD("took_5s") ADD("took_10s")
                ADD("took_20s") ADD("took_30s") ADD("took_60s") ADD("took_120s") ADD("took_longer"),
            NULL },
    .down = { DROP("took_500ms") DROP("took_1s") DROP("took_2s") DROP("took_5s") DROP("took_10s")
                  DROP("took_20s") DROP("took_30s") DROP("took_60s") DROP("took_120s")
                      DROP("took_longer"),
              NULL },
};
