/* app_folder.h - the data folder of the program: where it is, and whose it is. */
#pragma once

#include "cli/settings.h"

/* Where the data folder of these settings is, or will be. */
MUST_CHECK bool app_data_path(Arena *arena, const Settings *settings, Str *path_r, Error *err);
/* The data folder of these settings, absolute; made when it is not there. */
MUST_CHECK bool app_data_folder(Arena *arena, const Settings *settings, Str *folder_r, Error *err);
/* One program at a time: ERROR_CONFLICT when another has it. Closing the descriptor gives it back.
 */
MUST_CHECK bool app_lock_folder(Str folder, int *fd_r, Error *err);
/* The local socket of a data folder. */
char *app_socket(Arena *arena, Str folder);
