/* deep_check.h - reads every original of the library through the server and says what is wrong. */
#pragma once

#include "cli/client.h"

typedef struct DeepCheck {
    int64_t originals, bytes, damaged, repaired;
    json_t *items;  /* the damaged ones of the workspace; borrowed of `answer` */
    json_t *answer; /* the caller's */
} DeepCheck;

/* Begins a round of the scan and waits for its end; how far it is goes to standard error. On the
 * server's machine as fast as the store of originals gives them. */
MUST_CHECK bool deep_check(CommandLine *line, Client *client, DeepCheck *check_r, Error *err);
