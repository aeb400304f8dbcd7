/* backup_job.h - backups that are made by themselves, and how long they are kept.
 *
 * The file is written beside the uploads, then goes to the place of the setting backup_to as
 * "lectern-20261122T194500Z.tar"; only then are the oldest beyond backup_keep removed. When the
 * last one was made stands in the settings of the system, for all nodes. Any thread. */
#pragma once

#include "blob/file_place.h"
#include "library/library.h"

typedef struct BackupState {
    int64_t ended_at_ms; /* of the last that succeeded; 0: none did */
    int64_t bytes, originals, missing;
    Str name;
} BackupState;

MUST_CHECK bool library_backup_state(Library *library, Arena *arena, BackupState *state_r,
                                     Error *err);
/* One more, now, to backup_to. ERROR_CONFLICT when there is no such place. */
MUST_CHECK bool library_backup_keep(Library *library, Arena *arena, BackupState *state_r,
                                    Error *err);

/* Makes one when it is time; recurring. */
JobHandler library_backup_job;
