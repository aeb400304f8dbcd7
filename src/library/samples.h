/* samples.h - a few documents of our own, to try the program on. */
#pragma once

#include "library/library.h"

/* Adds the sample library; documents that are there already are given again. `temp_folder` lies on
 * the file system of the originals. */
MUST_CHECK bool library_add_samples(Library *library, const Scope *scope, Arena *arena,
                                    const char *temp_folder, StrList *ids_r, Error *err);
