/* app_folder.h - the data folder of the program: where it is, and whose it is. */
#pragma once

#include "cli/settings.h"

struct Db;

/* Where the data folder of these settings is, or will be. */
MUST_CHECK bool app_data_path(Arena *arena, const Settings *settings, Str *path_r, Error *err);
/* The data folder of these settings, absolute; made when it is not there. */
MUST_CHECK bool app_data_folder(Arena *arena, const Settings *settings, Str *folder_r, Error *err);
/* Whether a library was begun in this folder, or is in a database of its own. */
bool app_has_library(Arena *arena, const Settings *settings, Str folder);
/* What is wrong with a data folder that cannot be written, by its errno, and what to do; NULL:
 * something else. Goes on after the folder's name. */
const char *app_why_unusable(int number);
/* One program at a time: ERROR_CONFLICT when another has it. Closing the descriptor gives it back.
 */
MUST_CHECK bool app_lock_folder(Str folder, int *fd_r, Error *err);
/* app_database.c: the file with the master key. Opening it makes it when it is not there; whoever
 * reads it opens the passwords and keys that are stored. */
const char *app_master_key_path(Arena *arena, const Settings *settings, Str folder);
MUST_CHECK bool app_open_master_key(Arena *arena, const char *path, Error *err);
/* Writes another one, seals the keys of the database with it, and puts it in the file's place. */
MUST_CHECK bool app_new_master_key(Arena *arena, struct Db *db, const char *path, Error *err);
/* Ends a change of the key that was cut off: as if it had been done, or as if it had never begun.
 */
MUST_CHECK bool app_settle_master_key(Arena *arena, struct Db *db, const char *path, Error *err);
/* The local socket of a data folder. */
char *app_socket(Arena *arena, Str folder);
