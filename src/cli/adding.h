/* adding.h - files and folders into the library, with progress, for `add` and `ask FILES`. */
#pragma once

#include "cli/client.h"

typedef struct Adding {
    Str collection, password, tags;
    Str document; /* id: each file is a new version of this one */
    bool waits;   /* until each is ready or has failed */
    int64_t added, duplicates, failed;
    json_t *documents; /* array of what the server said last about each */
} Adding;

/* Add a file, or all files of a folder with their relative paths. A file that cannot be read or is
 * refused is said on standard error and counted; only a broken connection fails. */
MUST_CHECK bool adding_path(Client *client, CommandLine *line, Str path, Adding *adding,
                            Error *err);
/* One file under that name, counted and said likewise; adding->documents is an array. */
MUST_CHECK bool adding_file(Client *client, CommandLine *line, Str path, Str name, Adding *adding,
                            Error *err);
/* Calls `show` while the document is read; *now_r is what the server says of it then. */
typedef void AddingShow(void *self, const json_t *now);
MUST_CHECK bool adding_wait_one(Client *client, Str id, AddingShow *show, void *self,
                                json_t **now_r, Error *err);
/* Wait for everything that was added. */
MUST_CHECK bool adding_wait(Client *client, CommandLine *line, Adding *adding, Error *err);
