/* execution_follow.h - an execution of a workflow, waited for. */
#pragma once

#include "cli/client.h"

/* Prints each step as it ends (its first 200 rows) and, when the execution is over, its output;
 * what it waits for goes to standard error. With --json the whole execution at its end, alone.
 * Fails with the execution's own error when it failed or was cancelled. Blocks as long as it
 * runs. */
MUST_CHECK bool execution_follow(CommandLine *line, Client *client, Str id, Error *err);
