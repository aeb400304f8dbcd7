/* extracting.h - a file read in a sandboxed worker by a command, without any library. */
#pragma once

#include "cli/command.h"
#include "library/extraction.h"

/* The file that the command's first word names, "-" for its standard input; with its options
 * password, reader and languages. */
MUST_CHECK bool extract_file(CommandLine *line, Arena *arena, Extraction *extraction_r, Error *err);
