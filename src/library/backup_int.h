/* backup_int.h - names in a backup, which its writer and its reader share. */
#pragma once

#include <archive.h>

#include "library/backup.h"

#define BACKUP_FORMAT 1
#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_DATABASE "lectern.db"
#define BACKUP_END "end.json"
#define BACKUP_TEXT_MAX MB(1) /* of the two JSON files */

static inline bool tar_failed(struct archive *tar, const char *what, Error *err)
{
    const char *why = archive_error_string(tar);
    return fail(err, archive_errno(tar) == ENOSPC ? ERROR_FULL : ERROR_IO, "%s: %s", what,
                why ? why : "unknown reason");
}
