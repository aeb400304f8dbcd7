/* named.h - things by what people call them, where the API wants ids. */
#pragma once

#include "cli/client.h"

/* The id of the item of the list at `path` (such as "/v1/keys") whose id, name or email is `word`.
 * `what` it is and `command` that lists them stand in the error. Several of one name are refused
 * with their ids. */
MUST_CHECK bool named_id(Client *client, Arena *arena, const char *path, const char *what,
                         const char *command, Str word, Str *id_r, Error *err);
