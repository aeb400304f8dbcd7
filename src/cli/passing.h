/* passing.h - files that are read for one command and never added: a library of their own in a
 * temporary folder, gone afterwards. */
#pragma once

#include "cli/client.h"

/* `documents`: what the server said last about each file. */
typedef bool PassingRun(CommandLine *line, Client *client, const json_t *documents, Error *err);
/* Reads the files and runs. Fails when none of them could be read, or with --server. */
MUST_CHECK bool passing_run(CommandLine *line, const Str *files, size_t count, Str password,
                            PassingRun *run, Error *err);
