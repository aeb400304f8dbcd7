/* eval_folder.h - a judged collection on disk as a library of its own, for as long as a command
 * runs: in a temporary folder, with the model and the settings of the command line. */
#pragma once

#include "cli/client.h"
#include "search/lab_folder.h"

typedef struct EvalLibrary EvalLibrary;

/* Starts the program on a temporary folder, adds the documents and waits until they are searchable
 * with their vectors. From now on client_open(line) reaches it. Stops when *stops gets true. */
MUST_CHECK bool eval_library_open(CommandLine *line, const LabFolder *folder,
                                  volatile const bool *stops, EvalLibrary **library_r, Error *err);
/* Ends the program and removes the folder. NULL is fine. */
void eval_library_close(EvalLibrary *library);
static inline void eval_library_auto(EvalLibrary **library) { eval_library_close(*library); }
#define AUTO_EVAL_LIBRARY AUTO(eval_library_auto)
